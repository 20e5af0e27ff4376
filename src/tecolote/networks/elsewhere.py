"""Coaction on an engine: the expressions put together, and the facts of the run as the local profiles say them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tecolote.networks import distinct as local
from tecolote.networks import expressions
from tecolote.networks.engines import events_of, heaviest, opened
from tecolote.networks.peers import finish

if TYPE_CHECKING:
    import ibis.expr.types as ir

Answer = tuple[pa.Table, dict[str, Any]]


def coaction_on(engine: str, source: pa.Table | str | Path, profile: str, window: int, **how: Any) -> Answer:
    """Edges as of the local profile, sorted alike, and the facts of the run.

    Args:
        engine: see `tecolote.networks.engines`.
        source: events as a table or a file; on Spark also a folder or an address of Parquet.
        profile: ``distinct``, ``coortweet`` or ``qut``.
        window: seconds.
        how: ``repetition``, ``participation``, ``quantile``, ``keep_loops`` and ``fast_window``.

    Raises:
        UsageError: the engine is unknown or cannot be reached.
        EventsRefused: see `tecolote.networks.eventtable.check`.
    """
    with opened(engine) as database, events_of(database, source) as (events, dropped), ExitStack() as hold:
        kept = hold.enter_context(events.cache())
        if profile == "distinct":
            edges, facts = _distinct(hold, kept, window, how["repetition"])
        elif profile == "qut":
            found = expressions.qut(kept, window, how["repetition"]).to_pyarrow()
            edges = _sorted(found).rename_columns(["source", "target", "weight"])
            facts = {"pairs": heaviest(kept, window, 2**62)[0], "exact": True}
        else:
            edges, facts = _coortweet(hold, kept, window, **{k: v for k, v in how.items() if k != "repetition"})
        said = kept.agg(events=kept.count(), accounts=kept.a.nunique(), objects=kept.o.nunique()).to_pyarrow()
        kinds = kept.select("m").distinct().to_pyarrow()["m"].to_pylist()
    about = said.to_pylist()[0] | {"modalities": sorted(m for m in kinds if m), "rows_without_id": dropped}
    return edges, about | facts


def _sorted(table: pa.Table) -> pa.Table:
    """By the two accounts, columns in the usual order and without the engine's own types."""
    names = ["x", "y", *(name for name in table.column_names if name not in ("x", "y"))]
    kinds = [pa.string(), pa.string(), *[pa.int64()] * (len(names) - 2)]
    table = table.select(names).sort_by([("x", "ascending"), ("y", "ascending")])
    return pa.table({n: table[n].cast(k) for n, k in zip(names, kinds, strict=True)})


def _distinct(hold: ExitStack, events: ir.Table, window: int, repetition: int) -> Answer:
    """The profile ``distinct``, heavy objects probed by the same rule as in `tecolote.networks.distinct`."""
    pairs, popular = heaviest(events, window, local.OBJECT_PAIRS)
    pruned = hold.enter_context(expressions.core(events, repetition).cache())
    left, over = heaviest(pruned, window, local.OBJECT_PAIRS)
    count, rest = 0, left
    while count < len(over) and rest > local.TOTAL_PAIRS:
        rest -= over[count][1]
        count += 1
    names = [name for name, _ in over[:count]]
    heavy = pruned.filter(pruned.o.isin(names)) if names else None
    light = pruned.filter(~pruned.o.isin(names)) if names else pruned
    found = _sorted(expressions.distinct(light, heavy, window, repetition, count).to_pyarrow())
    exact = count < repetition
    found = found.rename_columns(["account_id", "account_id_y", "weight", "first", "last"])
    found = found.append_column("exact", pa.repeat(pa.scalar(exact), found.num_rows))
    return found, {
        "pairs": pairs,
        "pairs_after_pruning": left,
        "events_after_pruning": pruned.count().to_pyarrow().as_py(),
        "exact": exact,
        "too_popular_to_be_evidence": _hyperedges(events, popular[:100]),
        "not_enumerated": count,
    }


def _hyperedges(events: ir.Table, over: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """Objects over the budget, one line each."""
    if not over:
        return []
    mine = events.filter(events.o.isin([name for name, _ in over]))
    said = mine.group_by("o").agg(
        accounts=mine.a.nunique(), events=mine.count(), first=mine.t.min(), last=mine.t.max()
    )  # fmt: skip
    by_name = {row.pop("o"): row for row in said.to_pyarrow().to_pylist()}
    listed = []
    for name, pairs in over:
        modality, _, thing = name.rpartition("\x1f")
        listed.append({"object_id": thing, "modality": modality, "pairs": pairs} | by_name[name])
    return listed


def _coortweet(
    hold: ExitStack,
    events: ir.Table,
    window: int,
    participation: int,
    quantile: float,
    keep_loops: bool,
    fast_window: int | None,
) -> Answer:
    pairs = expressions.coortweet_pairs(events, window, participation, keep_loops, fast_window)
    pairs = hold.enter_context(pairs.cache())
    found = _sorted(expressions.coortweet_edges(pairs).to_pyarrow())
    sums = {name: np.asarray(found[name].to_numpy()) for name in ("weight", "delay", "old", "new", "quick")}
    edges, limits = finish(found["x"], found["y"], sums, quantile, fast_window)
    facts: dict[str, Any] = {
        "pairs": heaviest(expressions.participating(events, participation), window, 2**62)[0],
        "pairs_kept": int(sums["weight"].sum()),
        "exact": True,
        "threshold": limits[0],
    }
    if fast_window is not None:
        facts |= {"pairs_fast": int(sums["quick"].sum()), "threshold_fast": limits[1]}
    return edges, facts
