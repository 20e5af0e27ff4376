"""The local fast path: compiled sliding windows that never build a list of pairs.

Counting goes account by account, as in the row-wise product of sparse matrices (Gustavson, ACM Trans. Math.
Softw. 4, 1978): for one account, walk its events, look at everybody else in the window of each, and add up in
a row of counters as long as there are accounts. Memory is that of the events and one row per thread, whatever
the number of pairs; no keys are sorted. The same steps stand as one expression in
`tecolote.networks.expressions`, which is the oracle of these.

All functions release the interpreter's lock, take events as whole numbers sorted by (object, time), and are
compiled once into the user's cache folder. Accounts and objects fit 32 bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

if not numba.config.CACHE_DIR:  # type: ignore[attr-defined]
    _cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    numba.config.CACHE_DIR = str(Path(_cache) / "tecolote" / "kernels")  # type: ignore[attr-defined]

Whole = NDArray[np.int32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code, without the interpreter's lock."""
    return cast(Function, numba.njit(nogil=True, cache=True)(function))


@compiled
def grouped(key: Whole, keys: int) -> tuple[Ints, Whole]:
    """Where the events of each key start, and the events by key; those of one key keep their order."""
    start = np.zeros(keys + 1, np.int64)
    for i in range(len(key)):
        start[key[i] + 1] += 1
    for x in range(keys):
        start[x + 1] += start[x]
    place = start.copy()
    event = np.empty(len(key), np.int32)
    for i in range(len(key)):
        event[place[key[i]]] = i
        place[key[i]] += 1
    return start, event


@compiled
def order(o: Whole, t: Ints, objects: int) -> Whole:
    """Positions of events by (object, time); events of one object and second stay in the order given."""
    start, found = grouped(o, objects)
    for j in range(objects):
        for i in range(start[j] + 1, start[j + 1]):
            if t[found[i]] < t[found[i - 1]]:
                mine = found[start[j] : start[j + 1]].copy()
                found[start[j] : start[j + 1]] = mine[np.argsort(t[mine], kind="mergesort")]
                break
    return found


@compiled
def windows(o: Whole, t: Ints, window: int) -> tuple[Whole, Whole]:
    """First and past-the-last event of the same object within the window of each event."""
    n = len(o)
    low, high = np.empty(n, np.int32), np.empty(n, np.int32)
    first = past = 0
    for i in range(n):
        if i > 0 and o[i] != o[i - 1]:
            first = i
        while t[first] < t[i] - window:
            first += 1
        past = max(past, i + 1)
        while past < n and o[past] == o[i] and t[past] <= t[i] + window:
            past += 1
        low[i], high[i] = first, past
    return low, high


@compiled
def meets(a: Whole, low: Whole, high: Whole) -> Bools:
    """Whether another account is in the window of each event."""
    n = len(a)
    met = np.zeros(n, np.bool_)
    other = -1
    for i in range(1, n):
        if a[i] != a[i - 1]:
            other = i - 1
        met[i] = other >= low[i]
    other = n
    for i in range(n - 2, -1, -1):
        if a[i] != a[i + 1]:
            other = i + 1
        met[i] |= other < high[i]
    return met


@compiled
def work(start: Ints, event: Whole, low: Whole, high: Whole) -> Ints:
    """Events to look at up to and with each account."""
    done = np.zeros(len(start), np.int64)
    for x in range(len(start) - 1):
        done[x + 1] = done[x] + 1
        for k in range(start[x], start[x + 1]):
            done[x + 1] += high[event[k]] - low[event[k]]
    return done


@compiled
def core(o: Whole, a: Whole, objects: int, accounts: int, least: int) -> Bools:
    """Which events can take part in an edge of ``least`` distinct objects: prune until nothing changes.

    An account needs ``least`` distinct objects and an object two accounts.
    """
    pair_a, pair_o = np.empty(len(a), np.int32), np.empty(len(a), np.int32)
    last = np.full(accounts, -1, np.int32)
    n = 0
    for i in range(len(a)):  # the events of an object stand together
        if last[a[i]] != o[i]:
            last[a[i]] = o[i]
            pair_a[n], pair_o[n] = a[i], o[i]
            n += 1
    had, met = np.zeros(accounts, np.int32), np.zeros(objects, np.int32)
    for i in range(n):
        had[pair_a[i]] += 1
        met[pair_o[i]] += 1
    while True:
        left = 0
        for i in range(n):
            x, thing = pair_a[i], pair_o[i]
            if had[x] >= least and met[thing] >= 2:
                pair_a[left], pair_o[left] = x, thing
                left += 1
        if left == n:
            break
        n = left
        had[:], met[:] = 0, 0
        for i in range(n):
            had[pair_a[i]] += 1
            met[pair_o[i]] += 1
    keep = np.empty(len(a), np.bool_)
    for i in range(len(a)):
        keep[i] = had[a[i]] >= least and met[o[i]] >= 2
    return keep


@compiled
def add_objects(o: Whole, a: Whole, had: Whole) -> None:
    """Add the number of distinct objects of each account to ``had``."""
    last = np.full(len(had), -1, np.int32)
    for i in range(len(a)):
        if last[a[i]] != o[i]:
            last[a[i]] = o[i]
            had[a[i]] += 1


@compiled
def _longer(rows: Ints) -> Ints:
    grown = np.empty((2 * len(rows), rows.shape[1]), np.int64)
    grown[: len(rows)] = rows
    return grown


@compiled
def _meet_again(
    x: int, y: int, thing: int, start: Ints, event: Whole, o: Whole, t: Ints, window: int
) -> tuple[int, int]:
    """Earliest and latest second at which two accounts meet on one object; -1 and -1 if never."""
    first, last = -1, -1
    j = start[y]
    top = start[y + 1]
    while j < top:  # the events of an account are in the order of objects
        middle = (j + top) // 2
        if o[event[middle]] < thing:
            j = middle + 1
        else:
            top = middle
    for k in range(start[x], start[x + 1]):
        e = event[k]
        if o[e] != thing:
            continue
        while j < start[y + 1] and o[event[j]] == thing and t[event[j]] < t[e] - window:
            j += 1
        i = j
        while i < start[y + 1] and o[event[i]] == thing and t[event[i]] <= t[e] + window:
            early, late = min(t[e], t[event[i]]), max(t[e], t[event[i]])
            first = early if first < 0 else min(first, early)
            last = max(last, late)
            i += 1
    return first, last


@compiled
def _walk(
    x: int, start: Ints, event: Whole, o: Whole, a: Whole, t: Ints, low: Whole, high: Whole, heavy: Bools, rows: Ints,
    touched: Whole,
) -> int:  # fmt: skip
    """Count the objects of ``x`` with each larger account into ``rows``; how many are listed in ``touched``."""
    mark = np.int64(x + 1) << 32
    n = 0
    for k in range(start[x], start[x + 1]):
        e = event[k]
        if heavy[o[e]]:
            continue
        seen = mark | np.int64(o[e])
        for f in range(low[e], high[e]):
            y = a[f]
            if y <= x:
                continue
            row = rows[y]
            if row[0] != seen:
                if row[0] >> 32 != x + 1:
                    touched[n] = y
                    n += 1
                    row[1], row[2], row[3] = 0, t[e], t[e]
                row[0] = seen
                row[1] += 1
            row[2] = min(row[2], t[e], t[f])
            row[3] = max(row[3], t[e], t[f])
    return n


@compiled
def _often(touched: Whole, rows: Ints, column: int, least: int) -> Whole:
    """The touched accounts with a count of at least ``least``, ascending."""
    hits = 0
    for y in touched:
        if rows[y, column] >= least:
            touched[hits] = y
            hits += 1
    return np.sort(touched[:hits])


@compiled
def _probe(
    x: int, y: int, start: Ints, event: Whole, o: Whole, t: Ints, heavy: Bools, window: int, row: Ints
) -> None:  # fmt: skip
    """Add the heavy objects that two accounts share to their row."""
    before = -1
    for k in range(start[x], start[x + 1]):
        thing = o[event[k]]
        if heavy[thing] and thing != before:
            before = thing
            first, last = _meet_again(x, y, thing, start, event, o, t, window)
            if last >= 0:
                row[1] += 1
                row[2], row[3] = min(row[2], first), max(row[3], last)


@compiled
def distinct(
    lowest: int, highest: int, start: Ints, event: Whole, o: Whole, a: Whole, t: Ints, low: Whole, high: Whole,
    heavy: Bools, probed: int, window: int, least: int, rows: Ints,
) -> Ints:  # fmt: skip
    """Edges of the accounts from ``lowest`` to below ``highest`` with larger ones: x, y, weight, first, last.

    ``rows`` is this thread's own (accounts, 4): who was counted last and for which object, count, first, last.
    Objects that are ``heavy`` (``probed`` of them) are not walked: a pair that has enough of the others is
    looked up in them.
    """
    found = np.empty((1024, 5), np.int64)
    edges = 0
    touched = np.empty(len(start), np.int32)
    for x in range(lowest, highest):
        n = _walk(x, start, event, o, a, t, low, high, heavy, rows, touched)
        for y in _often(touched[:n], rows, 1, max(1, least - probed)):
            if probed:
                _probe(x, y, start, event, o, t, heavy, window, rows[y])
            if rows[y, 1] < least:
                continue
            if edges == len(found):
                found = _longer(found)
            found[edges, 0], found[edges, 1] = x, y
            found[edges, 2:] = rows[y, 1:]
            edges += 1
    return found[:edges].copy()


@compiled
def qut(
    lowest: int,
    highest: int,
    start: Ints,
    event: Whole,
    a: Whole,
    c: Whole,
    low: Whole,
    high: Whole,
    least: int,
    rows: Ints,
) -> Ints:
    """Edges x, y, weight of the sources from ``lowest`` to below ``highest``: messages of x that met one of y.

    The events of each account are ordered by content. ``rows`` is this thread's own (accounts, 3): who was
    counted last, for which content, and the count.
    """
    found = np.empty((1024, 3), np.int64)
    edges = 0
    touched = np.empty(len(start), np.int32)
    for x in range(lowest, highest):
        n = 0
        for k in range(start[x], start[x + 1]):
            e = event[k]
            for f in range(low[e], high[e]):
                y = a[f]
                if y == x:
                    continue
                row = rows[y]
                if row[0] != x + 1:
                    touched[n] = y
                    n += 1
                    row[0], row[1], row[2] = x + 1, c[e], 1
                elif row[1] != c[e]:
                    row[1] = c[e]
                    row[2] += 1
        for y in _often(touched[:n], rows, 2, least):
            if edges == len(found):
                found = _longer(found)
            found[edges, 0], found[edges, 1], found[edges, 2] = x, y, rows[y, 2]
            edges += 1
    return found[:edges].copy()


@compiled
def _is_pair(i: int, j: int, a: Whole, c: Whole, named: Bools, loops: bool) -> bool:
    return loops or (a[i] != a[j] and c[i] != c[j] and not named[i] and not named[j])


@compiled
def mark_contents(a: Whole, c: Whole, named: Bools, low: Whole, loops: bool, marked: Bools) -> None:
    """Mark the contents that occur in any pair; ``coortweet`` only."""
    for i in range(len(a)):
        for j in range(low[i], i):
            if (not marked[c[i]] or not marked[c[j]]) and _is_pair(i, j, a, c, named, loops):
                marked[c[i]] = marked[c[j]] = True


@compiled
def count_pairs(a: Whole, c: Whole, named: Bools, low: Whole, loops: bool, active: Bools) -> int:
    """How many pairs `list_pairs` would list."""
    n = 0
    for i in range(len(a)):
        for j in range(low[i], i):
            n += (active[c[i]] or active[c[j]]) and _is_pair(i, j, a, c, named, loops)
    return n


@compiled
def list_pairs(
    a: Whole, c: Whole, named: Bools, low: Whole, loops: bool, active: Bools
) -> tuple[Whole, Whole]:  # fmt: skip
    """Pairs (older, newer) of events of which one has an active content."""
    n = count_pairs(a, c, named, low, loops, active)
    older, newer = np.empty(n, np.int32), np.empty(n, np.int32)
    n = 0
    for i in range(len(a)):
        for j in range(low[i], i):
            if (active[c[i]] or active[c[j]]) and _is_pair(i, j, a, c, named, loops):
                older[n], newer[n] = j, i
                n += 1
    return older, newer


@compiled
def _kinds(values: Whole) -> int:
    """How many different values; sorts them."""
    values.sort()
    n = 1
    for i in range(1, len(values)):
        n += values[i] != values[i - 1]
    return n


@compiled
def sum_edges(bounds: Ints, pairs: Ints, older: Whole, newer: Whole, delay: Ints, fast: Bools) -> Ints:
    """By edge: sum of delays, contents in the older and in the newer role, fast pairs.

    ``pairs`` are ordered by edge, and those of edge g start at ``bounds[g]``; ``older`` and ``newer`` are contents.
    """
    found = np.empty((len(bounds) - 1, 4), np.int64)
    for g in range(len(bounds) - 1):
        mine = pairs[bounds[g] : bounds[g + 1]]
        found[g, 0] = found[g, 3] = 0
        for p in mine:
            found[g, 0] += delay[p]
            found[g, 3] += fast[p]
        found[g, 1] = found[g, 2] = 1
        if len(mine) > 1:
            found[g, 1], found[g, 2] = _kinds(older[mine]), _kinds(newer[mine])
    return found
