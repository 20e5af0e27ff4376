"""Numbers of a graph against their definitions."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.errors import UsageError
from tecolote.networks.graph import DAMPING, Graph, components, graph_of, pagerank, strength

NAMES = "abcdefg"
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(0, 4)), max_size=20)
Edges = list[tuple[str, str, int]]


def table(rows: Edges) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    types = (pa.string(), pa.string(), pa.float64())
    names = ("source", "target", "weight")
    return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


def pairs(graph: Graph) -> dict[tuple[str, str], float]:
    names = graph.names.to_pylist()
    return {
        (names[x], names[y]): w
        for x, y, w in zip(graph.source.tolist(), graph.target.tolist(), graph.weight.tolist(), strict=True)
    }


@settings(deadline=None)
@given(EDGES, st.booleans(), st.randoms(use_true_random=False))
def test_a_graph_adds_up_what_is_parallel_in_any_order(rows: Edges, directed: bool, random: Random) -> None:
    want: dict[tuple[str, str], float] = {}
    for a, b, w in rows:
        key = (a, b) if directed or a < b else (b, a)
        if a != b and w:
            want[key] = want.get(key, 0) + w
    graph = graph_of(table(rows), directed=directed)
    assert pairs(graph) == want
    assert graph.names.to_pylist() == sorted({n for a, b, _ in rows for n in (a, b)})
    mixed = list(rows)
    random.shuffle(mixed)
    assert pairs(graph_of(table(mixed), directed=directed)) == want
    came, went = strength(graph)
    assert came.sum() == went.sum() == sum(want.values()) * (1 if directed else 2)


@settings(deadline=None)
@given(EDGES, st.booleans())
def test_pagerank_is_where_the_walk_settles(rows: Edges, directed: bool) -> None:
    graph = graph_of(table(rows), directed=directed)
    count = len(graph)
    ties = np.zeros((count, count))
    ties[graph.target, graph.source] = graph.weight
    if not directed:
        ties[graph.source, graph.target] = graph.weight
    out = ties.sum(axis=0)
    step = np.where(out > 0, ties / np.where(out > 0, out, 1), 1 / max(count, 1))
    if count:
        want = np.linalg.solve(np.eye(count) - DAMPING * step, np.full(count, (1 - DAMPING) / count))
        assert pagerank(graph) == pytest.approx(want, abs=1e-8)
    else:
        assert len(pagerank(graph)) == 0


@settings(max_examples=50, deadline=None)
@given(EDGES)
def test_components_are_what_a_walk_reaches(rows: Edges) -> None:
    graph = graph_of(table(rows), directed=False)
    label = components(graph)
    assert (label[graph.source] == label[graph.target]).all()
    reach = np.eye(len(graph), dtype=bool)
    reach[graph.source, graph.target] = reach[graph.target, graph.source] = True
    for _ in range(len(graph)):
        reach = reach @ reach
    assert ((label[:, None] == label[None, :]) == reach).all()
    sizes = np.bincount(label) if len(label) else np.zeros(0)
    assert (np.diff(sizes) <= 0).all()


def test_what_is_no_edge_list_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="target"):
        graph_of(pa.table({"source": ["a"]}), directed=True)
    for weight in (float("nan"), float("inf"), -1.0):
        with pytest.raises(UsageError, match="weight"):
            graph_of(pa.table({"source": ["a"], "target": ["b"], "weight": [weight]}), directed=True)
    unknown = pa.table({"source": ["a", None], "target": [None, "b"], "count": [1, 2]})
    assert len(graph_of(unknown, directed=True)) == 0
    loop = graph_of(pa.table({"source": ["a"], "target": ["a"]}), directed=False)
    assert (len(loop), len(loop.source), pagerank(loop).tolist(), components(loop).tolist()) == (1, 0, [1.0], [0])
