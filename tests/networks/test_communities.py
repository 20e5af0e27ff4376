"""Communities against planted groups and against the libraries that find them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.networks.communities import (
    code_length,
    communities,
    modularity,
    normalised_mutual_information,
    resampled,
)
from tecolote.networks.graph import Graph, graph_of, networkit_graph
from tests.networks.planted import planted


def label_of(graph: Graph, group: np.ndarray) -> np.ndarray:
    return np.array([group[int(name[1:])] for name in graph.names.to_pylist()])


@pytest.mark.parametrize(("count", "mixing"), [(1000, 0.3), (1000, 0.5), (3000, 0.3), (3000, 0.5), (3000, 0.6)])
def test_planted_groups_are_found_at_least_as_well_as_by_the_libraries(count: int, mixing: float) -> None:
    import networkit as nk

    for seed in (1, 2):
        edges, group = planted(count, mixing, seed)
        graph = graph_of(edges, directed=False)
        truth = label_of(graph, group)
        tied = networkit_graph(graph)
        peers = []
        for make in (nk.community.PLM, nk.community.ParallelLeiden, nk.community.PLP):
            nk.setSeed(1, False)
            found = make(tied)
            found.run()
            peers.append(normalised_mutual_information(np.array(found.getPartition().getVector()), truth))
        ours = communities(graph, resamples=0)
        assert normalised_mutual_information(ours.label, truth) >= max(peers)
        assert ours.code_length < ours.code_length_of_one


def test_the_same_ties_in_any_order_give_the_same_communities() -> None:
    edges, _ = planted(400, 0.3, 5)
    mixed = edges.take(np.random.default_rng(1).permutation(len(edges)))
    one, other = (communities(graph_of(e, directed=False), resamples=3) for e in (edges, mixed))
    assert (one.label == other.label).all() and (one.stability == other.stability).all()
    assert one.method == other.method and one.agreement == other.agreement


def test_firm_groups_are_stable_and_noise_is_not() -> None:
    firm = communities(graph_of(planted(300, 0.1, 1)[0], directed=False))
    random = np.random.default_rng(1)
    ends = random.integers(0, 300, (2, 900))
    noise = graph_of(pa.table({"source": ends[0].astype(str), "target": ends[1].astype(str)}), directed=False)
    loose = communities(noise)
    assert firm.stability.min() > 0.8 and firm.agreement is not None and firm.agreement > 0.9
    assert np.median(loose.stability) < 0.5
    assert loose.agreement is not None and loose.agreement < 0.7


def test_two_triangles_and_a_bridge_by_hand() -> None:
    rows = ["ab", "bc", "ac", "de", "ef", "df", "cd"]
    graph = graph_of(pa.table({"source": [r[0] for r in rows], "target": [r[1] for r in rows]}), directed=False)
    found = communities(graph)
    assert found.label.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.modularity == pytest.approx(6 / 7 - 2 * 0.25)
    one = np.zeros(6, np.int64)
    visits = np.array([2, 2, 3, 3, 2, 2]) / 14
    assert code_length(graph, one) == pytest.approx(-(visits * np.log2(visits)).sum())
    # Index: the walk leaves each triangle once in 14 steps; within, 7 visits and 1 exit.
    inside = np.array([2, 2, 3, 1]) / 8
    assert found.code_length == pytest.approx(2 / 14 - 2 * 8 / 14 * (inside * np.log2(inside)).sum())


def test_without_ties_everybody_is_alone() -> None:
    for rows in ([], [("a", "a")]):
        edges = pa.table({"source": pa.array([r[0] for r in rows], pa.string()), "target": [r[1] for r in rows]})
        found = communities(
            graph_of(edges.cast(pa.schema([("source", "string"), ("target", "string")])), directed=False)
        )
        assert found.label.tolist() == list(range(len(rows)))
        assert (found.modularity, found.stability.tolist(), found.agreement) == (0.0, [], None)
    clique = pa.table({"source": list("aaabbc"), "target": list("bcdcdd")})
    assert communities(graph_of(clique, directed=False)).label.tolist() == [0, 0, 0, 0]
    pair = communities(graph_of(pa.table({"source": ["a"], "target": ["b"]}), directed=True))
    assert pair.label.tolist() == [0, 0]
    assert (
        modularity(graph_of(pa.table({"source": ["a"], "target": ["a"]}), directed=False), np.zeros(1, np.int64)) == 0
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.permutations(range(6)))
def test_mutual_information_does_not_mind_names(label: list[int], names: list[int]) -> None:
    one, other = np.array(label), np.array([names[k] for k in label])
    assert normalised_mutual_information(one, other) == pytest.approx(1)
    assert normalised_mutual_information(one, np.zeros(len(label), np.int64)) == pytest.approx(
        float(len(set(label)) == 1)
    )


def test_a_resample_holds_as_many_records() -> None:
    graph = graph_of(planted(100, 0.2, 3)[0], directed=False)
    again = resampled(graph, np.random.default_rng(1))
    assert again.weight.sum() == graph.weight.sum()
    assert len(again.source) < len(graph.source)
