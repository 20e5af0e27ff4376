"""The three profiles against their definitions, written out the slow way."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.errors import LimitExceeded, UsageError
from tecolote.networks import distinct, peers, windows
from tecolote.networks.coaction import coaction

Row = tuple[str, str, str, int, str]

ROWS = st.lists(
    st.tuples(
        st.sampled_from("pqrst"),
        st.sampled_from(["a", "b", "c", "d", "é"]),
        st.integers(0, 9).map(str),
        st.integers(-50, 50),
        st.sampled_from(["link", "hashtag"]),
    ),
    max_size=60,
)


def table(rows: list[Row]) -> pa.Table:
    names = ("object_id", "account_id", "content_id", "timestamp_share", "modality")
    kinds = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.string())
    return pa.table({n: pa.array([r[i] for r in rows], k) for i, (n, k) in enumerate(zip(names, kinds, strict=True))})


def slow_distinct(rows: list[Row], window: int, least: int) -> dict[tuple[str, str], tuple[int, int, int]]:
    objects: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for p in rows:
        for q in rows:
            if p[1] < q[1] and (p[0], p[4]) == (q[0], q[4]) and abs(p[3] - q[3]) <= window:
                objects[p[1], q[1]].add((p[0], p[4]))
                times[p[1], q[1]] += [p[3], q[3]]
    return {k: (len(v), min(times[k]), max(times[k])) for k, v in objects.items() if len(v) >= least}


def edges_of(result: pa.Table) -> dict[tuple[str, str], tuple[int, int, int]]:
    return {(r["account_id"], r["account_id_y"]): (r["weight"], r["first"], r["last"]) for r in result.to_pylist()}


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(0, 30), st.integers(1, 3))
def test_distinct_is_its_definition(rows: list[Row], window: int, least: int) -> None:
    found = coaction(table(rows), window=window, min_repetition=least)
    assert edges_of(found.edges) == slow_distinct(rows, window, least)
    assert found.facts["exact"] is True
    assert coaction(table(rows[::-1]), window=window, min_repetition=least).edges.equals(found.edges)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(0, 30), st.integers(1, 3), st.integers(1, 6), st.integers(1, 40))
def test_probing_never_lies_about_being_exact(
    rows: list[Row], window: int, least: int, object_pairs: int, total: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "OBJECT_PAIRS", object_pairs)
        patch.setattr(distinct, "TOTAL_PAIRS", total)
        patch.setattr(windows, "_FEW", 0)
        found = coaction(table(rows), window=window, min_repetition=least)
    truth = slow_distinct(rows, window, least)
    mine = edges_of(found.edges)
    if found.facts["exact"]:
        assert mine == truth
    else:
        assert found.facts["not_enumerated"] >= least
        assert all(key in truth and weight[0] <= truth[key][0] for key, weight in mine.items())
    assert set(found.edges["exact"].to_pylist()) <= {found.facts["exact"]}


@settings(max_examples=50, deadline=None)
@given(ROWS, st.integers(0, 30), st.integers(1, 3))
def test_qut_is_its_definition(rows: list[Row], window: int, least: int) -> None:
    messages: dict[tuple[str, str], set[str]] = defaultdict(set)
    for p in rows:
        for q in rows:
            if p[1] != q[1] and (p[0], p[4]) == (q[0], q[4]) and abs(p[3] - q[3]) <= window:
                messages[p[1], q[1]].add(p[2])
    truth = {k: len(v) for k, v in messages.items() if len(v) >= least}
    found = coaction(table(rows), "qut", window, min_repetition=least).edges
    assert {(r["source"], r["target"]): r["weight"] for r in found.to_pylist()} == truth


def slow_coortweet(rows: list[Row], window: int, mp: int, loops: bool, fast: int) -> list[tuple[Row, Row, bool]]:
    made: list[tuple[Row, Row, bool]] = []
    for modality in ("hashtag", "link"):
        given_rows = [r for r in rows if r[4] == modality]
        count = {a: sum(r[1] == a for r in given_rows) for _, a, *_ in given_rows}
        order = list(dict.fromkeys(r[1] for r in given_rows))
        x = [r for a in order for r in given_rows if r[1] == a and count[a] >= mp]
        pairs = [
            ((p, q) if p[3] <= q[3] else (q, p))
            for i, p in enumerate(x)
            for q in x[i + 1 :]
            if p[0] == q[0] and abs(p[3] - q[3]) <= window
        ]
        if not loops:
            pairs = [(p, q) for p, q in pairs if p[1] != q[1] and p[2] != q[2] and p[0] not in (p[2], q[2])]
        pairs = slow_active(pairs, x, mp)
        near = {(p[2], q[2]) for p, q in slow_active([w for w in pairs if w[1][3] - w[0][3] <= fast], given_rows, mp)}
        made += [(p, q, (p[2], q[2]) in near) for p, q in pairs]
    return made


def slow_active(pairs: list[tuple[Row, Row]], x: list[Row], mp: int) -> list[tuple[Row, Row]]:
    if mp < 1:
        return pairs
    contents = {r[2] for pair in pairs for r in pair}
    rows = [r for r in x if r[2] in contents]
    active = {r[2] for r in rows if sum(s[1] == r[1] for s in rows) >= mp}
    return [(p, q) for p, q in pairs if p[2] in active or q[2] in active]


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 30), st.integers(0, 4), st.booleans(), st.integers(0, 9))
def test_coortweet_is_its_definition(rows: list[Row], window: int, mp: int, loops: bool, fast: int) -> None:
    fast = min(fast, window)
    pairs = slow_coortweet(rows, window, mp, loops, fast)
    found = coaction(
        table(rows), "coortweet", window, min_participation=mp, edge_quantile=0.7, keep_loops=loops, fast_window=fast
    )
    edges: dict[tuple[str, str], list[tuple[Row, Row, bool]]] = defaultdict(list)
    for p, q, near in pairs:
        edges[min(p[1], q[1]), max(p[1], q[1])].append((p, q, near))
    assert found.facts["pairs_kept"] == len(pairs)
    got = {(r["account_id"], r["account_id_y"]): r for r in found.edges.to_pylist()}
    assert set(got) == set(edges)
    limit = np.quantile([len(e) for e in edges.values()], 0.7) if edges else None
    for key, edge in edges.items():
        old, new = len({p[2] for p, _, _ in edge}), len({q[2] for _, q, _ in edge})
        assert got[key]["weight"] == got[key]["weight_full"] == len(edge)
        assert (got[key]["n_content_id"], got[key]["n_content_id_y"]) == (old, new)
        assert got[key]["edge_symmetry"] == min(old, new) / max(old, new)
        assert got[key]["avg_time_delta"] == pytest.approx(np.mean([q[3] - p[3] for p, q, _ in edge]))
        assert (got[key]["weight_fast"] or 0) == sum(near for _, _, near in edge)
        assert got[key]["passing"] == (len(edge) > limit)


def test_equal_times_follow_the_order_of_the_file() -> None:
    rows = [("o", a, f"{a}{i}", 5, "") for a, i in (("z", 1), ("a", 1), ("z", 2))] + [("p", "a", "a2", 90, "")]
    first = coaction(table(rows), "coortweet", 10, min_participation=1).edges.to_pylist()
    assert (first[0]["n_content_id"], first[0]["n_content_id_y"]) == (2, 1)
    turned = coaction(table(rows[::-1]), "coortweet", 10, min_participation=1).edges.to_pylist()
    assert (turned[0]["n_content_id"], turned[0]["n_content_id_y"]) == (1, 2)


def test_a_viral_object_is_one_line_and_costs_no_edge() -> None:
    rng = np.random.default_rng(1)
    viral = [("viral", f"v{i}", f"c{i}", int(s), "") for i, s in enumerate(rng.integers(0, 60, 4000))]
    ring = [(o, f"v{i}", f"{o}{i}", 5000 + 100 * k, "") for k, o in enumerate("xy") for i in range(5)]
    once = [("x1", f"v{i}", f"w{i}", 9000, "") for i in range(7, 3000, 10)]
    rows = viral + ring + once
    found = coaction(table(rows), window=10)
    heavy = found.facts["too_popular_to_be_evidence"]
    assert heavy == [] or heavy[0]["object_id"] == "viral"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "OBJECT_PAIRS", 100)
        patch.setattr(distinct, "TOTAL_PAIRS", 20_000)
        probed = coaction(table(rows), window=10)
    assert probed.facts["not_enumerated"] == 1
    assert probed.facts["too_popular_to_be_evidence"][0]["object_id"] in ("viral", "x1")
    assert probed.edges.equals(found.edges)


def test_pairs_that_no_machine_should_build_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MOST_PAIRS", 2)
    monkeypatch.setattr(peers, "MOST_LOOKS", 2)
    rows = [("o", f"a{i}", f"c{i}", i, "") for i in range(4)]
    for profile in ("coortweet", "qut"):
        with pytest.raises(LimitExceeded, match="6 pairs"):
            coaction(table(rows), profile, 10, min_participation=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "magic"},
        {"window": -1},
        {"min_repetition": 0},
        {"edge_quantile": 1.5, "profile": "coortweet"},
        {"keep_loops": True},
        {"fast_window": 90, "profile": "coortweet"},
    ],
)
def test_wrong_usage_is_one_line(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError) as error:
        coaction(table([]), **wrong)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("profile", ["distinct", "coortweet", "qut"])
def test_nothing_and_one_account_give_an_empty_network(profile: str) -> None:
    for rows in ([], [("o", "a", "1", 0, ""), ("o", "a", "2", 1, "")]):
        found = coaction(table(rows), profile, 60)
        assert found.edges.num_rows == 0
        assert "weight" in found.edges.column_names


def test_the_words_of_the_result_explain_and_do_not_accuse() -> None:
    said = " ".join(coaction(table([]), window=60).facts["plain_explanations"]).lower()
    assert "newsroom" in said and "wire service" in said and "fan club" in said
    assert "inauthentic" not in said
