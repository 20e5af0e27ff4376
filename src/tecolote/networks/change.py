"""How a network changes: the same communities from one window of time to the next, their births and deaths.

Communities of each window are matched with those of the windows before by the Jaccard similarity of their
accounts (Greene, Doyle, Cunningham, ASONAM 2010), so that a community keeps its number for as long as it
can be followed, through windows of silence too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tecolote.errors import UsageError
from tecolote.networks.communities import communities
from tecolote.networks.graph import Graph, components, graph_of

#: Similarity from which two communities of different windows are the same one.
SAME = 0.3
#: Windows of silence after which a community is dead.
PATIENCE = 3
#: Accounts of the smallest community that is followed.
SMALLEST = 3
#: Windows at most; more would be a step that does not fit the length of the data.
MOST_WINDOWS = 2000

WINDOWS = pa.schema(
    [
        ("window", pa.int64()),
        ("begin", pa.timestamp("us", "UTC")),
        ("end", pa.timestamp("us", "UTC")),
        ("accounts", pa.int64()),
        ("ties", pa.int64()),
        ("records", pa.int64()),
        ("components", pa.int64()),
        ("largest", pa.int64()),
        ("communities", pa.int64()),
        ("newcomers", pa.int64()),
    ]
)
EVENTS = pa.schema(
    [
        ("window", pa.int64()),
        ("begin", pa.timestamp("us", "UTC")),
        ("community", pa.int64()),
        ("event", pa.string()),
        ("accounts", pa.int64()),
        ("others", pa.list_(pa.int64())),
        ("members", pa.list_(pa.string())),
    ]
)


@dataclass
class _Followed:
    """A community as it was last seen."""

    number: int
    members: frozenset[str]
    window: int
    begin: datetime


@dataclass
class _Story:
    """Communities alive and what happened to them."""

    alive: list[_Followed] = field(default_factory=list)
    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)


def sliding(ties: pa.Table, *, span: timedelta, step: timedelta) -> tuple[pa.Table, pa.Table]:
    """The network in windows of time, and what becomes of its communities.

    Args:
        ties: ``source, target, moment`` (UTC), one row per record; undated rows are left out.
        span: length of a window.
        step: from the beginning of one window to that of the next.

    Returns:
        windows (`WINDOWS`; ``newcomers`` were in no window before) and events (`EVENTS`): ``birth, growth``
        and ``contraction`` (by a fifth or more), ``split`` (``others`` came out of it, with these accounts),
        ``merge`` (``others`` went into it) and ``death`` (dated at the window in which it was last seen).
        Communities have `SMALLEST` accounts or more.

    Raises:
        UsageError: a span or step that is not above 0, or more than `MOST_WINDOWS` windows.
    """
    if span <= timedelta(0) or step <= timedelta(0):
        raise UsageError("a window or step of no length", "Give days above 0")
    ties = ties.filter(pc.is_valid(ties["moment"]))
    story, windows, seen = _Story(), [], set[str]()
    last = -1
    for last, begin, part in _windows(ties, span, step):
        graph = graph_of(part.select(["source", "target"]), directed=False)
        names = graph.names.to_pylist()
        found = _communities(graph, names)
        label = components(graph)
        windows.append(
            {
                "window": last,
                "begin": begin,
                "end": begin + span,
                "accounts": len(graph),
                "ties": len(graph.source),
                "records": len(part),
                "components": int(label.max(initial=-1)) + 1,
                "largest": int((label == 0).sum()),
                "communities": len(found),
                "newcomers": len(set(names) - seen),
            }
        )
        seen |= set(names)
        _bury(story, last)
        _follow(story, last, begin, found)
    _bury(story, last + 1)
    story.rows.sort(key=lambda r: (r["window"], r["community"], r["event"]))
    return pa.Table.from_pylist(windows, schema=WINDOWS), pa.Table.from_pylist(story.rows, schema=EVENTS)


def _windows(ties: pa.Table, span: timedelta, step: timedelta) -> Iterator[tuple[int, datetime, pa.Table]]:
    if not len(ties):
        return
    ties = ties.sort_by("moment")
    moments = ties["moment"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    wide, stride = (int(t / timedelta(microseconds=1)) for t in (span, step))
    count = int(max(moments[-1] - moments[0] - wide, -1)) // stride + 2
    if count > MOST_WINDOWS:
        raise UsageError(f"{count:,} windows", f"Give a longer step; {MOST_WINDOWS:,} windows are the most")
    for number in range(count):
        begin = int(moments[0]) + number * stride
        a, b = np.searchsorted(moments, [begin, begin + wide], side="left")
        yield number, datetime.fromtimestamp(0, UTC) + timedelta(microseconds=begin), ties.slice(int(a), int(b - a))


def _communities(graph: Graph, names: list[str]) -> list[frozenset[str]]:
    label = communities(graph, resamples=0).label
    members: dict[int, list[str]] = {}
    for name, number in zip(names, label.tolist(), strict=True):
        members.setdefault(number, []).append(name)
    return [frozenset(m) for m in members.values() if len(m) >= SMALLEST]


def _follow(story: _Story, window: int, begin: datetime, found: list[frozenset[str]]) -> None:
    """Match the communities of a window with those alive, the most similar first, and note what happened."""
    alike = sorted(
        ((_jaccard(old.members, new), old.number, i) for old in story.alive for i, new in enumerate(found)),
        key=lambda pair: (-pair[0], pair[1:]),
    )
    by_number = {old.number: old for old in story.alive}
    heir: dict[int, int] = {}
    parent: dict[int, int] = {}
    for likeness, number, i in alike:
        if likeness >= SAME and number not in heir and i not in parent:
            heir[number], parent[i] = i, number
    for i, members in enumerate(found):
        near = [n for likeness, n, j in alike if j == i and likeness >= SAME]
        if i in parent:
            old = by_number[parent[i]]
            _note_growth(story, window, begin, old, members)
            merged = sorted(n for n in near if n != old.number and n not in heir)
            if merged:
                _note(story, window, begin, old.number, "merge", members, merged)
                story.alive = [c for c in story.alive if c.number not in merged]
            old.members, old.window, old.begin = members, window, begin
            continue
        number = story.count
        story.count += 1
        story.alive.append(_Followed(number, members, window, begin))
        origin = next((n for n in near if n in heir), None)
        if origin is None:
            _note(story, window, begin, number, "birth", members, [])
        else:
            _note(story, window, begin, origin, "split", members, [number])


def _note_growth(story: _Story, window: int, begin: datetime, old: _Followed, members: frozenset[str]) -> None:
    if len(members) >= 1.2 * len(old.members):
        _note(story, window, begin, old.number, "growth", members, [])
    elif len(members) <= 0.8 * len(old.members):
        _note(story, window, begin, old.number, "contraction", members, [])


def _bury(story: _Story, now: int) -> None:
    """Communities that were silent in the `PATIENCE` windows before ``now`` are dead."""
    for old in story.alive:
        if now - old.window > PATIENCE:
            _note(story, old.window, old.begin, old.number, "death", old.members, [])
    story.alive = [old for old in story.alive if now - old.window <= PATIENCE]


def _note(
    story: _Story,
    window: int,
    begin: datetime,
    number: int,
    event: str,
    members: frozenset[str],
    others: list[int],
) -> None:
    story.rows.append(
        {
            "window": window,
            "begin": begin,
            "community": number,
            "event": event,
            "accounts": len(members),
            "others": others,
            "members": sorted(members),
        }
    )


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
