"""Key players and brokers against definitions worked out by hand or by brute force."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.networks.brokers import brokers, case_brokers
from tecolote.networks.graph import Graph, graph_of
from tecolote.networks.keyplayers import SCHEMA, case_key_players, key_players, ranks

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]
PAIRS = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] != p[1]), max_size=16)


def graph(pairs: Any, weight: float = 1.0, directed: bool = True) -> Graph:
    rows = sorted((str(a), str(b)) for a, b in pairs)
    table = pa.table(
        {
            "source": pa.array([r[0] for r in rows], pa.string()),
            "target": pa.array([r[1] for r in rows], pa.string()),
            "weight": pa.array([weight] * len(rows), pa.float64()),
        }
    )
    return graph_of(table, directed=directed)


def parts(nodes: set[str], ties: set[frozenset[str]]) -> int:
    count, left = 0, set(nodes)
    while left:
        count += 1
        front = {left.pop()}
        while front:
            front = {n for n in left for f in front if frozenset((n, f)) in ties}
            left -= front
    return count


def shortest(nodes: list[str], ties: set[frozenset[str]], a: str, b: str) -> list[tuple[str, ...]]:
    for length in range(len(nodes) - 1):
        found = [
            p
            for p in permutations([n for n in nodes if n not in (a, b)], length)
            if all(frozenset(step) in ties for step in zip((a, *p), (*p, b), strict=True))
        ]
        if found:
            return found
    return []


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_cut_accounts_and_cores_are_what_their_definitions_say(pairs: set[tuple[int, int]]) -> None:
    found = {r["account_id"]: r for r in key_players(graph(pairs), resamples=0).to_pylist()}
    nodes = {str(n) for p in pairs for n in p}
    ties = {frozenset((str(a), str(b))) for a, b in pairs}
    assert set(found) == nodes
    for node in nodes:
        assert found[node]["cut"] == (parts(nodes - {node}, {t for t in ties if node not in t}) > parts(nodes, ties)), (
            node
        )
    for k in range(1, 8):
        core = set(nodes)
        while weak := {n for n in core if sum(n in t and t <= core for t in ties) < k}:
            core -= weak
        assert core == {n for n in nodes if found[n]["core"] >= k}


@settings(deadline=None, max_examples=30)
@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda p: p[0] != p[1]), min_size=3))
def test_betweenness_is_the_share_of_shortest_paths(pairs: set[tuple[int, int]]) -> None:
    found = {r["account_id"]: r["betweenness"] for r in key_players(graph(pairs, 7.0), resamples=0).to_pylist()}
    nodes, ties = sorted(found), {frozenset((str(a), str(b))) for a, b in pairs}
    want = dict.fromkeys(nodes, 0.0)
    for a, b in combinations(nodes, 2):
        paths = shortest(nodes, ties, a, b)
        for node in nodes:
            want[node] += sum(node in p for p in paths) / max(len(paths), 1)
    scale = (len(nodes) - 1) * (len(nodes) - 2) / 2
    assert found == pytest.approx({n: w / scale if scale else 0.0 for n, w in want.items()})


def test_a_clear_first_has_a_narrow_rank_and_a_lucky_one_has_not() -> None:
    heavy = [(f"f{i:02}", "star") for i in range(40)] + [(f"f{i:02}", f"c{i % 20:02}") for i in range(40)]
    rows = {r["account_id"]: r for r in key_players(graph(heavy)).to_pylist()}
    assert (rows["star"]["strength_low"], rows["star"]["strength_high"]) == (1, 1)
    assert rows["c00"]["strength_rank"] == 2 and rows["c00"]["strength_high"] > 15
    again = {r["account_id"]: r for r in key_players(graph(heavy)).to_pylist()}
    assert again == rows


def test_ranks_share_the_better_place() -> None:
    assert ranks(np.array([3.0, 5.0, 3.0, 1.0])).tolist() == [2, 1, 2, 4]


def test_nobody_one_and_a_loop_have_no_key_players() -> None:
    assert key_players(graph([])).schema.equals(SCHEMA)
    (row,) = key_players(graph([("a", "a")])).to_pylist()
    assert (row["strength"], row["pagerank"], row["core"], row["cut"], row["strength_low"]) == (0, 1, 0, False, None)


def follows(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"platform": "x", "type": "follows", "src": a, "dst": b, "dst_kind": "account", "at": None} for a, b in pairs
    ]


def assessed(account: str, group: str, protected: bool = False) -> dict[str, Any]:
    role = "reporter" if protected else "suspected_member"
    return {"platform": "x", "account_id": account, "role": role, "protected": protected, "groups": [group]}


def test_a_protected_account_is_in_the_network_and_in_no_list(corpus_of: Make) -> None:
    ties = [("a", "news"), ("b", "news"), ("c", "news"), ("a", "b"), ("a", "m"), ("c", "m")]
    people = [assessed("a", "g"), assessed("c", "h"), assessed("news", "g", True)]
    corpus = corpus_of({"edges": follows(*ties), "account_assessments": people})
    players = case_key_players(corpus, resamples=2)
    assert "news" not in players["account_id"].to_pylist()
    row = next(r for r in players.to_pylist() if r["account_id"] == "m")
    assert (row["platform"], row["kind"], row["strength_rank"]) == ("x", "follows", 2)
    assert [(r["account_id"], r["position"], r["pairs"]) for r in case_brokers(corpus).to_pylist()] == [
        ("m", "liaison", 1)
    ]
    # The reporter connects them too, so the pair does not hang on the liaison alone.
    assert case_brokers(corpus)["only"].to_pylist() == [0]
    with pytest.raises(UsageError, match="ties"):
        case_key_players(corpus, ["likes"])
    assert case_key_players(corpus_of({})).num_rows == case_brokers(corpus_of({})).num_rows == 0


@settings(deadline=None, max_examples=100)
@given(PAIRS, st.lists(st.sets(st.integers(0, 7)), min_size=2, max_size=3))
def test_brokers_are_counted_as_by_hand(pairs: set[tuple[int, int]], groups: list[set[int]]) -> None:
    ties = {frozenset((str(a), str(b))) for a, b in pairs}
    nodes = {n for t in ties for n in t}
    members = {f"g{i}": {str(m) for m in group} & nodes for i, group in enumerate(groups)}
    want: dict[tuple[str, str, str], tuple[int, int]] = {}
    for a, b in combinations(sorted(members), 2):
        for v in nodes:
            open_pairs = [
                (x, y)
                for x in members[a]
                for y in members[b]
                if x != y and {frozenset((x, v)), frozenset((v, y))} <= ties and frozenset((x, y)) not in ties
            ]
            only = sum(
                not any({frozenset((x, w)), frozenset((w, y))} <= ties for w in nodes - {v}) for x, y in open_pairs
            )
            if open_pairs:
                want[v, a, b] = (len(open_pairs), only)
    found = brokers(graph(pairs, directed=False), {g: sorted(m) for g, m in members.items()}).to_pylist()
    assert {(r["account_id"], r["group_a"], r["group_b"]): (r["pairs"], r["only"]) for r in found} == want
