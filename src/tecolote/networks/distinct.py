"""Our own profile: an edge weighs the distinct objects that two accounts shared within the window.

Exact pruning and probing keep one viral object from costing the square of its sharers (it would have
5 billion pairs at 100,000 accounts in a minute):

1. count pairs per object without building any (two pointers);
2. prune to the core: events that meet another account, accounts with ``repetition`` objects, objects with two
   accounts, until nothing much changes;
3. where a run would still look at more pairs than the budget, up to ``repetition - 1`` of the largest objects
   are not walked but probed: a pair that needs ``repetition`` objects shares at least one of the others, so no
   edge is lost. If more objects must be left out for the machine's sake, weights are lower bounds, an edge may
   be missing, and ``exact`` is false.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.errors import LimitExceeded
from tecolote.networks.eventtable import Events
from tecolote.networks.windows import Ints, Laid, edges, lay_window, renumber

#: An object with more pairs than this within the window is too popular to be evidence of itself.
OBJECT_PAIRS = 2_000_000
#: Pairs that one run may look at (some minutes); beyond it, objects over `OBJECT_PAIRS` are probed, largest first.
TOTAL_PAIRS = 20_000_000_000
#: Objects over the budget that a run lists.
MOST_POPULAR = 100


def distinct(events: Events, window: int, repetition: int) -> tuple[pa.Table, dict[str, Any]]:
    """Edges ``account_id, account_id_y, weight, first, last, exact`` and the facts of the run.

    ``first`` and ``last`` are seconds, UTC: the earliest and the latest share that make up the weight.

    Raises:
        LimitExceeded: there are more edges than a machine holds.
    """

    def named(thing: int) -> tuple[str, str]:
        return events.objects[thing].as_py(), events.modalities[int(events.modality_of[thing])]

    start = int(events.t.min()) if len(events) else 0
    laid = lay_window(events.o, events.a, events.t - start, window)
    every = laid.pairs_per_object(len(events.objects))
    popular = hyperedges(laid, every, named, start)
    laid = pruned(laid, window, repetition)
    a, names = events.ranked(laid.a)
    table, facts = counted(replace(laid, a=a), names, window, repetition, start)
    facts |= {"pairs": int(every.sum()), "too_popular_to_be_evidence": popular}
    return table, events.facts() | facts


def counted(
    laid: Laid, names: pa.StringArray, window: int, repetition: int, start: int
) -> tuple[pa.Table, dict[str, Any]]:
    """Edges of pruned events, and the facts of counting them.

    Args:
        laid: the events, their times counted from ``start``; their accounts are positions in ``names``.
        names: accounts in the order of the bytes of their names.
        window: seconds.
        repetition: smallest weight of an edge.
        start: seconds, UTC.

    Raises:
        LimitExceeded: there are more edges than a machine holds.
    """
    o, objects = renumber(laid.o, int(laid.o.max()) + 1 if len(laid.o) else 0)
    laid = replace(laid, o=o)
    pairs = laid.pairs_per_object(len(objects))
    listed, heavy = _edges(laid, len(names), window, repetition, pairs)
    exact = len(heavy) < repetition
    table = pa.table(
        {
            "account_id": names.take(pa.array(listed[:, 0])),
            "account_id_y": names.take(pa.array(listed[:, 1])),
            "weight": listed[:, 2],
            "first": listed[:, 3] + start,
            "last": listed[:, 4] + start,
            "exact": pa.repeat(pa.scalar(exact), len(listed)),
        }
    )
    facts = {
        "pairs_after_pruning": int(pairs.sum()),
        "events_after_pruning": len(laid.o),
        "exact": exact,
        "not_enumerated": len(heavy),
    }
    return table, facts


def pruned(laid: Laid, window: int, repetition: int) -> Laid:
    """The events that can be part of an edge: exact, however early it stops."""
    from tecolote.networks import kernel

    objects, accounts = (int(part.max()) + 1 if len(part) else 0 for part in (laid.o, laid.a))
    while True:
        before = len(laid.o)
        stay = kernel.meets(laid.a, laid.low, laid.high)
        stay[stay] = kernel.core(laid.o[stay], laid.a[stay], objects, accounts, repetition)
        if stay.all():
            return laid
        laid = laid.only(stay, window)
        if len(laid.o) > 0.95 * before:
            return laid


def _edges(laid: Laid, accounts: int, window: int, repetition: int, pairs: Ints) -> tuple[Ints, NDArray[np.int64]]:
    """Rows of `edges`, and the objects that were not walked."""
    over = _over(pairs)
    count, rest = 0, int(pairs.sum())
    while count < len(over) and rest > TOTAL_PAIRS:
        rest -= int(pairs[over[count]])
        count += 1
    found = edges(laid, accounts, window, repetition, over[:count])
    if found is None and count < len(over):
        count = len(over)
        found = edges(laid, accounts, window, repetition, over)
    if found is None:
        raise LimitExceeded("the network has too many edges for one machine", "Use a larger --min-repetition")
    return found, over[:count]


def hyperedges(laid: Laid, pairs: Ints, named: Callable[[int], tuple[str, str]], start: int) -> list[dict[str, Any]]:
    """Objects over the budget, as one line each and never as a clique; the `MOST_POPULAR` largest, ties by name.

    Args:
        laid: all events, their times counted from ``start``.
        pairs: pairs of events within the window, by object.
        named: name and modality of an object.
        start: seconds, UTC.
    """
    over = [(-int(pairs[thing]), *named(int(thing)), int(thing)) for thing in _over(pairs)]
    listed = []
    for pairs_of, name, modality, thing in sorted(over)[:MOST_POPULAR]:
        mine = slice(*np.searchsorted(laid.o, [thing, thing + 1]))
        t = laid.t[mine]
        listed.append(
            {
                "object_id": name,
                "modality": modality,
                "accounts": len(np.unique(laid.a[mine])),
                "events": len(t),
                "pairs": -pairs_of,
                "first": int(t.min()) + start,
                "last": int(t.max()) + start,
            }
        )
    return listed


def _over(pairs: Ints) -> Ints:
    """Objects over the budget, largest first, ties by number."""
    over = np.flatnonzero(pairs > OBJECT_PAIRS)
    found: Ints = over[np.lexsort((over, -pairs[over]))]
    return found
