"""The verb `backup`: a case with its keys in one encrypted file, made while others may write; and putting it back."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tecolote.case import Case, keys_folder, sync_folder
from tecolote.errors import CaseLocked, EvidenceError, UsageError
from tecolote.evidence import Evidence, keys, notes
from tecolote.evidence.age import Decrypting, Encrypting
from tecolote.evidence.fault import Fault
from tecolote.evidence.verify import verify_case
from tecolote.lifecycle.archive import Archive, Pin, as_it_stands, log_bytes, segment_keys, unpack

Progress = Callable[[int, int, str], None]
#: Event that says that a copy was made.
EVENT = "backup"
_SECRETS = ("signing.key", "pseudonym.key")


@dataclass(frozen=True)
class Backup:
    """What was made: the file, its SHA-256 (hex) and size, leaves in it, and the leaf that tells of it (None: busy)."""

    path: Path
    sha256: str
    bytes: int
    size: int
    leaf: int | None


def backup(
    case: Case, out: Path, *, recipient: str = "", passphrase: str = "", progress: Progress | None = None
) -> Backup:
    """Write the case and its keys, encrypted, into the new file ``out``. A writer is not disturbed.

    Args:
        case: the case.
        out: the file.
        recipient: public key (``age1...``) of who can open it; or
        passphrase: what opens it.
        progress: called with bytes done, 0, and the name of what is being read.

    Raises:
        UsageError: ``out`` exists, or neither or both of recipient and passphrase are given.
        EvidenceError: something was erased meanwhile, or cannot be read.
    """
    if out.exists():
        raise UsageError(f"{out} exists already", "Name a new file")
    if out.resolve().is_relative_to(case.root.resolve()):
        raise UsageError(f"{out} lies inside the case", "Put a backup on another disk")
    with new_file(out) as raw, Encrypting(raw, recipient=recipient, passphrase=passphrase) as sealed:
        stream = io.BufferedWriter(sealed, 1 << 20)
        with Archive(case, stream, progress) as archive:
            pinned = archive.tables()
            archive.packs(pinned, as_it_stands)
            archive.log(log_bytes(case, pinned))
            archive.rest(pinned)
            _keys(case, archive, pinned)
            archive.check(pinned)
        stream.flush()
    digest, size = digest_of(out)
    how = {"sha256": digest, "bytes": size, "leaves": pinned.meta.size, "recipient": recipient}
    return Backup(out, digest, size, pinned.meta.size, _tell(case, how))


def restore(
    path: Path, root: Path, *, identity: str = "", passphrase: str = "", progress: Progress | None = None
) -> list[Fault]:
    """Put a backup back as the new case folder ``root`` with its keys in the user's key folder; what does not hold.

    Raises:
        UsageError: ``root`` exists, or the key folder has keys of this case already.
        EvidenceError: the file was changed, is cut, or is not for this key or passphrase.
    """
    case = put_back(path, root, identity=identity, passphrase=passphrase)
    return verify_case(case, progress)


def put_back(
    path: Path,
    root: Path,
    *,
    identity: str = "",
    passphrase: str = "",
    settle: Callable[[Case], None] = lambda case: None,
) -> Case:
    """The case of an encrypted archive, in place with its keys; nothing is in place unless all is.

    ``settle`` is called with the case before it gets its name.
    """
    if root.exists():
        raise UsageError(f"{root} exists already", "Name a new folder")
    work = root.with_name(f".{root.name}.tmp")
    work_keys = keys_folder() / f".{root.name}.tmp"
    _clear(work, work_keys)
    try:
        with open(path, "rb") as raw:
            opened = Decrypting(raw, identity=identity, passphrase=passphrase)
            stream = io.BufferedReader(opened, 1 << 20)
            unpack(stream, work, work_keys)
            while stream.read(1 << 20):  # padding; the last chunk says whether the file is whole
                pass
        found = Case.open(work)
        target = keys_folder() / found.settings.id
        if target.exists():
            hint = f"Move {target} away, or set TECOLOTE_KEYS to a new folder"
            raise UsageError("the key folder has keys of this case already", hint)
        for name in ("packs", "log", "keys", "stamps"):
            (work / "evidence" / name).mkdir(exist_ok=True)
        work_keys.rename(target)
        sync_folder(target.parent)
        try:
            settle(found)
        except BaseException:
            _clear(target)
            raise
        work.rename(root)
        sync_folder(root.resolve().parent)
    finally:
        _clear(work, work_keys)
    return Case.open(root)


def _clear(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def new_file(out: Path) -> Iterator[BinaryIO]:
    """A file to write to that gets its name once it is whole and durable."""
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        temporary.rename(out)
        sync_folder(out.resolve().parent)
    finally:
        temporary.unlink(missing_ok=True)


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file."""
    with open(path, "rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest(), path.stat().st_size


def _keys(case: Case, archive: Archive, pinned: Pin) -> None:
    """The secrets, as they fit the pinned state."""
    with Evidence.open(case) as evidence:
        note = notes.Note.parse(evidence.checkpoint(pinned.meta.size).note.encode())
    signer = keys.signer(case)
    if pinned.meta.size and not note.signers([signer.verifier]):
        raise EvidenceError("the signing key was changed meanwhile", "Do it again")
    for name in _SECRETS:
        archive.add(f"keys/{name}", (case.keys / name).read_bytes())
    archive.add("keys/segments.keys", keys.packed_segment_keys(segment_keys(case, pinned)))
    meta = pinned.meta
    archive.add("keys/acknowledged", keys.packed_mark(keys.Mark(meta.size, meta.log_end, meta.chain)))


def _tell(case: Case, how: dict[str, Any]) -> int | None:
    """Log that a copy was made, unless somebody writes for longer than a few seconds."""
    try:
        with case.writing(wait_s=5), Evidence.open(case, write=True) as evidence:
            leaf = evidence.append(EVENT, how, {"about": []})
            evidence.commit()
            return leaf
    except CaseLocked:
        return None
