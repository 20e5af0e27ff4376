"""Pairs of events on one object within a time window, in numpy, without ever building what is not needed.

Events are whole numbers: ``o`` object, ``a`` account, ``t`` seconds. All functions take them sorted by
(o, t). Counting pairs is O(n log n) and builds nothing; listing them goes in blocks of bounded size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tecolote.errors import LimitExceeded

Ints = NDArray[np.int64]

#: Pairs of events that are in memory at once while they are listed.
BLOCK_PAIRS = 4_000_000
#: Keys of (pair of accounts, object) that are sorted at once; more go in passes over the accounts.
PASS_KEYS = 150_000_000


@dataclass(frozen=True)
class Sorted:
    """Events sorted by (object, time), with the window already laid over them.

    Attributes:
        o: object of each event.
        a: account of each event.
        t: seconds since the earliest event of the run.
        low: index of the first event of the same object that is at most the window older.
    """

    o: Ints
    a: Ints
    t: Ints
    low: Ints

    @property
    def before(self) -> Ints:
        """How many earlier events of the same object each event forms a pair with."""
        return np.arange(len(self.o), dtype=np.int64) - self.low

    def pairs_per_object(self, objects: int) -> Ints:
        """Pairs of events within the window, by object; pairs of one account with itself included."""
        return np.bincount(self.o, weights=self.before, minlength=objects).astype(np.int64)

    def only(self, stay: NDArray[np.bool_], window: int) -> Sorted:
        """The events that stay, in the same order and on the same clock."""
        o, a, t = self.o[stay], self.a[stay], self.t[stay]
        return Sorted(o, a, t, _lows(o * _stride(t, window) + t, window))


def _stride(t: Ints, window: int) -> int:
    """A distance between objects that no window bridges."""
    return int(t.max()) + window + 1 if len(t) else 1


def _lows(key: Ints, window: int) -> Ints:
    return np.searchsorted(key, key - window).astype(np.int64)


def lay_window(o: Ints, a: Ints, t: Ints, window: int) -> Sorted:
    """Sort events and find each one's window, in O(n log n); ``t`` may not be negative.

    Raises:
        LimitExceeded: objects times seconds do not fit into 63 bits.
    """
    stride = _stride(t, window)
    if len(o) and (int(o.max()) + 1) * stride >= 2**63:
        raise LimitExceeded("too many objects over too long a time", "Split the events by year")
    key = o * stride + t
    order = np.argsort(key, kind="stable")
    return Sorted(o[order], a[order], t[order], _lows(key[order], window))


def blocks(events: Sorted) -> Iterator[tuple[Ints, Ints]]:
    """Indices (older, newer) of all pairs of events within the window, in blocks."""
    before = events.before
    ends = np.cumsum(before)
    start = 0
    while start < len(before):
        done = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, done + BLOCK_PAIRS, side="right")), start + 1)
        count = before[start:stop]
        newer = np.repeat(np.arange(start, stop, dtype=np.int64), count)
        first = np.repeat(events.low[start:stop] - (np.cumsum(count) - count), count)
        yield np.arange(len(newer), dtype=np.int64) + first, newer
        start = stop


def core(o: Ints, a: Ints, repetition: int) -> NDArray[np.bool_]:
    """Which events can take part in an edge: prune until nothing changes.

    An account needs ``repetition`` distinct objects and an object two accounts. What is pruned cannot
    be part of any pair of accounts with ``repetition`` distinct objects, so the result is exact.
    """
    keep = np.ones(len(o), dtype=np.bool_)
    if len(o) == 0:
        return keep
    objects, accounts = int(o.max()) + 1, int(a.max()) + 1
    once = a * objects + o
    once.sort()
    once = once[np.concatenate(([True], once[1:] != once[:-1]))]
    left_a, left_o = once // objects, once % objects
    good_a, good_o = np.ones(accounts, np.bool_), np.ones(objects, np.bool_)
    while True:
        good_a = np.bincount(left_a, minlength=accounts) >= repetition
        good_o = np.bincount(left_o, minlength=objects) >= 2
        stay = good_a[left_a] & good_o[left_o]
        if bool(stay.all()):
            break
        left_a, left_o = left_a[stay], left_o[stay]
    kept: NDArray[np.bool_] = good_a[a] & good_o[o]
    return kept


def weights(events: Sorted, accounts: int, least: int) -> tuple[Ints, Ints]:
    """Pairs of accounts that share at least ``least`` distinct objects within the window.

    Returns:
        ``smaller account * accounts + larger account``, ascending, and the number of distinct objects.
    """
    if len(events.o) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    passes = 1 + int(events.before.sum()) // PASS_KEYS
    found = [_one_pass(events, accounts, least, part, passes) for part in range(passes)]
    key, weight = np.concatenate([k for k, _ in found]), np.concatenate([w for _, w in found])
    order = np.argsort(key)
    return key[order], weight[order]


def _one_pass(events: Sorted, accounts: int, least: int, part: int, passes: int) -> tuple[Ints, Ints]:
    """`weights` for the pairs whose smaller account falls into ``part``."""
    pairs: list[Ints] = []
    objects: list[Ints] = []
    for older, newer in blocks(events):
        x, y = events.a[older], events.a[newer]
        good = x != y
        if passes > 1:
            good &= np.minimum(x, y) % passes == part
        x, y = x[good], y[good]
        pairs.append(np.minimum(x, y) * accounts + np.maximum(x, y))
        objects.append(events.o[newer[good]])
    return _count_distinct(np.concatenate(pairs), np.concatenate(objects), least)


def _count_distinct(pair: Ints, o: Ints, least: int) -> tuple[Ints, Ints]:
    """Distinct objects per pair, of those with at least ``least``."""
    if len(pair) == 0:
        return pair, pair
    width = int(o.max()) + 1
    if int(pair.max()) < (2**63 - 1) // width:
        key = pair * width + o
        key.sort()
        fresh = np.ones(len(key), np.bool_)
        np.not_equal(key[1:], key[:-1], out=fresh[1:])
        pair = key[fresh] // width
    else:
        order = np.lexsort((o, pair))
        pair, o = pair[order], o[order]
        fresh = np.ones(len(pair), np.bool_)
        fresh[1:] = (pair[1:] != pair[:-1]) | (o[1:] != o[:-1])
        pair = pair[fresh]
    start = np.flatnonzero(np.concatenate(([True], pair[1:] != pair[:-1])))
    weight = np.diff(np.append(start, len(pair)))
    enough = weight >= least
    return pair[start[enough]], weight[enough]


def extents(events: Sorted, key: Ints, accounts: int) -> tuple[Ints, Ints]:
    """Earliest and latest second of the shared actions of each pair in ``key`` (ascending).

    A pair that shares nothing here gets the largest and the smallest whole number.
    """
    first = np.full(len(key), np.iinfo(np.int64).max)
    last = np.full(len(key), np.iinfo(np.int64).min)
    if len(key) == 0 or len(events.o) == 0:
        return first, last
    for older, newer in blocks(events):
        x, y = events.a[older], events.a[newer]
        wanted = np.minimum(x, y) * accounts + np.maximum(x, y)
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        good = (key[at] == wanted) & (x != y)
        np.minimum.at(first, at[good], events.t[older[good]])
        np.maximum.at(last, at[good], events.t[newer[good]])
    return first, last


def probe(a: Ints, t: Ints, x: Ints, y: Ints, window: int) -> tuple[NDArray[np.bool_], Ints, Ints]:
    """Which pairs of accounts (x, y) share one object within the window, without listing its pairs.

    Args:
        a: accounts of the object's events, in any order.
        t: seconds of the object's events, not negative.
        x: first account of each pair to look at.
        y: second account of each pair.
        window: seconds.

    Returns:
        whether they do, and the earliest and latest second of it where they do.
    """
    stride = int(t.max()) + 2 * window + 2
    key = np.sort(a * stride + t)
    begin, end = np.searchsorted(key, x * stride), np.searchsorted(key, (x + 1) * stride)
    count = end - begin
    pair = np.repeat(np.arange(len(x)), count)
    mine = key[np.arange(len(pair)) + np.repeat(begin - (np.cumsum(count) - count), count)] % stride
    base = y[pair] * stride
    low = np.searchsorted(key, base + np.maximum(mine - window, 0))
    high = np.searchsorted(key, base + mine + window, side="right") - 1
    hit = low <= high
    pair, mine, base, low, high = pair[hit], mine[hit], base[hit], low[hit], high[hit]
    first = np.full(len(x), np.iinfo(np.int64).max)
    last = np.full(len(x), np.iinfo(np.int64).min)
    np.minimum.at(first, pair, np.minimum(mine, key[low] - base))
    np.maximum.at(last, pair, np.maximum(mine, key[high] - base))
    met: NDArray[np.bool_] = last >= first
    return met, first, last
