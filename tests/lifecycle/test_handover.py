"""A case goes to another keeper without any key of the first, and its log shows who kept it from when."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.importer import project_all
from tecolote.corpus.store import Corpus
from tecolote.errors import TecoloteError
from tecolote.evidence import Evidence
from tecolote.evidence.age import Decrypting
from tecolote.evidence.keys import SegmentKeys
from tecolote.evidence.notes import Note, Verifier
from tecolote.evidence.tree import leaf_hash, verify_consistency
from tecolote.evidence.verify import verify_case
from tecolote.lifecycle.erase import Grounds, Wish, erase
from tecolote.lifecycle.handover import accept, handover, new_keeper
from tests.corpus import exports

HOW = {"by": "One", "recipient": "Another house", "purpose": "the office closes"}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case with several segments, a key rotation and an erasure."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "posts.jsonl").write_bytes(exports.x_v2(20) + exports.x_v2(1, 500, "esto se va"))
    (tmp_path / "big.bin").write_bytes(bytes(range(256)) * 40_000)
    verbs.import_exports(tmp_path / "case", [tmp_path / "posts.jsonl", tmp_path / "big.bin"])
    verbs.rotate(tmp_path / "case")
    case = Case.open(tmp_path / "case")
    erase(case, Wish(items=f"post={10**18 + 500}"), Grounds("GDPR art. 17", "One", "Two"))
    return case


def test_none_of_the_old_keys_travels_and_the_log_goes_on(
    old: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, public = new_keeper()
    made = handover(old, public, tmp_path / "case.age", **HOW)
    assert verify_case(old) == []
    old_keys = {path.name: path.read_bytes() for path in old.keys.iterdir()}
    segments = SegmentKeys(old.keys)
    with open(made.path, "rb") as stream:
        plain = io.BufferedReader(Decrypting(stream, identity=secret.split()[1])).read()
    for name in ("signing.key", "pseudonym.key"):
        assert old_keys[name].strip() not in plain
    with Evidence.open(old) as ev:
        before, leaves = ev.checkpoint(), [ev.leaf_bytes(n) for n in range(ev.size)]
        dead = {
            n
            for n in range(ev._meta.segment)
            if n
            in {s for t in ev.leaves_of("erased") for a, b in ev.event(t).public["segments"] for s in range(a, b + 1)}
        }
        for number in set(range(ev._meta.segment)) - dead:
            assert segments.get(number) not in plain
    assert secret.split()[2].encode() not in made.path.read_bytes()

    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "new-keys"))
    case = accept(made.path, tmp_path / "new", secret)
    assert verify_case(case) == []
    with Evidence.open(case) as ev:
        assert [ev.leaf_bytes(n) for n in range(before.size)] == leaves
        assert ev.checkpoint(before.size) == before
        rotation = ev.event(before.size)
        assert rotation.type == "key.rotated"
        now = ev.checkpoint()
        assert verify_consistency(
            before.size,
            now.size,
            ev.consistency(before.size, now.size),
            bytes.fromhex(before.root),
            bytes.fromhex(now.root),
        )
        vkeys = [Verifier.parse(p.read_text().strip()) for p in sorted((case.evidence_folder / "keys").iterdir())]
        assert len(Note.parse(now.note.encode()).signers(vkeys[-2:])) == 2
        assert leaf_hash(leaves[0]) == ev._whole().leaf(0)
    for path in case.keys.iterdir():
        assert old_keys.get(path.name) != path.read_bytes(), path.name
    assert len(Corpus(case).rows("SELECT id FROM posts")) == 20
    verbs.import_exports(case.root, [tmp_path / "posts.jsonl"])
    project_all(case)
    assert len(Corpus(case).rows("SELECT id FROM posts")) == 20
    verbs.rotate(case.root)
    assert verify_case(case) == []


def test_only_the_keeper_named_can_take_it_over(old: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, public = new_keeper()
    other, _ = new_keeper()
    made = handover(old, public, tmp_path / "case.age", **HOW)
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "new-keys"))
    mixed = " ".join([*secret.split()[:2], other.split()[2]])
    for wrong in (other, mixed, "nonsense"):
        with pytest.raises(TecoloteError):
            accept(made.path, tmp_path / "new", wrong)
        assert not (tmp_path / "new").exists()
    assert not any((tmp_path / "new-keys").iterdir())
    assert verify_case(accept(made.path, tmp_path / "new", secret)) == []


@pytest.mark.parametrize("missing", ["by", "recipient", "purpose"])
def test_it_says_who_to_whom_and_why(old: Case, tmp_path: Path, missing: str) -> None:
    _, public = new_keeper()
    with pytest.raises(TecoloteError):
        handover(old, public, tmp_path / "case.age", **(HOW | {missing: " "}))
    assert not (tmp_path / "case.age").exists()
