"""Writing packs: parts of blobs are gathered into segments; a second thread encrypts and writes them.

Nothing here is acknowledged. `Packs.seal` makes everything written so far durable and hands out the rows
and keys that the store then logs; `Packs.rewind` takes back what was not sealed.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tecolote.case import sync_folder
from tecolote.errors import EvidenceError
from tecolote.evidence import segments
from tecolote.evidence.packfile import PackFile
from tecolote.evidence.segments import PACK_HEADER_BYTES, SEGMENT_BYTES, Entry, Part, Row

_QUEUE = 3
_DIRECTORY_BYTES = 1 << 20
#: Begin writing to the drive after this many bytes, so that the commit has little left to wait for.
_FLUSH_BYTES = 256 << 20


class Place(NamedTuple):
    """How far the packs are written: the last pack, its end in bytes, the next segment's number."""

    pack: int = 0
    end: int = 0
    segment: int = 0


class Mark(NamedTuple):
    """A point to which `Packs.rewind` can go back: segments handed over, next segment's number."""

    written: int
    segment: int


@dataclass
class _Open:
    """A segment that is still being filled."""

    segment: int
    buffer: bytearray
    used: int = 0
    directory: list[bytes] = field(default_factory=list)
    directory_bytes: int = 0


class Packs:
    """The writing end of ``evidence/packs``. Not for several threads."""

    def __init__(self, folder: Path, tag: bytes, place: Place) -> None:
        """Continue at ``place``, cutting what an interrupted process wrote behind it.

        Raises:
            EvidenceError: a pack is shorter than the log says.
        """
        self._folder, self._tag = folder, tag
        self._place = self._written = place
        self._next = place.segment
        self._open: dict[str, _Open] = {}
        self._buffers: deque[bytearray] = deque()
        self._rows: list[Row] = []
        self.keys: dict[int, bytes] = {}
        self._jobs: deque[Future[None]] = deque()
        self._worker: ThreadPoolExecutor | None = None
        self._file: PackFile | None = None
        self._unflushed = 0
        self._handed = 0
        self._failed = False
        self._cut(place)

    # -- filling segments

    def add(self, lane: str, data: bytes | memoryview) -> list[Part]:
        """Append ``data`` to the segment being filled in ``lane``; where the parts will lie.

        Blobs of one lane share segments: files in one, the payloads of events in another.
        """
        view, parts = memoryview(data), []
        while view:
            current = self._filling(lane)
            room = SEGMENT_BYTES - current.used
            if not room:
                self.flush(lane)
                continue
            piece = view[:room]
            current.buffer[current.used : current.used + len(piece)] = piece
            parts.append(Part(current.segment, current.used, len(piece)))
            current.used += len(piece)
            view = view[room:]
        return parts

    def enter(self, lane: str, entry: Entry) -> None:
        """Name a blob in the directory of the segment being filled."""
        current, raw = self._filling(lane), entry.pack()
        current.directory.append(raw)
        current.directory_bytes += len(raw)
        if current.directory_bytes > _DIRECTORY_BYTES:
            self.flush(lane)

    def flush(self, lane: str) -> None:
        """Close the segment being filled in ``lane`` and hand it to the writing thread."""
        current = self._open.pop(lane, None)
        if current is None:
            return
        while len(self._jobs) >= _QUEUE:
            self._wait()
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "tecolote-packs")
        self._jobs.append(self._worker.submit(self._write, current))
        self._handed += 1

    def peek(self, segment: int) -> memoryview | None:
        """Plaintext so far of a segment that is still being filled."""
        for current in self._open.values():
            if current.segment == segment:
                return memoryview(current.buffer)[: current.used].toreadonly()
        return None

    def row(self, segment: int) -> Row | None:
        """Row of a segment written since the last `accept`."""
        self.drain()
        return next((row for row in reversed(self._rows) if row.segment == segment), None)

    def drain(self) -> None:
        """Wait until everything handed over is written.

        Raises:
            EvidenceError: something could not be written; only `rewind` to the last commit helps.
        """
        while self._jobs:
            self._wait()
        try:
            if self._file is not None:
                self._file.settle()
        except OSError as error:
            raise self._refused(error) from error

    def _wait(self) -> None:
        problem = self._jobs.popleft().exception()
        if problem is not None:
            raise self._refused(problem) from problem

    def _refused(self, problem: BaseException) -> EvidenceError:
        self._failed = True
        return EvidenceError(f"the packs cannot be written: {problem}", "Free some space and try again")

    # -- points of return

    def seal(self) -> list[Row]:
        """Write and sync everything; rows of the segments since the last `accept`. Their keys are in ``keys``."""
        for lane in list(self._open):
            self.flush(lane)
        self.drain()
        if self._rows:
            if self._file is None:
                self._file = self._reopen()
            self._file.sync()
        if self._written.pack != self._place.pack:
            sync_folder(self._folder)
        return list(self._rows)

    def accept(self) -> Place:
        """Forget how to take back what `seal` handed out; the new place."""
        self._place = Place(self._written.pack, self._written.end, self._next)
        self._rows.clear()
        self.keys.clear()
        self._unflushed = self._handed = 0
        return self._place

    def mark(self) -> Mark:
        """A point to rewind to. The lane of files is closed here, so that what follows stands alone."""
        self.flush("files")
        return Mark(self._handed, self._next)

    def rewind(self, mark: Mark | None = None) -> None:
        """Take back everything since ``mark``, or since the last `accept`."""
        for lane in ["files"] if mark else list(self._open):
            if lane in self._open:
                self._buffers.append(self._open.pop(lane).buffer)
        self._settle()
        keep, self._next = (mark.written, mark.segment) if mark else (0, self._place.segment)
        back = self._place
        if mark is not None:
            if self._failed or len(self._rows) <= keep:
                return
            self.drain()
            back = Place(self._rows[keep].pack, self._rows[keep].offset)
        for row in self._rows[keep:]:
            del self.keys[row.segment]
        del self._rows[keep:]
        self._handed, self._failed = keep, False
        self._cut(back)

    def _settle(self) -> None:
        """Wait for the thread, whether it succeeds or not."""
        for job in self._jobs:
            job.exception()
        self._jobs.clear()

    def close(self) -> None:
        """Stop the thread and close the file; what was not sealed is cut when the store is next opened."""
        if self._worker is not None:
            self._worker.shutdown(wait=True, cancel_futures=True)
            self._worker = None
        self._close_file()

    # -- the file

    def _filling(self, lane: str) -> _Open:
        current = self._open.get(lane)
        if current is None:
            buffer = self._buffers.popleft() if self._buffers else bytearray(SEGMENT_BYTES)
            current = self._open[lane] = _Open(self._next, buffer)
            self._next += 1
        return current

    def _write(self, current: _Open) -> None:
        """In the writing thread: encrypt one segment and append it."""
        if self._failed:
            raise OSError("an earlier segment could not be written")
        try:
            self._append(current)
        except OSError:
            self._failed = True
            raise
        self._buffers.append(current.buffer)

    def _append(self, current: _Open) -> None:
        file, (pack, offset, _) = self._to_append_to()
        key, directory = os.urandom(32), b"".join(current.directory)
        length = segments.sealed_bytes(current.used, len(directory))
        with memoryview(current.buffer)[: current.used] as data, file.room(offset, length) as room:
            tags = segments.seal(key, self._tag, current.segment, data, directory, room)
        file.put(offset, length)
        self._written = Place(pack, offset + length)
        self._rows.append(Row(current.segment, pack, offset, current.used, len(directory), *tags))
        self.keys[current.segment] = key
        self._unflushed += length
        if self._unflushed >= _FLUSH_BYTES:
            file.sync()
            self._unflushed = 0

    def _to_append_to(self) -> tuple[PackFile, Place]:
        """The pack that takes the next segment, and where; a new one when the last is full."""
        if self._file is not None and self._written.end < segments.PACK_BYTES:
            return self._file, self._written
        if self._file is not None:
            self._file.sync()
            self._close_file()
        if self._written.pack and self._written.end < segments.PACK_BYTES:
            self._file = self._reopen()
            return self._file, self._written
        pack = self._written.pack + 1
        self._file = PackFile(segments.pack_path(self._folder, pack), fresh=True)
        self._file.room(0, PACK_HEADER_BYTES)[:] = segments.pack_header(self._tag, pack)
        self._file.put(0, PACK_HEADER_BYTES)
        self._written = Place(pack, PACK_HEADER_BYTES)
        return self._file, self._written

    def _reopen(self) -> PackFile:
        return PackFile(segments.pack_path(self._folder, self._written.pack))

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _cut(self, place: Place) -> None:
        """Remove what lies behind ``place``."""
        self._close_file()
        for path in self._folder.glob("*.pack"):
            if path.stem.isdecimal() and int(path.stem) > place.pack:
                path.unlink()
        if place.pack:
            path = segments.pack_path(self._folder, place.pack)
            size = path.stat().st_size if path.exists() else -1
            if size < place.end:
                raise EvidenceError(f"{path} has lost bytes that were acknowledged", "Restore the case from its backup")
            if size > place.end:
                os.truncate(path, place.end)
        self._written = Place(place.pack, place.end)
