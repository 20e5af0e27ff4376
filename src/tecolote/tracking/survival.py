"""How long things stay up: the nonparametric maximum likelihood of Turnbull (1976), and an interval.

A removal is never seen happening. It lies in ``(last seen live, first seen gone]``; the check that
found it is not its date. Taking the check for the date makes removal look slower than it was (with
monthly checks, a true 43 % at day 30 becomes 71 %), and so does a library that treats the interval as
closed when checks fall on a grid.

Sources: B. W. Turnbull, J. R. Statist. Soc. B 38 (1976) 290-295; the stopping rule is the Kuhn-Tucker
condition of R. Gentleman and C. J. Geyer, Biometrika 81 (1994) 618-623.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tecolote.tracking.observations import Interval, Unused, intervals, unused

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GAP = 1e-5
_ROUNDS = 50_000
RESAMPLES = 200
# A resample differs from the data by far more than this.
_RESAMPLE_GAP = 1e-3
_RESAMPLE_ROUNDS = 2_000


@dataclass(frozen=True)
class Curve:
    """A survival curve that is known up to where the mass lies inside each step.

    Attributes:
        left: where each step begins; survival is known to be constant outside the steps.
        right: where it ends, infinite for those never seen gone.
        mass: share that went in ``(left, right]``; the sum is 1.
        survival: share still there at ``right``.
        low: lower end of the 95 % bootstrap interval of ``survival``.
        high: upper end.
        n: number of intervals.
        events: intervals with a finite right end.
        converged: the Kuhn-Tucker condition held when the iteration stopped.
    """

    left: Floats
    right: Floats
    mass: Floats
    survival: Floats
    low: Floats
    high: Floats
    n: int
    events: int
    converged: bool

    def bounds(self, time: float) -> tuple[float, float]:
        """Smallest and largest share still there at ``time`` that the data allow."""
        return 1 - float(self.mass[self.left < time].sum()), 1 - float(self.mass[self.right <= time].sum())

    def at(self, time: float) -> float:
        """Share still there at ``time``, each step's mass spread evenly over the step.

        A step without an end loses nothing before it, so past the last check this is an upper bound.
        """
        width = np.where(np.isfinite(self.right), self.right - self.left, np.inf)
        part = np.clip((time - self.left) / np.where(width > 0, width, 1), 0, 1)
        part = np.where(width > 0, part, self.right <= time)
        return 1 - float((self.mass * np.where(np.isfinite(self.right), part, 0)).sum())


def turnbull(intervals: Sequence[tuple[float, float]], *, seed: int = 1976, resamples: int = RESAMPLES) -> Curve:
    """The curve of ``(left, right]`` intervals; ``right`` is ``inf`` if the end was never seen.

    Equal ends mean that the moment itself is known. Unit is the caller's (days in this project).

    Args:
        intervals: one per subject.
        seed: of the bootstrap, so that the same data give the same figures.
        resamples: bootstrap samples of subjects for the 95 % percentile interval of each step.

    Raises:
        ValueError: an interval is reversed, or an end is not a number.
    """
    if len(intervals) == 0:
        none = np.empty(0)
        return Curve(none, none, none, none, none, none, 0, 0, True)
    ends = np.asarray(intervals, dtype=np.float64).reshape(-1, 2)
    if np.isnan(ends).any() or (ends[:, 0] > ends[:, 1]).any() or np.isinf(ends[:, 0]).any():
        raise ValueError("an interval needs a finite left end that is not above its right end")
    left, right = innermost(np.unique(ends, axis=0))
    # Intervals that hold the same steps are one kind: the likelihood cannot tell them apart.
    kinds, count = np.unique(np.column_stack(_covered(ends, left, right)), axis=0, return_counts=True)
    first, behind = kinds[:, 0], kinds[:, 1]
    mass, converged = _em(np.full(len(left), 1 / len(left)), first, behind, count.astype(np.float64))
    survival = np.clip(1 - np.cumsum(mass), 0, 1)
    low, high = _bootstrap(mass, first, behind, count, np.random.default_rng(seed), resamples)
    events = int(np.isfinite(ends[:, 1]).sum())
    return Curve(left, right, mass, survival, low, high, len(ends), events, converged)


def innermost(intervals: Floats) -> tuple[Floats, Floats]:
    """Turnbull's innermost intervals: the only places where the maximum can put mass.

    Each runs from a left end to a right end with no other end between. At one value the order is: the
    left end of an exact moment, any right end (which includes the value), any open left end (which does
    not). That order is what keeps ``(0, 7]`` and ``(7, 14]`` apart.
    """
    exact = intervals[:, 0] == intervals[:, 1]
    lefts = np.unique(np.column_stack([intervals[:, 0], np.where(exact, 0, 2)]), axis=0)
    rights = np.unique(np.column_stack([intervals[:, 1], np.ones(len(intervals))]), axis=0)
    ends = np.concatenate([lefts, rights])
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    is_right = ends[:, 1] == 1
    step = np.flatnonzero(~is_right[:-1] & is_right[1:])
    return ends[step, 0], ends[step + 1, 0]


def _covered(intervals: Floats, left: Floats, right: Floats) -> tuple[Ints, Ints]:
    """First innermost interval inside each interval, and the one behind the last."""
    exact = intervals[:, 0] == intervals[:, 1]
    # An exact moment x only covers the step (x, x]; an open left end x excludes it.
    first = np.where(
        exact, np.searchsorted(right, intervals[:, 0]), np.searchsorted(right, intervals[:, 0], side="right")
    )
    behind = np.searchsorted(right, intervals[:, 1], side="right")
    return first.astype(np.int64), behind.astype(np.int64)


def _em(
    mass: Floats, first: Ints, behind: Ints, weight: Floats, gap: float = _GAP, rounds: int = _ROUNDS
) -> tuple[Floats, bool]:
    """Self-consistency from ``mass`` (all positive) by running sums: O(intervals + steps) a round."""
    total = weight.sum()
    for _ in range(rounds):
        gain = _gain(mass, first, behind, weight) / total
        # Where mass is left the gain tends to 1, elsewhere below it; its excess bounds what can be gained.
        if gain.max() <= 1 + gap:
            return mass, True
        mass = mass * gain
        mass /= mass.sum()
    return mass, False


def _gain(mass: Floats, first: Ints, behind: Ints, weight: Floats) -> Floats:
    upto = np.concatenate([[0.0], np.cumsum(mass)])
    share = weight / np.maximum(upto[behind] - upto[first], 1e-300)
    change = np.bincount(first, share, len(mass) + 1) - np.bincount(behind, share, len(mass) + 1)
    return np.cumsum(change)[: len(mass)]


def _bootstrap(
    mass: Floats, first: Ints, behind: Ints, count: Ints, random: np.random.Generator, resamples: int
) -> tuple[Floats, Floats]:
    """Percentiles 2.5 and 97.5 of the survival at each step's end, resampling subjects."""
    if resamples < 1:
        unknown = np.full(len(mass), np.nan)
        return unknown, unknown
    n = int(count.sum())
    # The data's own answer is a good place to start, kept away from zero, from which nothing returns.
    start = (mass + 0.1 / len(mass)) / 1.1
    drawn = np.empty((resamples, len(mass)))
    for i in range(resamples):
        weight = random.multinomial(n, count / n).astype(np.float64)
        found, _ = _em(start, first, behind, weight, _RESAMPLE_GAP, _RESAMPLE_ROUNDS)
        drawn[i] = np.clip(1 - np.cumsum(found), 0, 1)
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return low, high


@dataclass(frozen=True)
class PlatformSurvival:
    """How long posts or accounts of one platform stayed, from when they were first there to first seen gone.

    Attributes:
        platform: platform id.
        target_kind: post or account.
        curve: survival by days since first known to be there.
        n: targets known to have been there.
        gone: of these, later seen gone.
        exact: of these, with the date that the platform itself states.
        censored: never seen gone until the last look.
        returned: seen live again after they were gone (the curve is of the first disappearance).
        by_state: what was seen, never merged.
        unused: seen gone but in no interval, with the reasons.
        definition: one sentence for the report.
    """

    platform: str
    target_kind: str
    curve: Curve
    n: int
    gone: int
    exact: int
    censored: int
    returned: int
    by_state: dict[str, int]
    unused: Unused
    definition: str


_DEFINITION = (
    "Share of {n} {kind}s on {platform} still there, by days since {zero}, of those that were there long enough to be "
    "collected. Each of the {gone} that went did so between the last time it was known to be there and the first look "
    "that did not find it; {censored} had not gone by the last look. Turnbull (1976) estimate with a 95 % bootstrap "
    "interval. Why they went is not in the curve: the states are listed apart."
)


def survival_by_platform(corpus: Corpus) -> list[PlatformSurvival]:
    """A curve per platform and kind of target of which at least one was seen gone, sorted by both."""
    kinds: dict[tuple[str, str], list[Interval]] = {}
    for interval in intervals(corpus):
        kinds.setdefault((interval.platform, interval.target_kind), []).append(interval)
    left_out = unused(corpus)
    found = []
    for (platform, kind), mine in sorted(kinds.items()):
        gone = [i for i in mine if i.first_gone is not None]
        if not gone:
            continue
        censored = len(mine) - len(gone)
        zero = "each was written" if kind == "post" else "its first collected post or profile"
        words = {
            "zero": zero,
            "n": len(mine),
            "kind": kind,
            "platform": platform,
            "gone": len(gone),
            "censored": censored,
        }
        found.append(
            PlatformSurvival(
                platform=platform,
                target_kind=kind,
                curve=turnbull([i.days for i in mine]),
                n=len(mine),
                gone=len(gone),
                exact=sum(i.exact for i in gone),
                censored=censored,
                returned=sum(i.returned for i in gone),
                by_state=dict(sorted(Counter(i.state or "" for i in gone).items())),
                unused=left_out.get((platform, kind), Unused(0, 0, 0)),
                definition=_DEFINITION.format(**words),
            )
        )
    return found
