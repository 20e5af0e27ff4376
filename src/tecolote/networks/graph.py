"""A network as numbers: accounts sorted by name, ties sorted by account, parallel ties of one layer added up.

Because of the order the same ties give the same results in whatever order they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tecolote.errors import UsageError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Share of a random walk that follows ties; the rest begins anywhere (Brin and Page, 1998).
DAMPING = 0.85


@dataclass(frozen=True)
class Graph:
    """Weighted ties between ``len(names)`` accounts; no loops, no parallel ties.

    Attributes:
        names: ids, rising.
        source: position of the tie's first account in ``names``.
        target: position of its second account; larger than ``source`` if the graph has no direction.
        weight: above 0.
        directed: whether ties have a direction.
    """

    names: pa.Array
    source: Ints
    target: Ints
    weight: Floats
    directed: bool

    def __len__(self) -> int:
        """Number of accounts."""
        return len(self.names)

    def undirected(self) -> Graph:
        """The same without directions; ties of both directions are added up."""
        if not self.directed:
            return self
        return _merged(self.names, self.source, self.target, self.weight, False)

    def with_weights(self, weight: Floats) -> Graph:
        """The same accounts with other weights; ties of weight 0 are left out."""
        kept = weight > 0
        return Graph(self.names, self.source[kept], self.target[kept], weight[kept], self.directed)


def graph_of(edges: pa.Table, *, directed: bool) -> Graph:
    """The graph of an edge list.

    Args:
        edges: ``source, target`` and optionally ``weight`` (or ``count``). Rows with an unknown end and
            loops are left out, but an account with a loop alone stays.
        directed: whether ties have a direction.

    Raises:
        UsageError: a column is missing, or a weight is negative or no finite number.
    """
    for name in ("source", "target"):
        if name not in edges.column_names:
            raise UsageError(f"an edge list without '{name}'", "Give the columns source, target and, if known, weight")
    column = next((n for n in ("weight", "count") if n in edges.column_names), None)
    whole = pc.and_(pc.is_valid(edges["source"]), pc.is_valid(edges["target"]))
    edges = edges.filter(whole)
    weight = np.ones(len(edges)) if column is None else edges[column].to_numpy().astype(np.float64)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise UsageError("a weight that is negative or no number", "Give counts or other numbers from 0 upwards")
    ends = [edges[name].cast(pa.large_string()).combine_chunks() for name in ("source", "target")]
    both = pa.chunked_array(ends, pa.large_string()).combine_chunks().dictionary_encode()
    order = pc.sort_indices(both.dictionary).to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    number = place[both.indices.to_numpy()]
    names = both.dictionary.take(pa.array(order))
    return _merged(names, number[: len(edges)], number[len(edges) :], weight, directed)


def _merged(names: pa.Array, source: Ints, target: Ints, weight: Floats, directed: bool) -> Graph:
    kept = (source != target) & (weight > 0)
    source, target, weight = source[kept], target[kept], weight[kept]
    if not directed:
        source, target = np.minimum(source, target), np.maximum(source, target)
    key = source * len(names) + target
    if len(key) and not (key[1:] > key[:-1]).all():
        order = np.argsort(key, kind="stable")
        key, weight = key[order], weight[order]
        new = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        key, weight = key[new], np.add.reduceat(weight, new)
    return Graph(names, key // max(len(names), 1), key % max(len(names), 1), weight, directed)


def strength(graph: Graph) -> tuple[Floats, Floats]:
    """Weight of the ties that come in and that go out, per account; the same twice without directions."""
    came, went = (np.bincount(end, graph.weight, len(graph)).astype(np.float64) for end in (graph.target, graph.source))
    return (came, went) if graph.directed else (came + went, came + went)


def pagerank(graph: Graph, tolerance: float = 1e-10, most_rounds: int = 200) -> Floats:
    """PageRank with weights; accounts without a tie of their own pass theirs on to everybody.

    Args:
        graph: the graph; without directions each tie leads both ways.
        tolerance: largest sum of changes at which the rounds end.
        most_rounds: rounds at most.

    Returns:
        one number per account; they add up to 1.
    """
    from scipy.sparse import coo_matrix

    count = len(graph)
    if count == 0:
        return np.zeros(0)
    x, y, w = graph.source, graph.target, graph.weight
    if not graph.directed:
        x, y, w = np.concatenate([x, y]), np.concatenate([y, x]), np.concatenate([w, w])
    out = np.bincount(x, w, count)
    step: Any = coo_matrix((w / out[x], (y, x)), shape=(count, count)).tocsr()
    rank = np.full(count, 1 / count)
    for _ in range(most_rounds):
        stuck = float(rank[out == 0].sum())
        after: Floats = DAMPING * (step @ rank + stuck / count) + (1 - DAMPING) / count
        change = float(np.abs(after - rank).sum())
        rank = after
        if change < tolerance:
            break
    return rank


def components(graph: Graph) -> Ints:
    """Number of the connected set of each account; 0 is the largest, equal sizes by their first account."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(graph.source), np.int8)
    ties = coo_matrix((ones, (graph.source, graph.target)), shape=(len(graph), len(graph)))
    _, label = connected_components(ties, directed=False) if len(graph) else (0, np.zeros(0, np.int64))
    return by_size(label.astype(np.int64))


def by_size(label: Ints) -> Ints:
    """The same partition, numbered from the largest part; equal sizes by their first member."""
    _, first, inverse, size = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(first))
    return rank[inverse.reshape(-1)]


def networkit_graph(graph: Graph) -> Any:
    """The graph for networkit, which is set to one thread: with more its results are not reproducible."""
    import networkit

    networkit.setNumberOfThreads(1)
    ends = (graph.source.astype(np.uint64), graph.target.astype(np.uint64))
    return networkit.GraphFromCoo((graph.weight, ends), n=len(graph), weighted=True, directed=graph.directed)
