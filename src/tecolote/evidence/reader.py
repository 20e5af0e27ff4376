"""Reading the evidence: blobs, events, checkpoints and proofs, found through an index that is never believed."""

from __future__ import annotations

import contextlib
import hashlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from tecolote.case import Case
from tecolote.errors import EvidenceError
from tecolote.evidence import keys, log, notes, segments
from tecolote.evidence.blobs import SegmentCache, open_blob, read_sealed
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.catchup import catch_up
from tecolote.evidence.erasure import TYPE as ERASED
from tecolote.evidence.erasure import Erasures, dead_segments, gather
from tecolote.evidence.index import Index, IndexDamaged, Meta
from tecolote.evidence.packs import Packs
from tecolote.evidence.recordset import RecordSet, commitment
from tecolote.evidence.segments import BLOB, PAYLOAD, RECORDS, Entry, Row
from tecolote.evidence.tree import EMPTY_ROOT, Tree, leaf_hash

_T = TypeVar("_T")
INDEX = "index.sqlite3"
#: Fields of every leaf; what an event says in public has other names.
RESERVED = frozenset({"v", "type", "at", "actor", "tool", "payload"})


@dataclass(frozen=True)
class Blob:
    """Bytes that are kept: SHA-256 (hex) and size."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Checkpoint:
    """A signed state of the log: number of leaves, root (hex), and the signed note as text."""

    size: int
    root: str
    note: str


@dataclass(frozen=True)
class Event:
    """A leaf and its payload.

    Attributes:
        index: number of the leaf.
        type: what happened, for example ``import.file``.
        at: when it was logged, ISO 8601 in UTC, by this machine's clock.
        actor: pseudonym of who acted.
        public: what the leaf itself says beyond that.
        payload: what the leaf only commits to.
    """

    index: int
    type: str
    at: str
    actor: str
    public: dict[str, Any]
    payload: dict[str, Any]


class Reading:
    """The reading half of `tecolote.evidence.store.Evidence`, which adds writing. Safe in threads."""

    def __init__(self, case: Case, *, write: bool) -> None:
        """Open the log and its index."""
        self.case = case
        self._folder = case.evidence_folder
        self._log = log.log_path(self._folder)
        self._tag = segments.case_tag(case.settings.id)
        self._keys = keys.SegmentKeys(case.keys)
        self._cache = SegmentCache()
        self._tree: Tree | None = None
        self._fresh = False
        self._packs: Packs | None = None
        self._entries: dict[tuple[int, bytes], Entry] = {}
        self._leaves: list[tuple[bytes, str]] = []
        self._erasures: Erasures | None = None
        self._index, self._meta = self._open_index(write)

    @property
    def size(self) -> int:
        """Leaves, those not yet committed included; the number of the next one."""
        return self._meta.size + len(self._leaves)

    # -- reading

    def has(self, sha256: str) -> bool:
        """Whether the bytes with that hash (hex) are kept."""
        return self._entry(BLOB, _key(sha256)) is not None

    def read(self, sha256: str) -> BinaryIO:
        """The bytes with that hash (hex), seekable, decrypted as they are read.

        Raises:
            EvidenceError: they are not kept; while reading, that they are damaged.
            KeyMissing: while reading, that the key of their segment is gone.
        """
        entry = self._kept(BLOB, _key(sha256))
        if entry is None:
            raise EvidenceError(f"no bytes with SHA-256 {sha256} are kept in {self.case.root}", "Run: tecolote verify")
        return open_blob(entry, self._plain)

    def event(self, index: int) -> Event:
        """The event of a leaf.

        Raises:
            EvidenceError: there is none, or leaf or payload is damaged or gone.
        """
        leaf = parse_canonical(self.leaf_bytes(index))
        erasures = self.erasures()
        payload = erasures.replaced.get(index)
        if payload is None:
            payload = erasures.said(index, self._logged(index))
        public = {name: value for name, value in leaf.items() if name not in RESERVED}
        return Event(index, leaf["type"], leaf["at"], leaf["actor"], public, payload)

    def disclosed(self, index: int) -> tuple[bytes, bytes]:
        """Salt (32 bytes) and canonical JSON of a leaf's payload: what opens its commitment to a stranger.

        Raises:
            EvidenceError: there is no such leaf, or leaf or payload is damaged or gone.
        """
        raw = self._payload(index, bytes.fromhex(parse_canonical(self.leaf_bytes(index))["payload"]))
        return raw[:32], raw[32:]

    def events(self, type: str | None = None) -> Iterator[Event]:
        """All events in order, or those of one type; at the moment of the call."""
        for number in range(self.size) if type is None else self.leaves_of(type):
            yield self.event(number)

    def leaves_of(self, type: str) -> list[int]:
        """Numbers of the leaves of a type, in order."""
        types = [row[2] for row in self._ask(Index.leaves)] + [type_ for _, type_ in self._leaves]
        return [number for number, found in enumerate(types) if found == type]

    def erasures(self) -> Erasures:
        """What has been erased, as the tombstones tell it."""
        if self._erasures is None:
            self._erasures = gather(self.leaves_of(ERASED), self._logged)
        return self._erasures

    def destroyed(self) -> set[int]:
        """Numbers of the segments that the tombstones condemn."""
        return dead_segments(parse_canonical(self.leaf_bytes(number)) for number in self.leaves_of(ERASED))

    def _logged(self, index: int) -> dict[str, Any]:
        """The payload of a leaf as it was logged."""
        key = bytes.fromhex(parse_canonical(self.leaf_bytes(index))["payload"])
        payload: dict[str, Any] = parse_canonical(self._payload(index, key)[32:])
        return payload

    def leaf_bytes(self, index: int) -> bytes:
        """The canonical JSON of a leaf.

        Raises:
            EvidenceError: there is no such leaf, or it is damaged.
        """
        if 0 <= index - self._meta.size < len(self._leaves):
            return self._leaves[index - self._meta.size][0]
        row = self._must(lambda i: i.leaf(index)) if 0 <= index < self._meta.size else None
        if row is None:
            raise EvidenceError(f"the log has no leaf {index}", f"It has {self.size}")
        body = log.body_at(self._log, row[0])
        if leaf_hash(body) != row[1]:
            raise EvidenceError(f"leaf {index} is damaged", f"Run: tecolote verify {self.case.root}")
        return body

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The last checkpoint, or the one at ``size``.

        Raises:
            EvidenceError: none was made at that size.
        """
        at = self._meta.size if size is None else size
        offset = self._must(lambda i: i.checkpoint(at))
        if offset is None:
            raise EvidenceError(f"no checkpoint was made at size {at}")
        note = log.body_at(self._log, offset)
        _, found, root = notes.parse_checkpoint(notes.Note.parse(note).text)
        if found != at:
            raise EvidenceError(f"the checkpoint at size {at} is damaged", f"Run: tecolote verify {self.case.root}")
        return Checkpoint(at, root.hex(), note.decode())

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Proof that a leaf is in the tree of ``size`` leaves; by default of all that are committed.

        Raises:
            IndexError: there is no such leaf or size.
        """
        return self._whole().inclusion(index, self._meta.size if size is None else size)

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """Proof that the tree of ``first`` leaves begins that of ``second``; by default of all.

        Raises:
            IndexError: ``first`` is 0, or there is no such size.
        """
        return self._whole().consistency(first, self._meta.size if second is None else second)

    def records(self, leaf_index: int) -> RecordSet:
        """The records of an ``import.file`` event; found by the root that its leaf names.

        Raises:
            EvidenceError: the leaf names none, or they are damaged.
        """
        root = parse_canonical(self.leaf_bytes(leaf_index)).get("records_root")
        if not isinstance(root, str):
            raise EvidenceError(f"leaf {leaf_index} commits to no records")
        if root == EMPTY_ROOT.hex():
            return RecordSet.make(array("Q"), b"")
        entry = self._kept(RECORDS, _key(root))
        if entry is None:
            raise EvidenceError(f"the records of leaf {leaf_index} are missing", "Run: tecolote verify")
        with open_blob(entry, self._plain) as stream:
            return RecordSet(stream.read())

    # -- inside

    def _open_index(self, write: bool) -> tuple[Index, Meta]:
        """The index, brought up to the log; built anew where it is damaged."""
        path = self._folder / INDEX
        with contextlib.suppress(IndexDamaged):
            index = Index(path, write=write)
            try:
                if not write:
                    index = Index(None, below=index)
                return index, catch_up(index, self._log, self._tag, self._directory)
            except IndexDamaged:
                index.close()
        self._fresh = True
        return self._new_index(write)

    def _new_index(self, write: bool) -> tuple[Index, Meta]:
        """An index built from the log; in memory for a reader, or where no file can be written."""
        if write:
            with contextlib.suppress(IndexDamaged, OSError):
                remove_index(self._folder)
                index = Index(self._folder / INDEX)
                return index, catch_up(index, self._log, self._tag, self._directory)
        index = Index(None)
        return index, catch_up(index, self._log, self._tag, self._directory)

    def _whole(self) -> Tree:
        """The tree of the committed leaves."""
        if self._tree is None:
            self._tree = Tree(row[1] for row in self._ask(Index.leaves))
        return self._tree

    def _ask(self, question: Callable[[Index], _T]) -> _T:
        """An answer of the index, which is built anew if it turns out to be damaged."""
        try:
            return question(self._index)
        except IndexDamaged:
            self._rebuild()
            return question(self._index)

    def _must(self, question: Callable[[Index], _T | None]) -> _T | None:
        """The same for what should be there: a row that damage has hidden is looked for in a fresh index."""
        found = self._ask(question)
        if found is None and not self._fresh:
            self._rebuild()
            found = self._ask(question)
        return found

    def _rebuild(self) -> None:
        """Put an index built from the log in place of a damaged one."""
        with contextlib.suppress(IndexDamaged):
            self._index.close()
        self._index, _ = self._new_index(write=self._packs is not None)
        self._fresh = True

    def _entry(self, kind: int, key: bytes) -> Entry | None:
        return self._entries.get((kind, key)) or self._ask(lambda i: i.entry(kind, key))

    def _kept(self, kind: int, key: bytes) -> Entry | None:
        """The same for a blob that something names."""
        return self._entries.get((kind, key)) or self._must(lambda i: i.entry(kind, key))

    def _payload(self, index: int, key: bytes) -> bytes:
        """Salt (32 bytes) and canonical JSON of a payload."""
        entry = self._kept(PAYLOAD, key)
        if entry is None:
            raise EvidenceError(f"the payload of leaf {index} is missing", f"Run: tecolote verify {self.case.root}")
        with open_blob(entry, self._plain) as stream:
            raw = stream.read()
        if commitment(raw[:32], hashlib.sha256(raw[32:]).digest()) != key:
            raise EvidenceError(f"the payload of leaf {index} is damaged", f"Run: tecolote verify {self.case.root}")
        return raw

    def _plain(self, segment: int) -> bytes | memoryview:
        """Plaintext of a segment, wherever it is."""
        if self._packs is not None:
            filling = self._packs.peek(segment)
            if filling is not None:
                return filling
        return self._cache.get(segment, self._load)

    def _load(self, segment: int) -> bytes:
        row = self._packs.row(segment) if self._packs is not None else None
        key = self._packs.keys[segment] if self._packs is not None and row is not None else None
        if row is None:
            row = self._must(lambda i: i.segment(segment))
        if row is None:
            raise EvidenceError(f"segment {segment} is missing", f"Run: tecolote verify {self.case.root}")
        sealed = read_sealed(self._folder / "packs", row)
        return segments.unseal(key or self._keys.get(segment), self._tag, row, sealed)

    def _directory(self, row: Row) -> bytes:
        sealed = read_sealed(self._folder / "packs", row, directory=True)
        return segments.unseal(self._keys.get(row.segment), self._tag, row, sealed, directory=True)


def remove_index(evidence: Path) -> None:
    """Delete the index; it is built anew at the next opening."""
    for suffix in ("", "-wal", "-shm"):
        (evidence / f"{INDEX}{suffix}").unlink(missing_ok=True)


def _key(sha256: str) -> bytes:
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return b""
