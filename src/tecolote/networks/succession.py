"""Who takes the place of an account that is gone: where those who turned to it turn afterwards.

For each account that could have taken over, the accounts that mentioned, answered, quoted or reposted the
lost one before and the candidate only afterwards are counted, beside those that would be expected if they
chose like everybody else who was active (hypergeometric test, one-sided; Benjamini and Hochberg 1995 over
the candidates). An event that everybody talks about raises everybody; a heir is raised by this audience.
Taking over an audience is no proof that the person is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tecolote.errors import UsageError
from tecolote.networks.connections import TIES, check_kinds, protected_accounts
from tecolote.networks.graph import Floats

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Kinds of ties that are acts with a time.
KINDS = ("mentions", "replies", "quotes", "reposts", "forwards")
#: Days compared before and after.
SPAN = 60

SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("audience", pa.int64()),
        ("before", pa.int64()),
        ("taken", pa.int64()),
        ("share", pa.float64()),
        ("expected", pa.float64()),
        ("p", pa.float64()),
        ("q", pa.float64()),
    ]
)
# An account is gone from the first time that it was seen so, or that the platform says it was.
_GONE = """
WITH seen AS (
    SELECT platform, target_id AS account_id, state, coalesce(state_since, observed_at) AS moment FROM observations
    WHERE target_kind = 'account' AND state IN ('suspended', 'deactivated', 'deleted', 'not_found')
)
SELECT platform, account_id, arg_min(state, (moment, state)) AS state, min(moment) AS gone
FROM seen WHERE moment IS NOT NULL GROUP BY platform, account_id ORDER BY platform, gone, account_id
"""


def succession(ties: pa.Table, lost: str, gone: datetime, *, span: timedelta = timedelta(days=SPAN)) -> pa.Table:
    """Candidates for the succession of one account, the least probable by chance first.

    Args:
        ties: ``source, target, moment`` (UTC), one row per record; undated rows are left out.
        lost: the account that is gone.
        gone: when; its last record counts instead if that is earlier.
        span: time compared before and after.

    Returns:
        columns `SCHEMA`: ``audience`` of the lost account that was active afterwards, ``before`` of them
        those who turned to the candidate already, ``taken`` those who did so only afterwards, ``share``
        taken / (audience - before), ``expected`` by chance, ``p`` and ``q`` (adjusted for the candidates).

    Raises:
        UsageError: a span that is not above 0.
    """
    if span <= timedelta(0):
        raise UsageError("a span of no length", "Give days above 0")
    ties = ties.filter(pc.and_(pc.is_valid(ties["moment"]), pc.not_equal(ties["source"], ties["target"])))
    rows = list(zip(*(ties[name].to_pylist() for name in ("source", "target", "moment")), strict=True))
    end = min(gone, max((m for s, t, m in rows if lost in (s, t)), default=gone))
    earlier, later = _turned(rows, end - span, end, lost), _turned(rows, end, end + span, lost)
    active = {source for (source, _) in later}
    audience = {source for source, target in earlier if target == lost} & active
    found = [_candidate(name, earlier, later, active, audience) for name in sorted({t for _, t in later} - {lost})]
    kept = [row for row in found if row["taken"]]
    for row, q in zip(kept, _adjusted(np.array([row["p"] for row in kept])).tolist(), strict=True):
        row["q"] = q
    kept.sort(key=lambda r: (r["p"], -r["taken"], r["account_id"]))
    return pa.Table.from_pylist(kept, schema=SCHEMA)


def case_succession(
    corpus: Corpus,
    kinds: Sequence[str] = KINDS,
    *,
    span: timedelta = timedelta(days=SPAN),
    least: int = 3,
    most: int = 5,
) -> pa.Table:
    """Successors of every account that a record says is gone: ``platform, lost, state, gone`` and `SCHEMA`.

    Args:
        corpus: the case's tables.
        kinds: ties that count; follower lists have no time.
        span: time compared before and after.
        least: accounts of the audience that must have been taken over.
        most: candidates listed for each lost account.

    Protected accounts are listed neither as lost nor as successors.

    Raises:
        UsageError: an unknown kind of tie or a span that is not above 0.
    """
    check_kinds(kinds)
    hidden = protected_accounts(corpus)
    ties = dated_ties(corpus, kinds)
    found = []
    for gone in corpus.rows(_GONE):
        if (gone["platform"], gone["account_id"]) in hidden:
            continue
        mine = ties.filter(pc.equal(ties["platform"], gone["platform"]))
        table = succession(mine, gone["account_id"], gone["gone"], span=span)
        shown = [(gone["platform"], name) not in hidden for name in table["account_id"].to_pylist()]
        table = table.filter(pa.array(shown, pa.bool_())).filter(pc.field("taken") >= least).slice(0, most)
        about = (gone["platform"], gone["account_id"], gone["state"], gone["gone"])
        for at, (column, value) in enumerate(zip(_ABOUT, about, strict=True)):
            table = table.add_column(at, column, pa.array([value] * len(table), column.type))
        found.append(table)
    schema = pa.schema([*_ABOUT, *SCHEMA])
    return pa.concat_tables(found) if found else schema.empty_table()


_ABOUT = [
    pa.field("platform", pa.string()),
    pa.field("lost", pa.string()),
    pa.field("state", pa.string()),
    pa.field("gone", pa.timestamp("us", "UTC")),
]


def dated_ties(corpus: Corpus, kinds: Sequence[str]) -> pa.Table:
    """``platform, source, target, kind, moment`` of each dated record of these kinds.

    Raises:
        UsageError: an unknown kind of tie.
    """
    check_kinds(kinds)
    return corpus.query(
        f"WITH {TIES} SELECT platform, source, target, kind, moment FROM ties "
        "WHERE moment IS NOT NULL AND list_contains($1, kind) ORDER BY ALL",
        [list(kinds)],
    )


def _turned(rows: list[tuple[str, str, datetime]], begin: datetime, end: datetime, lost: str) -> set[tuple[str, str]]:
    """Who turned to whom from after ``begin`` until ``end``."""
    return {(s, t) for s, t, moment in rows if begin < moment <= end and s != lost}


def _candidate(
    name: str, earlier: set[tuple[str, str]], later: set[tuple[str, str]], active: set[str], audience: set[str]
) -> dict[str, Any]:
    from scipy.stats import hypergeom

    already = {source for source in active if (source, name) in earlier} | {name}
    free, open_audience = active - already, audience - already
    turned = {source for source in free if (source, name) in later}
    taken = len(turned & open_audience)
    return {
        "account_id": name,
        "audience": len(audience),
        "before": len(audience & already - {name}),
        "taken": taken,
        "share": taken / len(open_audience) if open_audience else 0.0,
        "expected": len(turned) * len(open_audience) / len(free) if free else 0.0,
        "p": float(hypergeom.sf(taken - 1, len(free), len(open_audience), len(turned))),
    }


def _adjusted(p: Floats) -> Floats:
    order = np.argsort(p)[::-1]
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.minimum.accumulate(scaled), 1) if len(p) else scaled
    return found
