"""A case as one stream: pinned at a checkpoint while others may go on writing, and put back from the stream.

Log and packs only grow, so a checkpoint is pinned by their lengths. Tables are the files that one manifest names; where
a writer removes one before it is read, the manifest that is in force then is taken, and the checkpoint with it. Only an
erasure changes what stands behind a checkpoint: one that is made meanwhile stops the reading.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tecolote.case import Case, is_temporary, make_folder, sync_folder
from tecolote.corpus.store import MANIFEST
from tecolote.errors import EvidenceError
from tecolote.evidence import Evidence, keys, log, segments
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.erasure import TYPE as ERASED
from tecolote.evidence.erasure import dead_segments
from tecolote.evidence.index import Meta
from tecolote.evidence.store import ROTATED
from tecolote.evidence.verify import ERASING

Progress = Callable[[int, int, str], None]
#: Folders of a case of which only what the manifest names is taken.
_TABLES = ("corpus", "findings", "assessments")
_TRIES = 50
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Pin:
    """A state of a case.

    Attributes:
        meta: how far log and packs go.
        manifest: bytes of the manifest that fits them; None where there is none.
        erasures: tombstones up to there.
        rotations: keys introduced up to there.
    """

    meta: Meta
    manifest: bytes | None
    erasures: int
    rotations: int


def pin(case: Case) -> Pin:
    """The last state of which log and manifest fit each other.

    Raises:
        EvidenceError: an erasure is under way.
    """
    path = case.corpus_folder / MANIFEST
    for _ in range(_TRIES):
        if (case.evidence_folder / ERASING).exists():
            raise EvidenceError("an erasure is not finished", "Run: tecolote erase --finish")
        manifest = path.read_bytes() if path.exists() else None
        with Evidence.open(case) as evidence:
            named = [evidence.event(leaf).public for leaf in evidence.leaves_of("tables")[-1:]]
            found = hashlib.sha256(manifest).hexdigest() if manifest is not None else None
            allowed = {said.get(name) for said in named for name in ("manifest_sha256", "replaces_sha256")} or {None}
            if found in allowed:
                counts = (len(evidence.leaves_of(ERASED)), len(evidence.leaves_of(ROTATED)))
                return Pin(evidence._meta, manifest, *counts)
    raise EvidenceError("the tables change faster than they can be read", "Try again when the import has ended")


class Archive:
    """A case being written into a tar stream (POSIX.1-2001)."""

    def __init__(self, case: Case, out: BinaryIO, progress: Progress | None = None) -> None:
        self.case = case
        self._tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (closed by close)
        self._tell = progress or (lambda done, total, name: None)
        self._done = 0

    def tables(self) -> Pin:
        """Write the files of a manifest; the state that they belong to."""
        written: set[str] = set()
        for _ in range(_TRIES):
            pinned = pin(self.case)
            listed = json.loads(pinned.manifest)["files"] if pinned.manifest is not None else []
            try:
                for name in sorted({str(file["path"]) for file in listed} - written):
                    self.add(f"case/{name}", (self.case.root / name).read_bytes())
                    written.add(name)
            except FileNotFoundError:
                continue
            if pinned.manifest is not None:
                self.add(f"case/corpus/{MANIFEST}", pinned.manifest)
            return pinned
        raise EvidenceError("the tables change faster than they can be read", "Try again when the import has ended")

    def rest(self, pinned: Pin) -> None:
        """Write what is small and stands beside the evidence: settings, codebooks, stamps, public keys."""
        root, evidence = self.case.root, self.case.evidence_folder
        skip = {root / name for name in ("lock", *_TABLES)} | {evidence / "packs", evidence / "log", evidence / ERASING}
        public = {f"{number:04d}.vkey" for number in range(1, pinned.rotations + 2)}
        for folder, folders, files in os.walk(root):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if here / name not in skip and not (here / name).is_symlink())
            for name in sorted(files):
                path = here / name
                hidden = path in skip or is_temporary(path) or name.startswith((".lock.", "index.sqlite3"))
                later = here == evidence / "keys" and name not in public
                if path.is_file() and not path.is_symlink() and not hidden and not later:
                    self.add(f"case/{path.relative_to(root).as_posix()}", path.read_bytes())

    def packs(self, pinned: Pin, change: Callable[[int, BinaryIO, int], Iterable[bytes]]) -> None:
        """Write the packs; ``change(pack, stream, size)`` gives the bytes to be written of each."""
        folder = self.case.evidence_folder / "packs"
        for pack in range(1, pinned.meta.pack + 1):
            path = segments.pack_path(folder, pack)
            size = pinned.meta.pack_end if pack == pinned.meta.pack else path.stat().st_size
            with open(path, "rb") as raw:
                self.stream(f"case/evidence/packs/{path.name}", size, change(pack, raw, size))

    def log(self, raw: bytes) -> None:
        """Write the log."""
        self.add("case/evidence/log/entries", raw)

    def check(self, pinned: Pin) -> None:
        """Refuse if something was erased since the state was pinned.

        Raises:
            EvidenceError: it was.
        """
        with Evidence.open(self.case) as evidence:
            if len(evidence.leaves_of(ERASED)) != pinned.erasures or (self.case.evidence_folder / ERASING).exists():
                raise EvidenceError("something was erased meanwhile", "Do it again")

    def add(self, name: str, data: bytes) -> None:
        """Write a small file."""
        self.stream(name, len(data), [data])

    def stream(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Write a file of ``size`` bytes that come in pieces.

        Raises:
            EvidenceError: they are not as many.
        """
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tell(self._done, 0, name)
        source = _Joined(pieces)
        try:
            self._tar.addfile(info, source)
        except OSError as error:
            raise EvidenceError(f"{name} cannot be read: {error}", "Run: tecolote verify") from None
        if source.read(1):
            raise EvidenceError(f"{name} is longer than the log says", "Run: tecolote verify")
        self._done += size

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write the end of the stream; of one that broke off there is none."""
        if kind is None:
            self._tar.close()
        elif self._tar.fileobj is not None:
            self._tar.fileobj.close()


class _Joined(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._held = iter(pieces), b""

    def read(self, size: int = -1, /) -> bytes:
        while size < 0 or len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                size = len(self._held)
                break
            self._held += piece
        found, self._held = self._held[:size], self._held[size:]
        return found


def as_it_stands(_: int, stream: BinaryIO, size: int) -> Iterable[bytes]:
    """The first ``size`` bytes of a stream, for `Archive.packs`."""
    while size:
        block = stream.read(min(_BLOCK, size))
        if not block:
            return
        size -= len(block)
        yield block


def log_bytes(case: Case, pinned: Pin) -> bytes:
    """The log up to the pinned state."""
    with open(log.log_path(case.evidence_folder), "rb") as raw:
        return raw.read(pinned.meta.log_end)


def segment_keys(case: Case, pinned: Pin) -> dict[int, bytes]:
    """The keys of the segments up to the pinned state, without those that were destroyed."""
    known, found = keys.SegmentKeys(case.keys), {}
    with Evidence.open(case) as evidence:
        gone = dead_segments(parse_canonical(evidence.leaf_bytes(leaf)) for leaf in evidence.leaves_of(ERASED))
    for number in range(pinned.meta.segment):
        if number not in gone:
            found[number] = known.get(number)
    return found


def unpack(stream: BinaryIO, case_folder: Path, keys_folder: Path) -> None:
    """Put a case back from a stream: ``case/`` into one new folder, ``keys/`` into the other.

    Raises:
        EvidenceError: the stream holds something else than files of a case.
    """
    roots = {"case": case_folder, "keys": keys_folder}
    folders = set()
    for folder in roots.values():
        make_folder(folder, 0o700)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                first, *rest = PurePosixPath(member.name).parts or ("",)
                if not member.isreg() or first not in roots or not rest or ".." in rest or "\0" in member.name:
                    raise EvidenceError(f"'{member.name}' is no file of a case", "This is no backup of a case")
                path = roots[first].joinpath(*rest)
                path.parent.mkdir(parents=True, exist_ok=True)
                folders.add(path.parent)
                _write(path, tar.extractfile(member))
    except tarfile.TarError as error:
        raise EvidenceError(f"the stream is no case: {error}", "This is no backup of a case") from None
    for folder in folders:
        sync_folder(folder)


def _write(path: Path, source: object) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        while block := source.read(_BLOCK):  # type: ignore[attr-defined]
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
