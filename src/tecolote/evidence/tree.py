"""Merkle trees: roots, inclusion and consistency proofs, and their verification.

Source: RFC 6962 section 2.1 (hashes and proofs); RFC 9162 sections 2.1.3.2 and 2.1.4.2 (verification).
A leaf is hashed with the prefix 0x00 and a node with 0x01, so neither can be taken for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

_SHA = hashlib.sha256
HASH_BYTES = 32
#: Root of a tree without leaves.
EMPTY_ROOT = _SHA().digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf (32 bytes)."""
    return _SHA(b"\x00" + data).digest()


def leaf_hashes(values: Iterable[bytes]) -> list[bytes]:
    """Hashes of many leaves."""
    sha = _SHA
    return [sha(b"\x00" + value).digest() for value in values]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (32 bytes)."""
    return _SHA(b"\x01" + left + right).digest()


class Tree:
    """A growing tree that keeps the hash of every complete subtree.

    Level ``k`` holds the hashes of the complete subtrees of ``2**k`` leaves, one after the other; with
    them a root or a proof at any size takes a few hashes. 64 bytes of memory per leaf.
    """

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        """Begin with the leaf hashes ``hashes`` (see `leaf_hashes`)."""
        self._levels: list[bytearray] = [bytearray()]
        self.extend(hashes)

    @classmethod
    def of(cls, values: Iterable[bytes]) -> Tree:
        """The tree whose leaves are ``values``."""
        return cls(leaf_hashes(values))

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // HASH_BYTES

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Add leaf hashes at the end."""
        self._levels[0] += b"".join(hashes)
        level = 0
        while len(self._levels[level]) >= 2 * HASH_BYTES:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            below, above = self._levels[level], self._levels[level + 1]
            start, end = 2 * len(above), len(below) // 64 * 64
            if start == end:
                break
            fresh, sha = bytes(memoryview(below)[start:end]), _SHA
            above += b"".join([sha(b"\x01" + fresh[i : i + 64]).digest() for i in range(0, end - start, 64)])
            level += 1

    def leaf(self, index: int) -> bytes:
        """Hash of leaf ``index``."""
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """Root of the first ``size`` leaves; of all by default.

        Raises:
            IndexError: the tree has fewer leaves.
        """
        size = self.size if size is None else size
        self._check(0, size)
        return self._span(0, size) if size else EMPTY_ROOT

    def cut(self, size: int) -> None:
        """Go back to the first ``size`` leaves."""
        for level, hashes in enumerate(self._levels):
            del hashes[(size >> level) * HASH_BYTES :]

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of leaf ``index`` in the tree of ``size`` leaves (RFC 6962, 2.1.1).

        Raises:
            IndexError: there is no such leaf or size.
        """
        size = self.size if size is None else size
        self._check(0, size)
        if not 0 <= index < size:
            raise IndexError(f"no leaf {index} in a tree of {size}")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._span(middle, high))
                high = middle
            else:
                path.append(self._span(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """Proof that the tree of ``first`` leaves is a prefix of that of ``second`` (RFC 6962, 2.1.2).

        Raises:
            IndexError: ``first`` is 0 or greater than ``second``, or there is no such size.
        """
        second = self.size if second is None else second
        self._check(1, first)
        self._check(first, second)
        path: list[bytes] = []
        low, high, whole = 0, second, True
        while first != high:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._span(middle, high))
                high = middle
            else:
                path.append(self._span(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._span(low, high))
        return path[::-1]

    def _check(self, least: int, size: int) -> None:
        if not least <= size <= self.size:
            raise IndexError(f"size {size} is not between {least} and {self.size}")

    def _node(self, level: int, index: int) -> bytes:
        at = index * HASH_BYTES
        return bytes(self._levels[level][at : at + HASH_BYTES])

    def _span(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0 and low % count == 0:
            level = count.bit_length() - 1
            return self._node(level, low >> level)
        middle = low + _split(count)
        return node_hash(self._span(low, middle), self._span(middle, high))


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows that the leaf with hash ``leaf`` is number ``index`` of ``size`` under ``root``."""
    if not 0 <= index < size or any(len(part) != HASH_BYTES for part in (leaf, *proof)):
        return False
    at, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(part, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, part)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(first: int, second: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> bool:
    """Whether ``proof`` shows that the tree of ``first`` leaves under ``root1`` begins that under ``root2``.

    A tree of size 0 says nothing and is refused. Equal sizes need equal roots and no proof.
    """
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and root1 == root2
    if not proof or any(len(part) != HASH_BYTES for part in proof):
        return False
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, root1)
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found1 = found2 = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found1, found2 = node_hash(part, found1), node_hash(part, found2)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found2 = node_hash(found2, part)
        at, last = at >> 1, last >> 1
    return last == 0 and found1 == root1 and found2 == root2
