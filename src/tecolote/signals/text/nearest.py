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


class _Index(msgspec.Struct, frozen=True):
    """Examples by bucket: those of bucket ``b`` are ``owners[starts[b]:starts[b + 1]]``; how many buckets each has."""

    rows: list[Row]
    owners: Ints
    starts: Ints
    sizes: Ints


@cache
def _index() -> _Index:
    rows = [row for row in examples() if not row.held]
    found = [buckets(lane1(row.text).text) for row in rows]
    sizes = np.array([len(f) for f in found])
    columns = np.concatenate(found)
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], np.arange(BUCKETS + 1))
    return _Index(rows, np.repeat(np.arange(len(rows)), sizes)[order], starts, sizes)


def nearest(text: str, count: int = 2) -> list[Near]:
    """The ``count`` examples most like lane-1 ``text``, none below `LEAST`."""
    index, mine = _index(), buckets(text)
    sharing = [index.owners[index.starts[b] : index.starts[b + 1]] for b in mine]
    shared = np.bincount(np.concatenate([np.zeros(0, dtype=np.int64), *sharing]), minlength=len(index.rows))
    likeness = shared / np.sqrt(np.maximum(index.sizes * len(mine), 1))
    best = [i for i in np.argsort(-likeness, kind="stable")[:count] if likeness[i] >= LEAST]
    rows = index.rows
    return [Near(rows[i].text, rows[i].voice, (*rows[i].themes, "")[0], round(float(likeness[i]), 2)) for i in best]
