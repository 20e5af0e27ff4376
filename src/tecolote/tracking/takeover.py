"""Accounts that may have changed hands: an alarm that always ends in "ask the owner".

A change of style alone is much too common (at 5 % false alarms, most alarms are false). So it counts
only together with a hard signal: the first flagged post or named group after a clean history, a sending
application never used before, or a new name; and only if the posts from there on lie further from the
account's history than nearly all stretches of that history lie from the rest of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from tecolote.tracking.style import FEATURES, Written, distance, own_distances, table

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Posts that make a history; the newest of them are compared.
HISTORY = 30
LONGEST_HISTORY = 200
#: Posts that are looked at from the hard signal on, and how few are enough.
WINDOW = 5
FEWEST = 3
#: Share of the history's own stretches that must be less unusual.
RARE = 0.98
#: Mean |z| below which no change of style is believed; it is about 0.8 for the same hand.
LEAST = 1.0
#: A second alarm of one account waits as long as this.
QUIET = timedelta(days=365)


@dataclass(frozen=True)
class Event:
    """A hard signal: when it happened and what, in words."""

    at: datetime
    words: str


@dataclass(frozen=True)
class Alarm:
    """An alarm: the moment of the hard signal, how unusual the posts are, and the reason in words."""

    at: datetime
    score: float
    reason: str


def alarms(posts: Sequence[Written], events: Sequence[Event]) -> list[Alarm]:
    """Alarms of one account, oldest first, at most one a year.

    Args:
        posts: its own posts (no reposts), oldest first.
        events: hard signals, oldest first; several at one time are one.
    """
    found: list[Alarm] = []
    times = [post.at for post in posts]
    words: dict[datetime, list[str]] = {}
    for event in events:
        words.setdefault(event.at, []).append(event.words)
    for at in sorted(words):
        begin = int(np.searchsorted(np.array(times, dtype=object), at))  # type: ignore[call-overload]
        history, window = posts[max(begin - LONGEST_HISTORY, 0) : begin], posts[begin : begin + WINDOW]
        if len(history) < HISTORY or len(window) < FEWEST or (found and at - found[-1].at < QUIET):
            continue
        score, limit, which = _compare(history, window)
        if score > limit:
            said = ", ".join(FEATURES[i] for i in which)
            found.append(
                Alarm(
                    at,
                    score,
                    f"Ask the owner whether the account is still theirs: since {at:%Y-%m-%d %H:%M} UTC "
                    f"{' and '.join(dict.fromkeys(words[at]))}, and the {len(window)} posts from then on are written "
                    f"unlike the {len(history)} before (most of all: {said})",
                )
            )
    return found


def _compare(history: Sequence[Written], window: Sequence[Written]) -> tuple[float, float, list[int]]:
    """Distance of the window, the distance it must exceed, and the features that differ most."""
    known = table(history, history)
    score, which = distance(known, table(history, window))
    return score, max(LEAST, float(np.quantile(own_distances(known, len(window)), RARE))), which


_POSTS = """
SELECT p.platform, p.account_id, p.text, p.created_at AS moment, p.source_app AS app,
    coalesce(a.flag, false) AS flagged, coalesce(len(a.groups), 0) > 0 AS named
FROM posts p LEFT JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
WHERE p.account_id IS NOT NULL AND p.created_at IS NOT NULL AND p.text IS NOT NULL
    AND (p.platform, p.id) NOT IN (SELECT (platform, post_id) FROM edges WHERE type = 'reposts' AND post_id IS NOT NULL)
    AND (p.platform, p.account_id) IN (SELECT (platform, account_id) FROM posts
        WHERE account_id IS NOT NULL GROUP BY platform, account_id HAVING count(*) >= $1)
ORDER BY p.platform, p.account_id, p.created_at, p.id
"""

_NAMES = """
SELECT platform, account_id, username, observed_at AS moment FROM account_snapshots
WHERE username IS NOT NULL AND observed_at IS NOT NULL ORDER BY platform, account_id, observed_at
"""


def takeover_alarms(corpus: Corpus) -> dict[tuple[str, str], str]:
    """The latest alarm of each account that has one: (platform, account id) to its reason.

    Needs ``assessments``; an account needs `HISTORY` dated posts of its own before the hard signal and
    `FEWEST` from then on.
    """
    renames: dict[tuple[str, str], list[Event]] = {}
    last: dict[tuple[str, str], str] = {}
    for row in corpus.rows(_NAMES):
        key = (row["platform"], row["account_id"])
        if key in last and last[key] != row["username"]:
            renames.setdefault(key, []).append(Event(row["moment"], "it bears another name"))
        last[key] = row["username"]
    accounts: dict[tuple[str, str], list[tuple[Written, bool, bool]]] = {}
    for row in corpus.rows(_POSTS, [HISTORY + FEWEST]):
        post = Written(row["text"], row["moment"], row["app"])
        accounts.setdefault((row["platform"], row["account_id"]), []).append((post, row["flagged"], row["named"]))
    found = {}
    for key, rows in accounts.items():
        posts = [post for post, _, _ in rows]
        events = hard_signals(posts, [f for _, f, _ in rows], [n for _, _, n in rows]) + renames.get(key, [])
        raised = alarms(posts, sorted(events, key=lambda event: event.at))
        if raised:
            found[key] = raised[-1].reason
    return found


def hard_signals(posts: Sequence[Written], flagged: Sequence[bool], named: Sequence[bool]) -> list[Event]:
    """Flagged posts, named groups and sending applications after a history of `HISTORY` without.

    Args:
        posts: posts of one account, oldest first.
        flagged: whether each post is flagged.
        named: whether each post names a group.
    """
    events: list[Event] = []
    kinds = ((flagged, "it has a flagged post"), (named, "it names a criminal group"))
    for marks, words in kinds:
        events += [
            Event(posts[i].at, f"{words} after {HISTORY} or more without")
            for i in range(HISTORY, len(posts))
            if marks[i] and not any(marks[i - HISTORY : i])
        ]
    used: set[str] = set()
    stated = 0
    for post in posts:
        if post.app is None:
            continue
        if stated >= HISTORY and post.app not in used:
            events.append(Event(post.at, "it is sent with an application never used before"))
        used.add(post.app)
        stated += 1
    return events
