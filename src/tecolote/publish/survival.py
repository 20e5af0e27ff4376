"""The share still online after some days: intervals in whole days, an estimate and its interval.

The estimate is Turnbull's (1976), by the room of tracking. The 95 % interval is one that a stranger can compute
again: Wilson's for the accounts whose state at that day is known, laid around the smallest and the largest share
that the checks allow.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pyarrow as pa

from tecolote.corpus.store import Corpus
from tecolote.publish.counter import Counter, Of
from tecolote.publish.numbers import SMALL, Number, wilson
from tecolote.tracking.observations import intervals
from tecolote.tracking.survival import Curve, turnbull

#: Days after which the share still online is read from the curve.
DAYS = (7, 30)
Life = tuple[int, int | None]

SCHEMA = pa.schema(
    [("platform", pa.string()), ("kind", pa.string()), ("id", pa.string()), ("low", pa.int64()), ("high", pa.int64())]
)


def lifetimes(corpus: Corpus) -> pa.Table:
    """One row per account or post that was seen live: gone in ``(low, high]``, days since first seen live.

    ``high`` is null while it was never seen gone; equal ends mean that the platform states the day. Kinds of which
    nothing was seen gone on a platform are left out: they have no curve.
    """
    rows: list[dict[str, Any]] = []
    gone = set()
    for life in intervals(corpus):
        low, high = life.days
        end = None if math.isinf(high) else math.ceil(high)
        start = (end or 0) if life.exact else math.floor(low)
        if end is not None:
            gone.add((life.platform, life.target_kind))
        rows.append(
            {"platform": life.platform, "kind": life.target_kind, "id": life.target_id, "low": start, "high": end}
        )
    return pa.Table.from_pylist([r for r in rows if (r["platform"], r["kind"]) in gone], schema=SCHEMA)


def curves(c: Counter) -> dict[tuple[str, str], list[Life]]:
    """Lifetimes by platform and kind."""
    found: dict[tuple[str, str], list[Life]] = defaultdict(list)
    for row in c.sheet.rows("SELECT platform, kind, low, high FROM sheet.lifetimes ORDER BY ALL"):
        found[row["platform"], row["kind"]].append((row["low"], row["high"]))
    return found


def add_survival(c: Counter) -> None:
    """Numbers of the share still online, for each platform and kind."""
    for (platform, kind), lives in curves(c).items():
        curve = turnbull([(low, math.inf if high is None else high) for low, high in lives], resamples=0)
        of = Of("lifetimes", "lifetimes", [("platform", "is", platform), ("kind", "is", kind)])
        denominator, agrees = c.denominator(of)
        names = {"name": c.names("platform", platform), "kind": c.names("kind", kind)}
        for day in DAYS:
            if not any((high is not None and high >= day) or (high is None and low >= day) for low, high in lives):
                continue
            known = sum(1 for low, high in lives if low >= day or (high is not None and high <= day))
            least, most = bounds(curve, day)
            interval = (wilson_share(least, known)[0], wilson_share(most, known)[1])
            days = dict.fromkeys(("en", "es"), str(day))
            label, definition = c.words("survival", day=days, **names)
            where = [["platform", "is", platform], ["kind", "is", kind]]
            c.add(
                Number(
                    f"survival.{platform}.{kind}.{day}",
                    round(curve.at(day), 4),
                    "share",
                    label,
                    definition,
                    c.sheet.day,
                    denominator,
                    "SELECT low, high FROM sheet.lifetimes WHERE platform = $v0 AND kind = $v1",
                    {"v0": platform, "v1": kind},
                    {"op": "survival", "table": "lifetimes", "where": where, "day": day},
                    "SELECT platform, kind, id, low, high FROM sheet.lifetimes "
                    "WHERE platform = $v0 AND kind = $v1 ORDER BY ALL",
                    (round(interval[0], 4), round(interval[1], 4)),
                    public=agrees and len(lives) >= SMALL,
                )
            )


def bounds(curve: Curve, day: int) -> tuple[float, float]:
    """Smallest and largest share at ``day``; what is stated to have gone on that day is gone in both."""
    least, most = curve.bounds(day)
    return min(least, most), most


def wilson_share(share: float, of: int) -> tuple[float, float]:
    """Wilson's interval for a share of a known number."""
    return wilson(share * of, of)


def points(lives: list[Life]) -> list[dict[str, float]]:
    """The curve for drawing, with tracking's bootstrap band: share online at each day where it changes."""
    curve = turnbull([(low, math.inf if high is None else high) for low, high in lives])
    found = [{"day": 0.0, "online": 1.0, "low": 1.0, "high": 1.0}]
    for right, online, low, high in zip(curve.right, curve.survival, curve.low, curve.high, strict=True):
        if math.isfinite(right):
            found.append({"day": float(right), "online": float(online), "low": float(low), "high": float(high)})
    last = max(low if high is None else high for low, high in lives)
    return [*found, found[-1] | {"day": float(last)}]
