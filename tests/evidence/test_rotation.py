"""A signing key follows another: only with the signatures of both, and whole at every point of interruption."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.evidence import Evidence, keys
from tecolote.evidence.notes import Note, Verifier
from tecolote.evidence.store import ROTATED
from tecolote.evidence.verify import verify_case
from tests.evidence.making import fill


@pytest.fixture
def old(case: Case) -> Verifier:
    fill(case, large=False)
    return keys.signer(case).verifier


def _more(case: Case, count: int = 1) -> None:
    with case.writing(), Evidence.open(case, write=True) as ev:
        for number in range(count):
            ev.append("note", {"n": number})
        ev.commit()


def test_the_new_key_signs_and_the_old_one_introduced_it(case: Case, old: Verifier) -> None:
    new = Verifier.parse(verbs.rotate(case.root))
    assert new == keys.signer(case).verifier != old
    with Evidence.open(case) as ev:
        note = Note.parse(ev.checkpoint().note.encode())
        assert note.signers([old, new]) == [old, new]
    _more(case)
    with Evidence.open(case) as ev:
        assert Note.parse(ev.checkpoint().note.encode()).signers([old, new]) == [new]
    assert verify_case(case) == []
    verbs.rotate(case.root)
    _more(case)
    assert verify_case(case) == []
    assert sorted(p.name for p in (case.evidence_folder / "keys").iterdir()) == ["0001.vkey", "0002.vkey", "0003.vkey"]
    assert not (case.keys / "signing.next").exists()


def test_a_key_that_introduces_itself_is_a_fault(case: Case, old: Verifier) -> None:
    """A thief of the old key alone, or a new key alone, cannot make a rotation that holds."""
    with case.writing(), Evidence.open(case, write=True) as ev:
        ev.append(ROTATED, {}, {"key": Verifier(old.name, bytes(range(32))).vkey})
        ev.commit()
    assert "must have signed" in verify_case(case)[0].what or "no known key" in verify_case(case)[0].what


def test_the_old_key_signs_nothing_behind_the_rotation(case: Case, old: Verifier) -> None:
    before = (case.keys / "signing.key").read_bytes()
    verbs.rotate(case.root)
    _more(case)
    (case.keys / "signing.key").write_bytes(before)
    assert any("not the key that signs" in fault.what for fault in verify_case(case))


def test_an_interruption_before_the_log_leaves_the_old_key(case: Case, old: Verifier) -> None:
    keys.next_signer(case)
    assert verify_case(case) == []
    _more(case)
    assert not (case.keys / "signing.next").exists()
    assert keys.signer(case).verifier == old
    assert verify_case(case) == []


@pytest.mark.parametrize("stops_at", ["0002.vkey", "signing.next"])
def test_an_interruption_behind_the_log_is_finished_at_the_next_opening(
    case: Case, old: Verifier, monkeypatch: pytest.MonkeyPatch, stops_at: str
) -> None:
    rename = os.replace

    def refuse(source: Path, target: Path) -> None:
        if stops_at in Path(source).name:
            raise OSError("the drive is gone")
        rename(source, target)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="gone"):
        patch.setattr(os, "replace", refuse)
        verbs.rotate(case.root)
    waiting = keys.waiting_signer(case)
    assert waiting is not None
    assert keys.signer(case).verifier == old
    assert verify_case(case) == []
    _more(case)
    assert keys.signer(case).verifier == waiting.verifier
    assert (case.evidence_folder / "keys/0002.vkey").read_text() == waiting.verifier.vkey + "\n"
    assert verify_case(case) == []


@pytest.mark.parametrize("name", ["0001.vkey", "0002.vkey"])
def test_a_lost_or_changed_key_file_is_a_fault(case: Case, old: Verifier, name: str) -> None:
    verbs.rotate(case.root)
    path = case.evidence_folder / "keys" / name
    raw = path.read_bytes()
    path.unlink()
    assert verify_case(case)[0].where == f"evidence/keys/{name}"
    path.write_bytes(raw[:20] + b"A" + raw[21:])
    assert verify_case(case)[0].where == f"evidence/keys/{name}"


def test_a_packet_and_a_witness_behind_a_rotation_hold(case: Case, old: Verifier, tmp_path: Path) -> None:
    verbs.witness(case.root, tmp_path / "before.txt")
    verbs.rotate(case.root)
    verbs.witness(case.root, tmp_path / "at.txt")
    _more(case)
    for name in ("before", "at"):
        assert verbs.check_witness(case.root, tmp_path / f"{name}.txt") == []


def test_an_event_that_names_the_manifest_it_replaces_lets_that_one_stand(case: Case, old: Verifier) -> None:
    """Two events ahead of the manifest, as two interrupted imports leave them."""
    from hashlib import sha256

    manifest = case.corpus_folder / "manifest.json"
    there = sha256(manifest.read_bytes()).hexdigest()
    with case.writing(), Evidence.open(case, write=True) as ev:
        for number in range(2):
            digest = sha256(json.dumps(number).encode()).hexdigest()
            ev.append("tables", {}, {"manifest_sha256": digest, "replaces_sha256": there})
            ev.commit()
    assert verify_case(case) == []
    copy = manifest.read_bytes()
    manifest.write_bytes(copy + b" ")
    assert verify_case(case)[0].where == "corpus/manifest.json"
    shutil.rmtree(case.corpus_folder)
    assert verify_case(case)[0].where == "corpus/manifest.json"
