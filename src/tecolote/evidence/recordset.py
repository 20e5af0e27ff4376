"""The second tree: one salted commitment for each record of a file.

A commitment is SHA-256(salt || SHA-256(span)); the tree over the commitments is that of RFC 6962. One record is
proven by its salt, its bytes and a short path, and nothing is said about its neighbours. Spans, digests and
salts are one blob; a record that has been erased keeps its place there: its salt is zero and its commitment
stands where the digest stood, so that the paths of the others still hold.
"""

from __future__ import annotations

import hashlib
import os
import struct
from array import array

from tecolote.errors import EvidenceError
from tecolote.evidence.tree import EMPTY_ROOT, Tree

_MAGIC = b"tecolote rec 1\n\0"
_HEAD = struct.Struct("<16sQ")
_SPAN = struct.Struct("<QQ")
_ERASED = bytes(32)


def commitment(salt: bytes, digest: bytes) -> bytes:
    """SHA-256(salt || digest), where ``digest`` is the SHA-256 of what is committed to."""
    return hashlib.sha256(salt + digest).digest()


class RecordSet:
    """The records of one file: where they are, what they hash to, and their tree.

    Attributes:
        count: number of records.
        root: root of the tree, hex; that of an empty tree where there are none.
        sha256: hash of the blob that holds spans, digests and salts, hex.
    """

    def __init__(self, raw: bytes) -> None:
        """Read the blob.

        Raises:
            EvidenceError: it is not one of records.
        """
        magic, count = _HEAD.unpack_from(raw) if len(raw) >= _HEAD.size else (b"", 0)
        if magic != _MAGIC or len(raw) != _HEAD.size + count * (_SPAN.size + 64):
            raise EvidenceError("the records of a file are damaged", "Run: tecolote verify")
        self.raw = raw
        self.count: int = count
        self.sha256 = hashlib.sha256(raw).hexdigest()
        self._digests = _HEAD.size + count * _SPAN.size
        self._salts = self._digests + 32 * count
        self._tree: Tree | None = None

    @classmethod
    def make(cls, spans: array[int], digests: bytes | bytearray) -> RecordSet:
        """A set with fresh salts.

        Args:
            spans: start and length in bytes of each record, flat, type code 'Q'.
            digests: SHA-256 of each record's span, 32 bytes each, flat.

        Raises:
            ValueError: the two do not speak of the same number of records.
        """
        count, rest = divmod(len(digests), 32)
        if rest or len(spans) != 2 * count or spans.itemsize != 8:
            raise ValueError("spans and digests differ in number")
        return cls(b"".join((_HEAD.pack(_MAGIC, count), spans.tobytes(), digests, os.urandom(32 * count))))

    @property
    def root(self) -> str:
        """Root of the tree, hex."""
        return self._whole().root().hex() if self.count else EMPTY_ROOT.hex()

    def span(self, index: int) -> tuple[int, int]:
        """Start and length in bytes of a record in its file."""
        self._check(index)
        start, length = _SPAN.unpack_from(self.raw, _HEAD.size + index * _SPAN.size)
        return start, length

    def digest(self, index: int) -> bytes:
        """SHA-256 of a record's span (32 bytes).

        Raises:
            EvidenceError: the record has been erased.
        """
        if self.salt(index) == _ERASED:
            raise EvidenceError(f"record {index} has been erased")
        return self._slot(self._digests, index)

    def salt(self, index: int) -> bytes:
        """The record's salt (32 bytes); zeros when it has been erased."""
        self._check(index)
        return self._slot(self._salts, index)

    def commitment(self, index: int) -> bytes:
        """The leaf of the tree (32 bytes)."""
        salt, slot = self.salt(index), self._slot(self._digests, index)
        return slot if salt == _ERASED else commitment(salt, slot)

    def without(self, index: int) -> list[tuple[int, bytes]]:
        """What is to be written where in the blob so that nothing but the record's commitment remains of it."""
        value = self.commitment(index)
        return [(self._digests + 32 * index, value), (self._salts + 32 * index, _ERASED)]

    def proof(self, index: int) -> list[bytes]:
        """Inclusion path of a record under `root`, in a tree of `count` leaves."""
        self._check(index)
        return self._whole().inclusion(index)

    def _slot(self, base: int, index: int) -> bytes:
        return self.raw[base + 32 * index : base + 32 * index + 32]

    def _check(self, index: int) -> None:
        if not 0 <= index < self.count:
            raise IndexError(f"no record {index} in {self.count}")

    def _whole(self) -> Tree:
        if self._tree is None:
            sha, raw, gap = hashlib.sha256, self.raw, self._salts - self._digests
            at = range(self._digests, self._salts, 32)
            values = [sha(raw[i + gap : i + gap + 32] + raw[i : i + 32]).digest() for i in at]
            if _ERASED in {raw[i : i + 32] for i in range(self._salts, len(raw), 32)}:
                values = [self.commitment(i) for i in range(self.count)]
            self._tree = Tree.of(values)
        return self._tree
