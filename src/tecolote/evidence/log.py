"""The log of record: one append-only file of length-framed entries, every byte of it covered.

The file begins with a header that names the case. An entry is ``length (4, little-endian) | kind (1) | body |
digest (32)`` where the digest is SHA-256 over the digest before it and all that precedes it in the entry: a
changed, moved or missing entry breaks the chain at its place. What the leaves say is bound by the signed
checkpoints; what the segments hold is bound by the leaves' commitments.

Kinds: a leaf (canonical JSON), rows of segments, a checkpoint (signed note). A commit is its rows, its leaves
and then its checkpoint; what stands behind the last checkpoint was never acknowledged.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tecolote.case import write_durably
from tecolote.errors import EvidenceError
from tecolote.evidence.keys import sync_file

LEAF, SEGMENTS, CHECKPOINT = 1, 2, 3
#: Longest body of an entry, in bytes.
MAX_BODY = 64 << 10
_HEAD = struct.Struct("<IB")
_DIGEST = 32
_BLOCK = 1 << 20
HEADER_BYTES = 48
#: Bytes of an entry beside its body.
FRAME_BYTES = _HEAD.size + _DIGEST


class Place(NamedTuple):
    """An end of an entry: offset behind it, and its digest."""

    end: int
    chain: bytes


class Found(NamedTuple):
    """An entry as read: kind, body, offset of its first byte, and the place behind it."""

    kind: int
    body: bytes
    offset: int
    place: Place


def log_path(evidence: Path) -> Path:
    """Path of the log below the evidence folder."""
    return evidence / "log" / "entries"


def header(tag: bytes) -> bytes:
    """The first 48 bytes: format, version and the 16 bytes that stand for the case."""
    return b"tecolote log 1\n".ljust(32, b"\0") + tag


def start(tag: bytes) -> Place:
    """The place before the first entry."""
    return Place(HEADER_BYTES, hashlib.sha256(header(tag)).digest())


def frame(entries: Iterable[tuple[int, bytes]], place: Place) -> tuple[bytes, list[Found]]:
    """Bytes of ``entries`` (kind, body) to be appended at ``place``, and each as it will be found.

    Raises:
        EvidenceError: a body is longer than 64 KiB.
    """
    raw, found = bytearray(), []
    end, chain = place
    for kind, body in entries:
        if len(body) > MAX_BODY:
            raise EvidenceError("an entry of the log is longer than 64 KB", "Keep long material in the payload")
        head = _HEAD.pack(len(body), kind)
        chain = hashlib.sha256(chain + head + body).digest()
        raw += head + body + chain
        offset, end = end, end + len(head) + len(body) + _DIGEST
        found.append(Found(kind, body, offset, Place(end, chain)))
    return bytes(raw), found


def scan(path: Path, place: Place) -> Iterator[Found]:
    """Entries from ``place`` on, as far as they hold. What stops the scan is for the caller to judge."""
    with open(path, "rb") as log:
        log.seek(place.end)
        block, at = b"", 0
        while True:
            head = block[at : at + _HEAD.size]
            if len(head) == _HEAD.size:
                length, kind = _HEAD.unpack(head)
                if length > MAX_BODY:
                    return
                stop = at + _HEAD.size + length
                digest = block[stop : stop + _DIGEST]
                if len(digest) == _DIGEST:
                    if hashlib.sha256(place.chain + block[at:stop]).digest() != digest:
                        return
                    offset, place = place.end, Place(place.end + _HEAD.size + length + _DIGEST, digest)
                    yield Found(kind, block[at + _HEAD.size : stop], offset, place)
                    at = stop + _DIGEST
                    continue
            more = log.read(_BLOCK)
            if not more:
                return
            block, at = block[at:] + more, 0


def stands_at(path: Path, place: Place) -> bool:
    """Whether an entry with the digest of ``place`` ends there."""
    with open(path, "rb") as log:
        log.seek(max(0, place.end - _DIGEST))
        return log.read(_DIGEST) == place.chain


def body_at(path: Path, offset: int) -> bytes:
    """Body of the entry that begins at ``offset``."""
    with open(path, "rb") as log:
        log.seek(offset)
        length, _ = _HEAD.unpack(log.read(_HEAD.size))
        return log.read(min(length, MAX_BODY))


def head(kind: int, body: bytes) -> bytes:
    """Length and kind as they stand before ``body``."""
    return _HEAD.pack(len(body), kind)


def raw_entry(path: Path, offset: int) -> tuple[int, bytes, bytes | None]:
    """Kind, body and digest of an entry as they stand, held or not; no digest where the file ends before it."""
    with open(path, "rb") as log:
        log.seek(offset)
        first = log.read(_HEAD.size)
        if len(first) < _HEAD.size:
            return 0, b"", None
        length, kind = _HEAD.unpack(first)
        body = log.read(min(length, MAX_BODY))
        digest = log.read(_DIGEST)
        return kind, body, digest if len(digest) == _DIGEST and len(body) == length else None


def create(path: Path, tag: bytes, first: bytes) -> None:
    """Make the log with its header and ``first`` (framed entries) in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, header(tag) + first)


def append(path: Path, raw: bytes, place: Place) -> None:
    """Append durably at ``place``; what cannot be written whole is cut off again.

    Raises:
        OSError: the drive refused.
    """
    handle = os.open(path, os.O_WRONLY)
    try:
        offset, view = place.end, memoryview(raw)
        while view:
            done = os.pwrite(handle, view, offset)
            offset, view = offset + done, view[done:]
        sync_file(handle)
    except OSError:
        os.ftruncate(handle, place.end)
        sync_file(handle)
        raise
    finally:
        os.close(handle)


def cut(path: Path, end: int) -> None:
    """Remove durably what lies behind ``end``."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(handle, end)
        sync_file(handle)
    finally:
        os.close(handle)
