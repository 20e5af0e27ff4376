"""Reading blobs: segments are decrypted on demand and the last few are kept."""

from __future__ import annotations

import bisect
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from tecolote.errors import EvidenceError
from tecolote.evidence import segments
from tecolote.evidence.segments import Entry, Row

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_KEPT = 8
_READ_AHEAD = 256 << 10


def read_sealed(folder: Path, row: Row, *, directory: bool = False) -> bytes:
    """Ciphertext and tag of a segment's data, or of its directory, as they stand in the pack.

    Raises:
        EvidenceError: the pack is missing or too short.
    """
    offset = segments.directory_offset(row) if directory else segments.data_offset(row)
    length = (row.directory_bytes if directory else row.data_bytes) + segments.TAG_BYTES
    path = segments.pack_path(folder, row.pack)
    try:
        with open(path, "rb", buffering=0) as pack:
            pack.seek(offset)
            raw = pack.read(length)
    except FileNotFoundError:
        raw = b""
    if len(raw) != length:
        raise EvidenceError(f"{path.name} ends before segment {row.segment} does", "Restore the case from its backup")
    return raw


class SegmentCache:
    """The plaintext of the segments read last. Safe in threads."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, segment: int, load: Callable[[int], bytes]) -> bytes:
        """Plaintext of ``segment``, by ``load`` if it is not held."""
        with self._lock:
            if segment in self._held:
                self._held.move_to_end(segment)
                return self._held[segment]
        plain = load(segment)
        with self._lock:
            self._held[segment] = plain
            if len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return plain

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()


class _Reader(io.RawIOBase):
    """The bytes of one blob, seekable."""

    def __init__(self, entry: Entry, fetch: Callable[[int], bytes | memoryview]) -> None:
        self._entry, self._fetch = entry, fetch
        self._starts: Sequence[int] = list(accumulate((p.length for p in entry.parts), initial=0))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._entry.size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        out = memoryview(buffer).cast("B")
        if self._at >= self._entry.size or not out:
            return 0
        number = bisect.bisect_right(self._starts, self._at) - 1
        part = self._entry.parts[number]
        inside = self._at - self._starts[number]
        count = min(len(out), part.length - inside)
        start = part.offset + inside
        out[:count] = memoryview(self._fetch(part.segment))[start : start + count]
        self._at += count
        return count


def open_blob(entry: Entry, fetch: Callable[[int], bytes | memoryview]) -> io.BufferedReader:
    """A stream over the blob; ``fetch`` gives the plaintext of a segment by its number."""
    return io.BufferedReader(_Reader(entry, fetch), _READ_AHEAD)
