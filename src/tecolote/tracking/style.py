"""Seventeen plain features of how somebody writes, and how far a few posts are from the rest.

They serve one purpose: to notice that an account may have changed hands, and ask its owner. They are
much too weak to say who wrote something, and must not be used for that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: What `features` measures, in its order.
FEATURES = (
    "length",
    "words",
    "word length",
    "capitals",
    "words in capitals",
    "digits",
    "punctuation",
    "exclamation marks",
    "question marks",
    "ellipses",
    "emoji",
    "links",
    "hashtags",
    "mentions",
    "accents",
    "line breaks",
    "unusual hour",
)

_LINK = re.compile(r"(?:https?://|www\.)\S+")
_WORD = re.compile(r"\w+")
_MARKS = re.compile(r"[^\w\s]")


@dataclass(frozen=True)
class Written:
    """One post as far as style goes: text, time in UTC, application it was sent with."""

    text: str
    at: datetime
    app: str | None = None


def features(post: Written) -> Floats:
    """`FEATURES` of one post but the last, which needs a history and is 0 here.

    Lengths are logarithms; the rest are shares of characters or words, or counts as logarithms.
    """
    text = post.text
    links = len(_LINK.findall(text))
    plain = _LINK.sub(" ", text)
    words = _WORD.findall(plain)
    letters = [c for c in plain if c.isalpha()]
    n, w = max(len(plain), 1), max(len(words), 1)
    emoji = sum(unicodedata.category(c) == "So" for c in plain)
    accents = sum(len(unicodedata.normalize("NFD", c)) > 1 for c in letters)
    return np.array(
        [
            np.log1p(len(plain)),
            np.log1p(len(words)),
            sum(map(len, words)) / w,
            sum(c.isupper() for c in letters) / max(len(letters), 1),
            sum(len(x) > 1 and x.isupper() for x in words) / w,
            sum(c.isdigit() for c in plain) / n,
            len(_MARKS.findall(plain)) / n,
            np.log1p(plain.count("!") + plain.count("¡")),
            np.log1p(plain.count("?") + plain.count("¿")),
            np.log1p(plain.count("...") + plain.count("…")),
            np.log1p(emoji),
            links,
            np.log1p(plain.count("#")),
            np.log1p(plain.count("@")),
            accents / max(len(letters), 1),
            np.log1p(plain.count("\n")),
            0.0,
        ]
    )


def unusual_hours(history: Sequence[datetime], posts: Sequence[datetime]) -> Floats:
    """For each post, minus the logarithm of how often the history was written near that hour of the day.

    The day is a circle of 24 hours (UTC); an hour counts with its neighbours, smoothed by one post.
    """
    counts = np.bincount([at.hour for at in history], minlength=24).astype(np.float64)
    near = (np.roll(counts, 1) + counts + np.roll(counts, -1)) / 3 + 1 / 24
    share = near / near.sum()
    found: Floats = -np.log(np.array([share[at.hour] for at in posts]))
    return found


def table(history: Sequence[Written], posts: Sequence[Written]) -> Floats:
    """`FEATURES` of each of ``posts`` (rows), the hours seen against ``history``."""
    made = np.array([features(post) for post in posts])
    made[:, -1] = unusual_hours([p.at for p in history], [p.at for p in posts])
    return made


def distance(history: Floats, window: Floats) -> tuple[float, list[int]]:
    """Mean of the features' |z| between a few posts and a history, and the three largest, by feature.

    z is the difference of the means over the history's standard deviation divided by the root of the
    number of posts, each cut at 8 so that no single feature decides.
    """
    z = _z(window.mean(axis=0), history.mean(axis=0), history.std(axis=0), len(window))
    return float(z.mean()), [int(i) for i in np.argsort(-z, kind="stable")[:3]]


def own_distances(history: Floats, size: int) -> Floats:
    """`distance` of each stretch of ``size`` posts of a history from the rest of it."""
    sums = np.concatenate([np.zeros((1, history.shape[1])), np.cumsum(history, axis=0)])
    squares = np.concatenate([np.zeros((1, history.shape[1])), np.cumsum(history**2, axis=0)])
    inside, inside_squares = sums[size:] - sums[:-size], squares[size:] - squares[:-size]
    rest = len(history) - size
    mean = (sums[-1] - inside) / rest
    spread = np.sqrt(np.maximum((squares[-1] - inside_squares) / rest - mean**2, 0))
    found: Floats = _z(inside / size, mean, spread, size).mean(axis=1)
    return found


def _z(mean: Floats, known: Floats, spread: Floats, posts: int) -> Floats:
    found: Floats = np.minimum(np.abs(mean - known) / (np.maximum(spread, 0.02) / np.sqrt(posts)), 8)
    return found
