"""What the exports say about accounts and posts that are gone, and between which two looks they went.

States are never merged: suspended is a decision of the platform, deleted one of the owner, not found can
be either, and missing from a later export may only mean that somebody asked another question. So an
absence is counted as such only where the later export demonstrably covers the same ground.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tecolote.records import SCHEMAS

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Seen to be no longer there. `not_in_later_export` is an inference and not among them; protected,
#: withheld and restricted things exist.
GONE = ("deleted", "suspended", "deactivated", "not_found")

#: A later export speaks about an earlier one only if, over the time that both cover, each holds this
#: share of the other's posts of that channel, and there are at least so many.
MATCH_SHARE = 0.8
MATCH_POSTS = 10

_COLUMNS = [name for name in SCHEMAS["observations"].names if name != "source_file"][:9]

# Exports of one channel by one reader. An export that holds a later post than another was made later,
# since the other would hold that post too. Both directions of the comparison use the same overlap.
_LATER = """
WITH seen AS (
    SELECT DISTINCT platform, thread_id, reader, leaf_index, source_file, id, created_at FROM posts_rows
    WHERE thread_id IS NOT NULL AND created_at IS NOT NULL AND NOT coalesce(id_is_derived, false)
),
exports AS (
    SELECT platform, thread_id, reader, leaf_index, min(source_file) AS file,
        min(created_at) AS earliest, max(created_at) AS latest
    FROM seen GROUP BY ALL
),
pairs AS (
    SELECT a.platform, a.thread_id, a.reader, a.leaf_index AS old, b.leaf_index AS new, a.file AS old_file,
        b.file AS new_file, greatest(a.earliest, b.earliest) AS since, a.latest AS until
    FROM exports a JOIN exports b USING (platform, thread_id, reader)
    WHERE b.latest > a.latest AND greatest(a.earliest, b.earliest) < a.latest
),
held AS (
    SELECT p.old, p.new, p.platform, p.thread_id, p.reader, s.id,
        bool_or(s.leaf_index = p.old) AS before, bool_or(s.leaf_index = p.new) AS after
    FROM pairs p JOIN seen s ON s.platform = p.platform AND s.thread_id = p.thread_id AND s.reader = p.reader
        AND s.leaf_index IN (p.old, p.new) AND s.created_at > p.since AND s.created_at <= p.until
    GROUP BY ALL
),
matched AS (
    SELECT old, new, platform, thread_id, reader, count(*) FILTER (WHERE before) AS had,
        count(*) FILTER (WHERE after) AS has, count(*) FILTER (WHERE before AND after) AS kept
    FROM held GROUP BY ALL HAVING had >= $posts AND kept >= $share * had AND kept >= $share * has
),
looked AS (
    SELECT platform, leaf_index, max(observed_at) AS moment FROM post_snapshots_rows GROUP BY ALL
)
SELECT h.platform, h.id, min_by(l.moment, h.new) AS observed_at,
    min_by('held by ' || p.old_file || ', absent from ' || p.new_file || ', which holds ' || m.kept || ' of its '
        || m.had || ' posts of that channel and time', h.new) AS reason
FROM held h JOIN matched m USING (old, new, platform, thread_id, reader)
JOIN pairs p USING (old, new, platform, thread_id, reader)
LEFT JOIN looked l ON l.platform = h.platform AND l.leaf_index = h.new
WHERE h.before AND NOT h.after GROUP BY h.platform, h.id ORDER BY h.platform, h.id
"""


def observations(corpus: Corpus) -> pa.Table:
    """All observations of the records, and posts that a later export of the same channel lacks.

    Columns are the data columns of ``observations``. An inferred row has the state
    ``not_in_later_export``, the two files in its reason, and a time only where the later export states
    one. Absence is inferred for posts alone: an account that is silent in a later export is not gone.
    """
    schema = pa.schema([SCHEMAS["observations"].field(name) for name in _COLUMNS])
    stated = corpus.query(f"SELECT DISTINCT {', '.join(_COLUMNS)} FROM observations ORDER BY ALL")
    rows = [
        {"target_kind": "post", "target_id": row.pop("id"), "state": "not_in_later_export", "observed_by": "export"}
        | row
        for row in inferred(corpus)
    ]
    return pa.concat_tables([stated.cast(schema), pa.Table.from_pylist(rows, schema=schema)])


def inferred(corpus: Corpus) -> list[dict[str, Any]]:
    """Posts that a later export of the same channel lacks: ``platform, id, observed_at, reason``."""
    return corpus.rows(_LATER, {"posts": MATCH_POSTS, "share": MATCH_SHARE})


@dataclass(frozen=True)
class Interval:
    """When something that was seen live went: in ``(last_live, first_gone]``, or not yet.

    Attributes:
        platform: platform id.
        target_kind: post or account.
        target_id: id of it.
        first_live: first time at which it was there; time zero of its survival.
        last_live: last such time before it was seen gone.
        first_gone: first time at which it was seen gone, or when the platform says that it went; None if
            it never was.
        state: what was seen at ``first_gone``; None if nothing was.
        exact: ``first_gone`` is the moment that the platform states, not the time of a look.
        returned: it was seen live again afterwards.
    """

    platform: str
    target_kind: str
    target_id: str
    first_live: datetime
    last_live: datetime
    first_gone: datetime | None
    state: str | None
    exact: bool
    returned: bool

    @property
    def days(self) -> tuple[float, float]:
        """The same in days since ``first_live``, for `turnbull`."""
        last = (self.last_live - self.first_live).total_seconds() / 86400
        if self.first_gone is None:
            return last, float("inf")
        gone = (self.first_gone - self.first_live).total_seconds() / 86400
        return (gone, gone) if self.exact else (last, gone)


@dataclass(frozen=True)
class Unused:
    """Targets that were seen gone but enter no interval, by reason.

    Attributes:
        never_live: nothing shows that it was there before.
        undated: the record does not say when it was seen.
        implied: absent from a later export only.
    """

    never_live: int
    undated: int
    implied: int


# Something was there when a post was written, when a snapshot says so and when it is observed live. It was
# probably there too when the newest post of the file that holds it was written (`sure` is false): an
# export is no older than that, but a collection that grew over weeks may hold what had gone meanwhile.
_LIVE = """
WITH files AS (
    SELECT leaf_index, source_file, max(created_at) AS moment FROM posts_rows GROUP BY ALL
)
SELECT platform, target_kind, target_id, moment, bool_or(sure) AS sure FROM (
    SELECT platform, 'post' AS target_kind, post_id AS target_id, observed_at AS moment, true AS sure
        FROM post_snapshots
    UNION ALL SELECT platform, 'account', account_id, observed_at, true FROM account_snapshots
    UNION ALL SELECT platform, 'post', id, created_at, true FROM posts
    UNION ALL SELECT platform, 'post', id, f.moment, false FROM posts_rows JOIN files f USING (leaf_index, source_file)
    UNION ALL SELECT platform, 'account', account_id, created_at, true FROM posts
    UNION ALL SELECT platform, target_kind, target_id, observed_at, true FROM observations WHERE state = 'live'
) WHERE moment IS NOT NULL AND target_id IS NOT NULL GROUP BY ALL ORDER BY ALL
"""

_GONE_ROWS = """
SELECT platform, target_kind, target_id, state, observed_at, state_since FROM observations
WHERE list_contains($1, state) AND target_kind IN ('post', 'account') AND target_id IS NOT NULL ORDER BY ALL
"""


def intervals(corpus: Corpus) -> list[Interval]:
    """One interval per account and post that was seen live, sorted by platform, kind and id.

    Only the first disappearance counts; ``returned`` says that it was not the end. A state that has no
    date at all cannot bound anything and is left to `unused`.
    """
    return _intervals(corpus)[0]


def unused(corpus: Corpus) -> dict[tuple[str, str], Unused]:
    """By platform and kind: what was seen gone but is in no interval, and why."""
    found, never, undated = _intervals(corpus)
    used = {(i.platform, i.target_kind, i.target_id) for i in found if i.state}
    implied = Counter((r["platform"], "post") for r in inferred(corpus) if (r["platform"], "post", r["id"]) not in used)
    keys = sorted({*never, *undated, *implied})
    return {key: Unused(never[key], undated[key], implied[key]) for key in keys}


def _intervals(corpus: Corpus) -> tuple[list[Interval], Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    live: dict[tuple[str, str, str], list[tuple[datetime, bool]]] = {}
    for row in corpus.rows(_LIVE):
        live.setdefault((row["platform"], row["target_kind"], row["target_id"]), []).append(
            (row["moment"], row["sure"])
        )
    gone: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in corpus.rows(_GONE_ROWS, [list(GONE)]):
        gone.setdefault((row["platform"], row["target_kind"], row["target_id"]), []).append(row)
    found: list[Interval] = []
    never: Counter[tuple[str, str]] = Counter()
    undated: Counter[tuple[str, str]] = Counter()
    for key in sorted({*live, *gone}):
        went = _moments(gone.get(key, []))
        seen = sorted(at for at, sure in live.get(key, []) if sure or not went or at < went[0][0])
        made = _interval(key, seen, went)
        if made is not None:
            found.append(made)
        elif went:
            never[key[:2]] += 1
        if key in gone and not went:
            undated[key[:2]] += 1
    return found, never, undated


def _moments(rows: Iterable[dict[str, Any]]) -> list[tuple[datetime, bool, str]]:
    """When it was gone, whether that is the platform's own date, and the state; the earliest first."""
    made = []
    for row in rows:
        # A stated date later than the look that found it contradicts itself: the look is certain.
        since, looked = row["state_since"], row["observed_at"]
        if since is not None and (looked is None or since <= looked):
            made.append((since, True, row["state"]))
        elif looked is not None:
            made.append((looked, False, row["state"]))
    return sorted(made)


def _interval(
    key: tuple[str, str, str], seen: list[datetime], went: list[tuple[datetime, bool, str]]
) -> Interval | None:
    """The first disappearance after something was live; None if it was never known to be there before."""
    later = [moment for moment in went if seen and moment[0] > seen[0]]
    if later:
        at, exact, state = later[0]
        last = max(moment for moment in seen if moment < at)
        return Interval(*key, seen[0], last, at, state, exact, seen[-1] > at)
    if seen and not went:
        return Interval(*key, seen[0], seen[-1], None, None, False, False)
    return None
