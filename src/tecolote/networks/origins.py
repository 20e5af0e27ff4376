"""Who shared an object first, and who came after: links, hashtags and texts, near copies of texts included.

First means first among the records at hand; the true source may lie outside the exports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tecolote.errors import UsageError
from tecolote.networks.events import OBJECTS, case_events

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Kinds of objects; ``near_text`` holds texts that are nearly the same (`tecolote.networks.nearduplicate`).
KINDS = (*OBJECTS, "near_text")

_TEXTS = """
SELECT platform, id, account_id, text, epoch(created_at)::BIGINT AS t FROM posts
WHERE account_id IS NOT NULL AND created_at IS NOT NULL AND text IS NOT NULL
    AND NOT coalesce(text_truncated, false) AND coalesce(visibility, 'public') <> 'private'
    AND (platform, id) NOT IN (SELECT (platform, post_id) FROM edges WHERE type = 'reposts' AND post_id IS NOT NULL)
ORDER BY platform, id
"""
_FIRST = """
WITH shares AS (
    SELECT platform, modality, object_id, account_id, min(timestamp_share) AS t,
        arg_min(content_id, (timestamp_share, content_id)) AS content, count(DISTINCT content_id) AS posts
    FROM events GROUP BY ALL
),
ordered AS (
    SELECT *, min(t) OVER w AS began, count(*) OVER w AS accounts FROM shares
    WINDOW w AS (PARTITION BY platform, modality, object_id)
)
SELECT platform, modality AS kind, object_id AS object,
    list(account_id ORDER BY account_id) FILTER (WHERE t = began) AS first_accounts,
    make_timestamptz(any_value(began) * 1000000) AS first,
    list(content ORDER BY content) FILTER (WHERE t = began) AS first_posts,
    any_value(accounts) - count(*) FILTER (WHERE t = began) AS copiers,
    list(account_id ORDER BY t, account_id) FILTER (WHERE t > began)[:10] AS next_accounts,
    median(t - began) FILTER (WHERE t > began) AS median_delay,
    make_timestamptz(max(t) * 1000000) AS last, sum(posts)::BIGINT AS posts
FROM ordered WHERE accounts >= $1 GROUP BY ALL ORDER BY copiers DESC, platform, kind, object
"""


def origins(corpus: Corpus, objects: Sequence[str] = KINDS, *, least: int = 2) -> pa.Table:
    """One row per shared object, the most copied first.

    Args:
        corpus: the case's tables; reposts, private messages and cut texts are left out.
        objects: kinds of objects.
        least: accounts that must have shared it.

    Returns:
        ``platform, kind, object, first_accounts`` (several if they share the first second), ``first,
        first_posts, copiers`` (accounts that came later), ``next_accounts`` (the first ten of them),
        ``median_delay`` (seconds from the first share to theirs), ``last, posts``. The object of a
        ``near_text`` is the post that holds the first of the texts in order of platform and id.

    Raises:
        UsageError: an unknown kind of object, or fewer than two accounts.
    """
    unknown = [o for o in objects if o not in KINDS]
    if unknown:
        raise UsageError(f"no objects of kind '{unknown[0]}'", f"Choose from: {', '.join(KINDS)}")
    if least < 2:
        raise UsageError(f"objects shared by {least} accounts", "Give 2 or more")
    parts = [case_events(corpus, [o for o in objects if o in OBJECTS])]
    if "near_text" in objects:
        parts.append(_near_texts(corpus, parts[0].schema))
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("events", pa.concat_tables(parts))
        found: pa.Table = db.execute(_FIRST, [least]).to_arrow_table()
    return found


def _near_texts(corpus: Corpus, schema: pa.Schema) -> pa.Table:
    """Events whose object is a group of near-equal texts of one platform."""
    from tecolote.networks.nearduplicate import near_groups

    texts = corpus.query(_TEXTS)
    found = []
    for platform in sorted(set(texts["platform"].to_pylist())):
        mine = texts.filter(pc.equal(texts["platform"], platform))
        group = near_groups(mine["text"].combine_chunks())
        kept = mine.filter(pa.array(group >= 0))
        columns = {
            "platform": kept["platform"],
            "object_id": mine["id"].take(pa.array(group[group >= 0])),
            "account_id": kept["account_id"],
            "content_id": kept["id"],
            "timestamp_share": kept["t"],
            "modality": pa.array(["near_text"] * len(kept), pa.string()),
        }
        found.append(pa.table({field.name: columns[field.name] for field in schema}).cast(schema))
    return pa.concat_tables(found) if found else schema.empty_table()
