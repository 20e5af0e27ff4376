"""Who shared an object first, and who came after: links, hashtags and texts (near copies included).

First means first among the records at hand; the true source may lie outside the exports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from tecolote.errors import UsageError
from tecolote.networks.events import OBJECTS, case_events

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

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


def origins(corpus: Corpus, objects: Sequence[str] = OBJECTS, *, least: int = 2) -> pa.Table:
    """One row per shared object, the most copied first.

    Args:
        corpus: the case's tables; reposts, private messages and cut texts are left out.
        objects: kinds of objects.
        least: accounts that must have shared it.

    Returns:
        ``platform, kind, object, first_accounts`` (several if they share the first second), ``first,
        first_posts, copiers`` (accounts that came later), ``next_accounts`` (the first ten of them),
        ``median_delay`` (seconds from the first share to theirs), ``last, posts``.

    Raises:
        UsageError: an unknown kind of object, or fewer than two accounts.
    """
    if least < 2:
        raise UsageError(f"objects shared by {least} accounts", "Give 2 or more")
    events = case_events(corpus, objects)
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("events", events)
        found: pa.Table = db.execute(_FIRST, [least]).to_arrow_table()
    return found
