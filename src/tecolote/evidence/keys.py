"""Secrets of a case, in the user's key folder: signing, pseudonym and segment keys.

None of them is ever written into the case folder; there lie only the public halves of the signing keys.
Beside them stands the mark of the last acknowledged commit, so that a log cut back is noticed.
"""

from __future__ import annotations

import base64
import fcntl
import functools
import hmac
import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tecolote.case import Case, sync_folder
from tecolote.errors import EvidenceError, KeyMissing
from tecolote.evidence.notes import Signer

_SIGNING = "signing.key"
_NEXT = "signing.next"
_PSEUDONYM = "pseudonym.key"
_SEGMENTS = "segments.keys"
_MARK = "acknowledged"
_SEGMENT_ROW = struct.Struct("<Q32sI")
_MARK_ROW = struct.Struct("<QQ32sI")
_HINT = "Put the key folder of this case in place (TECOLOTE_KEYS), or restore it from its backup"


def sync_file(handle: int) -> None:
    """Make what was written to ``handle`` durable, the drive's own cache included where the system can."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(handle)
    else:
        fcntl.fcntl(handle, full)


def origin(case: Case) -> str:
    """Name of the case's log: first line of its checkpoints, and the name under which it signs."""
    return f"tecolote/{case.settings.id}"


def create_keys(case: Case) -> None:
    """Make the keys that do not exist yet, durably and for the owner only."""
    folder = case.keys
    for name in (_SIGNING, _PSEUDONYM):
        if not (folder / name).exists():
            _write_secret(folder / name, base64.b64encode(os.urandom(32)) + b"\n")
    for made in (folder, folder.parent, folder.parent.parent):
        sync_folder(made)


def write_signing_key(case: Case, seed: bytes) -> None:
    """Let the key of ``seed`` (32 secret bytes) sign for the case, durably."""
    _write_secret(case.keys / _SIGNING, base64.b64encode(seed) + b"\n")
    sync_folder(case.keys)


def signer(case: Case) -> Signer:
    """The key that signs this case's checkpoints.

    Raises:
        KeyMissing: it is not in the key folder.
    """
    return Signer(origin(case), _secret(case.keys / _SIGNING))


def next_signer(case: Case) -> Signer:
    """The key that is to follow: made durably where none waits yet."""
    path = case.keys / _NEXT
    if not path.exists():
        _write_secret(path, base64.b64encode(os.urandom(32)) + b"\n")
        sync_folder(case.keys)
    return Signer(origin(case), _secret(path))


def waiting_signer(case: Case) -> Signer | None:
    """The key that waits to follow, None without one."""
    return next_signer(case) if (case.keys / _NEXT).exists() else None


def adopt_next(case: Case) -> None:
    """Put the waiting key in the place of the signing key, which is gone then."""
    os.replace(case.keys / _NEXT, case.keys / _SIGNING)
    sync_folder(case.keys)


def drop_next(case: Case) -> None:
    """Forget a waiting key that the log never introduced."""
    (case.keys / _NEXT).unlink(missing_ok=True)
    sync_folder(case.keys)


def pseudonym(case: Case, platform: str, name: str) -> str:
    """The name shown in place of a person's: ``member-`` and 8 characters.

    The same for the same case, platform and name; without the case's key nobody can compute it
    (HMAC-SHA-256, RFC 2104, cut to 40 bits).

    Raises:
        KeyMissing: the pseudonym key is not in the key folder.
    """
    return "member-" + _keyed(case, platform, name)


def actor(case: Case, login: str) -> str:
    """Pseudonym of the person who acts, for the log: ``actor-`` and 8 characters."""
    return "actor-" + _keyed(case, "", login)


def _keyed(case: Case, realm: str, name: str) -> str:
    key = _cached_secret(str(case.keys / _PSEUDONYM))
    mac = hmac.digest(key, f"{realm}\0{name}".encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(mac[:5]).decode().lower()


class SegmentKeys:
    """One random AES-256 key for each segment: row ``i`` of the file is the key of segment ``i``.

    A row of zeros is a key that does not exist (any more), so destroying one is overwriting its row.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _SEGMENTS

    def get(self, segment: int) -> bytes:
        """The key (32 bytes) of ``segment``.

        Raises:
            KeyMissing: the file has no such key, or the row is damaged.
        """
        try:
            with open(self._path, "rb") as keys:
                there = (segment + 1) * _SEGMENT_ROW.size <= os.fstat(keys.fileno()).st_size
                keys.seek(segment * _SEGMENT_ROW.size if there else 0)
                raw = keys.read(_SEGMENT_ROW.size)
        except FileNotFoundError:
            raw = b""
        if len(raw) == _SEGMENT_ROW.size:
            number, key, check = _SEGMENT_ROW.unpack(raw)
            if number == segment and any(key) and check == zlib.crc32(raw[:-4]):
                return bytes(key)
        raise KeyMissing(f"the key of segment {segment} is not in {self._path}", _HINT)

    def store(self, keys: Iterable[tuple[int, bytes]]) -> None:
        """Write keys durably; a key that was there before is overwritten."""
        fresh = not self._path.exists()
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for start, rows in _runs(keys):
                _write_at(handle, rows, start * _SEGMENT_ROW.size)
            sync_file(handle)
        finally:
            os.close(handle)
        if fresh:
            sync_folder(self._path.parent)

    def destroy(self, segments: Iterable[int]) -> None:
        """Overwrite the keys of ``segments`` with zeros, durably."""
        handle = os.open(self._path, os.O_WRONLY)
        try:
            for segment in segments:
                _write_at(handle, bytes(_SEGMENT_ROW.size), segment * _SEGMENT_ROW.size)
            sync_file(handle)
        finally:
            os.close(handle)


def _runs(keys: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, bytes]]:
    """Rows of neighbouring segments joined, so that a commit writes them at once."""
    start, rows, after = 0, bytearray(), -1
    for segment, key in sorted(keys):
        if segment != after and rows:
            yield start, bytes(rows)
            rows.clear()
        if not rows:
            start = segment
        head = struct.pack("<Q32s", segment, key)
        rows += head + struct.pack("<I", zlib.crc32(head))
        after = segment + 1
    if rows:
        yield start, bytes(rows)


def packed_segment_keys(known: Mapping[int, bytes]) -> bytes:
    """The file of segment keys that holds exactly ``known``, number to key."""
    raw = bytearray(_SEGMENT_ROW.size * (max(known, default=-1) + 1))
    for start, rows in _runs(known.items()):
        raw[start * _SEGMENT_ROW.size : start * _SEGMENT_ROW.size + len(rows)] = rows
    return bytes(raw)


class Mark(NamedTuple):
    """How far the log was acknowledged: leaves, bytes, and the digest of the last entry."""

    size: int
    end: int
    chain: bytes


def read_mark(folder: Path) -> Mark | None:
    """The mark of the last commit; None when there is none or a power cut tore it."""
    try:
        raw = (folder / _MARK).read_bytes()
    except FileNotFoundError:
        return None
    if len(raw) != _MARK_ROW.size or zlib.crc32(raw[:-4]) != _MARK_ROW.unpack(raw)[3]:
        return None
    return Mark(*_MARK_ROW.unpack(raw)[:3])


def packed_mark(mark: Mark) -> bytes:
    """The mark as it stands in its file."""
    head = struct.pack("<QQ32s", *mark)
    return head + struct.pack("<I", zlib.crc32(head))


def write_mark(folder: Path, mark: Mark, *, durable: bool = False) -> None:
    """Set the mark. A commit does not wait for it: one that a power cut sets back only notices less."""
    handle = os.open(folder / _MARK, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        _write_at(handle, packed_mark(mark), 0)
        if durable:
            sync_file(handle)
    finally:
        os.close(handle)
    if durable:
        sync_folder(folder)


def _write_at(handle: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(handle, data, offset)
        data, offset = data[written:], offset + written


def _write_secret(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write_at(handle, data, 0)
        sync_file(handle)
    finally:
        os.close(handle)
    os.replace(temporary, path)


def _secret(path: Path) -> bytes:
    try:
        raw = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError:
        raise KeyMissing(f"{path} does not exist", _HINT) from None
    except ValueError:
        raise EvidenceError(f"{path} is damaged", _HINT) from None
    if len(raw) != 32:
        raise EvidenceError(f"{path} is damaged", _HINT)
    return raw


@functools.lru_cache(maxsize=64)
def _cached_secret(path: str) -> bytes:
    return _secret(Path(path))
