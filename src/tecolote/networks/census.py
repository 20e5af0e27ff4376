"""How large is a group's following: several answers, each with its definition and its denominators.

A single number ("88,000 followers") can mean the sum over accounts, the distinct followers, or all who
are connected. The three differ by factors, so each is printed under its own name, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tecolote.networks.connections import KINDS, TIES

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: What each number of a `CensusRow` counts, for the report.
DEFINITIONS = {
    "accounts": "accounts on this platform that the assessment takes for members of the group, protected ones left out",
    "seed_sum": "followers stated in each account's latest profile that states them, added up; who follows two "
    "accounts is counted twice",
    "union": "distinct accounts that a record shows following at least one of the accounts",
    "one_hop": "distinct other accounts that a record connects with at least one of the accounts by a follow, mention, "
    "reply, quote, repost or forward in either direction",
    "second_degree_sum": "followers stated in the latest profile of each one-hop account, added up",
}


@dataclass(frozen=True)
class CensusRow:
    """One group on one platform. `DEFINITIONS` says what the numbers count; None means nothing is known.

    Attributes:
        group: group id of the codebook.
        platform: platform id.
        accounts: the seeds.
        protected: accounts with this group left out because they are protected.
        other_roles: accounts with this group left out because they are fans, reporters, victims or neutral.
        seed_sum: followers, added up.
        seed_sum_of: seeds whose follower count is known (the denominator is ``accounts``).
        seed_sum_from: time of the oldest profile used, where stated.
        seed_sum_to: time of the newest profile used, where stated.
        union: distinct known followers.
        union_of: seeds of which at least one follower is known by record.
        one_hop: distinct connected accounts.
        one_hop_by_kind: the same for each kind of tie alone; these overlap and do not add up.
        one_hop_protected: connected accounts left out because they are protected.
        second_degree_sum: followers of the connected accounts, added up.
        second_degree_sum_of: connected accounts whose follower count is known.
    """

    group: str
    platform: str
    accounts: int
    protected: int
    other_roles: int
    seed_sum: int | None
    seed_sum_of: int
    seed_sum_from: datetime | None
    seed_sum_to: datetime | None
    union: int | None
    union_of: int
    one_hop: int
    one_hop_by_kind: dict[str, int] = field(default_factory=dict)
    one_hop_protected: int = 0
    second_degree_sum: int | None = None
    second_degree_sum_of: int = 0


_LISTED = """
listed AS (
    SELECT DISTINCT platform, account_id, unnest(groups) AS grp, role, coalesce(protected, false) AS protected
    FROM account_assessments WHERE account_id IS NOT NULL
),
shielded AS (SELECT DISTINCT platform, account_id FROM account_assessments WHERE protected),
seeds AS (SELECT platform, account_id, grp FROM listed WHERE NOT protected AND role = 'suspected_member'),
latest AS (
    SELECT platform, account_id, followers, observed_at FROM account_snapshots WHERE followers IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY platform, account_id
        ORDER BY observed_at DESC NULLS LAST, leaf_index DESC, record_index DESC) = 1
)
"""

_SEEDS = f"""
WITH {_LISTED}
SELECT l.platform, l.grp, count(DISTINCT s.account_id) AS accounts,
    count(DISTINCT l.account_id) FILTER (WHERE l.protected) AS protected,
    count(DISTINCT l.account_id)
        FILTER (WHERE NOT l.protected AND l.role IS DISTINCT FROM 'suspected_member') AS others,
    sum(f.followers) FILTER (WHERE s.account_id IS NOT NULL)::BIGINT AS total,
    count(f.followers) FILTER (WHERE s.account_id IS NOT NULL) AS known,
    min(f.observed_at) FILTER (WHERE s.account_id IS NOT NULL) AS earliest,
    max(f.observed_at) FILTER (WHERE s.account_id IS NOT NULL) AS latest
FROM listed l LEFT JOIN seeds s USING (platform, account_id, grp) LEFT JOIN latest f USING (platform, account_id)
GROUP BY l.platform, l.grp
"""

_UNION = f"""
WITH {_LISTED}, {TIES}
SELECT s.platform, s.grp, count(DISTINCT t.source) AS followers, count(DISTINCT t.target) AS seeds
FROM seeds s JOIN ties t ON t.platform = s.platform AND t.target = s.account_id AND t.kind = 'follows'
WHERE (t.platform, t.source) NOT IN (SELECT (platform, account_id) FROM shielded) GROUP BY ALL
"""

_HOP = f"""
WITH {_LISTED}, {TIES},
both_ways AS (
    SELECT platform, source AS one, target AS other, kind FROM ties
    UNION ALL SELECT platform, target, source, kind FROM ties
),
around AS (
    SELECT DISTINCT s.platform, s.grp, b.other, b.kind,
        (b.platform, b.other) IN (SELECT (platform, account_id) FROM shielded) AS shielded
    FROM seeds s JOIN both_ways b ON b.platform = s.platform AND b.one = s.account_id
    WHERE (s.platform, s.grp, b.other) NOT IN (SELECT (platform, grp, account_id) FROM seeds)
)
"""

_ONE_HOP = f"""{_HOP}
SELECT platform, grp, kind, count(DISTINCT other) FILTER (WHERE NOT shielded) AS accounts,
    count(DISTINCT other) FILTER (WHERE shielded) AS shielded
FROM around GROUP BY GROUPING SETS ((platform, grp, kind), (platform, grp))
"""

_SECOND = f"""{_HOP}
SELECT a.platform, a.grp, sum(f.followers)::BIGINT AS total, count(f.followers) AS known
FROM (SELECT DISTINCT platform, grp, other FROM around WHERE NOT shielded) a
JOIN latest f ON f.platform = a.platform AND f.account_id = a.other GROUP BY ALL
"""


def census(corpus: Corpus) -> list[CensusRow]:
    """One row per group and platform, sorted by both.

    An account belongs to a group if ``account_assessments`` names the group and gives it the role
    ``suspected_member``. Protected accounts are counted nowhere but in the columns that say so.
    """
    union = {(r["platform"], r["grp"]): r for r in corpus.rows(_UNION)}
    second = {(r["platform"], r["grp"]): r for r in corpus.rows(_SECOND)}
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    hops: dict[tuple[str, str], tuple[int, int]] = {}
    for row in corpus.rows(_ONE_HOP):
        key = (row["platform"], row["grp"])
        if row["kind"] is None:
            hops[key] = (row["accounts"], row["shielded"])
        else:
            kinds.setdefault(key, {})[row["kind"]] = row["accounts"]
    rows = []
    for row in corpus.rows(_SEEDS):
        key = (row["platform"], row["grp"])
        reached, shielded = hops.get(key, (0, 0))
        rows.append(
            CensusRow(
                group=row["grp"],
                platform=row["platform"],
                accounts=row["accounts"],
                protected=row["protected"],
                other_roles=row["others"],
                seed_sum=row["total"],
                seed_sum_of=row["known"],
                seed_sum_from=row["earliest"],
                seed_sum_to=row["latest"],
                union=union[key]["followers"] if key in union else None,
                union_of=union[key]["seeds"] if key in union else 0,
                one_hop=reached,
                one_hop_by_kind={k: kinds[key][k] for k in KINDS if k in kinds.get(key, {})},
                one_hop_protected=shielded,
                second_degree_sum=second[key]["total"] if key in second else None,
                second_degree_sum_of=second[key]["known"] if key in second else 0,
            )
        )
    return sorted(rows, key=lambda r: (r.group, r.platform))
