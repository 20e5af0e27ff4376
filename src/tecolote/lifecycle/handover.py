"""The verb `handover`: a case goes to another keeper, and none of the keys of the one who had it.

Every segment is sealed anew under a fresh key, and these keys travel encrypted to the new keeper; the old ones open
nothing of the copy. Signing and pseudonym keys stay behind. The copy ends with a rotation event that introduces the new
keeper's key: the old keeper signs its checkpoint when handing over, the new one when accepting, so that neither needs
the other's key and the log shows who kept it from when.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from tecolote import __version__
from tecolote.case import Case, write_durably
from tecolote.errors import EvidenceError, UsageError
from tecolote.evidence import Evidence, keys, log, notes, segments
from tecolote.evidence.age import Encrypting, new_identity, recipient_of
from tecolote.evidence.canon import canonical, parse_canonical
from tecolote.evidence.erasure import TYPE as ERASED
from tecolote.evidence.erasure import dead_segments
from tecolote.evidence.packs import Packs, Place
from tecolote.evidence.recordset import commitment
from tecolote.evidence.segments import PAYLOAD, Entry, Row
from tecolote.evidence.store import ROTATED
from tecolote.evidence.tree import Tree, leaf_hash
from tecolote.evidence.verify import verify_case
from tecolote.lifecycle.archive import Archive, Pin
from tecolote.lifecycle.backup import digest_of, new_file, put_back

Progress = Callable[[int, int, str], None]
#: Event that says to whom the case went.
EVENT = "handover"
_SECRET, _PUBLIC = "TECOLOTE-KEEPER-SECRET", "tecolote-keeper"
_PAPERS = "handover.json"


@dataclass(frozen=True)
class Handover:
    """What was made: the file, its SHA-256 (hex) and size, and the leaf that tells of it."""

    path: Path
    sha256: str
    bytes: int
    leaf: int


def new_keeper() -> tuple[str, str]:
    """The key pair of a keeper to be: secret text and public text."""
    identity, seed = new_identity(), os.urandom(32)
    public = notes.Signer("keeper", seed).verifier.public
    told = f"{_PUBLIC} {recipient_of(identity)} {base64.b64encode(public).decode()}"
    return f"{_SECRET} {identity} {base64.b64encode(seed).decode()}", told


def handover(
    case: Case, to: str, out: Path, *, by: str, recipient: str, purpose: str, progress: Progress | None = None
) -> Handover:
    """Write the case for a new keeper into the new file ``out``, and log that it was handed over.

    Args:
        case: the case; its lock is held throughout.
        to: the public text of `new_keeper`.
        out: the file.
        by: who hands it over.
        recipient: who gets it, by name.
        purpose: why.
        progress: called with bytes done, 0, and the name of what is being written.

    Raises:
        UsageError: a name or the purpose is missing, the key is none, or ``out`` exists.
        EvidenceError: the case does not hold.
    """
    if not by.strip() or not recipient.strip() or not purpose.strip():
        raise UsageError("a hand-over needs both names and a purpose", "Say --by, --recipient and --purpose")
    if out.exists():
        raise UsageError(f"{out} exists already", "Name a new file")
    address, public = _parts(to, _PUBLIC)
    with case.writing():
        with Evidence.open(case, write=True) as evidence:
            told = {"to": to, "by": by, "recipient": recipient, "purpose": purpose}
            leaf = evidence.append(EVENT, told, {"about": []})
            evidence.commit()
        with new_file(out) as raw, Encrypting(raw, recipient=address) as sealed:
            stream = io.BufferedWriter(sealed, 1 << 20)
            with Archive(case, stream, progress) as archive:
                pinned = archive.tables()
                rekeying = _Rekeying(case)
                archive.packs(pinned, rekeying.pack)
                archive.log(rekeying.log(pinned))
                archive.rest(pinned)
                archive.add("keys/segments.keys", keys.packed_segment_keys(rekeying.fresh))
                archive.add(f"keys/{_PAPERS}", _papers(case, public))
            stream.flush()
    return Handover(out, *digest_of(out), leaf)


def accept(path: Path, root: Path, secret: str) -> Case:
    """Take over a case as the new folder ``root``: its log goes on with the rotation to the new keeper's key.

    Args:
        path: the file that was handed over.
        root: the new folder.
        secret: the secret text of `new_keeper`.

    Raises:
        UsageError: ``root`` exists, the key folder has keys of this case, or the secret is none.
        EvidenceError: the file was changed, is not for this keeper, or the case does not hold.
    """
    identity, seed = _parts(secret, _SECRET)
    return put_back(path, root, identity=identity, settle=lambda case: _take_over(case, seed))


def _parts(text: str, kind: str) -> tuple[str, bytes]:
    words = text.split()
    try:
        if len(words) == 3 and words[0] == kind:
            raw = base64.b64decode(words[2], validate=True)
            if len(raw) == 32:
                return words[1], raw
    except ValueError:
        pass
    raise UsageError("this is no key of a keeper", "The new keeper makes one: tecolote handover --new-key FILE")


class _Rekeying:
    """Sealing every segment anew, as it is written; what the log then says of them."""

    def __init__(self, case: Case) -> None:
        self._case, self._tag = case, segments.case_tag(case.settings.id)
        self._old = keys.SegmentKeys(case.keys)
        self.fresh: dict[int, bytes] = {}
        self._rows: dict[int, Row] = {}
        leaves = []
        for found in log.scan(log.log_path(case.evidence_folder), log.start(self._tag)):
            if found.kind == log.SEGMENTS:
                self._rows |= {row.segment: row for row in Row.unpack_rows(found.body)}
            elif found.kind == log.LEAF and f'"type":"{ERASED}"'.encode() in found.body:
                leaves.append(parse_canonical(found.body))
        self._dead = dead_segments(leaves)

    def pack(self, pack: int, stream: BinaryIO, size: int) -> Iterator[bytes]:
        """The bytes of a pack under fresh keys; as long as they were."""
        yield stream.read(segments.PACK_HEADER_BYTES)
        for row in sorted((r for r in self._rows.values() if r.pack == pack), key=lambda r: r.offset):
            whole = stream.read(row.end - row.offset)
            if row.segment in self._dead:
                yield whole
                continue
            first = segments.data_offset(row) - row.offset
            second = segments.directory_offset(row) - row.offset
            old, key = self._old.get(row.segment), os.urandom(32)
            data = segments.unseal(old, self._tag, row, whole[first:second])
            directory = segments.unseal(old, self._tag, row, whole[second:], directory=True)
            sealed = bytearray(len(whole))
            tags = segments.seal(key, self._tag, row.segment, memoryview(data), directory, memoryview(sealed))
            self.fresh[row.segment] = key
            self._rows[row.segment] = row._replace(data_tag=tags[0], directory_tag=tags[1])
            yield bytes(sealed)

    def log(self, pinned: Pin) -> bytes:
        """The log with the same leaves and checkpoints, and what now holds of the segments."""
        entries = []
        for found in log.scan(log.log_path(self._case.evidence_folder), log.start(self._tag)):
            body = found.body
            if found.kind == log.SEGMENTS:
                body = b"".join(self._rows[row.segment].pack_row() for row in Row.unpack_rows(body))
            entries.append((found.kind, body))
            if found.place.end >= pinned.meta.log_end:
                break
        return log.header(self._tag) + log.frame(entries, log.start(self._tag))[0]


def _papers(case: Case, public: bytes) -> bytes:
    """The rotation event and its checkpoint with the signature of the keeper who hands over."""
    name, salt, payload = keys.origin(case), os.urandom(32), canonical({})
    signer = keys.signer(case)
    with Evidence.open(case) as evidence:
        leaf = canonical(
            {
                "v": 1,
                "type": ROTATED,
                "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "actor": evidence.event(evidence.size - 1).actor,
                "tool": f"tecolote {__version__}",
                "payload": commitment(salt, hashlib.sha256(payload).digest()).hex(),
                "key": notes.Verifier(name, public).vkey,
            }
        )
        hashes = [leaf_hash(evidence.leaf_bytes(index)) for index in range(evidence.size)]
    tree = Tree([*hashes, leaf_hash(leaf)])
    note = notes.sign_note(notes.checkpoint_text(name, tree.size, tree.root()), [signer])
    return json.dumps({"leaf": leaf.decode(), "salt": salt.hex(), "note": note}).encode()


def _take_over(case: Case, seed: bytes) -> None:
    """End the log of a case that was put back with the rotation to the key of ``seed``."""
    papers_path = case.keys / _PAPERS
    if not papers_path.exists():
        raise EvidenceError(
            "this is no case that was handed over", "A backup is put back with: tecolote backup --restore"
        )
    papers: dict[str, Any] = json.loads(papers_path.read_bytes())
    leaf, signer = papers["leaf"].encode(), notes.Signer(keys.origin(case), seed)
    told = parse_canonical(leaf)
    if told["type"] != ROTATED or told["key"] != signer.verifier.vkey:
        raise EvidenceError("the case was not handed over to this key", "Use the key that was given to the old keeper")
    text = notes.Note.parse(papers["note"].encode()).text
    keys.write_signing_key(case, seed)
    keys.create_keys(case)
    with Evidence.open(case) as evidence:
        meta, rotations = evidence._meta, len(evidence.leaves_of(ROTATED))
    tag = segments.case_tag(case.settings.id)
    packs = Packs(case.evidence_folder / "packs", tag, Place(meta.pack, meta.pack_end, meta.segment))
    raw = bytes.fromhex(papers["salt"]) + canonical({})
    parts = tuple(packs.add("payloads", raw))
    packs.enter("payloads", Entry(PAYLOAD, bytes.fromhex(told["payload"]), len(raw), parts))
    rows = packs.seal()
    keys.SegmentKeys(case.keys).store(packs.keys.items())
    packs.close()
    end = log.Place(meta.log_end, meta.chain)
    note = papers["note"] + signer.sign(text)
    entries = [(log.SEGMENTS, b"".join(row.pack_row() for row in rows)), (log.LEAF, leaf)]
    framed, found = log.frame([*entries, (log.CHECKPOINT, note.encode())], end)
    log.append(log.log_path(case.evidence_folder), framed, end)
    name = f"{rotations + 2:04d}.vkey"
    write_durably(case.evidence_folder / "keys" / name, f"{signer.verifier.vkey}\n".encode())
    place = found[-1].place
    keys.write_mark(case.keys, keys.Mark(meta.size + 1, place.end, place.chain), durable=True)
    papers_path.unlink()
    faults = verify_case(case)
    if faults:
        raise EvidenceError(f"the case that was handed over does not hold: {faults[0]}", "Ask for it again")
