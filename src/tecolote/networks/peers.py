"""Two published definitions, value by value, on the compiled kernel.

``coortweet``: CooRTweet 2.1.3 (Righetti and Balluff 2025), undirected, weight = pairs of posts.
``qut``: coordination-network-toolkit 1.5.2 (Graham, QUT 2020), directed, weight = distinct messages of
the source that met a message of the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.errors import LimitExceeded
from tecolote.networks.eventtable import Events, Numbers
from tecolote.networks.windows import Bools, Ints, add_up, lay_window

#: ``coortweet`` keeps every pair of posts (24 bytes each); more than this is for an engine that spills to disk.
MOST_PAIRS = 150_000_000
#: Pairs that ``qut`` may look at (some minutes); it keeps none of them.
MOST_LOOKS = 20_000_000_000


def _refused(pairs: int) -> LimitExceeded:
    return LimitExceeded(
        f"this profile would build {pairs:,} pairs of posts",
        "Use --engine duckdb, which spills to disk, --profile distinct, or a shorter --window",
    )


def qut(events: Events, window: int, repetition: int) -> tuple[pa.Table, dict[str, Any]]:
    """Edges ``source, target, weight`` without loops, and the facts of the run.

    Raises:
        LimitExceeded: more pairs to look at, or more edges, than this machine should.
    """
    from tecolote.networks import kernel

    c = events.contents()[0]
    start = int(events.t.min()) if len(events) else 0
    laid = lay_window(events.o, events.a, events.t - start, window)
    pairs = int(laid.before.sum())
    laid = laid.only(kernel.meets(laid.a, laid.low, laid.high), window)
    if laid.before.sum() > MOST_LOOKS:
        raise _refused(pairs)
    a, names = events.ranked(laid.a)
    first, event = kernel.grouped(a, len(names))
    mine = c[laid.place]
    event = event[np.lexsort((mine[event], a[event]))]

    def run(lowest: int, highest: int, rows: Ints) -> Ints:
        return kernel.qut(lowest, highest, first, event, a, mine, laid.low, laid.high, repetition, rows)

    found = add_up(kernel.work(first, event, laid.low, laid.high), 3, run, (len(names), 3))
    if found is None:
        raise LimitExceeded("the network has too many edges for one machine", "Use a larger --min-repetition")
    edges = pa.table(
        {
            "source": names.take(pa.array(found[:, 0])),
            "target": names.take(pa.array(found[:, 1])),
            "weight": found[:, 2],
        }
    )
    return edges, events.facts() | {"pairs": pairs, "exact": True}


@dataclass(frozen=True)
class _Pairs:
    """Pairs of posts: accounts and contents of the older and the newer one, seconds between, fast or not."""

    a1: Numbers
    a2: Numbers
    c1: Numbers
    c2: Numbers
    delay: Ints
    fast: Bools


def coortweet(
    events: Events, window: int, participation: int, *, quantile: float, keep_loops: bool, fast_window: int | None
) -> tuple[pa.Table, dict[str, Any]]:
    """Edges with the columns of ``generate_coordinated_network``, and the facts of the run.

    Pairs are made within each modality, then one network of all. ``weight_fast`` is null (R: ``NA``) on
    edges without a fast pair; these never pass the fast threshold.

    Raises:
        LimitExceeded: more pairs than this machine should keep.
    """
    c, named = events.contents()
    found = 0
    kept: list[_Pairs] = []
    for modality in range(len(events.modalities)):
        mine = np.flatnonzero(events.modality_of[events.o] == modality)
        pairs, all_of = _detect(events, mine, c, named, window, participation, keep_loops, fast_window)
        kept.append(pairs)
        found += all_of
    network = kept[0] if len(kept) == 1 else _Pairs(*(np.concatenate(x) for x in zip(*map(_fields, kept), strict=True)))
    table, limits = _network(events, network, quantile, fast_window)
    facts = events.facts() | {"pairs": found, "pairs_kept": len(network.a1), "exact": True, "threshold": limits[0]}
    if fast_window is not None:
        facts |= {"pairs_fast": int(network.fast.sum()), "threshold_fast": limits[1]}
    return table, facts


def _fields(pairs: _Pairs) -> tuple[NDArray[Any], ...]:
    return pairs.a1, pairs.a2, pairs.c1, pairs.c2, pairs.delay, pairs.fast


def _detect(
    events: Events, mine: Ints, c: Numbers, named: Bools, window: int, participation: int, loops: bool,
    fast_window: int | None,
) -> tuple[_Pairs, int]:  # fmt: skip
    """``detect_groups`` and ``flag_speed_share`` on one modality; also how many pairs there are before any filter."""
    from tecolote.networks import kernel

    given_a, given_c = events.a[mine], c[mine]
    rows = mine[np.bincount(given_a, minlength=1)[given_a] >= participation]
    rows = rows[_r_order(events.a[rows], events.a[mine])]
    t = events.t[rows]
    laid = lay_window(events.o[rows], events.a[rows], t - t.min() if len(t) else t, window)
    pairs = int(laid.before.sum())
    rows = rows[laid.place]
    row_c, row_named = c[rows], named[rows]
    marked = np.zeros(int(c.max()) + 1 if len(c) else 1, np.bool_)
    if pairs > 100 * MOST_PAIRS:
        raise _refused(pairs)
    kernel.mark_contents(laid.a, row_c, row_named, laid.low, loops, marked)
    active = _active(marked, laid.a, row_c, participation)
    if kernel.count_pairs(laid.a, row_c, row_named, laid.low, loops, active) > MOST_PAIRS:
        raise _refused(pairs)
    older, newer = kernel.list_pairs(laid.a, row_c, row_named, laid.low, loops, active)
    made = _Pairs(
        laid.a[older], laid.a[newer], row_c[older], row_c[newer], laid.t[newer] - laid.t[older],
        np.zeros(len(older), np.bool_),
    )  # fmt: skip
    if fast_window is not None:
        _flag_fast(made, given_a, given_c, len(marked), participation, fast_window)
    return made, pairs


def _r_order(a: Numbers, given: Numbers) -> Ints:
    """The R code groups rows by account in order of first appearance and keeps that order for equal times."""
    seen = np.full(int(given.max()) + 1 if len(given) else 1, len(given), np.int64)
    np.minimum.at(seen, given, np.arange(len(given)))
    return np.argsort(seen[a], kind="stable")


def _active(marked: Bools, a: Numbers, c: Numbers, participation: int) -> Bools:
    """``filter_min_participation``: contents of accounts with enough rows whose content is ``marked``."""
    if participation < 1:
        return np.ones_like(marked)
    inside = marked[c]
    enough = np.bincount(a[inside], minlength=int(a.max()) + 1 if len(a) else 1) >= participation
    active = np.zeros_like(marked)
    active[c[inside & enough[a]]] = True
    return active


def _flag_fast(pairs: _Pairs, a: Numbers, c: Numbers, contents: int, participation: int, fast_window: int) -> None:
    """Set ``fast`` on the pairs whose two contents are a pair within the shorter window, on any object."""
    near = pairs.delay <= fast_window
    marked = np.zeros(contents, np.bool_)
    marked[pairs.c1[near]] = marked[pairs.c2[near]] = True
    active = _active(marked, a, c, participation)
    near &= active[pairs.c1] | active[pairs.c2]
    key = pairs.c1.astype(np.int64) * contents + pairs.c2
    # The same two contents may meet on another object too, slower.
    pairs.fast[:] = near if len(np.unique(key)) == len(key) else np.isin(key, key[near])


def _network(
    events: Events, pairs: _Pairs, quantile: float, fast_window: int | None
) -> tuple[pa.Table, tuple[float | None, float | None]]:
    """One edge per pair of accounts, and the thresholds of all and of fast pairs."""
    from tecolote.networks import kernel

    both, names = events.ranked(np.concatenate([pairs.a1, pairs.a2]))
    a1, a2 = both[: len(pairs.a1)], both[len(pairs.a1) :]
    key = np.minimum(a1, a2) * np.int64(len(names)) + np.maximum(a1, a2)
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.empty(0, np.int64)
    bounds = np.append(starts, len(key))
    sums = kernel.sum_edges(bounds, order, pairs.c1, pairs.c2, pairs.delay, pairs.fast)
    edge, width = key[starts], max(len(names), 1)
    return finish(
        names.take(pa.array(edge // width)),
        names.take(pa.array(edge % width)),
        dict(zip(("weight", "delay", "old", "new", "quick"), (np.diff(bounds), *sums.T), strict=True)),
        quantile,
        fast_window,
    )


def finish(
    x: pa.Array, y: pa.Array, sums: dict[str, Ints], quantile: float, fast_window: int | None
) -> tuple[pa.Table, tuple[float | None, float | None]]:
    """The columns of ``generate_coordinated_network``, and the thresholds of all and of fast pairs.

    Args:
        x: smaller account of each edge.
        y: larger account of each edge.
        sums: by edge: ``weight`` pairs, ``delay`` seconds of all, distinct contents in the older (``old``) and in
            the newer role (``new``), ``quick`` pairs.
        quantile: of the weights; an edge passes above it.
        fast_window: None where no fast network is wanted.
    """
    weight, quick, old, new = sums["weight"], sums["quick"], sums["old"], sums["new"]
    limit = _threshold(weight, quantile)
    columns: dict[str, Any] = {
        "account_id": x,
        "account_id_y": y,
        "weight": weight,
        "avg_time_delta": sums["delay"] / weight,
        "n_content_id": old,
        "n_content_id_y": new,
        "edge_symmetry": np.minimum(old, new) / np.maximum(old, new),
        "passing": weight > (np.inf if limit is None else limit),
    }
    fast_limit = _threshold(quick[quick > 0], quantile)
    if fast_window is not None:
        over = quick > (np.inf if fast_limit is None else fast_limit)
        columns |= {"weight_full": weight, "weight_fast": pa.array(quick, mask=quick == 0), "passing_fast": over}
    return pa.table(columns), (limit, fast_limit)


def _threshold(weights: Ints, quantile: float) -> float | None:
    """R's quantile type 7, which is NumPy's own; None without edges."""
    return float(np.quantile(weights, quantile)) if len(weights) else None
