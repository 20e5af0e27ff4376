"""Whether a case holds: every byte of packs, log and tables, every leaf, checkpoint, signature and record tree.

Nothing here believes the index. A fault names the place; an empty list means that everything holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from tecolote.case import Case
from tecolote.errors import CaseLocked, EvidenceError, TecoloteError
from tecolote.evidence.blobs import open_blob
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.erasure import TYPE as ERASED
from tecolote.evidence.erasure import Erasures, dead_segments, gather
from tecolote.evidence.fault import Fault
from tecolote.evidence.index import Index, IndexDamaged
from tecolote.evidence.reader import INDEX, remove_index
from tecolote.evidence.recordset import RecordSet
from tecolote.evidence.segments import BLOB, PAYLOAD, RECORDS
from tecolote.evidence.timestamp import EVENT as STAMP
from tecolote.evidence.timestamp import stamp_faults
from tecolote.evidence.verify_log import LogState, check_log
from tecolote.evidence.verify_packs import PackCheck, Progress

__all__ = ["Fault", "verify_case"]

#: Mark in the evidence folder while an erasure is under way.
ERASING = "erasing"
_ERASED = bytes(32)


def verify_case(case: Case, progress: Progress | None = None, remarks: list[Fault] | None = None) -> list[Fault]:
    """Everything that does not hold, first the log, then packs, events with their records, and tables.

    What an interrupted write left behind the last acknowledged commit is no fault; neither is a damaged
    index, which is removed so that the next opening builds it anew.

    Args:
        case: the case.
        progress: called with bytes done, bytes in all, and the name of what is being read.
        remarks: takes what cannot be recomputed because it was erased, which is no fault.
    """
    faults: list[Fault] = []
    state = check_log(case, faults)
    packs = PackCheck(case, state.rows, dead_segments(leaf for leaf in state.leaves if leaf), faults)
    packs.check(progress or (lambda done, total, name: None))
    _Events(packs, state, faults, remarks if remarks is not None else []).check()
    _check_tables(case, state, faults)
    if (case.evidence_folder / ERASING).exists():
        faults.append(Fault(f"evidence/{ERASING}", "an erasure is not finished: run tecolote erase --finish"))
    _mend_index(case, packs, state)
    return faults


class _Events:
    """Every leaf against its payload, its blobs and its records."""

    def __init__(self, packs: PackCheck, state: LogState, faults: list[Fault], remarks: list[Fault]) -> None:
        self._packs, self._state, self._faults, self._remarks = packs, state, faults, remarks
        self._named: set[tuple[int, bytes]] = set()
        self._erasures = self._tombstones()

    def check(self) -> None:
        """Check all, then report bad blobs that no leaf named."""
        for number, leaf in enumerate(self._state.leaves):
            if leaf is not None:
                self._leaf(number, leaf)
        changed = {(BLOB, bytes.fromhex(sha)) for sha in self._erasures.changed}
        for kind, key in sorted(self._packs.bad - self._named - changed):
            what = "payload" if kind == PAYLOAD else "blob"
            self._faults.append(Fault(f"{what} {key.hex()}", "its bytes do not match its hash"))

    def _tombstones(self) -> Erasures:
        """What the tombstones say; one whose payload does not hold says nothing, and is reported with the leaves."""
        leaves = {n: leaf for n, leaf in enumerate(self._state.leaves) if leaf and leaf["type"] == ERASED}

        def read(number: int) -> dict[str, Any] | None:
            entry = self._packs.entries.get((PAYLOAD, bytes.fromhex(leaves[number]["payload"])))
            with contextlib.suppress(TecoloteError):
                if entry is not None:
                    with open_blob(entry, self._packs.plain) as stream:
                        said: dict[str, Any] = parse_canonical(stream.read()[32:])
                        return said
            return None

        return gather(leaves, read)

    def _leaf(self, number: int, leaf: dict[str, Any]) -> None:
        where = f"leaf {number} ({leaf['type']})"
        if number in self._erasures.gone:
            what = f"not recomputable: the payload was erased under leaf {self._erasures.gone[number]}"
            self._remarks.append(Fault(where, what))
            self._check_file(number, where, leaf, self._erasures.replaced.get(number, {}))
            return
        key = bytes.fromhex(leaf["payload"])
        if (PAYLOAD, key) in self._packs.bad:
            self._named.add((PAYLOAD, key))
            self._faults.append(Fault(f"{where}, payload", "its bytes do not match the leaf's commitment"))
            return
        raw = self._read(PAYLOAD, key, f"{where}, payload")
        if raw is None:
            return
        try:
            payload = parse_canonical(raw[32:])
        except EvidenceError as error:
            self._faults.append(Fault(f"{where}, payload", error.what))
            return
        if leaf["type"] == STAMP:
            self._faults += [Fault(where, what) for what in stamp_faults(payload, self._state.roots)]
        self._check_file(number, where, leaf, self._erasures.said(number, payload))

    def _check_file(self, number: int, where: str, leaf: dict[str, Any], payload: dict[str, Any]) -> None:
        if leaf["type"] in ("import.file", "import.container"):
            where = f"{where}, {payload.get('name')}"
            what = self._erasures.remark(number, payload)
            if what is not None and number not in self._erasures.gone:
                self._remarks.append(Fault(where, what))
            self._file(where, leaf, payload)

    def _file(self, where: str, leaf: dict[str, Any], payload: dict[str, Any]) -> None:
        for name in ("blob", "container", "records_blob"):
            key = _hash(payload.get(name))
            if key is None or key.hex() in self._erasures.changed:
                continue
            if (BLOB, key) not in self._packs.entries:
                self._faults.append(Fault(where, f"its {name} {key.hex()} is missing"))
            elif (BLOB, key) in self._packs.bad:
                self._named.add((BLOB, key))
                self._faults.append(Fault(where, f"the bytes of its {name} do not match their hash {key.hex()}"))
        root = _hash(leaf.get("records_root"))
        if root is not None and leaf.get("records"):
            self._records(where, root, leaf["records"], payload)

    def _records(self, where: str, root: bytes, count: Any, payload: dict[str, Any]) -> None:
        raw = self._read(RECORDS, root, f"{where}, records")
        if raw is None:
            return
        try:
            records = RecordSet(raw)
        except EvidenceError as error:
            self._faults.append(Fault(f"{where}, records", error.what))
            return
        if records.root != root.hex() or records.count != count:
            self._faults.append(Fault(f"{where}, records", "their tree is not the one that the leaf commits to"))
        blob = _hash(payload.get("blob"))
        entry = self._packs.entries.get((BLOB, blob)) if blob else None
        if entry is None or payload.get("container"):
            return
        with contextlib.suppress(TecoloteError), open_blob(entry, self._packs.plain) as stream:
            for first, last in _runs(_changed(records, stream, entry.size)):
                start, _ = records.span(first)
                end = sum(records.span(last))
                which = f"record {first}" if first == last else f"records {first} to {last}"
                what = "the bytes do not match the hash that the record tree commits to"
                self._faults.append(Fault(f"{where}, {which}, bytes {start}-{end - 1} of the file", what))

    def _read(self, kind: int, key: bytes, where: str) -> bytes | None:
        entry = self._packs.entries.get((kind, key))
        if entry is None:
            self._faults.append(Fault(where, "missing: no segment that can be read holds it"))
            return None
        try:
            with open_blob(entry, self._packs.plain) as stream:
                return stream.read()
        except TecoloteError as error:
            self._faults.append(Fault(where, error.what))
            return None


def _changed(records: RecordSet, stream: BinaryIO, size: int) -> Iterable[int]:
    """Records whose bytes are not what was committed to."""
    for index in range(records.count):
        if records.salt(index) == _ERASED:
            continue
        start, length = records.span(index)
        if start + length <= size:
            stream.seek(start)
            if hashlib.sha256(stream.read(length)).digest() == records.digest(index):
                continue
        yield index


def _runs(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Neighbouring numbers as first and last."""
    first = last = -2
    for number in numbers:
        if number != last + 1:
            if first >= 0:
                yield first, last
            first = number
        last = number
    if first >= 0:
        yield first, last


def _hash(value: Any) -> bytes | None:
    """32 bytes of a hash in hex; None for anything else."""
    try:
        raw = bytes.fromhex(value)
    except (TypeError, ValueError):
        return None
    return raw if len(raw) == 32 else None


def _check_tables(case: Case, state: LogState, faults: list[Fault]) -> None:
    """The manifest against the last ``tables`` event, and every table file against the manifest."""
    path = case.corpus_folder / "manifest.json"
    name = path.relative_to(case.root).as_posix()
    events = [leaf for leaf in state.leaves if leaf and leaf["type"] == "tables"]
    named = [leaf.get("manifest_sha256") for leaf in events]
    raw = path.read_bytes() if path.is_file() else None
    if state.whole and None not in state.leaves:
        # The event is durable before the manifest is in place, so after an interruption it is one ahead; after
        # several in a row the last event still says which manifest it found in place.
        allowed = [*([None] if len(named) < 2 else []), *named][-2:]
        if events and "replaces_sha256" in events[-1]:
            allowed.append(events[-1]["replaces_sha256"])
        found = hashlib.sha256(raw).hexdigest() if raw is not None else None
        if found not in allowed:
            faults.append(Fault(name, "it is missing" if raw is None else "it is not the one that the log names"))
    if raw is not None:
        _check_files(case, raw, name, faults)


def _check_files(case: Case, raw: bytes, name: str, faults: list[Fault]) -> None:
    try:
        listed = [(str(f["path"]), str(f["sha256"]), int(f["bytes"])) for f in json.loads(raw)["files"]]
    except (ValueError, KeyError, TypeError):
        faults.append(Fault(name, "it cannot be read; the tables were not checked"))
        return
    for relative, digest, size in listed:
        path = case.root / relative
        if not path.resolve().is_relative_to(case.root.resolve()) or not path.is_file():
            faults.append(Fault(relative, "the table file is missing"))
        elif path.stat().st_size != size:
            faults.append(Fault(relative, f"the table file has {path.stat().st_size} bytes in place of {size}"))
        elif _file_hash(path) != digest:
            faults.append(Fault(relative, "the bytes of the table file have changed"))


def _file_hash(path: Path) -> str:
    with open(path, "rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _mend_index(case: Case, packs: PackCheck, state: LogState) -> None:
    """Remove an index that says something else than the log, unless somebody is writing."""
    path = case.evidence_folder / INDEX
    try:
        index = Index(path, write=False)
        try:
            meta = index.meta()
            current = meta is not None and meta.log_end == state.end
            wrong = current and (
                any(index.entry(*at) != entry for at, entry in packs.entries.items())
                or any(index.segment(number) != row for number, row in state.rows.items())
                or len(index.leaves()) != len(state.leaves)
            )
        finally:
            index.close()
    except IndexDamaged:
        wrong = path.exists()
    if wrong:
        with contextlib.suppress(CaseLocked), case.writing(wait_s=0):
            remove_index(case.evidence_folder)
