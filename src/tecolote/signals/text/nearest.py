"""The written examples that a post is most like: what a reviewer can compare it with.

Likeness is the cosine between sets of hashed n-grams (words one and two at a time, two to five letters). It is shown
as a reason and decides nothing.
"""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np

from tecolote.signals.text.examples import Row, examples
from tecolote.signals.text.ngrams import BUCKETS, Ints, buckets
from tecolote.signals.text.normalise import lane1

LEAST = 0.3


class Near(msgspec.Struct, frozen=True):
    """An example's text, whose voice it is in, the theme it performs or '', and the cosine."""

    text: str
    voice: str
    theme: str
    likeness: float


@cache
def _index() -> tuple[list[Row], Ints, Ints, Ints]:
    """Examples, the buckets of all of them in a row, the example that each belongs to, and how many each has."""
    rows = [row for row in examples() if not row.held]
    found = [buckets(lane1(row.text).text) for row in rows]
    sizes = np.array([len(f) for f in found])
    return rows, np.concatenate(found), np.repeat(np.arange(len(rows)), sizes), sizes


def nearest(text: str, count: int = 2) -> list[Near]:
    """The ``count`` examples most like lane-1 ``text``, none below `LEAST`."""
    rows, columns, owner, sizes = _index()
    mine = buckets(text)
    held = np.zeros(BUCKETS, dtype=np.float64)
    held[mine] = 1.0
    shared = np.bincount(owner, weights=held[columns], minlength=len(rows))
    likeness = shared / np.sqrt(np.maximum(sizes * len(mine), 1))
    best = [i for i in np.argsort(-likeness, kind="stable")[:count] if likeness[i] >= LEAST]
    return [Near(rows[i].text, rows[i].voice, (*rows[i].themes, "")[0], round(float(likeness[i]), 2)) for i in best]
