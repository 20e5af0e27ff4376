"""Who follows, mentions, answers, quotes, reposts or forwards whom, or sits in one chat with whom.

One layer per kind; where layers are added up, the result says so.

A target is an account. Where a record states a post, its author is the target, from the record itself
or from the post if the case holds it; where it states only a name, the account that bore it, if that is
one account, else ``name:<lower case>``. What leads to no account is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Kinds that a record states of two accounts.
KINDS = ("follows", "mentions", "replies", "quotes", "reposts", "forwards")
#: The same and the kind that has no direction: two accounts in one thread that is not private.
ALL_KINDS = (*KINDS, "co_members")
#: Threads with more members tie nobody to anybody.
MOST_MEMBERS = 200

#: Common table expression ``ties``: platform, source, target, kind, moment, post_id and the record; no ties to oneself.
TIES = """
names AS (
    SELECT platform, lower(username) AS name, min(account_id) AS account_id FROM account_snapshots
    WHERE username IS NOT NULL GROUP BY ALL HAVING count(DISTINCT account_id) = 1
),
resolved AS (
    SELECT e.platform, e.src AS source, e.type AS kind, e.post_id, e.leaf_index, e.record_index,
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


#: Adds ``every_tie``: the same and ``co_members``, whose source is the smaller id.
EVERY_TIE = f"""{TIES},
members AS (
    SELECT e.platform, e.dst AS thread, e.src AS account, min(e.at) AS moment, min((e.leaf_index, e.record_index)) AS at
    FROM edges e JOIN threads t ON t.platform = e.platform AND t.id = e.dst
    WHERE e.type = 'member_of' AND e.src IS NOT NULL AND NOT coalesce(t.private, true)
    GROUP BY e.platform, e.dst, e.src
    QUALIFY count(*) OVER (PARTITION BY e.platform, e.dst) <= {MOST_MEMBERS}
),
every_tie AS (
    SELECT platform, source, target, kind, moment, post_id, leaf_index, record_index FROM ties
    UNION ALL
    SELECT a.platform, a.account, b.account, 'co_members', greatest(a.moment, b.moment), NULL, b.at[1], b.at[2]
    FROM members a JOIN members b ON a.platform = b.platform AND a.thread = b.thread AND a.account < b.account
)
"""


def connections(corpus: Corpus, kinds: Sequence[str] = ALL_KINDS) -> pa.Table:
    """The directed multigraph: ``platform, source, target, kind, count, first, last, evidence, records``.

    ``count`` is the number of records (for ``co_members`` of threads), ``first`` and ``last`` their times
    (null for undated follower lists), ``evidence`` up to five post ids, ``records`` up to five records as
    ``leaf:record`` of the evidence log. Sorted by the first four columns.

    Raises:
        UsageError: an unknown kind.
    """
    check_kinds(kinds)
    return corpus.query(
        f"WITH {EVERY_TIE} SELECT platform, source, target, kind, count(*) AS count, min(moment) AS first, "
        "max(moment) AS last, "
        "coalesce(list_sort(list(DISTINCT post_id) FILTER (WHERE post_id IS NOT NULL))[:5], []) AS evidence, "
        "list_transform(list_sort(list(DISTINCT [leaf_index, record_index]))[:5], r -> r[1] || ':' || r[2]) AS records "
        "FROM every_tie WHERE list_contains($1, kind) GROUP BY ALL ORDER BY platform, source, target, kind",
        [list(kinds)],
    )


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise if a kind of tie is unknown.

    Raises:
        UsageError: it is not one of `ALL_KINDS`.
    """
    unknown = [k for k in kinds if k not in ALL_KINDS]
    if unknown:
        raise UsageError(f"no ties of kind '{unknown[0]}'", f"Choose from: {', '.join(ALL_KINDS)}")


def protected_accounts(corpus: Corpus) -> set[tuple[str, str]]:
    """Platform and id of every account that is never named in what leaves the case."""
    found = corpus.rows("SELECT DISTINCT platform, account_id FROM account_assessments WHERE protected")
    return {(row["platform"], row["account_id"]) for row in found}
