"""Agreement between coders, per field: voice, flag, and each theme that somebody gave.

Krippendorff's alpha for nominal data with any number of coders and missing values (Krippendorff 2011, *Computing
Krippendorff's Alpha-Reliability*), its 95 % interval by bootstrap over posts; beside it Cohen's kappa (1960) where two
people coded, raw agreement, prevalence, and Gwet's AC1 (2008), because alpha falls for rare themes even where coders
nearly always agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tecolote.decisions.codes import Code, Post

#: Alpha from which a theme is published, and from which it is reported as tentative (themes.yaml).
PUBLISH, TENTATIVE = 0.8, 0.667
_DRAWS, _AT_ONCE = 2000, 100

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How far coders agree on one field.

    Attributes:
        field: ``voice``, ``flag`` or the id of a theme.
        posts: posts that two or more people coded.
        coders: people who coded one of them.
        alpha: Krippendorff's, None where nothing varies (one value throughout says nothing about agreement).
        low, high: its 95 % bootstrap interval over posts; None where alpha is.
        kappa: Cohen's, None unless two people coded, or where chance alone agrees wholly.
        ac1: Gwet's first coefficient; None where only one value is possible.
        agreed: share of pairs of codes of one post that agree.
        prevalence: share of codes that have the commonest value (voice), or that say yes.
        gate: ``publish``, ``tentative`` or ``rewrite the definition``; ``too few`` below 20 posts or without alpha.
    """

    field: str
    posts: int
    coders: int
    alpha: float | None
    low: float | None
    high: float | None
    kappa: float | None
    ac1: float | None
    agreed: float
    prevalence: float
    gate: str


_FEW = 20


def agreement(codes: Sequence[Code]) -> list[Agreement]:
    """Agreement on voice, flag and every theme given; empty where no post has two coders.

    Adjudications are not counted: whoever gives one has seen the others.
    """
    of_post: dict[Post, dict[str, Code]] = {}
    for code in codes:
        if not code.settles:
            of_post.setdefault(code.post, {})[code.by.casefold()] = code
    doubles = [said for said in of_post.values() if len(said) > 1]
    if not doubles:
        return []
    themes = sorted({theme for said in doubles for code in said.values() for theme in code.themes})
    fields: list[tuple[str, Callable[[Code], str]]] = [
        ("voice", lambda code: code.voice),
        ("flag", lambda code: "yes" if code.themes else "no"),
        *((theme, lambda code, theme=theme: "yes" if theme in code.themes else "no") for theme in themes),
    ]
    return [_on(name, [{by: value(c) for by, c in said.items()} for said in doubles]) for name, value in fields]


def _on(name: str, units: list[dict[str, str]]) -> Agreement:
    values = sorted({value for unit in units for value in unit.values()})
    counts = np.array([[list(unit.values()).count(value) for value in values] for unit in units], float)
    said = float(alpha_of(counts)[0])
    alpha = None if np.isnan(said) else said
    low, high = _interval(counts) if alpha is not None else (None, None)
    total = counts.sum(0)
    shown = "yes" if name != "voice" else values[int(total.argmax())]
    return Agreement(
        field=name,
        posts=len(units),
        coders=len({by for unit in units for by in unit}),
        alpha=alpha,
        low=low,
        high=high,
        kappa=_kappa(units),
        ac1=_ac1(counts, len(values) if name == "voice" else 2),
        agreed=_agreed(counts),
        prevalence=float(total[values.index(shown)] / total.sum()) if shown in values else 0.0,
        gate=_gate(alpha, len(units)),
    )


def alpha_of(counts: Counts, drawn: Counts | None = None) -> Counts:
    """Krippendorff's alpha of a table of posts by values: how many coders gave that value, two or more in all a post.

    Args:
        counts: the table.
        drawn: a row for each alpha wanted: how often each post counts. By default one row, each post once.

    Returns:
        An alpha a row; NaN where nothing varies.
    """
    drawn = np.ones((1, len(counts))) if drawn is None else drawn
    per_post = counts.sum(1)
    observed = drawn @ ((per_post**2 - (counts * counts).sum(1)) / (per_post - 1))
    total = drawn @ counts
    n = total.sum(1)
    expected = n * n - (total * total).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Counts = np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)
    return found


def _interval(counts: Counts) -> tuple[float | None, float | None]:
    """2.5 and 97.5 percentile of alpha over posts drawn with replacement; always the same draws."""
    chance, posts = np.random.default_rng(7), len(counts)
    parts = [
        alpha_of(counts, chance.multinomial(posts, np.full(posts, 1 / posts), size=_AT_ONCE).astype(float))
        for _ in range(_DRAWS // _AT_ONCE)
    ]
    alphas = np.concatenate(parts)
    alphas = alphas[~np.isnan(alphas)]
    if len(alphas) < _DRAWS / 2:
        return None, None
    low, high = np.percentile(alphas, [2.5, 97.5])
    return float(low), float(high)


def _agreed(counts: Counts) -> float:
    """Mean over posts of the share of pairs of codes that agree."""
    per_unit = counts.sum(1)
    return float(((counts * (counts - 1)).sum(1) / (per_unit * (per_unit - 1))).mean())


def _ac1(counts: Counts, values: int) -> float | None:
    if values < 2:
        return None
    shares = (counts / counts.sum(1, keepdims=True)).mean(0)
    chance = float((shares * (1 - shares)).sum() / (values - 1))
    return (_agreed(counts) - chance) / (1 - chance)


def _kappa(units: list[dict[str, str]]) -> float | None:
    people = sorted({by for unit in units for by in unit})
    if len(people) != 2:
        return None
    pairs = [(unit[people[0]], unit[people[1]]) for unit in units]
    first, second = (Counter(pair[at] for pair in pairs) for at in (0, 1))
    chance = sum(first[value] * second[value] for value in first) / len(pairs) ** 2
    return (sum(a == b for a, b in pairs) / len(pairs) - chance) / (1 - chance) if chance < 1 else None


def _gate(alpha: float | None, posts: int) -> str:
    if alpha is None or posts < _FEW:
        return "too few"
    return "publish" if alpha >= PUBLISH else "tentative" if alpha >= TENTATIVE else "rewrite the definition"
