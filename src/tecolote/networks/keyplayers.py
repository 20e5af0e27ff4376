"""Who matters in a network, and how sure that rank is.

Strength is the weight of the ties that come in; PageRank counts ties from those who matter more (Brin and
Page, 1998); betweenness is the share of shortest paths through an account (Freeman, 1977; in large networks
the approximation of Borassi and Natale, 2016, within 0.01); the core is the largest k such that the account
belongs to a set in which everybody has k neighbours (Seidman, 1983); a cut account is one whose removal
divides the connected set that it is in (Hopcroft and Tarjan, 1973). A rank without an interval says nothing: the ties
are drawn again with repetition and the ranks taken anew (Efron, 1979). The interval knows the chance of the
records, not what an export left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.networks.communities import resampled
from tecolote.networks.connections import KINDS, connections, protected_accounts
from tecolote.networks.graph import Floats, Graph, Ints, graph_of, networkit_graph, pagerank, strength

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

#: Networks with resampled ties behind an interval of ranks.
RESAMPLES = 50
#: Accounts times ties up to which betweenness is exact.
EXACT = 5_000_000
_WITHIN, _RISK = 0.01, 0.1
_RANKED = ("strength", "pagerank", "betweenness")

SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("strength", pa.float64()),
        ("strength_rank", pa.int64()),
        ("strength_low", pa.int64()),
        ("strength_high", pa.int64()),
        ("strength_out", pa.float64()),
        ("pagerank", pa.float64()),
        ("pagerank_rank", pa.int64()),
        ("pagerank_low", pa.int64()),
        ("pagerank_high", pa.int64()),
        ("betweenness", pa.float64()),
        ("betweenness_rank", pa.int64()),
        ("betweenness_low", pa.int64()),
        ("betweenness_high", pa.int64()),
        ("core", pa.int64()),
        ("cut", pa.bool_()),
    ]
)


def key_players(graph: Graph, *, resamples: int = RESAMPLES, seed: int = 1) -> pa.Table:
    """One row per account, by rank of its strength and then by name; columns as in `SCHEMA`.

    ``*_rank`` counts from 1, equal values share the better rank; ``*_low`` and ``*_high`` are the 2.5 and
    97.5 per cent points of the rank in resampled networks (null without any). ``betweenness`` is from 0 to 1 and, like
    ``core`` and ``cut``, leaves directions out.
    """
    values = _measures(graph)
    columns: dict[str, Any] = {"account_id": graph.names.cast(pa.string()), **values}
    columns |= {"core": _core(graph), "cut": _cut(graph)}
    drawn: dict[str, list[Ints]] = {name: [] for name in _RANKED}
    random = np.random.default_rng(seed)
    for _ in range(resamples if len(graph.source) else 0):
        again = _measures(resampled(graph, random))
        for name in _RANKED:
            drawn[name].append(ranks(again[name]))
    for name in _RANKED:
        columns[f"{name}_rank"] = ranks(values[name])
        low, high = _interval(drawn[name], len(graph))
        columns[f"{name}_low"], columns[f"{name}_high"] = low, high
    made = pa.table({field.name: columns[field.name] for field in SCHEMA}).cast(SCHEMA)
    return made.sort_by([("strength_rank", "ascending"), ("account_id", "ascending")])


def case_key_players(
    corpus: Corpus, kinds: Sequence[str] = KINDS, *, most: int = 50, resamples: int = RESAMPLES
) -> pa.Table:
    """The first accounts of each layer of a case: ``platform, kind`` and the columns of `SCHEMA`.

    Layers are not added up. Protected accounts are part of the network and of the ranks, and are not listed;
    an account is listed if ties lead to it or through it and one of its three ranks is at most ``most``.

    Raises:
        UsageError: an unknown kind of tie.
    """
    edges = connections(corpus, kinds)
    hidden = protected_accounts(corpus)
    found = []
    for platform, kind in sorted({*zip(edges["platform"].to_pylist(), edges["kind"].to_pylist(), strict=True)}):
        layer = edges.filter((pa.compute.field("platform") == platform) & (pa.compute.field("kind") == kind))
        table = key_players(graph_of(layer, directed=kind != "co_members"), resamples=resamples)
        best = np.minimum.reduce([table[f"{name}_rank"].to_numpy() for name in _RANKED])
        shown = np.array([(platform, name) not in hidden for name in table["account_id"].to_pylist()], dtype=bool)
        matters = (table["strength"].to_numpy() > 0) | (table["betweenness"].to_numpy() > 0)
        table = table.filter(pa.array((best <= most) & shown & matters))
        for at, (name, value) in enumerate((("platform", platform), ("kind", kind))):
            table = table.add_column(at, name, pa.array([value] * len(table), pa.string()))
        found.append(table)
    schema = pa.schema([("platform", pa.string()), ("kind", pa.string()), *SCHEMA])
    return pa.concat_tables(found) if found else schema.empty_table()


def ranks(values: Floats) -> Ints:
    """1 for the largest; equal values share the better rank."""
    return 1 + len(values) - np.searchsorted(np.sort(values), values, side="right")


def _measures(graph: Graph) -> dict[str, Floats]:
    came, went = strength(graph)
    return {
        "strength": came,
        "strength_out": went,
        "pagerank": pagerank(graph),
        "betweenness": _betweenness(graph),
    }


def _betweenness(graph: Graph) -> Floats:
    plain = graph.undirected()
    if len(plain) < 3 or not len(plain.source):
        return np.zeros(len(plain))
    import networkit as nk

    # Weights would count as distances: a strong tie is not a long one.
    tied = networkit_graph(plain.with_weights(np.ones(len(plain.source))))
    nk.setSeed(1, True)
    if len(plain) * len(plain.source) <= EXACT:
        measure = nk.centrality.Betweenness(tied, normalized=True)
    else:
        measure = nk.centrality.KadabraBetweenness(tied, _WITHIN, _RISK)
    measure.run()
    return np.asarray(measure.scores(), dtype=np.float64)


def _core(graph: Graph) -> Ints:
    plain = graph.undirected()
    if not len(plain.source):
        return np.zeros(len(plain), np.int64)
    import networkit as nk

    measure = nk.centrality.CoreDecomposition(networkit_graph(plain))
    measure.run()
    return np.asarray(measure.scores(), dtype=np.int64)


def _cut(graph: Graph) -> NDArray[np.bool_]:
    """Accounts whose removal divides the connected set that they are in (Hopcroft and Tarjan, 1973)."""
    plain = graph.undirected()
    start, near = _neighbours(plain)
    entered, low, above = [-1] * len(plain), [0] * len(plain), [-1] * len(plain)
    cut = np.zeros(len(plain), np.bool_)
    upcoming, time = list(start[:-1]), 0
    for root in range(len(plain)):
        if entered[root] >= 0:
            continue
        path, branches = [root], 0
        entered[root] = low[root] = time = time + 1
        while path:
            here = path[-1]
            if upcoming[here] < start[here + 1]:
                there = near[upcoming[here]]
                upcoming[here] += 1
                if entered[there] < 0:
                    above[there] = here
                    entered[there] = low[there] = time = time + 1
                    path.append(there)
                elif there != above[here]:
                    low[here] = min(low[here], entered[there])
                continue
            path.pop()
            if above[here] == root:
                branches += 1
            elif path and low[here] >= entered[above[here]]:
                cut[above[here]] = True
            if path:
                low[above[here]] = min(low[above[here]], low[here])
        cut[root] = branches > 1
    return cut


def _neighbours(plain: Graph) -> tuple[list[int], list[int]]:
    """Offsets and neighbours of each account of an undirected graph."""
    x = np.concatenate([plain.source, plain.target])
    order = np.argsort(x, kind="stable")
    near = np.concatenate([plain.target, plain.source])[order]
    start = np.concatenate([[0], np.cumsum(np.bincount(x, minlength=len(plain)))])
    return start.tolist(), near.tolist()


def _interval(drawn: list[Ints], count: int) -> tuple[Any, Any]:
    if not drawn:
        return (pa.nulls(count, pa.int64()),) * 2
    low, high = np.percentile(np.stack(drawn), [2.5, 97.5], axis=0)
    return np.floor(low).astype(np.int64), np.ceil(high).astype(np.int64)
