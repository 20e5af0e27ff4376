"""Turnbull's estimate against brute force, and against a truth that it must recover."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.tracking.survival import Curve, turnbull

END = st.one_of(st.integers(0, 6).map(float), st.just(math.inf))
INTERVALS = st.lists(
    st.tuples(st.integers(0, 6).map(float), END).filter(lambda i: i[0] <= i[1]), min_size=1, max_size=6
)


def log_likelihood(intervals: list[tuple[float, float]], points: list[float], mass: np.ndarray) -> float:
    """Straight from the definition: mass at points, an interval holds (left, right], or [x, x]."""
    total = 0.0
    for left, right in intervals:
        inside = [(left < p <= right) or (left == right == p) for p in points]
        total += math.log(max(float(mass[np.array(inside)].sum()), 1e-300))
    return total


def brute_force(intervals: list[tuple[float, float]]) -> float:
    """Largest log-likelihood over distributions on all ends, half-way points and infinity, by slow ascent."""
    ends = sorted({e for i in intervals for e in i if math.isfinite(e)})
    points = sorted({*ends, *((a + b) / 2 for a, b in itertools.pairwise(ends)), ends[-1] + 1, math.inf})
    covers = np.array([[(lo < p <= hi) or (lo == hi == p) for p in points] for lo, hi in intervals], dtype=float)
    mass = np.full(len(points), 1 / len(points))
    for _ in range(4000):
        mass = mass * (covers / (covers @ mass)[:, None]).sum(axis=0) / len(intervals)
    return log_likelihood(intervals, points, mass)


def own_likelihood(curve: Curve, intervals: list[tuple[float, float]]) -> float:
    """Mass of each step at its right end, just below infinity where it has none."""
    return log_likelihood(intervals, [float(r) for r in curve.right], curve.mass)


@settings(max_examples=60, deadline=None)
@given(INTERVALS)
def test_no_other_curve_is_likelier(intervals: list[tuple[float, float]]) -> None:
    curve = turnbull(intervals, resamples=0)
    assert curve.converged
    assert curve.mass.sum() == pytest.approx(1)
    assert own_likelihood(curve, intervals) >= brute_force(intervals) - 1e-4
    assert curve.n == len(intervals)
    assert list(curve.survival) == sorted(curve.survival, reverse=True)


def test_intervals_that_touch_are_not_one() -> None:
    """Half-open: (0, 7] and (7, 14] share no moment; a closed reading would put all mass at 7."""
    curve = turnbull([(0.0, 7.0)] * 3 + [(7.0, 14.0)] * 7, resamples=0)
    assert list(zip(curve.left, curve.right, strict=True)) == [(0, 7), (7, 14)]
    assert curve.at(7) == pytest.approx(0.7)
    assert curve.bounds(7) == pytest.approx((0.7, 0.7))
    assert curve.bounds(10) == pytest.approx((0.0, 0.7))


def test_exact_moments_give_kaplan_meier() -> None:
    data = [(1.0, 1.0), (2.0, 2.0), (2.0, math.inf), (3.0, 3.0), (4.0, math.inf)]
    curve = turnbull(data, resamples=0)
    # After 1: 4/5. After 2: 4/5 * 3/4. After 3 (two at risk): half of that.
    assert [curve.at(t) for t in (0.5, 1, 2, 3, 9)] == pytest.approx([1, 0.8, 0.6, 0.3, 0.3], abs=1e-4)


def test_the_worked_example_of_disjoint_and_nested_intervals() -> None:
    curve = turnbull([(0.0, 1.0), (0.0, 2.0), (1.0, 2.0), (3.0, 4.0)], resamples=0)
    assert list(curve.left) == [0, 1, 3]
    # Self-consistency: m0 = (1 + m0 / (m0 + m1)) / 4 and the same for m1, so each is 3/8.
    assert list(curve.mass) == pytest.approx([0.375, 0.375, 0.25], abs=1e-4)


@pytest.mark.parametrize("wrong", [(3.0, 1.0), (math.nan, 1.0), (math.inf, math.inf)])
def test_impossible_intervals_are_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="left end"):
        turnbull([(0.0, 1.0), wrong])


def test_nothing_gives_nothing() -> None:
    assert turnbull([]).n == 0
    assert turnbull([(5.0, math.inf)]).at(100) == 1


def looked_at(
    removal: np.ndarray, every: float, until: float, random: np.random.Generator
) -> list[tuple[float, float]]:
    found = []
    for moment, offset in zip(removal, random.uniform(0, every, len(removal)), strict=True):
        checks = np.concatenate([[0.0], np.arange(offset, until, every)])
        after = checks[checks >= moment]
        found.append((float(checks[checks < moment].max(initial=0.0)), float(after[0]) if len(after) else math.inf))
    return found


@pytest.mark.parametrize("every", [2, 14, 30])
def test_the_truth_is_recovered_where_the_date_of_the_check_is_not(every: int) -> None:
    """S(7) = 0.70 and S(30) = 0.43, as a Weibull law; the mean of several runs is compared."""
    random = np.random.default_rng(every)
    shape = math.log(math.log(0.43) / math.log(0.70)) / math.log(30 / 7)
    scale = 7 / (-math.log(0.70)) ** (1 / shape)
    ours, naive = [], []
    for _ in range(20):
        data = looked_at(scale * random.weibull(shape, 200), every, 120, random)
        curve = turnbull(data, resamples=0)
        ours.append((curve.at(7), curve.at(30)))
        naive.append((np.mean([r > 7 for _, r in data]), np.mean([r > 30 for _, r in data])))
    assert np.mean(ours, axis=0) == pytest.approx([0.70, 0.43], abs=0.04)
    assert np.mean(naive, axis=0)[0] > np.mean(ours, axis=0)[0] + 0.02


def test_weekly_ties_do_not_move_the_curve() -> None:
    """Checks on one weekly grid: the trap that turns S(7) = 0.70 into 1.00 in a closed reading."""
    data = [(0.0, 7.0)] * 30 + [(7.0, 14.0)] * 15 + [(14.0, 21.0)] * 10 + [(21.0, math.inf)] * 45
    curve = turnbull(data, resamples=0)
    assert [curve.at(t) for t in (7, 14, 21)] == pytest.approx([0.70, 0.55, 0.45], abs=1e-6)


def test_the_interval_covers_and_repeats() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(40):
        data = [(0.0, 7.0) if u < 0.3 else (7.0, math.inf) for u in random.random(120)]
        curve = turnbull(data)
        covered += curve.low[0] <= 0.7 <= curve.high[0]
    assert covered >= 34
    again = turnbull(data)
    assert (again.low == curve.low).all() and (again.high == curve.high).all()
