from __future__ import annotations

import hashlib
import json
import os
import random
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tecolote.case import Case
from tecolote.errors import EvidenceError
from tecolote.evidence import Evidence, log, notes, recordset
from tecolote.evidence.tree import leaf_hash, verify_consistency, verify_inclusion
from tecolote.evidence.verify import verify_case

MIB = 1 << 20


def packed(case: Case) -> int:
    return sum(p.stat().st_size for p in (case.evidence_folder / "packs").glob("*.pack"))


@pytest.mark.parametrize("size", [0, 1, 1000, MIB, MIB + 1, 4 * MIB, 9 * MIB + 17])
def test_bytes_come_back_before_and_after_the_commit(case: Case, size: int) -> None:
    raw = random.Random(size).randbytes(size)
    with case.writing(), Evidence.create(case) as ev:
        ev.put([b"before"])
        blob = ev.put(raw[i : i + 700_001] for i in range(0, size, 700_001))
        assert (blob.sha256, blob.size) == (hashlib.sha256(raw).hexdigest(), size)
        assert ev.has(blob.sha256) and ev.read(blob.sha256).read() == raw
        ev.commit()
        assert ev.read(blob.sha256).read() == raw
    with Evidence.open(case) as ev:
        assert ev.read(blob.sha256).read() == raw


def test_reading_seeks(case: Case) -> None:
    raw = random.Random(1).randbytes(9 * MIB)
    with case.writing(), Evidence.create(case) as ev:
        blob = ev.put([raw])
        ev.commit()
    with Evidence.open(case) as ev, ev.read(blob.sha256) as stream:
        for start, length in [(4 * MIB - 5, 10), (0, 3), (8 * MIB, 2 * MIB), (9 * MIB, 1), (3, 6 * MIB)]:
            assert stream.seek(start) == start
            assert stream.read(length) == raw[start : start + length]
        assert stream.seek(-4, os.SEEK_END) == len(raw) - 4
        assert stream.read() == raw[-4:]


def test_the_same_bytes_are_kept_once(case: Case) -> None:
    large = random.Random(2).randbytes(9 * MIB)
    with case.writing(), Evidence.create(case) as ev:
        first = [ev.put([large]), ev.put([b"small"])]
        ev.commit()
        size = packed(case)
        assert [ev.put([large]), ev.put([b"sm", b"all"])] == first
        ev.commit()
        assert packed(case) == size
        other = ev.put([large[:-1]])
        assert ev.put([large[:-1]]) == other
        ev.commit()
        assert packed(case) < size + 9.1 * MIB
        assert ev.read(other.sha256).read() == large[:-1]
    assert verify_case(case) == []


def test_a_source_that_fails_leaves_nothing(case: Case) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(6 * MIB)
        raise OSError("unplugged")

    with case.writing(), Evidence.create(case) as ev:
        kept = ev.put([b"kept"])
        with pytest.raises(OSError, match="unplugged"):
            ev.put(broken())
        ev.append("x", {})
        ev.commit()
        assert ev.read(kept.sha256).read() == b"kept"
    assert packed(case) < MIB
    assert verify_case(case) == []


def test_abort_forgets_everything_since_the_commit(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        ev.append("kept", {"n": 1})
        before = ev.commit()
        size = packed(case)
        gone = [ev.put([bytes(9 * MIB)]).sha256, ev.put([b"small"]).sha256]
        ev.append("gone", {})
        assert ev.size == 2
        ev.abort()
        assert (ev.size, ev.checkpoint(), packed(case)) == (1, before, size)
        assert not any(ev.has(sha256) for sha256 in gone)
        assert ev.append("kept", {"n": 2}) == 1
        ev.commit()
        assert [e.payload for e in ev.events()] == [{"n": 1}, {"n": 2}]
    assert verify_case(case) == []


def test_closing_without_commit_is_an_abort(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        ev.append("gone", {})
    with Evidence.open(case) as ev:
        assert (ev.size, list(ev.events())) == (0, [])


def test_events_say_what_was_logged(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        assert ev.append("a", {"text": "señal \U0001f989", "list": [1, None]}, {"bytes": 5}) == 0
        assert ev.append("b", {}, actor="actor-reviewer") == 1
        assert [e.type for e in ev.events()] == ["a", "b"]
        ev.commit()
    with Evidence.open(case) as ev:
        event = ev.event(0)
        assert (event.index, event.type, event.public) == (0, "a", {"bytes": 5})
        assert event.payload == {"text": "señal \U0001f989", "list": [1, None]}
        assert event.at.endswith("Z") and event.actor.startswith("actor-")
        assert [e.index for e in ev.events("b")] == [1]
        assert ev.event(1).actor == "actor-reviewer"
        leaf = json.loads(ev.leaf_bytes(0))
        assert set(leaf) == {"v", "type", "at", "actor", "tool", "payload", "bytes"}
        with pytest.raises(EvidenceError, match="no leaf 2"):
            ev.event(2)


def test_a_leaf_says_nothing_of_its_payload(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        ev.append("a", {"name": "Rosa"})
        ev.append("a", {"name": "Rosa"})
        ev.commit()
        one, two = (json.loads(ev.leaf_bytes(n))["payload"] for n in (0, 1))
    assert one != two
    everything = b"".join(p.read_bytes() for p in case.evidence_folder.rglob("*") if p.is_file())
    assert b"Rosa" not in everything
    assert hashlib.sha256(b'{"name":"Rosa"}').digest() not in everything


@pytest.mark.parametrize(
    ("payload", "public"),
    [
        ({}, {"type": "x"}),
        ({}, {"big": "x" * 65_536}),
        ({"n": float("nan")}, {}),
        ({"t": "\ud800"}, {}),
        ({}, {"n": 2**53}),
    ],
)
def test_what_cannot_be_logged_is_refused_and_leaves_nothing(case: Case, payload: dict, public: dict) -> None:
    with case.writing(), Evidence.create(case) as ev:
        with pytest.raises(EvidenceError):
            ev.append("x", payload, public)
        assert ev.size == 0
        ev.append("x", {})
        ev.commit()
    assert verify_case(case) == []


def test_proofs_hold_against_the_signed_roots(filled: Case) -> None:
    with Evidence.open(filled) as ev:
        sizes = [1 + n for n in range(1, 4)]
        points = {size: ev.checkpoint(size) for size in [*sizes, ev.size]}
        for size, point in points.items():
            origin, signed, root = notes.parse_checkpoint(notes.Note.parse(point.note.encode()).text)
            assert (origin, signed, root.hex()) == (f"tecolote/{filled.settings.id}", size, point.root)
            for index in range(size):
                assert verify_inclusion(leaf_hash(ev.leaf_bytes(index)), index, size, ev.inclusion(index, size), root)
        last = bytes.fromhex(ev.checkpoint().root)
        for size in sizes:
            assert verify_consistency(
                size, ev.size, ev.consistency(size, ev.size), bytes.fromhex(points[size].root), last
            )
        with pytest.raises(EvidenceError, match="no checkpoint"):
            ev.checkpoint(1)


def test_records_are_proven_one_by_one(filled: Case) -> None:
    with Evidence.open(filled) as ev:
        event = ev.event(2)
        records = ev.records(2)
        assert (records.count, records.root) == (event.public["records"], event.public["records_root"])
        assert records.sha256 == event.payload["records_blob"] and ev.has(records.sha256)
        raw = ev.read(event.payload["blob"]).read()
        for index in range(records.count):
            start, length = records.span(index)
            digest = hashlib.sha256(raw[start : start + length]).digest()
            assert records.digest(index) == digest
            assert records.commitment(index) == hashlib.sha256(records.salt(index) + digest).digest()
            leaf = leaf_hash(records.commitment(index))
            assert verify_inclusion(leaf, index, records.count, records.proof(index), bytes.fromhex(records.root))
        with pytest.raises(IndexError):
            records.span(records.count)


def test_a_file_without_records_has_an_empty_set(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        records = ev.put_records(array("Q"), b"")
        leaf = ev.append("import.file", {}, {"records": 0, "records_root": records.root})
        assert ev.records(leaf).count == 0
        with pytest.raises(ValueError, match="differ"):
            ev.put_records(array("Q", [0, 1]), b"")
        with pytest.raises(EvidenceError, match="no records"):
            ev.records(ev.append("x", {}))


def test_an_erased_record_keeps_its_place_in_the_tree() -> None:
    digests = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(5))
    whole = recordset.RecordSet.make(array("Q", range(10)), digests)
    raw = bytearray(whole.raw)
    slots, salts = 24 + 5 * 16, 24 + 5 * 48
    raw[slots + 64 : slots + 96], raw[salts + 64 : salts + 96] = whole.commitment(2), bytes(32)
    erased = recordset.RecordSet(bytes(raw))
    assert erased.root == whole.root
    assert erased.proof(3) == whole.proof(3)
    with pytest.raises(EvidenceError, match="erased"):
        erased.digest(2)


def test_commit_with_nothing_new_changes_nothing(filled: Case) -> None:
    before = log.log_path(filled.evidence_folder).read_bytes()
    with filled.writing(), Evidence.open(filled, write=True) as ev:
        assert ev.commit() == ev.checkpoint()
    assert log.log_path(filled.evidence_folder).read_bytes() == before


def test_writing_needs_the_lock_and_the_right_mode(filled: Case) -> None:
    with Evidence.open(filled) as ev, pytest.raises(EvidenceError, match="reading only"):
        ev.append("x", {})
    with pytest.raises(RuntimeError, match="writing"):
        Evidence.open(filled, write=True)
    with filled.writing():
        ev = Evidence.open(filled, write=True)
    with pytest.raises(RuntimeError, match="writing"):
        ev.append("x", {})
    ev.close()


def test_a_writer_that_was_overtaken_writes_nothing(filled: Case) -> None:
    with filled.writing():
        late = Evidence.open(filled, write=True)
        with Evidence.open(filled, write=True) as early:
            early.append("first", {"raw": "x" * 100_000})
            early.commit()
        with pytest.raises(EvidenceError, match="Open it again"):
            late.put([b"x"])
        late.close()
    assert verify_case(filled) == []


def test_a_case_without_evidence(case: Case) -> None:
    with pytest.raises(EvidenceError, match="no evidence yet"):
        Evidence.open(case)
    with case.writing():
        Evidence.open(case, write=True).close()
        with pytest.raises(EvidenceError, match="already"):
            Evidence.create(case)
    log.log_path(case.evidence_folder).unlink()
    with case.writing(), pytest.raises(EvidenceError, match="backup"):
        Evidence.open(case, write=True)


def test_many_packs(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tecolote.evidence.segments.PACK_BYTES", 5 * MIB)
    blobs = {}
    with case.writing(), Evidence.create(case) as ev:
        for seed in range(6):
            raw = random.Random(seed).randbytes(3 * MIB)
            blobs[ev.put([raw]).sha256] = raw
            if seed % 2:
                ev.append("x", {"seed": seed})
                ev.commit()
        twice = random.Random(0).randbytes(3 * MIB)
        ev.put([twice])
        ev.put([twice + bytes(9 * MIB)])
        ev.abort()
        ev.append("y", {})
        ev.commit()
    assert len(list((case.evidence_folder / "packs").iterdir())) > 2
    with Evidence.open(case) as ev:
        assert all(ev.read(sha256).read() == raw for sha256, raw in blobs.items())
    assert verify_case(case) == []


def index_files(case: Case) -> list[Path]:
    return [p for p in case.evidence_folder.iterdir() if p.name.startswith("index.sqlite3") and p.stat().st_size]


def snapshot(ev: Evidence) -> list[object]:
    return [ev.checkpoint(), [ev.event(n) for n in range(ev.size)], [ev.leaf_bytes(n) for n in range(ev.size)]]


def test_the_index_is_only_a_cache(filled: Case) -> None:
    with Evidence.open(filled) as ev:
        before = snapshot(ev)
    source = random.Random(3)
    for _ in range(30):
        for path in index_files(filled):
            raw = bytearray(path.read_bytes())
            for _ in range(40):
                raw[source.randrange(len(raw))] = source.randrange(256)
            path.write_bytes(raw)
        with Evidence.open(filled) as ev:
            assert snapshot(ev) == before
            assert all(ev.has(e.payload["blob"]) for e in ev.events("import.file"))
        assert verify_case(filled) == []
        with filled.writing(), Evidence.open(filled, write=True) as ev:
            assert snapshot(ev) == before
    for path in index_files(filled):
        path.unlink()
    with Evidence.open(filled) as ev:
        assert snapshot(ev) == before


def test_an_old_index_is_brought_up_to_the_log(filled: Case) -> None:
    path = filled.evidence_folder / "index.sqlite3"
    old = path.read_bytes()
    with filled.writing(), Evidence.open(filled, write=True) as ev:
        ev.append("later", {"n": 1})
        ev.put([b"later bytes"])
        ev.commit()
        before = snapshot(ev)
    path.write_bytes(old)
    with Evidence.open(filled) as ev:
        assert snapshot(ev) == before
        assert ev.has(hashlib.sha256(b"later bytes").hexdigest())


def test_an_index_of_another_case_is_not_used(filled: Case, tmp_path: Path) -> None:
    other = Case.create(tmp_path / "other")
    with other.writing(), Evidence.create(other) as ev:
        for n in range(30):
            ev.append("x", {"n": n})
            ev.commit()
    path = filled.evidence_folder / "index.sqlite3"
    path.write_bytes((other.evidence_folder / "index.sqlite3").read_bytes())
    with Evidence.open(filled) as ev:
        assert ev.event(0).type == "case.created"


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 12), st.sampled_from([0, 10, 5000, MIB + 3, 5 * MIB])),
        st.tuples(st.just("append"), st.integers(0, 3), st.just(0)),
        st.tuples(st.sampled_from(["commit", "abort", "reopen"]), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_any_sequence_behaves_like_a_dictionary(tmp_path_factory: pytest.TempPathFactory, steps: list) -> None:
    case = Case.create(tmp_path_factory.mktemp("any") / "case")
    blobs: dict[str, bytes] = {}
    events: list[dict[str, int]] = []
    kept = (dict(blobs), list(events))
    with case.writing():
        ev = Evidence.create(case)
        for what, number, size in steps:
            if what == "put":
                raw = random.Random(number).randbytes(size)
                blobs[ev.put([raw[: size // 2], raw[size // 2 :]]).sha256] = raw
            elif what == "append":
                events.append({"n": number})
                ev.append("x", events[-1])
            elif what == "commit":
                ev.commit()
                kept = (dict(blobs), list(events))
            else:
                if what == "abort":
                    ev.abort()
                else:
                    ev.close()
                    ev = Evidence.open(case, write=True)
                blobs, events = dict(kept[0]), list(kept[1])
            assert [e.payload for e in ev.events()] == events
        assert all(ev.read(sha256).read() == raw for sha256, raw in blobs.items())
        ev.close()
    assert verify_case(case) == []
