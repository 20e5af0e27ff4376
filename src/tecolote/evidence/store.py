"""The evidence of a case: bytes kept once, events logged for good, and proofs of both."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from tecolote import __version__
from tecolote.case import Case, sync_folder, write_durably
from tecolote.errors import EvidenceError
from tecolote.evidence import keys, log, notes, segments
from tecolote.evidence.blobs import SegmentCache, open_blob, read_sealed
from tecolote.evidence.canon import canonical, parse_canonical
from tecolote.evidence.catchup import catch_up
from tecolote.evidence.index import Batch, Index, IndexDamaged, Meta
from tecolote.evidence.packs import Mark, Packs, Place
from tecolote.evidence.recordset import RecordSet, commitment
from tecolote.evidence.segments import BLOB, PAYLOAD, RECORDS, Entry, Row
from tecolote.evidence.tree import EMPTY_ROOT, Tree, leaf_hash

_T = TypeVar("_T")
INDEX = "index.sqlite3"
#: A blob up to this size is gathered before it is written: if it is there already, nothing is.
_SMALL = 1 << 20
_RESERVED = frozenset({"v", "type", "at", "actor", "tool", "payload"})
_ROWS_PER_ENTRY = log.MAX_BODY // segments.ROW_BYTES


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


class Evidence:
    """The evidence store of a case.

    Reading is safe in threads and sees the state at opening. Writing is for one thread, inside
    ``case.writing()``; nothing of it is acknowledged before `commit` returns.

    Attributes:
        case: the case.
        size: leaves, those not yet committed included; the number of the next one.
    """

    def __init__(self, case: Case, *, write: bool) -> None:
        """Use `open` or `create`."""
        self.case = case
        self._folder = case.evidence_folder
        self._log = log.log_path(self._folder)
        self._tag = segments.case_tag(case.settings.id)
        self._keys = keys.SegmentKeys(case.keys)
        self._cache = SegmentCache()
        self._tree: Tree | None = None
        self._packs: Packs | None = None
        self._entries: dict[tuple[int, bytes], Entry] = {}
        self._leaves: list[tuple[bytes, str]] = []
        self._index, self._meta = self._open_index(write)
        if write:
            self._open_writer()

    # -- opening

    @classmethod
    def create(cls, case: Case) -> Evidence:
        """Make the keys and the empty store; open for writing.

        Raises:
            EvidenceError: the case has evidence already, or had some that is gone.
        """
        folder = case.evidence_folder
        if log.log_path(folder).exists():
            raise EvidenceError(f"{case.root} has an evidence log already", "Open it instead")
        if keys.read_mark(case.keys) is not None:
            raise EvidenceError(f"the evidence log of {case.root} is missing", "Restore the case from its backup")
        keys.create_keys(case)
        signer = keys.signer(case)
        for name in ("packs", "log", "keys", "stamps"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        write_durably(folder / "keys" / "0001.vkey", f"{signer.verifier.vkey}\n".encode())
        tag = segments.case_tag(case.settings.id)
        note = notes.sign_note(notes.checkpoint_text(keys.origin(case), 0, EMPTY_ROOT), [signer])
        first, _ = log.frame([(log.CHECKPOINT, note.encode())], log.start(tag))
        log.create(log.log_path(folder), tag, first)
        sync_folder(folder)
        return cls(case, write=True)

    @classmethod
    def open(cls, case: Case, *, write: bool = False) -> Evidence:
        """Open the store; for writing only inside ``case.writing()``.

        Opening for writing cuts what an interrupted process left behind the last acknowledged commit. A
        case whose making was interrupted before it had a log gets one.

        Raises:
            EvidenceError: there is no log, or bytes that were acknowledged are damaged or missing.
            KeyMissing: the signing key is not in the key folder.
        """
        if not log.log_path(case.evidence_folder).exists():
            if write:
                return cls.create(case)
            raise EvidenceError(f"{case.root} has no evidence yet", "Import something first")
        return cls(case, write=write)

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
                raise
        if write:
            remove_index(self._folder)
            with contextlib.suppress(IndexDamaged):
                index = Index(path)
                return index, catch_up(index, self._log, self._tag, self._directory)
        index = Index(None)
        return index, catch_up(index, self._log, self._tag, self._directory)

    def _open_writer(self) -> None:
        """Check that nothing acknowledged is gone, cut what was not, and open the packs."""
        self._signer = keys.signer(self.case)
        self._actor = keys.actor(self.case, _login())
        meta, mark = self._meta, keys.read_mark(self.case.keys)
        if mark and (mark.end > meta.log_end or not log.stands_at(self._log, log.Place(mark.end, mark.chain))):
            raise EvidenceError(
                f"{self._log} is damaged or was cut behind byte {min(mark.end, meta.log_end)}",
                f"Run: tecolote verify {self.case.root}, and restore the case from its backup",
            )
        if self.checkpoint().size:
            notes.Note.parse(self.checkpoint().note.encode()).signers([self._signer.verifier])
        if self._log.stat().st_size > meta.log_end:
            log.cut(self._log, meta.log_end)
        self._packs = Packs(self._folder / "packs", self._tag, Place(meta.pack, meta.pack_end, meta.segment))
        keys.write_mark(self.case.keys, keys.Mark(meta.size, meta.log_end, meta.chain), durable=True)

    def close(self) -> None:
        """Forget what was not committed and let go of files and threads."""
        if self._packs is not None:
            self.abort()
            self._packs.close()
        self._index.close()
        self._cache.clear()

    def __enter__(self) -> Evidence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing

    @property
    def size(self) -> int:
        """Leaves, those not yet committed included."""
        return self._meta.size + len(self._leaves)

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Keep bytes, in constant memory; durable at the next `commit`. The same bytes are kept once.

        Raises:
            EvidenceError: the drive refused; `abort` then.
        """
        packs = self._writing()
        hasher, size = hashlib.sha256(), 0
        held: list[bytes] = []
        parts: list[segments.Part] = []
        mark = None
        try:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                if mark is None:
                    held.append(bytes(chunk))
                    if size > _SMALL:
                        mark = packs.mark()
                        parts = packs.add("files", b"".join(held))
                        held.clear()
                else:
                    parts += packs.add("files", chunk)
        except BaseException:
            self._take_back(mark)
            raise
        key = hasher.digest()
        if self._entry(BLOB, key) is not None:
            self._take_back(mark)
            return Blob(key.hex(), size)
        if mark is None:
            parts = packs.add("files", b"".join(held))
        self._enter("files", Entry(BLOB, key, size, _joined(parts)))
        return Blob(key.hex(), size)

    def put_records(self, spans: array[int], digests: bytes | bytearray) -> RecordSet:
        """Salt the records of a file and keep spans, digests and salts.

        Args:
            spans: start and length in bytes of each record, flat, type code 'Q'.
            digests: SHA-256 of each record's span, 32 bytes each, flat.
        """
        records = RecordSet.make(spans, digests)
        if records.count:
            blob = self.put([records.raw])
            kept = self._entries[BLOB, bytes.fromhex(blob.sha256)]
            self._enter("files", Entry(RECORDS, bytes.fromhex(records.root), kept.size, kept.parts))
        return records

    def append(
        self, type: str, payload: dict[str, Any], public: dict[str, Any] | None = None, *, actor: str | None = None
    ) -> int:
        """Log an event; the number of its leaf. Durable at the next `commit`.

        Args:
            type: what happened.
            payload: kept in the packs; the leaf holds only a salted commitment to it.
            public: what the leaf itself says; at most 64 KB with the rest.
            actor: pseudonym of who acted; by default the one of the person who runs the program.

        Raises:
            EvidenceError: a value has no canonical form, a name is reserved, or the leaf is too long.
        """
        packs = self._writing()
        public = public or {}
        if not _RESERVED.isdisjoint(public):
            raise EvidenceError(f"an event cannot have the public fields {sorted(_RESERVED & public.keys())}")
        raw, salt = canonical(payload), os.urandom(32)
        key = commitment(salt, hashlib.sha256(raw).digest())
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        leaf = canonical(
            public
            | {
                "v": 1,
                "type": type,
                "at": at,
                "actor": actor or self._actor,
                "tool": f"tecolote {__version__}",
                "payload": key.hex(),
            }
        )
        if len(leaf) > log.MAX_BODY:
            raise EvidenceError(f"the leaf of a {type} event is longer than 64 KB", "Keep long material in the payload")
        self._enter("payloads", Entry(PAYLOAD, key, 32 + len(raw), tuple(packs.add("payloads", salt + raw))))
        self._leaves.append((leaf, type))
        return self.size - 1

    def commit(self) -> Checkpoint:
        """Make everything so far durable: packs, then keys, then the log with a signed checkpoint.

        Raises:
            EvidenceError: the drive refused; nothing of it is acknowledged then. Free space and commit
                again, or `abort`.
        """
        packs = self._writing()
        if not self._leaves and not self._entries:
            return self.checkpoint()
        rows = packs.seal()
        self._keys.store(packs.keys.items())
        tree = self._whole()
        tree.cut(self._meta.size)
        tree.extend([leaf_hash(leaf) for leaf, _ in self._leaves])
        text = notes.checkpoint_text(keys.origin(self.case), self.size, tree.root())
        framed: list[tuple[int, bytes]] = [
            (log.SEGMENTS, b"".join([row.pack_row() for row in rows[i : i + _ROWS_PER_ENTRY]]))
            for i in range(0, len(rows), _ROWS_PER_ENTRY)
        ]
        framed += [(log.LEAF, leaf) for leaf, _ in self._leaves]
        framed.append((log.CHECKPOINT, notes.sign_note(text, [self._signer]).encode()))
        raw, found = log.frame(framed, log.Place(self._meta.log_end, self._meta.chain))
        log.append(self._log, raw, log.Place(self._meta.log_end, self._meta.chain))
        self._acknowledge(packs, rows, found)
        return self.checkpoint()

    def abort(self) -> None:
        """Forget what was not committed."""
        packs = self._writing()
        self._entries.clear()
        self._leaves.clear()
        self._cache.clear()
        packs.rewind()

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
        entry = self._entry(BLOB, _key(sha256))
        if entry is None:
            raise EvidenceError(f"no bytes with SHA-256 {sha256} are kept in {self.case.root}", "Run: tecolote verify")
        return open_blob(entry, self._plain)

    def event(self, index: int) -> Event:
        """The event of a leaf.

        Raises:
            EvidenceError: there is none, or leaf or payload is damaged or gone.
        """
        leaf = parse_canonical(self.leaf_bytes(index))
        payload = parse_canonical(self._payload(index, bytes.fromhex(leaf["payload"])))
        public = {name: value for name, value in leaf.items() if name not in _RESERVED}
        return Event(index, leaf["type"], leaf["at"], leaf["actor"], public, payload)

    def events(self, type: str | None = None) -> Iterator[Event]:
        """All events in order, or those of one type; at the moment of the call."""
        types = [row[2] for row in self._ask(Index.leaves)] + [type_ for _, type_ in self._leaves]
        for number, found in enumerate(types):
            if type is None or found == type:
                yield self.event(number)

    def leaf_bytes(self, index: int) -> bytes:
        """The canonical JSON of a leaf.

        Raises:
            EvidenceError: there is no such leaf, or it is damaged.
        """
        if 0 <= index - self._meta.size < len(self._leaves):
            return self._leaves[index - self._meta.size][0]
        row = self._ask(lambda i: i.leaf(index)) if 0 <= index < self._meta.size else None
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
        offset = self._ask(lambda i: i.checkpoint(at))
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
        entry = self._entry(RECORDS, _key(root))
        if entry is None:
            raise EvidenceError(f"the records of leaf {leaf_index} are missing", "Run: tecolote verify")
        with open_blob(entry, self._plain) as stream:
            return RecordSet(stream.read())

    # -- inside

    def _writing(self) -> Packs:
        if self._packs is None:
            raise EvidenceError("the evidence is open for reading only", "Open it with write=True")
        return self._packs

    def _enter(self, lane: str, entry: Entry) -> None:
        self._writing().enter(lane, entry)
        self._entries[entry.kind, entry.key] = entry

    def _take_back(self, mark: Mark | None) -> None:
        """Remove a blob that is not to be kept."""
        if mark is not None:
            self._cache.clear()
            self._writing().rewind(mark)

    def _acknowledge(self, packs: Packs, rows: list[Row], found: list[log.Found]) -> None:
        """The log is durable: bring what is in memory, the mark and the index up to it."""
        place = packs.accept()
        end = found[-1].place
        size = self._meta.size + len(self._leaves)
        tree, first = self._whole(), self._meta.size
        offsets = [f.offset for f in found if f.kind == log.LEAF]
        leaves = [
            (n, offset, tree.leaf(n), type_)
            for n, (offset, (_, type_)) in enumerate(zip(offsets, self._leaves, strict=True), first)
        ]
        batch = Batch(list(self._entries.values()), rows, leaves, [(size, found[-1].offset)])
        self._meta = Meta(end.end, end.chain, size, place.segment, place.pack, place.end)
        self._entries.clear()
        self._leaves.clear()
        keys.write_mark(self.case.keys, keys.Mark(size, end.end, end.chain))
        try:
            self._index.apply(batch, self._meta)
        except IndexDamaged:
            self._rebuild()

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

    def _rebuild(self) -> None:
        """Put an index built from the log in place of a damaged one."""
        with contextlib.suppress(IndexDamaged):
            self._index.close()
        if self._packs is not None:
            remove_index(self._folder)
        fresh = Index(self._folder / INDEX if self._packs is not None else None)
        catch_up(fresh, self._log, self._tag, self._directory)
        self._index = fresh

    def _entry(self, kind: int, key: bytes) -> Entry | None:
        return self._entries.get((kind, key)) or self._ask(lambda i: i.entry(kind, key))

    def _payload(self, index: int, key: bytes) -> bytes:
        entry = self._entry(PAYLOAD, key)
        if entry is None:
            raise EvidenceError(f"the payload of leaf {index} is missing", f"Run: tecolote verify {self.case.root}")
        with open_blob(entry, self._plain) as stream:
            raw = stream.read()
        if commitment(raw[:32], hashlib.sha256(raw[32:]).digest()) != key:
            raise EvidenceError(f"the payload of leaf {index} is damaged", f"Run: tecolote verify {self.case.root}")
        return raw[32:]

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
            row = self._ask(lambda i: i.segment(segment))
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


def _joined(parts: list[segments.Part]) -> tuple[segments.Part, ...]:
    """Neighbouring parts as one."""
    found: list[segments.Part] = []
    for part in parts:
        last = found[-1] if found else None
        if last and last.segment == part.segment and last.offset + last.length == part.offset:
            found[-1] = segments.Part(last.segment, last.offset, last.length + part.length)
        else:
            found.append(part)
    return tuple(found)


def _key(sha256: str) -> bytes:
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return b""


def _login() -> str:
    """Name under which the person is logged in; the log holds only its pseudonym."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
