"""The index: where blobs, segments, leaves and checkpoints are. A cache, built from the log at any time.

Every row carries a CRC-32 of its own, so that a damaged database shows itself as `IndexDamaged` and is
rebuilt, never believed. An index may stand on another one (``below``): a reader lays what the log has more
than the file's index on top of it, in memory.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tecolote.evidence.segments import Entry, Row, unpack_entries

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS blobs (id BLOB PRIMARY KEY, raw BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS leaves (id INTEGER PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (id INTEGER PRIMARY KEY, raw BLOB NOT NULL);
"""
#: What a damaged database may raise: its messages, too, may be cut from damaged bytes.
_BROKEN = (sqlite3.Error, UnicodeDecodeError, OverflowError)
_LEAF = struct.Struct("<Q32s")
_META = struct.Struct("<Q32sQQIQ")


class IndexDamaged(Exception):
    """The index cannot be used; build it again."""


@dataclass(frozen=True)
class Meta:
    """What the index covers: end and digest of the log, leaves, next segment, last pack and its end."""

    log_end: int
    chain: bytes
    size: int
    segment: int
    pack: int
    pack_end: int


@dataclass
class Batch:
    """Rows to add, and the state after them."""

    entries: list[Entry] = field(default_factory=list)
    segments: list[Row] = field(default_factory=list)
    leaves: list[tuple[int, int, bytes, str]] = field(default_factory=list)  # index, offset, hash, type
    checkpoints: list[tuple[int, int]] = field(default_factory=list)  # size, offset


class Index:
    """The tables above, in a file or in memory. Safe in threads."""

    def __init__(self, path: Path | None, *, write: bool = True, below: Index | None = None) -> None:
        """Open ``path``, or an empty index in memory.

        Raises:
            IndexDamaged: the file is no usable index.
        """
        self._below = below
        self._lock = threading.Lock()
        try:
            if path is None:
                self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            else:
                mode = "rwc" if write else "ro"
                self._db = sqlite3.connect(
                    f"{path.resolve().as_uri()}?mode={mode}", uri=True, check_same_thread=False, isolation_level=None
                )
            if write:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.executescript(_SCHEMA)
        except _BROKEN as error:
            raise IndexDamaged(str(error)) from None

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
        if self._below is not None:
            self._below.close()

    def meta(self) -> Meta | None:
        """What the index covers; None when it is empty."""
        raw = self._one("SELECT raw FROM meta WHERE one = 1", ())
        if raw is None:
            return self._below.meta() if self._below else None
        fields = _checked(b"meta", raw)
        if len(fields) != _META.size:
            raise IndexDamaged("meta")
        return Meta(*_META.unpack(fields))

    def entry(self, kind: int, key: bytes) -> Entry | None:
        """Where the blob of that kind and key lies."""
        id_ = bytes([kind]) + key
        raw = self._one("SELECT raw FROM blobs WHERE id = ?", (id_,))
        if raw is None:
            return self._below.entry(kind, key) if self._below else None
        return next(unpack_entries(_checked(b"blob" + id_, raw)))

    def segment(self, number: int) -> Row | None:
        """Where a segment lies."""
        raw = self._one("SELECT raw FROM segments WHERE id = ?", (number,))
        if raw is None:
            return self._below.segment(number) if self._below else None
        return Row.unpack_rows(_checked(b"segment%d" % number, raw))[0]

    def leaf(self, number: int) -> tuple[int, bytes, str] | None:
        """Offset in the log, hash and type of a leaf."""
        raw = self._one("SELECT raw FROM leaves WHERE id = ?", (number,))
        if raw is None:
            return self._below.leaf(number) if self._below else None
        return _leaf(number, raw)

    def leaves(self) -> list[tuple[int, bytes, str]]:
        """The same of all leaves, in order."""
        found = self._below.leaves() if self._below else []
        for number, raw in self._all("SELECT id, raw FROM leaves ORDER BY id"):
            if number != len(found):
                raise IndexDamaged(f"leaf {len(found)} is missing")
            found.append(_leaf(number, raw))
        return found

    def checkpoint(self, size: int) -> int | None:
        """Offset in the log of the first checkpoint at ``size``."""
        raw = self._one("SELECT raw FROM checkpoints WHERE id = ?", (size,))
        if raw is None:
            return self._below.checkpoint(size) if self._below else None
        return int.from_bytes(_checked(b"checkpoint%d" % size, raw), "little")

    def apply(self, batch: Batch, meta: Meta) -> None:
        """Add ``batch`` and set ``meta`` in one transaction.

        Raises:
            IndexDamaged: the database refused.
        """
        blobs = [(i, _sealed(b"blob" + i, e.pack())) for e in batch.entries for i in (bytes([e.kind]) + e.key,)]
        rows = [(r.segment, _sealed(b"segment%d" % r.segment, r.pack_row())) for r in batch.segments]
        leaves = [
            (n, _sealed(b"leaf%d" % n, _LEAF.pack(offset, hash_) + type_.encode()))
            for n, offset, hash_, type_ in batch.leaves
        ]
        points = [(n, _sealed(b"checkpoint%d" % n, offset.to_bytes(8, "little"))) for n, offset in batch.checkpoints]
        state = _META.pack(*vars(meta).values())
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?)", blobs)
                self._db.executemany("INSERT OR REPLACE INTO segments VALUES (?, ?)", rows)
                self._db.executemany("INSERT OR REPLACE INTO leaves VALUES (?, ?)", leaves)
                self._db.executemany("INSERT OR IGNORE INTO checkpoints VALUES (?, ?)", points)
                self._db.execute("INSERT OR REPLACE INTO meta VALUES (1, ?)", (_sealed(b"meta", state),))
                self._db.execute("COMMIT")
            except _BROKEN as error:
                raise IndexDamaged(str(error)) from None

    def _one(self, sql: str, values: tuple[Any, ...]) -> bytes | None:
        with self._lock:
            try:
                found = self._db.execute(sql, values).fetchone()
            except _BROKEN as error:
                raise IndexDamaged(str(error)) from None
        return found[0] if found else None

    def _all(self, sql: str) -> Iterable[tuple[int, bytes]]:
        with self._lock:
            try:
                return self._db.execute(sql).fetchall()
            except _BROKEN as error:
                raise IndexDamaged(str(error)) from None


def _sealed(name: bytes, raw: bytes) -> bytes:
    return raw + zlib.crc32(name + raw).to_bytes(4, "little")


def _checked(name: bytes, raw: Any) -> bytes:
    if not isinstance(raw, bytes) or len(raw) < 4 or _sealed(name, raw[:-4]) != raw:
        raise IndexDamaged(name.hex())
    return raw[:-4]


def _leaf(number: int, raw: bytes) -> tuple[int, bytes, str]:
    fields = _checked(b"leaf%d" % number, raw)
    return (*_LEAF.unpack_from(fields), fields[_LEAF.size :].decode())
