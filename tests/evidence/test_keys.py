from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tecolote.case import Case
from tecolote.errors import EvidenceError, KeyMissing
from tecolote.evidence import Evidence, keys


@pytest.fixture
def made(case: Case) -> Case:
    keys.create_keys(case)
    return case


def test_pseudonyms_are_stable_and_keyed(made: Case, tmp_path: Path) -> None:
    name = keys.pseudonym(made, "whatsapp", "María")
    assert name.startswith("member-") and len(name) == len("member-") + 8
    assert keys.pseudonym(made, "whatsapp", "María") == name
    assert keys.pseudonym(made, "telegram", "María") != name
    other = Case.create(tmp_path / "other")
    keys.create_keys(other)
    assert keys.pseudonym(other, "whatsapp", "María") != name


def test_platform_and_name_do_not_run_together(made: Case) -> None:
    assert keys.pseudonym(made, "a", "bc") != keys.pseudonym(made, "ab", "c")


def test_a_lone_surrogate_in_a_name_has_a_pseudonym(made: Case) -> None:
    assert keys.pseudonym(made, "telegram", "\ud800").startswith("member-")


def test_keys_are_the_owners_only_and_never_in_the_case(filled: Case) -> None:
    secrets = [p for p in filled.keys.iterdir() if p.is_file()]
    assert {p.name for p in secrets} == {"signing.key", "pseudonym.key", "segments.keys", "acknowledged"}
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in secrets)
    seeds = [(filled.keys / name).read_bytes().strip() for name in ("signing.key", "pseudonym.key")]
    inside = b"".join(p.read_bytes() for p in filled.root.rglob("*") if p.is_file())
    assert not any(seed in inside for seed in seeds)


def test_creating_again_keeps_the_keys(made: Case) -> None:
    before = (made.keys / "signing.key").read_bytes()
    keys.create_keys(made)
    assert (made.keys / "signing.key").read_bytes() == before


def test_a_lost_key_says_what_to_do(filled: Case) -> None:
    (filled.keys / "signing.key").unlink()
    with filled.writing(), pytest.raises(KeyMissing, match="TECOLOTE_KEYS"):
        Evidence.open(filled, write=True)


def test_a_damaged_key_is_not_used(made: Case) -> None:
    (made.keys / "signing.key").write_bytes(b"AAAA\n")
    with pytest.raises(EvidenceError, match="damaged"):
        keys.signer(made)


def test_segment_keys_by_number(made: Case) -> None:
    store = keys.SegmentKeys(made.keys)
    store.store([(5, b"e" * 32), (0, b"a" * 32), (1, b"b" * 32)])
    store.store([(1, b"B" * 32)])
    assert [store.get(n) for n in (0, 1, 5)] == [b"a" * 32, b"B" * 32, b"e" * 32]
    for missing in (2, 4, 6, 10**12):
        with pytest.raises(KeyMissing):
            store.get(missing)


def test_a_destroyed_or_damaged_segment_key_is_missing(made: Case) -> None:
    store = keys.SegmentKeys(made.keys)
    store.store([(0, b"a" * 32), (1, b"b" * 32)])
    path = made.keys / "segments.keys"
    raw = bytearray(path.read_bytes())
    raw[:44], raw[60] = bytes(44), raw[60] ^ 1
    path.write_bytes(raw)
    for number in (0, 1):
        with pytest.raises(KeyMissing):
            store.get(number)


def test_a_torn_mark_is_no_mark(made: Case) -> None:
    keys.write_mark(made.keys, keys.Mark(3, 900, b"x" * 32))
    assert keys.read_mark(made.keys) == keys.Mark(3, 900, b"x" * 32)
    path = made.keys / "acknowledged"
    path.write_bytes(path.read_bytes()[:-1])
    assert keys.read_mark(made.keys) is None
