"""The format of pack files: a header, then encrypted segments one after the other.

A segment is ``header | data | tag | directory | tag``. Data (at most 4 MiB of plaintext) are parts of blobs
side by side; the directory names the blobs that *end* in the segment and where all their parts lie. Both are
sealed with AES-256-GCM (NIST SP 800-38D) under one random key that no other segment has, so erasing what
a segment holds is: write it anew without that, destroy the old key. Header and tags are also in the log:
with them every byte of a pack is either compared or authenticated.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from tecolote.errors import EvidenceError

#: Most plaintext in one segment, in bytes.
SEGMENT_BYTES = 4 << 20
#: A pack that has grown to this many bytes is followed by a new one.
PACK_BYTES = 1 << 30
TAG_BYTES = 16
PACK_HEADER_BYTES = 48

_MAGIC = b"tecolote pack 1\n"
_FRAME = struct.Struct("<4sQII")
_ROW = struct.Struct("<QIQII16s16s")
_ENTRY = struct.Struct("<B32sQI")
_PART = struct.Struct("<QII")
_DATA, _DIRECTORY = 0, 1

#: Kinds of directory entries: a blob by its SHA-256; a payload by its commitment; records by their root.
BLOB, PAYLOAD, RECORDS = 0, 1, 2


class Part(NamedTuple):
    """A piece of a blob: ``length`` bytes from ``offset`` of the plaintext of ``segment``."""

    segment: int
    offset: int
    length: int


class Entry(NamedTuple):
    """A blob as a directory names it. ``key`` has 32 bytes and its meaning depends on ``kind``."""

    kind: int
    key: bytes
    size: int
    parts: tuple[Part, ...]

    def pack(self) -> bytes:
        """The entry as it stands in a directory."""
        head = _ENTRY.pack(self.kind, self.key, self.size, len(self.parts))
        return head + b"".join([_PART.pack(*part) for part in self.parts])


class Row(NamedTuple):
    """What the log says of a segment: where it lies, how long it is, and its two tags."""

    segment: int
    pack: int
    offset: int
    data_bytes: int
    directory_bytes: int
    data_tag: bytes
    directory_tag: bytes

    @property
    def end(self) -> int:
        """Offset behind the segment in its pack."""
        return self.offset + _FRAME.size + self.data_bytes + self.directory_bytes + 2 * TAG_BYTES

    @property
    def header(self) -> bytes:
        """The segment's header as it must stand in the pack."""
        return _FRAME.pack(b"TSEG", self.segment, self.data_bytes, self.directory_bytes)

    def pack_row(self) -> bytes:
        """The row as it stands in the log."""
        return _ROW.pack(*self)

    @classmethod
    def unpack_rows(cls, raw: bytes) -> list[Row]:
        """Rows of a log entry.

        Raises:
            EvidenceError: the length is no multiple of a row's, or a number is beyond what a pack can be.
        """
        if len(raw) % _ROW.size:
            raise EvidenceError("a list of segments is cut")
        rows = [cls(*fields) for fields in _ROW.iter_unpack(raw)]
        if any(r.segment >> 40 or r.offset >> 34 or r.data_bytes > SEGMENT_BYTES for r in rows):
            raise EvidenceError("a list of segments names one that cannot be")
        return rows


#: Bytes of a `Row` in the log.
ROW_BYTES = _ROW.size


def joined(parts: list[Part]) -> tuple[Part, ...]:
    """Neighbouring parts as one."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if last and last.segment == part.segment and last.offset + last.length == part.offset:
            found[-1] = Part(last.segment, last.offset, last.length + part.length)
        else:
            found.append(part)
    return tuple(found)


def unpack_entries(raw: bytes) -> Iterator[Entry]:
    """The entries of a directory that has been authenticated.

    Raises:
        EvidenceError: the bytes end too early.
    """
    at = 0
    try:
        while at < len(raw):
            kind, key, size, count = _ENTRY.unpack_from(raw, at)
            at += _ENTRY.size
            parts = tuple(Part(*_PART.unpack_from(raw, at + i * _PART.size)) for i in range(count))
            at += count * _PART.size
            yield Entry(kind, key, size, parts)
    except struct.error:
        raise EvidenceError("the directory of a segment is cut") from None


def pack_path(folder: Path, pack: int) -> Path:
    """Path of pack number ``pack``."""
    return folder / f"{pack:06d}.pack"


def case_tag(case_id: str) -> bytes:
    """16 bytes that tie packs to their case."""
    return hashlib.sha256(case_id.encode()).digest()[:16]


def pack_header(tag: bytes, pack: int) -> bytes:
    """The first 48 bytes of a pack."""
    return _MAGIC + tag + struct.pack("<Q", pack) + bytes(8)


def sealed_bytes(data: int, directory: int) -> int:
    """Bytes that a segment with so many bytes of data and of directory takes in its pack."""
    return _FRAME.size + data + directory + 2 * TAG_BYTES


def seal(
    key: bytes, tag: bytes, segment: int, data: memoryview, directory: bytes, room: memoryview
) -> tuple[bytes, bytes]:
    """Encrypt a segment into ``room`` (of `sealed_bytes`); the tag of the data, the tag of the directory."""
    header = _FRAME.pack(b"TSEG", segment, len(data), len(directory))
    middle = _FRAME.size + len(data) + TAG_BYTES
    cipher = AESGCM(key)
    room[: _FRAME.size] = header
    cipher.encrypt_into(_nonce(_DATA), data, tag + header, room[_FRAME.size : middle])
    cipher.encrypt_into(_nonce(_DIRECTORY), directory, tag + header, room[middle:])
    return bytes(room[middle - TAG_BYTES : middle]), bytes(room[-TAG_BYTES:])


def unseal(key: bytes, tag: bytes, row: Row, sealed: bytes, *, directory: bool = False) -> bytes:
    """Plaintext of a segment's data, or of its directory; authenticated by the tag in the log.

    Raises:
        EvidenceError: it does not authenticate.
    """
    expected = row.directory_tag if directory else row.data_tag
    if not sealed.endswith(expected):
        sealed = sealed[:-TAG_BYTES] + expected
    try:
        return AESGCM(key).decrypt(_nonce(_DIRECTORY if directory else _DATA), sealed, tag + row.header)
    except InvalidTag:
        raise EvidenceError(
            f"segment {row.segment} of pack {row.pack} is damaged", "Run: tecolote verify, and restore a backup"
        ) from None


def decipher(key: bytes, sealed: bytes) -> bytes:
    """Plaintext of a segment's data without authentication, only to say which bytes of it changed."""
    start = _nonce(_DATA) + (2).to_bytes(4, "big")
    return Cipher(AES(key), CTR(start)).decryptor().update(sealed)


def data_offset(row: Row) -> int:
    """Where the data's ciphertext begins in the pack."""
    return row.offset + _FRAME.size


def directory_offset(row: Row) -> int:
    """Where the directory's ciphertext begins in the pack."""
    return data_offset(row) + row.data_bytes + TAG_BYTES


def _nonce(part: int) -> bytes:
    """Fixed, because a key seals one segment only: its data under one nonce, its directory under another."""
    return bytes(11) + bytes([part])
