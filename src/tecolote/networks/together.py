"""The evidence behind one tie: which things two accounts shared together, in which posts, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tecolote.networks.events import OBJECTS, WINDOW, case_events

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Meetings that are listed; all are counted.
MOST_MEETINGS = 200

# Each post with the nearest one before it of the other account: linear in the posts, however many share a thing.
_MEETINGS = """
WITH one AS (SELECT * FROM events WHERE account_id = $one), other AS (SELECT * FROM events WHERE account_id = $other),
met AS (
    SELECT p.modality AS kind, p.object_id AS object, p.content_id AS post, p.timestamp_share AS t,
        q.content_id AS post_y, q.timestamp_share AS t_y
    FROM one p ASOF JOIN other q
        ON p.modality = q.modality AND p.object_id = q.object_id AND p.timestamp_share >= q.timestamp_share
    UNION
    SELECT p.modality, p.object_id, p.content_id, p.timestamp_share, q.content_id, q.timestamp_share
    FROM other q ASOF JOIN one p
        ON p.modality = q.modality AND p.object_id = q.object_id AND q.timestamp_share >= p.timestamp_share
),
near AS (SELECT * FROM met WHERE abs(t - t_y) <= $window)
SELECT kind, object, post, make_timestamptz(t * 1000000) AS at, post_y, make_timestamptz(t_y * 1000000) AS at_y,
    abs(t - t_y) AS apart, (SELECT count(*) FROM near) AS meetings,
    (SELECT count(DISTINCT (kind, object)) FROM near) AS things
FROM near ORDER BY least(t, t_y), kind, object, post, post_y LIMIT $most
"""


def meetings(
    corpus: Corpus,
    platform: str,
    one: str,
    other: str,
    *,
    window: int = WINDOW,
    objects: Sequence[str] = OBJECTS,
    most: int = MOST_MEETINGS,
) -> tuple[list[dict[str, Any]], int, int]:
    """What two accounts shared within ``window`` seconds of each other, in order of time.

    Every post that met another of the same thing is there with the nearest one. Texts are compared within the two
    accounts: two that count as one object only by way of a third account's text are not among them.

    Args:
        corpus: the case's tables.
        platform: of both accounts.
        one: id of an account.
        other: id of another.
        window: seconds.
        objects: kinds of objects, see `case_events`.
        most: meetings to list.

    Returns:
        rows ``kind, object, post, at, post_y, at_y, apart`` (seconds), how many meetings there are in all, and how
        many different things were shared.

    Raises:
        UsageError: an unknown kind of object.
    """
    import duckdb

    events = case_events(corpus, objects, platform=platform, accounts=[one, other])
    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("events", events)
        found = db.execute(_MEETINGS, {"one": one, "other": other, "window": window, "most": most}).to_arrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    total, things = (rows[0]["meetings"], rows[0]["things"]) if rows else (0, 0)
    return [{k: v for k, v in row.items() if k not in ("meetings", "things")} for row in rows], total, things
