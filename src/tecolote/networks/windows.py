"""Events of one object within a time window of each other: laid out, counted and added up in threads.

Events are whole numbers: ``o`` object, ``a`` account, ``t`` seconds. Counting pairs is O(n log n) and builds
nothing; adding them up by account (`tecolote.networks.kernel`) takes the time of a look at each, and no memory.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tecolote.errors import LimitExceeded

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Edges that one run may hold in memory (40 bytes each, and as much again while they are written).
MOST_EDGES = 100_000_000
#: Looks at events below which starting threads costs more than it gains.
_FEW = 1_000_000
_PARTS = 128


@dataclass(frozen=True)
class Laid:
    """Events sorted by (object, time), with the window already laid over them.

    Attributes:
        o: object of each event, 32 bits like all positions and numbers here but the times.
        a: account of each event.
        t: seconds since the earliest event of the run.
        low: position of the first event of the same object that is at most the window older.
        high: position past the last event of the same object that is at most the window younger.
        place: position of each event in the input.
    """

    o: NDArray[np.int32]
    a: NDArray[np.int32]
    t: Ints
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    place: NDArray[np.int32]

    @property
    def before(self) -> Ints:
        """How many earlier events of the same object each event forms a pair with."""
        return np.arange(len(self.o), dtype=np.int64) - self.low

    def pairs_per_object(self, objects: int) -> Ints:
        """Pairs of events within the window, by object; pairs of one account with itself included."""
        return np.bincount(self.o, weights=self.before, minlength=objects).astype(np.int64)

    def only(self, stay: Bools, window: int) -> Laid:
        """The events that stay, in the same order and on the same clock."""
        from tecolote.networks import kernel

        o, a, t = self.o[stay], self.a[stay], self.t[stay]
        low, high = kernel.windows(o, t, window)
        return Laid(o, a, t, low, high, self.place[stay])

    def dealt(self, a: NDArray[np.int32]) -> Laid:
        """The same events with other accounts."""
        return replace(self, a=a)


def lay_window(o: NDArray[Any], a: NDArray[Any], t: Ints, window: int) -> Laid:
    """Sort events and find each one's window; events of one object and second keep their order.

    Args:
        o: object of each event, numbered from 0.
        a: account of each event, numbered from 0.
        t: seconds, not negative.
        window: seconds, inclusive.

    Raises:
        LimitExceeded: more events than 32 bits can number.
    """
    from tecolote.networks import kernel

    if len(o) >= 2**31:
        raise LimitExceeded(f"{len(o):,} events are too many for one machine", "Use --engine spark://...")
    o, a = o.astype(np.int32, copy=False), a.astype(np.int32, copy=False)
    place = kernel.order(o, t, int(o.max()) + 1 if len(o) else 0)
    o, a, t = o[place], a[place], t[place]
    low, high = kernel.windows(o, t, window)
    return Laid(o, a, t, low, high, place)


def add_up(
    done: Ints, columns: int, run: Callable[[int, int, Ints], Ints], state: tuple[int, int]
) -> NDArray[np.int64] | None:
    """Run ``run(lowest, highest, rows)`` over all accounts in parts of equal work, in threads.

    Args:
        done: looks at events up to and with each account, from `kernel.work`.
        columns: columns of what ``run`` returns.
        run: adds up the edges of the accounts from ``lowest`` to below ``highest``; ``rows`` is its thread's own.
        state: shape of ``rows``.

    Returns:
        the parts joined in order of the accounts; None if they would be more than `MOST_EDGES` edges.
    """
    threads = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8)
    total = int(done[-1])
    parts = 1 if total < _FEW else _PARTS
    bounds = np.searchsorted(done, np.linspace(0, total, parts + 1)[1:-1])
    bounds = np.unique(np.concatenate([[0], bounds, [len(done) - 1]]))
    spare: queue.SimpleQueue[Ints] = queue.SimpleQueue()
    for _ in range(threads if parts > 1 else 1):
        spare.put(np.zeros(state, np.int64))
    held = 0

    def part(k: int) -> Ints:
        nonlocal held
        if held > MOST_EDGES:
            return np.empty((0, columns), np.int64)
        rows = spare.get()
        try:
            found = run(int(bounds[k]), int(bounds[k + 1]), rows)
        finally:
            spare.put(rows)
        held += len(found)
        return found

    if len(bounds) < 2:
        return np.empty((0, columns), np.int64)
    if parts == 1:
        return part(0)
    with ThreadPoolExecutor(threads) as pool:
        made = list(pool.map(part, range(len(bounds) - 1)))
    return None if held > MOST_EDGES else np.concatenate(made)


def edges(laid: Laid, accounts: int, window: int, least: int, heavy: NDArray[Any]) -> Ints | None:
    """Pairs of accounts that share at least ``least`` distinct objects within the window.

    Args:
        laid: the events.
        accounts: how many accounts there are.
        window: seconds, as the events were laid.
        least: smallest number of distinct objects.
        heavy: numbers of the objects that are probed and not walked.

    Returns:
        rows of account x, account y > x, weight, first and last second, by (x, y); None if they are too many.
    """
    from tecolote.networks import kernel

    start, event = kernel.grouped(laid.a, accounts)
    skipped = np.zeros(int(laid.o.max()) + 1 if len(laid.o) else 1, np.bool_)
    skipped[heavy] = True

    def run(lowest: int, highest: int, rows: Ints) -> Ints:
        return kernel.distinct(
            lowest, highest, start, event, laid.o, laid.a, laid.t, laid.low, laid.high,
            skipped, len(heavy), window, least, rows,
        )  # fmt: skip

    return add_up(kernel.work(start, event, laid.low, laid.high), 5, run, (accounts, 4))


def renumber(numbers: NDArray[Any], names: int) -> tuple[NDArray[np.int32], Ints]:
    """Numbers without gaps, in the same order, and the old number of each new one."""
    used = np.zeros(names, np.bool_)
    used[numbers] = True
    fresh = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return fresh[numbers], np.flatnonzero(used)


def weights(laid: Laid, accounts: int, least: int) -> tuple[Ints, Ints]:
    """Pairs of accounts that share at least ``least`` distinct objects within the window.

    Returns:
        ``smaller account * accounts + larger account``, ascending, and the number of distinct objects.

    Raises:
        LimitExceeded: there are more than a machine holds.
    """
    found = edges(laid, accounts, 0, least, np.empty(0, np.int64))
    if found is None:
        raise LimitExceeded("the network has too many edges for one machine", "Use a larger --min-repetition")
    return found[:, 0] * accounts + found[:, 1], found[:, 2]
