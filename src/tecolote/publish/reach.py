"""Whom a group reaches: the accounts behind the census, one row each.

The census of the networks room gives the totals; this lists the same accounts, so that a total can be
opened down to its rows. Protected accounts are in no row.
"""

from __future__ import annotations

from typing import Any

from tecolote.networks.connections import TIES
from tecolote.publish.counter import Counter, Of

#: One row per seed, follower of a seed, and account one hop from a seed; ``counted`` is what a seed's profile
#: states, ``rounded`` the same cut to two digits, because the exact count would name the account.
TABLE = f"""
CREATE OR REPLACE TABLE sheet.reach AS
WITH {TIES},
listed AS (SELECT DISTINCT platform, account_id AS id, unnest(groups) AS group_id
           FROM account_assessments WHERE role = 'suspected_member' AND NOT coalesce(protected, false)),
shielded AS (SELECT DISTINCT platform, account_id AS id FROM account_assessments WHERE protected),
latest AS (SELECT platform, account_id AS id, followers FROM account_snapshots WHERE followers IS NOT NULL
           QUALIFY row_number() OVER (PARTITION BY platform, account_id
               ORDER BY observed_at DESC NULLS LAST, leaf_index DESC, record_index DESC) = 1),
around AS (SELECT platform, target AS seed, source AS id, kind = 'follows' AS follows FROM ties
           UNION ALL SELECT platform, source, target, false FROM ties)
SELECT l.group_id, l.platform, l.id, 'seed' AS ring, f.followers AS counted,
       CASE WHEN f.followers < 100 THEN f.followers
            ELSE f.followers - f.followers % pow(10, length(f.followers::VARCHAR) - 2)::BIGINT
       END AS rounded
FROM listed l LEFT JOIN latest f USING (platform, id)
UNION ALL
SELECT DISTINCT l.group_id, l.platform, a.id, 'follower', NULL::BIGINT, NULL::BIGINT
FROM listed l JOIN around a ON a.platform = l.platform AND a.seed = l.id
WHERE a.follows AND (a.platform, a.id) NOT IN (SELECT (platform, id) FROM shielded)
UNION ALL
SELECT DISTINCT l.group_id, l.platform, a.id, 'hop', NULL::BIGINT, NULL::BIGINT
FROM listed l JOIN around a ON a.platform = l.platform AND a.seed = l.id
WHERE (a.platform, a.id) NOT IN (SELECT (platform, id) FROM shielded)
  AND (l.group_id, a.platform, a.id) NOT IN (SELECT (group_id, platform, id) FROM listed)
"""


def add_reach(c: Counter) -> None:
    """Follower census: seeds, sum, union and one hop, per group and platform."""
    for pair in c.sheet.rows("SELECT DISTINCT group_id, platform FROM sheet.reach ORDER BY ALL"):
        group, platform = pair["group_id"], pair["platform"]
        names = {"name": c.names("group", group), "platform": c.names("platform", platform)}
        where: list[tuple[str, str, Any]] = [("group_id", "is", group), ("platform", "is", platform)]
        seeds = [*where, ("ring", "is", "seed")]
        id, of = f"reach.{group}.{platform}", Of("seeds", "reach", seeds)
        c.count(f"{id}.seeds", "reach_seeds", "reach", seeds, of, **names)
        pair_of = {"g": group, "p": platform}
        stated = "SELECT count(counted) FROM sheet.reach WHERE group_id = $g AND platform = $p"
        if c.sheet.one(stated, pair_of):
            c.total(f"{id}.sum", "reach_sum", "reach", "counted", seeds, of, **names)
            c.total(f"{id}.rounded", "reach_rounded", "reach", "rounded", seeds, of, **names)
        # No recorded follower means that nobody looked, not that there is none.
        rings = {
            r["ring"]
            for r in c.sheet.rows(
                "SELECT DISTINCT ring FROM sheet.reach WHERE group_id = $g AND platform = $p", pair_of
            )
        }
        for ring, measure in (("follower", "union"), ("hop", "hop")):
            if ring in rings:
                c.count(f"{id}.{measure}", f"reach_{measure}", "reach", [*where, ("ring", "is", ring)], of, **names)
