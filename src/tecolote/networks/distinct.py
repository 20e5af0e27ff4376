"""Our own profile: an edge weighs the distinct objects that two accounts shared within the window.

Exact pruning and probing keep one viral object from costing the square of its sharers (it would have
5 billion pairs at 100,000 accounts in a minute):

1. count pairs per object without building any (two pointers);
2. prune to the core: accounts with ``repetition`` objects, objects with two accounts, until stable;
3. up to ``repetition - 1`` objects over the budget are not listed but probed: a pair that needs
   ``repetition`` objects shares at least one of the others, so no edge is lost. If more objects must be
   left out for the machine's sake, weights are lower bounds, an edge may be missing, and ``exact`` is false.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.networks.eventtable import Events
from tecolote.networks.windows import Ints, Sorted, core, extents, lay_window, probe, weights

#: An object with more pairs than this within the window is too popular to be evidence of itself.
OBJECT_PAIRS = 2_000_000
#: Pairs that one run may list; beyond it, objects over `OBJECT_PAIRS` are left to probing, largest first.
TOTAL_PAIRS = 600_000_000


def distinct(events: Events, window: int, repetition: int) -> tuple[pa.Table, dict[str, Any]]:
    """Edges ``account_id, account_id_y, weight, first, last, exact`` and the facts of the run.

    ``first`` and ``last`` are seconds, UTC: the earliest and the latest share that make up the weight.
    """
    start = int(events.t.min()) if len(events) else 0
    laid = lay_window(events.o, events.a, events.t - start, window)
    found = int(laid.before.sum())
    laid = laid.only(core(laid.o, laid.a, repetition), window)
    pairs = laid.pairs_per_object(len(events.objects))
    heavy = _heavy(pairs, repetition)
    x, y, weight, first, last = _edges(laid, heavy, window, repetition)
    exact = len(heavy) < repetition
    edges = pa.table(
        {
            "account_id": events.accounts.take(pa.array(x)),
            "account_id_y": events.accounts.take(pa.array(y)),
            "weight": weight,
            "first": first + start,
            "last": last + start,
            "exact": pa.repeat(pa.scalar(exact), len(x)),
        }
    )
    facts = events.facts() | {
        "pairs": found,
        "pairs_after_pruning": int(pairs.sum()),
        "events_after_pruning": len(laid.o),
        "exact": exact,
        "too_popular_to_be_evidence": _hyperedges(events, laid, pairs, start),
        "not_enumerated": len(heavy),
    }
    return edges, facts


def _heavy(pairs: Ints, repetition: int) -> Ints:
    """Objects that are probed instead of listed; the largest first, ties by number."""
    over = np.flatnonzero(pairs > OBJECT_PAIRS)
    over = over[np.lexsort((over, -pairs[over]))]
    count = min(len(over), repetition - 1)
    rest = int(pairs.sum() - pairs[over[:count]].sum())
    while count < len(over) and rest > TOTAL_PAIRS:
        rest -= int(pairs[over[count]])
        count += 1
    return over[:count]


def _edges(laid: Sorted, heavy: Ints, window: int, repetition: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Accounts x < y, weight, first and last of each edge, by (x, y)."""
    light = laid.only(~np.isin(laid.o, heavy), window) if len(heavy) else laid
    accounts = int(laid.a.max()) + 1 if len(laid.a) else 1
    key, weight = weights(light, accounts, max(1, repetition - len(heavy)))
    x, y = key // accounts, key % accounts
    involved: NDArray[np.bool_] = np.zeros(accounts, np.bool_)
    involved[x] = involved[y] = True
    first, last = extents(light.only(involved[light.a], window), key, accounts)
    for thing in heavy:
        mine = laid.o == thing
        met, near, far = probe(laid.a[mine], laid.t[mine], x, y, window)
        weight = weight + met
        first, last = np.minimum(first, near), np.maximum(last, far)
    enough = weight >= repetition
    return x[enough], y[enough], weight[enough], first[enough], last[enough]


def _hyperedges(events: Events, laid: Sorted, pairs: Ints, start: int) -> list[dict[str, Any]]:
    """Objects over the budget, as one line each and never as a clique; the 100 largest."""
    over = np.flatnonzero(pairs > OBJECT_PAIRS)
    listed = []
    for thing in over[np.lexsort((over, -pairs[over]))][:100]:
        mine = laid.o == thing
        t = laid.t[mine]
        listed.append(
            {
                "object_id": events.objects[int(thing)].as_py(),
                "modality": events.modalities[int(events.modality_of[thing])],
                "accounts": len(np.unique(laid.a[mine])),
                "events": int(mine.sum()),
                "pairs": int(pairs[thing]),
                "first": int(t.min()) + start,
                "last": int(t.max()) + start,
            }
        )
    return listed
