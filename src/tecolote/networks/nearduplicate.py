"""Texts that are nearly the same: every pair whose sets of words overlap enough, none missed.

The similarity of two texts is that of Jaccard between their sets of words (shared / all). A text with few
different words is left out, and one without words matches nothing. The join is exact (`tecolote.networks.jaccard`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tecolote.errors import LimitExceeded, UsageError
from tecolote.networks.texts import MIN_WORDS

Ints = NDArray[np.int64]

#: Similarity from which two texts count as nearly the same.
THRESHOLD = 0.8
#: Pairs that `near_pairs` lists; copies of one text make a pair for every two of them.
MOST_PAIRS = 50_000_000
# Addresses and names of accounts are no words, in the syntax of RE2; marks belong to the word that they stand on.
_CUT = r"(?:https?://|www\.)\S+|@\S+"
_BETWEEN = r"[^\pL\pN\pM_]+"


@dataclass(frozen=True)
class _Sets:
    """Distinct sets of words in order of size.

    Attributes:
        start: n + 1 offsets into ``token``.
        token: words as numbers, rare ones first.
        tokens: number of different words.
        member: texts, those with one set side by side.
        first: n + 1 offsets into ``member``.
    """

    start: Ints
    token: Ints
    tokens: int
    member: Ints
    first: Ints


def near_pairs(
    texts: Sequence[str | None] | pa.Array, threshold: float = THRESHOLD, min_words: int = MIN_WORDS
) -> pa.Table:
    """All pairs of texts that are at least ``threshold`` similar.

    Args:
        texts: the texts; null matches nothing.
        threshold: above 0, at most 1; taken in millionths.
        min_words: texts with fewer different words match nothing.

    Returns:
        ``left`` < ``right`` (positions in ``texts``) and ``similarity``, sorted by both positions.

    Raises:
        UsageError: an impossible threshold or number of words.
        LimitExceeded: more than `MOST_PAIRS` pairs; `near_groups` has no such limit.
    """
    sets, one, other, similarity = _joined(texts, threshold, min_words)
    size = np.diff(sets.first)
    total = int((size * (size - 1) // 2).sum() + (size[one] * size[other]).sum())
    if total > MOST_PAIRS:
        raise LimitExceeded(f"{total:,} pairs of nearly equal texts", "Ask for groups instead of pairs")
    a, b, likeness = _spread(sets.first, one, other, similarity)
    within = np.arange(len(size))[size > 1]
    same_a, same_b, _ = _spread(sets.first, within, within, np.ones(len(within)))
    keep = same_a < same_b
    left = np.concatenate([sets.member[a], sets.member[same_a[keep]]])
    right = np.concatenate([sets.member[b], sets.member[same_b[keep]]])
    likeness = np.concatenate([likeness, np.ones(int(keep.sum()))])
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.argsort(low * (len(texts) + 1) + high, kind="stable")
    return pa.table({"left": low[order], "right": high[order], "similarity": likeness[order]})


def near_groups(
    texts: Sequence[str | None] | pa.Array, threshold: float = THRESHOLD, min_words: int = MIN_WORDS
) -> Ints:
    """For each text the position of the first text of its group; -1 for texts that are left out.

    A group is a connected set of similar pairs: two of its texts may be less alike than ``threshold`` when
    others lie between them. A text that is like no other is a group of its own.

    Raises:
        UsageError: see `near_pairs`.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    sets, one, other, _ = _joined(texts, threshold, min_words)
    count = len(sets.first) - 1
    found = np.full(len(texts), -1, np.int64)
    if count == 0:
        return found
    ties = coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _, label = connected_components(ties, directed=False)
    of_member = np.repeat(label, np.diff(sets.first))
    first = np.full(count, len(texts), np.int64)
    np.minimum.at(first, of_member, sets.member)
    found[sets.member] = first[of_member]
    return found


def near_objects(
    texts: Sequence[str | None] | pa.Array, threshold: float = THRESHOLD, min_words: int = MIN_WORDS
) -> pa.Array:
    """For each text the name of its group (see `near_groups`): what coaction takes for one object.

    Returns:
        strings: the first 16 hex digits of the SHA-256 of the group's first text by code points, so that no
        order of the texts changes a name; null for texts that are left out.

    Raises:
        UsageError: see `near_pairs`.
    """
    given = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    group = pa.array(near_groups(given, threshold, min_words))
    rows = pa.table({"group": group, "text": given}).filter(pc.greater_equal(group, 0))
    least = rows.group_by("group").aggregate([("text", "min")])
    names = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in least["text_min"].to_pylist()]
    return pa.array(names, pa.string()).take(pc.index_in(group, value_set=least["group"].combine_chunks()))


def _joined(
    texts: Sequence[str | None] | pa.Array, threshold: float, min_words: int
) -> tuple[_Sets, Ints, Ints, NDArray[np.float64]]:
    """The distinct sets, and pairs of them with their similarity."""
    from tecolote.networks.jaccard import WHOLE, join

    whole = round(threshold * WHOLE) if 0 < threshold <= 1 else 0
    if not whole:
        raise UsageError(f"a similarity of {threshold}", "Give a number above 0, at most 1, usually 0.8")
    if min_words < 1:
        raise UsageError(f"texts with {min_words} words", "Give 1 or more; a text without words matches nothing")
    sets = _sets(texts, min_words)
    if len(sets.first) == 1:
        none = np.zeros(0, np.int64)
        return sets, none, none, np.zeros(0)
    one, other, shared = join(sets.start, sets.token, sets.tokens, whole)
    size = np.diff(sets.start)
    return sets, one, other, shared / (size[one] + size[other] - shared)


def _sets(texts: Sequence[str | None] | pa.Array, min_words: int) -> _Sets:
    row, word, tokens = _words(texts)
    row, word = _distinct(row, word, tokens)
    size = np.bincount(row, minlength=len(texts))
    often = np.bincount(word, minlength=tokens)
    rank = np.empty(tokens, np.int64)
    rank[np.argsort(often, kind="stable")] = np.arange(tokens)
    long = size[row] >= min_words
    row, word = row[long], rank[word[long]]
    kept = np.flatnonzero(size >= min_words)
    place = np.empty(len(texts), np.int64)
    by_size = kept[np.argsort(size[kept], kind="stable")]
    place[by_size] = np.arange(len(by_size))
    key = np.sort(place[row] * (tokens + 1) + word)
    token = key % (tokens + 1)
    start = np.concatenate([[0], np.cumsum(size[by_size])]).astype(np.int64)
    return _merge_equal(start, token, tokens, by_size)


def _words(texts: Sequence[str | None] | pa.Array) -> tuple[Ints, Ints, int]:
    """Position of the text and number of the word, for each word of each text; and how many words there are."""
    given = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    plain = pc.utf8_lower(pc.utf8_normalize(given.cast(pa.large_string()), form="NFKC"))
    plain = pc.replace_substring_regex(plain, _CUT, " ")
    pieces = pc.split_pattern_regex(pc.fill_null(plain, ""), _BETWEEN)
    words = pc.list_flatten(pieces).dictionary_encode()
    row = np.repeat(np.arange(len(given)), pc.list_value_length(pieces).to_numpy(zero_copy_only=False))
    word = words.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    empty = pc.index(words.dictionary, "").as_py()
    real = word != empty
    return row[real], word[real], len(words.dictionary)


def _distinct(row: Ints, word: Ints, tokens: int) -> tuple[Ints, Ints]:
    key = np.sort(row * max(tokens, 1) + word)
    key = key[np.concatenate([[True], key[1:] != key[:-1]])] if len(key) else key
    return key // max(tokens, 1), key % max(tokens, 1)


def _merge_equal(start: Ints, token: Ints, tokens: int, texts: Ints) -> _Sets:
    """Keep one of equal sets; their texts stay side by side."""
    if not len(texts):
        zero = np.zeros(1, np.int64)
        return _Sets(zero, token, tokens, texts, zero)
    size = np.diff(start)
    binary = pa.Array.from_buffers(
        pa.large_binary(), len(size), [None, pa.py_buffer(start * 8), pa.py_buffer(np.ascontiguousarray(token))]
    )
    number = binary.dictionary_encode().indices.to_numpy().astype(np.int64)
    order = np.argsort(number, kind="stable")
    ordered = number[order]
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    representative = order[new]
    first = np.concatenate([np.flatnonzero(new), [len(order)]]).astype(np.int64)
    sizes = size[representative]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.arange(starts[-1]) - np.repeat(starts[:-1], sizes) + np.repeat(start[representative], sizes)
    return _Sets(starts, token[at], tokens, texts[order], first)


def _spread(first: Ints, one: Ints, other: Ints, value: NDArray[np.float64]) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Every member of each first set with every member of its second set, as positions in ``member``."""
    size = np.diff(first)
    times = size[one] * size[other]
    pair = np.repeat(np.arange(len(one)), times)
    at = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
    wide = size[other[pair]]
    return first[one[pair]] + at // wide, first[other[pair]] + at % wide, value[pair]
