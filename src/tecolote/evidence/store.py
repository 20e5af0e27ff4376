"""The evidence of a case: bytes kept once, events logged for good, and proofs of both."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
from array import array
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tecolote import __version__
from tecolote.case import Case, make_folder, sync_folder, write_durably
from tecolote.errors import EvidenceError
from tecolote.evidence import destroy, keys, log, notes, segments
from tecolote.evidence.canon import canonical
from tecolote.evidence.erasure import TYPE as ERASED
from tecolote.evidence.index import Batch, IndexDamaged, Meta
from tecolote.evidence.packs import Mark, Packs, Place
from tecolote.evidence.reader import RESERVED, Blob, Checkpoint, Reading, remove_index
from tecolote.evidence.recordset import RecordSet, commitment
from tecolote.evidence.segments import BLOB, PAYLOAD, RECORDS, Entry, Row
from tecolote.evidence.tree import EMPTY_ROOT, leaf_hash

#: A blob up to this size is gathered before it is written: if it is there already, nothing is.
_SMALL = 1 << 20
#: Public half of the key that signed the first checkpoint, in ``evidence/keys``.
FIRST_KEY = "0001.vkey"
#: Event that introduces a new signing key; its checkpoint is signed by the old key and the new one.
ROTATED = "key.rotated"
#: Lane of segments that are written anew.
_MOVED = "erasure"
_LOCK = "evidence is written inside case.writing()"
_SPACE = "Free some space and try again"
_ROWS_PER_ENTRY = log.MAX_BODY // segments.ROW_BYTES


class Evidence(Reading):
    """The evidence store of a case.

    Reading is safe in threads and sees the state at opening. Writing is for one thread, inside
    ``case.writing()``; nothing of it is acknowledged before `commit` returns.

    Attributes:
        case: the case.
        size: leaves, those not yet committed included; the number of the next one.
    """

    def __init__(self, case: Case, *, write: bool) -> None:
        """Use `open` or `create`."""
        if write and not case.is_writing:
            raise RuntimeError(_LOCK)
        super().__init__(case, write=write)
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
            make_folder(folder / name)
        sync_folder(folder)  # an interrupted making may have left them: their names come before the log's
        write_durably(folder / "keys" / FIRST_KEY, f"{signer.verifier.vkey}\n".encode())
        tag = segments.case_tag(case.settings.id)
        note = notes.sign_note(notes.checkpoint_text(keys.origin(case), 0, EMPTY_ROOT), [signer])
        first, _ = log.frame([(log.CHECKPOINT, note.encode())], log.start(tag))
        log.create(log.log_path(folder), tag, first)
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

    def _open_writer(self) -> None:
        """Check that nothing acknowledged is gone, cut what was not, and open the packs."""
        self._signers = [self._settle_rotation()]
        self._actor = keys.actor(self.case, _login())
        meta, mark = self._meta, keys.read_mark(self.case.keys)
        if mark and (mark.end > meta.log_end or not log.stands_at(self._log, log.Place(mark.end, mark.chain))):
            raise EvidenceError(
                f"{self._log} is damaged or was cut behind byte {min(mark.end, meta.log_end)}",
                f"Run: tecolote verify {self.case.root}, and restore the case from its backup",
            )
        if self.checkpoint().size:
            notes.Note.parse(self.checkpoint().note.encode()).signers([self._signers[0].verifier])
        if self._log.stat().st_size > meta.log_end:
            log.cut(self._log, meta.log_end)
        self.settle()
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
        self._enter("files", Entry(BLOB, key, size, segments.joined(parts)))
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
        if not RESERVED.isdisjoint(public):
            raise EvidenceError(f"an event cannot have the public fields {sorted(RESERVED & public.keys())}")
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
        if type == ERASED:
            self._erasures = None
        return self.size - 1

    def commit(self) -> Checkpoint:
        """Make everything so far durable: packs, then keys, then the log with a signed checkpoint.

        Raises:
            EvidenceError: the drive refused. Everything since the last commit is forgotten then: what a
                drive says after a failed sync cannot be believed, so it is not tried again.
        """
        packs = self._writing()
        if not self._leaves and not self._entries:
            return self.checkpoint()
        try:
            rows = packs.seal()
            self._keys.store(packs.keys.items())
            found = self._extend_log(rows)
        except OSError as error:
            self.abort()
            raise EvidenceError(f"nothing could be committed: {error.strerror}", _SPACE) from error
        except EvidenceError:
            self.abort()
            raise
        self._acknowledge(packs, rows, found)
        return self.checkpoint()

    def rotate_key(self) -> Checkpoint:
        """Introduce a new signing key by an event whose checkpoint the old key signs too; the old one is destroyed.

        Raises:
            EvidenceError: the drive refused; the old key goes on signing.
        """
        self.commit()
        fresh = keys.next_signer(self.case)
        self.append(ROTATED, payload={}, public={"key": fresh.verifier.vkey})
        self._signers.append(fresh)
        try:
            checkpoint = self.commit()
        finally:
            self._signers.pop()
        self._signers = [self._settle_rotation()]
        return checkpoint

    def move(self, fresh: Iterable[tuple[int, memoryview]], entries: Iterable[Entry]) -> None:
        """Write the plaintexts of segments as new ones, and enter entries that point there; durable at `commit`.

        Args:
            fresh: number of each old segment and what the new one holds, parts at their old offsets; one at a time.
            entries: blobs whose parts may lie in the old segments.

        Raises:
            EvidenceError: the drive refused; `abort` then.
        """
        packs, moved = self._writing(), {}
        for segment, plain in fresh:
            packs.flush(_MOVED)  # a segment of its own, so that offsets stay
            moved[segment] = packs.add(_MOVED, plain)[0].segment
        for entry in entries:
            where = tuple(part._replace(segment=moved.get(part.segment, part.segment)) for part in entry.parts)
            self._enter(_MOVED, entry._replace(parts=where))

    def settle(self) -> None:
        """Destroy what the tombstones of the log name and what still has a key; nothing where nothing waits.

        Raises:
            OSError: the drive refused.
        """
        waiting = destroy.waiting(self._keys, self.destroyed())
        if not waiting:
            return
        rows = [self._must(lambda index, number=number: index.segment(number)) for number in waiting]  # type: ignore[misc]
        # The index goes first: one that still named what is gone would keep the same bytes from being taken in again.
        self._index.close()
        self._cache.clear()
        remove_index(self._folder)
        sync_folder(self._folder)
        destroy.overwrite(self._folder / "packs", [row for row in rows if row is not None])
        self._keys.destroy(waiting)
        self._index, _ = self._new_index(write=True)

    def _settle_rotation(self) -> notes.Signer:
        """Finish a rotation that the log has acknowledged, forget one that it has not; the key that signs."""
        fresh = keys.waiting_signer(self.case)
        if fresh is not None:
            introduced = [event.public["key"] for event in self.events(ROTATED)]
            if introduced[-1:] == [fresh.verifier.vkey]:
                name = f"{len(introduced) + 1:04d}.vkey"
                write_durably(self._folder / "keys" / name, f"{fresh.verifier.vkey}\n".encode())
                keys.adopt_next(self.case)
            else:
                keys.drop_next(self.case)
        return keys.signer(self.case)

    def _extend_log(self, rows: list[Row]) -> list[log.Found]:
        """Append rows, leaves and the signed checkpoint to the log, durably; the entries as framed."""
        tree = self._whole()
        tree.cut(self._meta.size)
        tree.extend([leaf_hash(leaf) for leaf, _ in self._leaves])
        text = notes.checkpoint_text(keys.origin(self.case), self.size, tree.root())
        framed: list[tuple[int, bytes]] = [
            (log.SEGMENTS, b"".join([row.pack_row() for row in rows[i : i + _ROWS_PER_ENTRY]]))
            for i in range(0, len(rows), _ROWS_PER_ENTRY)
        ]
        framed += [(log.LEAF, leaf) for leaf, _ in self._leaves]
        framed.append((log.CHECKPOINT, notes.sign_note(text, self._signers).encode()))
        end = log.Place(self._meta.log_end, self._meta.chain)
        raw, found = log.frame(framed, end)
        log.append(self._log, raw, end)
        return found

    def abort(self) -> None:
        """Forget what was not committed."""
        self._entries.clear()
        self._leaves.clear()
        self._cache.clear()
        self._erasures = None
        if self._packs is not None and self.case.is_writing and self._is_last():
            self._packs.rewind()

    # -- inside

    def _writing(self) -> Packs:
        """The packs, if it is safe to write: asked at the first change since the last commit."""
        if self._packs is None:
            raise EvidenceError("the evidence is open for reading only", "Open it with write=True")
        if not self._entries and not self._leaves:
            if not self.case.is_writing:
                raise RuntimeError(_LOCK)
            if not self._is_last():
                raise EvidenceError("the log has grown since it was opened for writing", "Open it again")
        return self._packs

    def _is_last(self) -> bool:
        """Whether nobody else has committed since this was opened."""
        return self._log.stat().st_size == self._meta.log_end

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
        with contextlib.suppress(OSError):  # the log is durable: a mark that lags takes nothing back
            keys.write_mark(self.case.keys, keys.Mark(size, end.end, end.chain))
        try:
            self._index.apply(batch, self._meta)
        except IndexDamaged:
            self._rebuild()


def _login() -> str:
    """Name under which the person is logged in; the log holds only its pseudonym."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
