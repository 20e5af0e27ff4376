"""Planted groups are found, chance is not reported, and the arithmetic is right."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from tecolote.networks.significance import false_discovery, poisson_tail, significance


def organic(random: np.random.Generator, events: int = 1500, accounts: int = 60) -> dict[str, np.ndarray]:
    """Busy and quiet accounts, popular and rare objects, bursts: nobody agrees on anything."""
    busy = random.pareto(1.6, accounts) + 0.2
    popular = random.pareto(1.3, 120) + 0.1
    o = random.choice(120, events, p=popular / popular.sum())
    t = random.integers(0, 20 * 86400, 120)[o] + np.exp(random.normal(6, 1.5, events)).astype(np.int64)
    return {"o": o, "a": random.choice(accounts, events, p=busy / busy.sum()), "t": t}


def table(columns: dict[str, np.ndarray]) -> pa.Table:
    n = len(columns["o"])
    return pa.table(
        {
            "object_id": [f"o{v}" for v in columns["o"]],
            "account_id": [f"a{v}" for v in columns["a"]],
            "content_id": [f"c{i}" for i in range(n)],
            "ts": columns["t"],
        }
    )


def with_ring(columns: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, np.ndarray]:
    """Six more accounts that meet 20 times within 30 seconds, over 14 objects of their own and a popular one."""
    o, a, t = [], [], []
    for k in range(20):
        for member in range(900, 906):
            if random.random() < 0.85:
                o.append(500 + k if k % 10 < 7 else int(np.bincount(columns["o"]).argmax()))
                a.append(member)
                t.append(k * 86400 + int(random.integers(0, 30)))
    ring = {"o": np.array(o), "a": np.array(a), "t": np.array(t, dtype=np.int64)}
    return {name: np.concatenate([columns[name], ring[name]]) for name in columns}


def test_under_the_null_nearly_nothing_is_reported() -> None:
    edges = clusters = 0
    for seed in range(40):
        found = significance(table(organic(np.random.default_rng(seed))), 60, deals=19)
        edges += found.facts["edges_at_5_percent_false_discovery"] > 0
        clusters += any(p <= 0.05 for p in found.clusters["p"].to_pylist())
    assert edges <= 2
    assert clusters <= 5  # of 40 tests at 5 %: more than 5 happens in 1 of 70


def test_habits_of_posting_alone_are_not_reported_either() -> None:
    """Half of the accounts share only links, half only hashtags; within each, nobody agrees on anything."""
    reported = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        parts = [organic(random, 750, 30) for _ in range(2)]
        parts[1] = parts[1] | {"o": parts[1]["o"] + 500, "a": parts[1]["a"] + 500}
        both = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        reported += significance(table(both), 60, deals=0).facts["edges_at_5_percent_false_discovery"] > 0
    assert reported <= 2


def test_a_planted_ring_is_found_and_nobody_else() -> None:
    right = wrong = missed = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        found = significance(table(with_ring(organic(random), random)), 60, deals=19)
        sure = found.edges.filter(pa.compute.less_equal(found.edges["q"], 0.05)).to_pylist()
        ring = {f"a{m}" for m in range(900, 906)}
        good = sum({e["account_id"], e["account_id_y"]} <= ring for e in sure)
        right, wrong, missed = right + good, wrong + len(sure) - good, missed + 15 - good
        best = min(found.clusters.to_pylist(), key=lambda c: c["p"])
        assert best["p"] == pytest.approx(1 / 20) and set(best["members"]) >= ring
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.95


def test_a_pair_across_two_stretches_is_possible_by_chance_too() -> None:
    """A hundred events close a stretch; what is shared just before and just after is not a miracle."""
    n = 400
    columns = {"o": np.arange(n) // 2 + 1, "a": np.arange(n), "t": np.arange(n) * 300 + np.arange(n) % 2}
    columns["o"][99:103], columns["t"][99:103] = 0, [29700, 29720, 29740, 29760]
    found = significance(table(columns), 60, 1, deals=0).edges
    assert found.num_rows > 0 and min(found["expected"].to_pylist()) > 0


def test_one_post_with_three_tags_is_one_coincidence() -> None:
    rows = [(f"tag{i}", a, f"post-{a}", s) for a, s in (("a", 0), ("b", 5)) for i in range(3)]
    events = pa.table(dict(zip(("object_id", "account_id", "content_id", "ts"), zip(*rows, strict=True), strict=True)))
    assert significance(events, 60).edges.num_rows == 0


def test_words_of_ones_own_do_not_hide_what_is_shared() -> None:
    """Each post has a tag shared within seconds and a text that nobody else ever wrote."""
    ring = [(f"tag{k}", f"m{m}", f"p{k}-{m}", k * 9000 + m) for k in range(12) for m in range(4)]
    rest = [(f"quiet{i % 7}", f"n{i}", f"q{i}", i * 1000) for i in range(110)]
    rows = [*ring, *((f"text {c}", a, c, t) for _, a, c, t in ring), *rest]
    events = pa.table(dict(zip(("object_id", "account_id", "content_id", "ts"), zip(*rows, strict=True), strict=True)))
    found = significance(events, 60, deals=19)
    assert {e["weight"] for e in found.edges.to_pylist()} == {12}
    assert found.edges.num_rows == 6 and max(found.edges["q"].to_pylist()) < 0.05


def test_the_same_seed_gives_the_same_figures_and_order_does_not_matter() -> None:
    random = np.random.default_rng(3)
    events = table(with_ring(organic(random), random))
    one, two = significance(events, 60, deals=9), significance(events, 60, deals=9)
    assert one.edges.equals(two.edges) and one.facts == two.facts
    turned = significance(events.take(list(range(len(events)))[::-1]), 60, deals=0)
    assert turned.edges.select(["account_id", "account_id_y", "weight"]).equals(
        one.edges.select(["account_id", "account_id_y", "weight"])
    )


def test_without_agreement_the_deals_give_what_was_seen() -> None:
    events = table(organic(np.random.default_rng(8), 600, 12))
    found = significance(events, 60, 1, deals=60)
    assert min(found.edges["expected"].to_pylist()) > 0
    assert found.facts["edges_by_chance_mean"] == pytest.approx(found.edges.num_rows, rel=0.25)


@pytest.mark.parametrize(("weight", "mean"), [(0, 1.0), (1, 0.001), (3, 2.5), (40, 3.0), (5, 60.0), (2, 0.0)])
def test_poisson_tail(weight: int, mean: float) -> None:
    terms = [math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) if mean else 0.0 for k in range(weight, 400)]
    assert poisson_tail(np.array([weight]), np.array([mean]))[0] == pytest.approx(
        math.fsum(terms), rel=1e-9, abs=1e-300
    )


def test_a_false_discovery_rate_is_what_chance_gives_over_what_was_seen() -> None:
    p, seen = np.array([0.01, 0.001, 0.04]), np.array([0.001, 0.01, 0.04])
    assert list(false_discovery(p, 3 * p, seen)) == pytest.approx([0.015, 0.003, 0.04])  # Benjamini and Hochberg
    assert list(false_discovery(p, 30 * p, seen)) == pytest.approx([0.15, 0.03, 0.4])
    assert list(false_discovery(p, np.array([0.2, 0.1, 0.2]), seen)) == pytest.approx([0.2 / 3, 0.2 / 3, 0.2 / 3])


def test_deals_find_more_than_a_bound_and_change_no_p_value() -> None:
    random = np.random.default_rng(11)
    events = table(with_ring(organic(random), random))
    bound, dealt = (significance(events, 60, deals=deals).edges for deals in (0, 99))
    assert dealt["p"].equals(bound["p"])
    few, more = (int(pa.compute.sum(pa.compute.less_equal(edges["q"], 0.05)).as_py()) for edges in (bound, dealt))
    assert more >= few > 0
    assert sum(dealt["q"].to_pylist()) < sum(bound["q"].to_pylist())


def test_nothing_and_one_account_have_no_edges() -> None:
    for rows in (0, 5):
        empty = {"o": np.zeros(rows, int), "a": np.zeros(rows, int), "t": np.arange(rows)}
        found = significance(table(empty), 60)
        assert found.edges.num_rows == 0 and found.clusters.num_rows == 0
