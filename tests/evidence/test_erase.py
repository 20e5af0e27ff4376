"""Erasure destroys bytes for good, leaves everything else provable, and is safe to stop at any point."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tecolote.case import Case
from tecolote.errors import EvidenceError, KeyMissing
from tecolote.evidence import Evidence, erase
from tecolote.evidence.erase import Removal
from tecolote.evidence.tree import leaf_hash, verify_inclusion
from tecolote.evidence.verify import verify_case
from tests.evidence.making import fill, put_file

TOLD: dict[str, Any] = {"basis": "test", "files": [], "overlay": {}, "replaced": {}, "rows": {}}
SECRET = b"the line that must go: ana-9137"


def write(case: Case, files: int = 2) -> None:
    """Files of lines, the sixth line of file 1 secret, another file big enough for several segments."""
    source = random.Random(3)
    with case.writing(), Evidence.create(case) as ev:
        for number in range(files):
            lines = [source.randbytes(20).hex().encode() for _ in range(10)]
            if number == 1:
                lines[5] = SECRET
            put_file(ev, f"file{number}", lines)
            ev.commit()
        put_file(ev, "large", [source.randbytes(500_000) for _ in range(20)])
        ev.commit()


def remove_line(case: Case) -> int:
    """Erase the secret line; the tombstone."""
    with case.writing(), Evidence.open(case, write=True) as ev:
        event, records = ev.event(1), ev.records(1)
        removal = Removal(ranges={event.payload["blob"]: [records.span(5)]}, records={1: {5}})
        return erase.erase(ev, removal, TOLD | {"records": {"1": [[5, 5]]}}, {})


def plaintexts(case: Case) -> bytes:
    """Everything that can still be decrypted with the keys that remain."""
    found = b""
    with Evidence.open(case) as ev:
        for number in range(ev._meta.segment):
            try:
                found += bytes(ev._load(number))
                row = ev._index.segment(number)
                assert row is not None
                found += ev._directory(row)
            except KeyMissing:
                continue
    return found


def files_below(*folders: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_record_goes_and_its_neighbours_and_proofs_stay(case: Case) -> None:
    write(case)
    with Evidence.open(case) as ev:
        before = ev.checkpoint()
        proof, leaf = ev.inclusion(1), ev.leaf_bytes(1)
        records = ev.records(1)
        salt, digest, old = records.salt(5), records.digest(5), records.proof(5)
        neighbours = [ev.records(0).span(i) for i in range(10)]
        root = ev.event(1).public["records_root"]
        blob = ev.event(1).payload["blob"]
        committed = records.commitment(5)
        raw = ev.read(blob).read()
    assert SECRET in plaintexts(case)
    tombstone = remove_line(case)
    left = plaintexts(case) + files_below(case.root, case.keys)
    assert SECRET not in left
    assert salt not in left
    assert digest not in left
    with Evidence.open(case) as ev:
        assert verify_inclusion(leaf_hash(leaf), 1, before.size, proof, bytes.fromhex(before.root))
        now = ev.records(1)
        assert now.root == root
        assert now.commitment(5) == committed
        assert verify_inclusion(leaf_hash(committed), 5, now.count, old, bytes.fromhex(root))
        assert ev.read(blob).read() == raw.replace(SECRET, bytes(len(SECRET)))
        assert [ev.records(0).span(i) for i in range(10)] == neighbours
        with pytest.raises(EvidenceError, match="erased"):
            now.digest(5)
    remarks: list[Any] = []
    assert verify_case(case, remarks=remarks) == []
    assert [str(r) for r in remarks] == [
        f"leaf 1 (import.file), file1: the file's own hash is not recomputable: 1 record erased under leaf {tombstone}"
    ]


def test_a_changed_byte_beside_an_erased_record_is_still_found(case: Case) -> None:
    write(case)
    remove_line(case)
    packs = sorted((case.evidence_folder / "packs").glob("*.pack"))
    source = random.Random(5)
    for _ in range(60):
        path = source.choice(packs)
        raw = bytearray(path.read_bytes())
        at = source.randrange(len(raw))
        raw[at] ^= 1 << source.randrange(8)
        kept = path.read_bytes()
        path.write_bytes(raw)
        assert verify_case(case), f"byte {at}"
        path.write_bytes(kept)
    assert verify_case(case) == []


def test_a_whole_file_goes_with_its_payload_and_its_name_is_taken_in_again(case: Case) -> None:
    write(case)
    with Evidence.open(case) as ev:
        blob = ev.event(2).payload["blob"]
        raw = ev.read(blob).read()
        held = ev.event(2).payload["name"].encode()
    with case.writing(), Evidence.open(case, write=True) as ev:
        told = TOLD | {"records": {"2": [[0, 19]]}, "files": [2], "replaced": {"2": {"name": "erased", "blob": None}}}
        erase.erase(ev, Removal(blobs={blob}, records={2: set(range(20))}, payloads={2}), told, {})
        assert not ev.has(blob)
        assert ev.event(2).payload == {"name": "erased", "blob": None}
    left = plaintexts(case) + files_below(case.root, case.keys)
    assert raw[1000:1100] not in left
    assert bytes.fromhex(blob) not in left
    assert b'"' + held + b'"' not in left
    remarks: list[Any] = []
    assert verify_case(case, remarks=remarks) == []
    assert any("the payload was erased" in r.what for r in remarks)
    with case.writing(), Evidence.open(case, write=True) as ev:
        assert ev.put([raw]).sha256 == blob
        ev.append("again", {})
        ev.commit()
        assert ev.read(blob).read() == raw
    assert verify_case(case) == []


class _Stop(Exception):
    """The process ends here."""


@pytest.mark.parametrize("call", ["pwrite", "fsync", "unlink", "replace"])
def test_stopped_at_any_call_it_is_done_or_as_before(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write(case)
    keep, keep_keys = tmp_path / "keep", tmp_path / "keep-keys"
    shutil.copytree(case.root, keep)
    shutil.copytree(case.keys, keep_keys)
    real = getattr(os, call)
    stopped = 0
    for at in range(1000):
        for target, source in ((case.root, keep), (case.keys, keep_keys)):
            shutil.rmtree(target)
            shutil.copytree(source, target)
        count = 0

        def failing(*args: Any, at: int = at, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count > at:
                raise _Stop
            return real(*args, **kwargs)

        monkeypatch.setattr(os, call, failing)
        try:
            remove_line(case)
            break
        except (_Stop, EvidenceError):
            stopped += 1
        finally:
            monkeypatch.setattr(os, call, real)
        (case.root / "lock").unlink(missing_ok=True)
        faults = verify_case(case)
        assert all("not finished" in f.what for f in faults), faults
        with case.writing(), Evidence.open(case, write=True) as ev:
            done = bool(ev.leaves_of("erased"))
        assert verify_case(case) == []
        assert (SECRET in plaintexts(case)) is not done
        assert done or not faults
    else:
        pytest.fail("it never ended")
    assert stopped or call in ("unlink", "replace")


def test_erasing_twice_and_beside_a_large_file(case: Case) -> None:
    fill(case, large=True)
    with case.writing(), Evidence.open(case, write=True) as ev:
        leaf = ev.leaves_of("import.file")[-1]
        event, gone = ev.event(leaf), []
        whole = ev.read(event.payload["blob"]).read()
        for record in (0, 150, 299):
            start, length = ev.records(leaf).span(record)
            gone.append(whole[start : start + length])
            removal = Removal(ranges={event.payload["blob"]: [(start, length)]}, records={leaf: {record}})
            erase.erase(ev, removal, TOLD | {"records": {str(leaf): [[record, record]]}}, {})
    left = plaintexts(case)
    assert all(part not in left for part in gone)
    with Evidence.open(case) as ev:
        for record in set(range(300)) - {0, 150, 299}:
            start, length = ev.records(leaf).span(record)
            stream = ev.read(event.payload["blob"])
            stream.seek(start)
            assert stream.read(length) == whole[start : start + length]
    remarks: list[Any] = []
    assert verify_case(case, remarks=remarks) == []
    assert len(remarks) == 1
