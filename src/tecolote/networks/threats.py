"""Which group threatens whom, as the flagged posts of its suspected members say.

The author's group is that of the account's assessment. Who is threatened is the group that the post names
beside the author's own, or that of an account that it mentions, answers or quotes; where it names none, the
kind of target (authority, press, ...). Protected accounts are neither authors nor named;
private messages are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from tecolote.corpus.store import Corpus

#: Themes of the codebook that begin so are threats; extortion threatens too.
_THREATS = "(theme LIKE 'threat\\_%' ESCAPE '\\' OR theme = 'extortion')"

_WHO = f"""
WITH members AS (
    SELECT DISTINCT platform, account_id, groups FROM account_assessments
    WHERE role = 'suspected_member' AND NOT coalesce(protected, false) AND account_id IS NOT NULL
),
named AS (
    SELECT p.platform, p.id AS post_id, p.account_id, p.created_at, coalesce(m.groups, []) AS own,
        coalesce(a.groups, []) AS groups, a.target, unnest(a.themes) AS theme
    FROM posts p JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
    JOIN members m ON m.platform = p.platform AND m.account_id = p.account_id
    WHERE a.flag AND a.voice = 'perpetrator' AND coalesce(p.visibility, 'public') <> 'private'
),
threats AS (SELECT * FROM named WHERE {_THREATS}),
addressed AS (
    SELECT t.platform, t.post_id, list_distinct(flatten(list(o.groups))) AS groups
    FROM (SELECT DISTINCT platform, post_id FROM threats) t
    JOIN edges e ON e.platform = t.platform AND e.post_id = t.post_id
        AND e.type IN ('mentions', 'replies', 'quotes')
    JOIN members o ON o.platform = e.platform
        AND o.account_id = CASE WHEN e.dst_kind = 'account' THEN e.dst ELSE e.dst_account_id END
    GROUP BY ALL
),
aimed AS (
    SELECT t.*, CASE WHEN len(t.own) = 0 THEN ['unknown'] ELSE t.own END AS sources,
        list_filter(list_distinct(list_concat(t.groups, coalesce(d.groups, []))), g -> NOT list_contains(t.own, g))
            AS others
    FROM threats t LEFT JOIN addressed d USING (platform, post_id)
),
pairs AS (
    SELECT *, unnest(CASE WHEN len(others) > 0 THEN others ELSE [coalesce(target, 'none')] END) AS aim,
        len(others) > 0 AS is_group
    FROM aimed
),
each AS (SELECT * EXCLUDE (sources), unnest(sources) AS source FROM pairs)
SELECT source AS group, theme, aim AS target, CASE WHEN is_group THEN 'group' ELSE 'kind' END AS target_is,
    count(DISTINCT (platform, post_id)) AS posts, count(DISTINCT (platform, account_id)) AS accounts,
    min(created_at) AS first, max(created_at) AS last,
    list_sort(list(DISTINCT platform || ' ' || post_id))[:5] AS evidence
FROM each GROUP BY ALL ORDER BY posts DESC, source, theme, aim
"""


def who_threatens_whom(corpus: Corpus) -> pa.Table:
    """Rows ``group, theme, target, target_is, posts, accounts, first, last, evidence``, the most posts first.

    ``target_is`` is ``group`` (``target`` is an id of the codebook) or ``kind`` (a value of the axis target);
    ``group`` is ``unknown`` where the author's is; ``evidence`` holds up to five posts as ``platform id``.
    A post that names two groups counts in two rows, so rows do not add up.
    """
    return corpus.query(_WHO)
