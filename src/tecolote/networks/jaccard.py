"""Exact join of sets by Jaccard similarity, compiled; imported only where it is used.

Prefix filter of AllPairs (Bayardo, Ma, Srikant, WWW 2007) with the shorter indexed prefix and the positional
filter of PPJoin (Xiao, Wang, Lin, Yu, WWW 2008), and a 64-bit signature that refuses most candidates before
they are merged. All bounds are whole numbers, so nothing is lost to rounding: the threshold is given in
millionths.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
#: The threshold 1 in the unit in which the kernel takes thresholds.
WHOLE = 1_000_000


@nb.njit(cache=True, inline="always")
def _ceil(a: int, b: int) -> int:
    return -(-a // b)


@nb.njit(cache=True, inline="always")
def _bits(x: np.uint64) -> int:
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@nb.njit(cache=True)
def _signatures(start: Ints, token: Ints) -> NDArray[np.uint64]:
    found = np.zeros(len(start) - 1, np.uint64)
    for x in range(len(found)):
        for q in range(start[x], start[x + 1]):
            mixed = np.uint64(token[q]) * np.uint64(0x9E3779B97F4A7C15)
            found[x] |= np.uint64(1) << (mixed >> np.uint64(58))
    return found


@nb.njit(cache=True)
def _index(start: Ints, token: Ints, tokens: int, threshold: int) -> Ints:
    """First place of each token's postings: how many indexed prefixes hold it, added up."""
    first = np.zeros(tokens + 1, np.int64)
    for x in range(len(start) - 1):
        size = start[x + 1] - start[x]
        for q in range(size - _ceil(2 * threshold * size, WHOLE + threshold) + 1):
            first[token[start[x] + q] + 1] += 1
    for v in range(tokens):
        first[v + 1] += first[v]
    return first


@nb.njit(cache=True, inline="always")
def _overlap(token: Ints, i: int, i_end: int, j: int, j_end: int, need: int) -> int:
    """Common tokens of two sorted runs, or a number below ``need`` as soon as it is out of reach."""
    common = 0
    while i < i_end and j < j_end:
        if common + min(i_end - i, j_end - j) < need:
            break
        a, b = token[i], token[j]
        common += a == b
        i += a <= b
        j += b <= a
    return common


@nb.njit(cache=True)
def _grown(old: Ints) -> Ints:
    new = np.empty(2 * len(old), np.int64)
    new[: len(old)] = old
    return new


@nb.njit(cache=True)
def join(start: Ints, token: Ints, tokens: int, threshold: int) -> tuple[Ints, Ints, Ints]:
    """Pairs of sets with a Jaccard similarity of at least ``threshold`` / `WHOLE`.

    Args:
        start: n + 1 offsets into ``token``; sets come in order of their size and none is empty.
        token: the sets' tokens, below ``tokens``, rising within a set; rare ones have small numbers.
        tokens: number of tokens.
        threshold: 1 to `WHOLE`.

    Returns:
        positions of the two sets (the first is the later one) and the number of tokens they share.
    """
    head = _index(start, token, tokens, threshold)
    fill = head[:-1].copy()
    post_set, post_at = np.empty(head[-1], np.int32), np.empty(head[-1], np.int32)
    signature = _signatures(start, token)
    seen = np.full(len(start) - 1, -1, np.int32)
    left, right, shared = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.int64)
    found = 0
    for x in range(len(start) - 1):
        a, size = start[x], start[x + 1] - start[x]
        shortest = _ceil(threshold * size, WHOLE)
        for i in range(size - shortest + 1):
            v = token[a + i]
            while head[v] < fill[v] and start[post_set[head[v]] + 1] - start[post_set[head[v]]] < shortest:
                head[v] += 1
            for p in range(head[v], fill[v]):
                y = post_set[p]
                if seen[y] == x:
                    continue
                seen[y] = x
                b, other = start[y], start[y + 1] - start[y]
                need = _ceil(threshold * (size + other), WHOLE + threshold)
                j = np.int64(post_at[p])
                if min(size - i, other - j) < need:
                    continue
                if _bits(signature[x] ^ signature[y]) > size + other - 2 * need:
                    continue
                # The first common token of two sorted sets is the first one met in both prefixes.
                common = 1 + _overlap(token, a + i + 1, a + size, b + j + 1, b + other, need - 1)
                if common >= need:
                    if found == len(left):
                        left, right, shared = _grown(left), _grown(right), _grown(shared)
                    left[found], right[found], shared[found] = x, y, common
                    found += 1
        for i in range(size - _ceil(2 * threshold * size, WHOLE + threshold) + 1):
            v = token[a + i]
            post_set[fill[v]], post_at[fill[v]] = x, i
            fill[v] += 1
    return left[:found], right[:found], shared[:found]
