"""Share events with heavy tails and planted groups: ``python -m bench.coaction_events 1000000 events.parquet``.

Organic events: popularity of an object Pareto(1.3) over n / 10 objects, activity of an account Pareto(1.6) over
n / 8 accounts, births of objects uniform over 90 days, delays log-normal with a median of two hours.
Planted events: groups of 4 to 25 accounts meet 5 to 60 times within 30 seconds, on an object of their own
(70 %) or on a popular one; a member takes part with probability 0.8.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_DAYS = 90
_DAY = 86_400
_EPOCH = 1_700_000_000


@dataclass(frozen=True)
class Made:
    """Events, and who was planted.

    Attributes:
        events: ``object_id, account_id, content_id, ts`` (whole seconds), in order of time.
        group: planted group by account; organic accounts are not in it.
    """

    events: pa.Table
    group: dict[str, int]


def make(n: int, seed: int = 7, planted: float = 0.05, viral: int = 0, span: int = 60) -> Made:
    """``n`` events, a share of ``planted`` from groups; one more object shared by ``viral`` accounts in ``span`` s.

    Nine in ten of the viral object's accounts occur nowhere else.
    """
    random = np.random.default_rng(seed)
    objects, accounts = max(n // 10, 10), max(n // 8, 10)
    organic = n - int(n * planted)
    thing = _skewed(random, objects, 1.3, organic)
    who = _skewed(random, accounts, 1.6, organic)
    delay = random.lognormal(np.log(7200), 1.8, organic).astype(np.int64)
    when = random.integers(0, _DAYS * _DAY, objects)[thing] + delay
    popular = np.argsort(-np.bincount(thing, minlength=objects))[: max(objects // 100, 5)]
    met, group = _groups(random, n - organic, popular, objects, accounts)
    parts = [np.stack([thing, who, when]), met]
    fresh = accounts + len(group)
    if viral:
        known = random.choice(accounts, viral // 10, replace=False)
        crowd = np.concatenate([known, np.arange(fresh, fresh + viral - len(known))])
        at = _DAYS * _DAY // 2 + random.integers(0, span + 1, viral)
        parts.append(np.stack([np.full(viral, int(met[0].max(initial=objects)) + 1), crowd, at]))
    o, a, t = np.concatenate(parts, axis=1)
    order = np.argsort(t, kind="stable")
    columns = {"object_id": _named("o", o[order]), "account_id": _named("a", a[order])}
    columns |= {"content_id": _named("p", np.arange(len(o))), "ts": pa.array(t[order] + _EPOCH)}
    return Made(pa.table(columns), {f"a{accounts + i}": int(g) for i, g in enumerate(group)})


def _skewed(random: np.random.Generator, count: int, alpha: float, size: int) -> Ints:
    """``size`` draws from ``count`` things whose weights follow a Pareto law."""
    share = np.cumsum(random.pareto(alpha, count) + 1)
    drawn: Ints = np.searchsorted(share, random.random(size) * share[-1])
    return drawn


def _groups(random: np.random.Generator, left: int, popular: Ints, thing: int, who: int) -> tuple[Ints, Ints]:
    """``left`` events of groups as rows object, account, time; and the group of each new account."""
    met, group = [np.empty((3, 0), np.int64)], [np.empty(0, np.int64)]
    while left:
        members = np.arange(who, who + int(random.integers(4, 26)))
        group.append(np.full(len(members), len(group) - 1))
        who += len(members)
        for _ in range(int(random.integers(5, 61))):
            own = random.random() < 0.7
            shared = thing if own else int(random.choice(popular))
            thing += own
            there = members[random.random(len(members)) < 0.8][:left]
            start = int(random.integers(0, _DAYS * _DAY))
            met.append(np.stack([np.full(len(there), shared), there, start + random.integers(0, 31, len(there))]))
            left -= len(there)
            if not left:
                break
    return np.concatenate(met, axis=1), np.concatenate(group)


def _named(letter: str, numbers: Ints) -> pa.ChunkedArray | pa.Array:
    return pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")


def main(argv: list[str] | None = None) -> None:
    """Write a file of events."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--viral", type=int, default=0)
    given = parser.parse_args(argv)
    pq.write_table(make(given.n, given.seed, viral=given.viral).events, given.out)


if __name__ == "__main__":
    main()
