"""Who follows, mentions, answers, quotes, reposts or forwards whom: one layer per kind, never summed.

A target is an account. Where a record states a post, its author is the target, from the record itself
or from the post if the case holds it; where it states only a name, the account that bore it, if that is
one account, else ``name:<lower case>``. What leads to no account is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

KINDS = ("follows", "mentions", "replies", "quotes", "reposts", "forwards")

#: Common table expression ``ties``: platform, source, target, kind, moment, post_id; no ties to oneself.
TIES = """
names AS (
    SELECT platform, lower(username) AS name, min(account_id) AS account_id FROM account_snapshots
    WHERE username IS NOT NULL GROUP BY ALL HAVING count(DISTINCT account_id) = 1
),
resolved AS (
    SELECT e.platform, e.src AS source, e.type AS kind, e.post_id,
        coalesce(e.at, s.created_at, e.observed_at) AS moment,
        CASE e.dst_kind
            WHEN 'account' THEN e.dst
            WHEN 'account_name' THEN coalesce(n.account_id, 'name:' || lower(e.dst))
            WHEN 'post' THEN coalesce(e.dst_account_id, d.account_id)
        END AS target
    FROM edges e
    LEFT JOIN names n ON e.dst_kind = 'account_name' AND n.platform = e.platform AND n.name = lower(e.dst)
    LEFT JOIN posts d ON e.dst_kind = 'post' AND d.platform = e.platform AND d.id = e.dst
    LEFT JOIN posts s ON s.platform = e.platform AND s.id = e.post_id
    WHERE e.type IN ('follows', 'mentions', 'replies', 'quotes', 'reposts', 'forwards')
),
ties AS (SELECT * FROM resolved WHERE source IS NOT NULL AND target IS NOT NULL AND source <> target)
"""


def connections(corpus: Corpus, kinds: Sequence[str] = KINDS) -> pa.Table:
    """The directed multigraph: ``platform, source, target, kind, count, first, last, evidence``.

    ``count`` is the number of records, ``first`` and ``last`` their times (null for undated follower
    lists), ``evidence`` up to five post ids. Sorted by the first four columns.

    Raises:
        UsageError: an unknown kind.
    """
    _check(kinds)
    return corpus.query(
        f"WITH {TIES} SELECT platform, source, target, kind, count(*) AS count, min(moment) AS first, "
        "max(moment) AS last, "
        "coalesce(list_sort(list(DISTINCT post_id) FILTER (WHERE post_id IS NOT NULL))[:5], []) AS evidence "
        "FROM ties WHERE list_contains($1, kind) GROUP BY ALL ORDER BY platform, source, target, kind",
        [list(kinds)],
    )


def _check(kinds: Sequence[str]) -> None:
    unknown = [k for k in kinds if k not in KINDS]
    if unknown:
        raise UsageError(f"no ties of kind '{unknown[0]}'", f"Choose from: {', '.join(KINDS)}")


@dataclass(frozen=True)
class Hop:
    """Accounts first reached at one distance from the seeds.

    Attributes:
        hop: 0 for the seeds themselves.
        accounts: number of accounts first reached here.
        total: accounts within this distance, seeds included.
        members: ids of the accounts first reached here, in order.
    """

    hop: int
    accounts: int
    total: int
    members: tuple[str, ...]


def universe(
    corpus: Corpus,
    platform: str,
    seeds: Sequence[str],
    *,
    kinds: Sequence[str] = KINDS,
    hops: int = 1,
    hub_cut: int | None = None,
) -> list[Hop]:
    """Accounts connected with the seeds, by distance; the direction of a tie does not matter.

    Args:
        corpus: the case's tables.
        platform: ids are of this platform.
        seeds: account ids; one without any tie still counts in hop 0.
        kinds: which ties connect.
        hops: how far to go.
        hub_cut: an account other than a seed with more neighbours than this is reached but not passed
            through; a celebrity connects everybody with everybody.

    Raises:
        UsageError: an unknown kind, or fewer than one hop.
    """
    _check(kinds)
    if hops < 1:
        raise UsageError(f"{hops} hops", "Give 1 or more")
    pairs = corpus.query(
        f"WITH {TIES} SELECT DISTINCT least(source, target) x, greatest(source, target) y FROM ties "
        "WHERE platform = $1 AND list_contains($2, kind)",
        [platform, list(kinds)],
    )
    names = sorted({*pairs["x"].to_pylist(), *pairs["y"].to_pylist(), *seeds})
    place = {name: i for i, name in enumerate(names)}
    x = np.array([place[n] for n in pairs["x"].to_pylist()], dtype=np.int64)
    y = np.array([place[n] for n in pairs["y"].to_pylist()], dtype=np.int64)
    degree = np.bincount(x, minlength=len(names)) + np.bincount(y, minlength=len(names))
    seen: NDArray[np.bool_] = np.zeros(len(names), np.bool_)
    seen[[place[s] for s in seeds]] = True
    front = seen.copy()
    found = [_hop(0, front, seen, names)]
    for hop in range(1, hops + 1):
        reached = np.zeros(len(names), np.bool_)
        reached[y[front[x]]] = True
        reached[x[front[y]]] = True
        new = reached & ~seen
        seen |= new
        found.append(_hop(hop, new, seen, names))
        front = new if hub_cut is None else new & (degree <= hub_cut)
    return found


def _hop(hop: int, new: NDArray[np.bool_], seen: NDArray[np.bool_], names: list[str]) -> Hop:
    members = tuple(names[i] for i in np.flatnonzero(new))
    return Hop(hop, len(members), int(seen.sum()), members)
