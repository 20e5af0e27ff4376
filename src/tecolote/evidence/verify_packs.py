"""Checking the packs: every byte of every segment, and every blob against its hash."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tecolote.case import Case
from tecolote.errors import EvidenceError, KeyMissing
from tecolote.evidence import keys, segments
from tecolote.evidence.blobs import SegmentCache, read_sealed
from tecolote.evidence.fault import Fault
from tecolote.evidence.recordset import commitment
from tecolote.evidence.segments import PAYLOAD, RECORDS, Entry, Row

#: Called with bytes done, bytes in all, and what is being read.
Progress = Callable[[int, int, str], None]


@dataclass
class _Sum:
    """The hash of a blob as far as its parts have been seen."""

    entry: Entry
    hasher: Any = field(default_factory=hashlib.sha256)
    salt: bytes = b""
    seen: int = 0

    def take(self, piece: memoryview) -> None:
        self.seen += 1
        if self.entry.kind == PAYLOAD and len(self.salt) < 32:
            missing = 32 - len(self.salt)
            self.salt += bytes(piece[:missing])
            piece = piece[missing:]
        self.hasher.update(piece)

    def holds(self) -> bool:
        digest: bytes = self.hasher.digest()
        if self.entry.kind == PAYLOAD:
            digest = commitment(self.salt, digest)
        return digest == self.entry.key and sum(p.length for p in self.entry.parts) == self.entry.size


class PackCheck:
    """The packs as the log says they should be.

    Attributes:
        entries: every blob that a directory names, by kind and key.
        bad: kind and key of those whose bytes do not match.
    """

    def __init__(self, case: Case, rows: dict[int, Row], dead: set[int], faults: list[Fault]) -> None:
        self._folder = case.evidence_folder / "packs"
        self._tag = segments.case_tag(case.settings.id)
        self._keys = keys.SegmentKeys(case.keys)
        self._rows, self._faults = {n: row for n, row in rows.items() if n not in dead}, faults
        self._dead = {n: row for n, row in rows.items() if n in dead}
        self._cache = SegmentCache()
        self._keyless = 0
        self.entries: dict[tuple[int, bytes], Entry] = {}
        self.bad: set[tuple[int, bytes]] = set()

    def check(self, progress: Progress) -> None:
        """Check layout and directories, then every segment and blob."""
        self._layout()
        for row in self._dead.values():
            self._destroyed(row)
        for row in self._rows.values():
            self._directory(row)
        self._blobs(progress)
        if self._keyless:
            what = f"the keys of {self._keyless} segments are missing; their bytes cannot be checked"
            self._faults.append(Fault("key folder", what))

    def plain(self, segment: int) -> bytes:
        """Plaintext of a segment; of a damaged one what its bytes say now.

        Raises:
            EvidenceError: the pack or the log's row is missing.
            KeyMissing: the key is.
        """
        return self._cache.get(segment, lambda number: self._plain(number)[0])

    # -- layout

    def _layout(self) -> None:
        """Headers, tags, and that nothing stands between the segments."""
        packs: dict[int, list[Row]] = {}
        every = [*self._rows.values(), *self._dead.values()]
        for row in sorted(every, key=lambda r: (r.pack, r.offset)):
            packs.setdefault(row.pack, []).append(row)
        for pack, rows in packs.items():
            path = segments.pack_path(self._folder, pack)
            name = f"evidence/packs/{path.name}"
            if not path.exists():
                self._faults.append(Fault(name, "the pack is missing"))
                continue
            with open(path, "rb") as raw:
                if raw.read(segments.PACK_HEADER_BYTES) != segments.pack_header(self._tag, pack):
                    where = f"{name}, bytes 0-{segments.PACK_HEADER_BYTES - 1}"
                    self._faults.append(Fault(where, "the header is not that of this pack"))
                expected = segments.PACK_HEADER_BYTES
                for row in rows:
                    if row.offset != expected:
                        self._faults.append(Fault(f"{name}, byte {expected}", "the log names no segment here"))
                    expected = row.end
                    self._edges(raw, name, row)

    def _edges(self, raw: Any, name: str, row: Row) -> None:
        """Header and tags of one segment, which the log holds too."""
        data_tag = segments.data_offset(row) + row.data_bytes
        edges = [(row.offset, row.header, "header")]
        if row.segment in self._rows:
            edges.append((data_tag, row.data_tag, "tag of the data"))
            edges.append((row.end - segments.TAG_BYTES, row.directory_tag, "tag of the directory"))
        for offset, expected, what in edges:
            raw.seek(offset)
            if raw.read(len(expected)) != expected:
                where = f"{name}, segment {row.segment}, bytes {offset}-{offset + len(expected) - 1}"
                self._faults.append(Fault(where, f"the {what} is not what the log says"))

    def _destroyed(self, row: Row) -> None:
        """Of a segment that a tombstone names there is neither key nor ciphertext."""
        first = segments.data_offset(row)
        with contextlib.suppress(KeyMissing):
            self._keys.get(row.segment)
            what = "an erasure is not finished: run tecolote erase --finish"
            self._faults.append(Fault(self._where(row, first, row.end), what))
            return
        path = segments.pack_path(self._folder, row.pack)
        if path.exists():
            with open(path, "rb") as raw:
                raw.seek(first)
                found = raw.read(row.end - first)
            if found.count(0) != row.end - first:
                self._faults.append(Fault(self._where(row, first, row.end), "there are bytes where all were erased"))

    # -- what is in the segments

    def _directory(self, row: Row) -> None:
        first = segments.directory_offset(row)
        where = self._where(row, first, first + row.directory_bytes)
        try:
            key = self._keys.get(row.segment)
            sealed = read_sealed(self._folder, row, directory=True)
            raw = segments.unseal(key, self._tag, row, sealed, directory=True)
            for entry in segments.unpack_entries(raw):
                self.entries[entry.kind, entry.key] = entry
        except KeyMissing:
            self._keyless += 1
        except EvidenceError:
            self._faults.append(Fault(where, "the list of what ends in this segment has changed or is cut"))

    def _where(self, row: Row, first: int, end: int) -> str:
        name = segments.pack_path(self._folder, row.pack).name
        return f"evidence/packs/{name}, segment {row.segment}, bytes {first}-{end - 1}"

    def _plain(self, segment: int) -> tuple[bytes, bool]:
        """Plaintext, and whether it is authentic."""
        row = self._rows.get(segment)
        if row is None:
            raise EvidenceError(f"the log names no segment {segment}")
        key = self._keys.get(segment)
        sealed = read_sealed(self._folder, row)
        try:
            return segments.unseal(key, self._tag, row, sealed), True
        except EvidenceError:
            return segments.decipher(key, sealed[: -segments.TAG_BYTES]), False

    def _blobs(self, progress: Progress) -> None:
        """Decrypt every segment once, and hash the blobs as their parts come by."""
        by_segment: dict[int, list[tuple[int, int, _Sum]]] = {}
        sums = [_Sum(entry) for entry in self.entries.values() if entry.kind != RECORDS]
        for total in sums:
            for part in total.entry.parts:
                by_segment.setdefault(part.segment, []).append((part.offset, part.length, total))
        done, whole = 0, sum(row.data_bytes for row in self._rows.values())
        for segment in sorted(self._rows):
            row = self._rows[segment]
            progress(done, whole, segments.pack_path(self._folder, row.pack).name)
            self._segment(row, sorted(by_segment.get(segment, ()), key=lambda piece: piece[:2]))
            done += row.data_bytes
        progress(whole, whole, "")
        for total in sums:
            if not total.holds():
                self.bad.add((total.entry.kind, total.entry.key))

    def _segment(self, row: Row, pieces: list[tuple[int, int, _Sum]]) -> None:
        first = segments.data_offset(row)
        where = self._where(row, first, first + max(row.data_bytes, 1))
        try:
            plain, authentic = self._plain(row.segment)
        except KeyMissing:
            return
        except EvidenceError as error:
            self._faults.append(Fault(where, error.what))
            return
        if not authentic:
            self._faults.append(Fault(where, "the bytes have changed"))
        view = memoryview(plain)
        for offset, length, total in pieces:
            total.take(view[offset : offset + length])
