"""Every changed byte is found and its place named; history cannot be rewritten under a signed checkpoint."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tecolote.case import Case
from tecolote.evidence import Evidence, keys, log, notes, segments
from tecolote.evidence.tree import Tree
from tecolote.evidence.verify import verify_case
from tests.evidence.making import fill, put_file, write_tables

FLIPS = {"small": 500, "large": 60}


def covered(case: Case) -> list[Path]:
    """Every file of the case but its settings and the index, which is a cache."""
    found = [p for p in case.root.rglob("*") if p.is_file() and not p.name.startswith("index.sqlite3")]
    return sorted(p for p in found if p.name != "case.toml")


def flip(path: Path, at: int, bit: int = 1) -> None:
    with open(path, "r+b") as raw:
        raw.seek(at)
        byte = raw.read(1)[0]
        raw.seek(at)
        raw.write(bytes([byte ^ bit]))


def places(case: Case) -> list[str]:
    return [fault.where for fault in verify_case(case)]


def test_a_case_that_holds_has_no_faults(filled: Case) -> None:
    seen = []
    assert verify_case(filled, lambda done, total, name: seen.append((done, total, name))) == []
    assert seen[-1][0] == seen[-1][1] > 5_000_000


def spans(where: str) -> tuple[int, int]:
    """The range of bytes that a fault names."""
    first, last = where.rsplit("bytes ", 1)[1].split("-")
    return int(first), int(last)


@pytest.mark.parametrize("size", FLIPS)
def test_every_flipped_byte_is_found_and_located(case: Case, size: str) -> None:
    fill(case, large=size == "large")
    source = random.Random(2)
    files = covered(case)
    assert {p.parent.name for p in files} == {"packs", "log", "keys", "corpus", "posts", "edges"}
    for _ in range(FLIPS[size]):
        path = source.choice(files)
        at, bit = source.randrange(path.stat().st_size), 1 << source.randrange(8)
        flip(path, at, bit)
        found = places(case)
        flip(path, at, bit)
        name = path.relative_to(case.root).as_posix()
        assert found and found[0].startswith(name), (name, at, found)
        if path.parent.name in ("packs", "log"):
            first, last = spans(found[0]) if "bytes" in found[0] else (at, at)
            assert first <= at <= last, (name, at, found)
    assert verify_case(case) == []


def test_every_byte_of_a_small_log_and_pack_is_covered(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        put_file(ev, "a.jsonl", [b"one", b"two"])
        ev.commit()
    for path in covered(case):
        for at in range(path.stat().st_size):
            flip(path, at)
            assert verify_case(case), (path, at)
            flip(path, at)
    assert verify_case(case) == []


def test_a_changed_record_is_named(filled: Case) -> None:
    with Evidence.open(filled) as ev:
        large = ev.event(4)
        span = ev.records(4).span(250)
        entry = ev._kept(segments.BLOB, bytes.fromhex(large.payload["blob"]))
        assert entry is not None
        before = 0
        for part in entry.parts:
            if before + part.length > span[0]:
                row = ev._index.segment(part.segment)
                assert row is not None
                at = segments.data_offset(row) + part.offset + span[0] - before
                break
            before += part.length
    flip(segments.pack_path(filled.evidence_folder / "packs", row.pack), at + 100)
    faults = [str(f) for f in verify_case(filled)]
    assert f"segment {row.segment}" in faults[0]
    assert any("leaf 4" in f and large.payload["blob"] in f for f in faults)
    assert any(f"leaf 4 (import.file), large.jsonl, record 250, bytes {span[0]}-" in f for f in faults)
    assert len(faults) == 3


def test_a_changed_leaf_is_named(filled: Case) -> None:
    path = log.log_path(filled.evidence_folder)
    with Evidence.open(filled) as ev:
        at = path.read_bytes().index(ev.leaf_bytes(2)) + 30
    flip(path, at)
    assert "leaf 2" in places(filled)[0]


def test_a_changed_or_missing_table_is_named(filled: Case) -> None:
    tables = sorted((filled.corpus_folder / "posts").glob("*.parquet"))
    flip(tables[0], 100)
    assert places(filled) == [tables[0].relative_to(filled.root).as_posix()]
    os.truncate(tables[0], 10)
    assert places(filled) == [tables[0].relative_to(filled.root).as_posix()]
    tables[0].unlink()
    assert places(filled) == [tables[0].relative_to(filled.root).as_posix()]


def test_a_manifest_cannot_lead_outside_the_case(filled: Case, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"x")
    manifest = filled.corpus_folder / "manifest.json"
    body = json.loads(manifest.read_bytes())
    body["files"][0]["path"] = "../outside"
    manifest.write_text(json.dumps(body))
    assert places(filled) == ["corpus/manifest.json", "../outside"]


def test_the_manifest_may_be_one_behind_and_no_more(filled: Case) -> None:
    manifest = filled.corpus_folder / "manifest.json"
    first = manifest.read_bytes()
    with filled.writing(), Evidence.open(filled, write=True) as ev:
        write_tables(filled, ev, 2)
        second = manifest.read_bytes()
        manifest.write_bytes(first)
        assert verify_case(filled) == []
        write_tables(filled, ev, 3)
    assert verify_case(filled) == []
    manifest.write_bytes(second)
    assert verify_case(filled) == []
    manifest.write_bytes(first)
    assert places(filled) == ["corpus/manifest.json"]
    manifest.unlink()
    assert places(filled) == ["corpus/manifest.json"]


def test_tables_that_no_event_names_are_a_fault(case: Case) -> None:
    with case.writing(), Evidence.create(case) as ev:
        ev.append("x", {})
        ev.commit()
    (case.corpus_folder / "manifest.json").write_text('{"files": []}')
    assert places(case) == ["corpus/manifest.json"]


@pytest.mark.parametrize(
    "pick", [lambda p: p.suffix == ".pack", lambda p: p.name == "entries", lambda p: p.suffix == ".vkey"]
)
def test_a_truncated_or_missing_file_is_found(filled: Case, pick: Callable[[Path], bool]) -> None:
    path = next(p for p in covered(filled) if pick(p))
    raw = path.read_bytes()
    source = random.Random(4)
    for end in [0, 1, len(raw) - 1, *(source.randrange(len(raw)) for _ in range(30))]:
        path.write_bytes(raw[:end])
        assert verify_case(filled), end
    path.unlink()
    assert verify_case(filled)


def entries(case: Case) -> list[tuple[int, bytes]]:
    tag = segments.case_tag(case.settings.id)
    return [(f.kind, f.body) for f in log.scan(log.log_path(case.evidence_folder), log.start(tag))]


def rewrite(case: Case, changed: list[tuple[int, bytes]]) -> None:
    """Write the log anew, with a chain that holds, as somebody would who wants it to look right."""
    tag = segments.case_tag(case.settings.id)
    raw, found = log.frame(changed, log.start(tag))
    log.log_path(case.evidence_folder).write_bytes(log.header(tag) + raw)
    size = sum(kind == log.LEAF for kind, _ in changed)
    keys.write_mark(case.keys, keys.Mark(size, found[-1].place.end, found[-1].place.chain))
    for path in case.evidence_folder.glob("index.sqlite3*"):
        path.unlink()


def nth(case: Case, kind: int, number: int) -> int:
    return [i for i, entry in enumerate(entries(case)) if entry[0] == kind][number]


def test_reordered_leaves_with_a_chain_made_to_fit(filled: Case) -> None:
    changed = entries(filled)
    first, second = nth(filled, log.LEAF, 0), nth(filled, log.LEAF, 1)
    changed[first], changed[second] = changed[second], changed[first]
    rewrite(filled, changed)
    assert "checkpoint at size 2" in places(filled)[0]


def test_entries_moved_as_they_are(filled: Case) -> None:
    path, tag = log.log_path(filled.evidence_folder), segments.case_tag(filled.settings.id)
    found = list(log.scan(path, log.start(tag)))
    raw = path.read_bytes()
    for one, two in [(1, 2), (2, 3), (3, 6), (4, 5)]:
        pieces = [raw[f.offset : f.place.end] for f in found]
        pieces[one], pieces[two] = pieces[two], pieces[one]
        path.write_bytes(raw[: log.HEADER_BYTES] + b"".join(pieces))
        assert places(filled)[0].startswith("evidence/log/entries"), (one, two)


def test_swapped_checkpoints(filled: Case) -> None:
    changed = entries(filled)
    first, second = nth(filled, log.CHECKPOINT, 2), nth(filled, log.CHECKPOINT, 3)
    changed[first], changed[second] = changed[second], changed[first]
    rewrite(filled, changed)
    found = [str(f) for f in verify_case(filled)]
    assert "it says size" in found[0] and "it says size" in found[1]


def test_a_removed_leaf_or_checkpoint(filled: Case) -> None:
    whole = entries(filled)
    leaf = nth(filled, log.LEAF, 2)
    rewrite(filled, whole[:leaf] + whole[leaf + 1 :])
    assert verify_case(filled)
    rewrite(filled, whole[: nth_of(whole, log.CHECKPOINT, -2) + 1])
    assert verify_case(filled), "the manifest names a later state"


def nth_of(whole: list[tuple[int, bytes]], kind: int, number: int) -> int:
    return [i for i, entry in enumerate(whole) if entry[0] == kind][number]


def test_rewritten_history_under_the_old_checkpoint(filled: Case) -> None:
    changed = entries(filled)
    at = nth(filled, log.LEAF, 0)
    leaf = json.loads(changed[at][1])
    leaf["at"] = "2020-01-01T00:00:00.000Z"
    changed[at] = (log.LEAF, json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode())
    rewrite(filled, changed)
    found = [str(f) for f in verify_case(filled)]
    assert len(found) == 1 and "its root is not that of the leaves before it" in found[0]


def resign(whole: list[tuple[int, bytes]], origin: str, signer: notes.Signer) -> list[tuple[int, bytes]]:
    """All checkpoints computed and signed anew."""
    tree, found = Tree(), []
    for kind, body in whole:
        if kind == log.LEAF:
            tree = Tree([*(tree.leaf(i) for i in range(tree.size)), *[Tree.of([body]).leaf(0)]])
        elif kind == log.CHECKPOINT:
            body = notes.sign_note(notes.checkpoint_text(origin, tree.size, tree.root()), [signer]).encode()
        found.append((kind, body))
    return found


def test_history_rewritten_and_signed_with_another_key(filled: Case) -> None:
    forger = notes.Signer(keys.origin(filled), os.urandom(32))
    rewrite(filled, resign(entries(filled), keys.origin(filled), forger))
    assert "no known key signed" in str(verify_case(filled)[0])
    (filled.evidence_folder / "keys" / "0001.vkey").write_text(forger.verifier.vkey + "\n")
    assert places(filled)[0] == "evidence/keys/0001.vkey"


def test_a_key_laid_beside_the_first_signs_nothing(filled: Case) -> None:
    forger = notes.Signer(keys.origin(filled), os.urandom(32))
    (filled.evidence_folder / "keys" / "0002.vkey").write_text(forger.verifier.vkey + "\n")
    assert places(filled) == ["evidence/keys/0002.vkey"]
    rewrite(filled, resign(entries(filled), keys.origin(filled), forger))
    assert "no known key signed" in str(verify_case(filled)[1])


def test_a_log_set_back_to_an_earlier_commit_is_noticed(filled: Case, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(filled.root, earlier)
    with filled.writing(), Evidence.open(filled, write=True) as ev:
        ev.append("later", {})
        ev.commit()
    shutil.rmtree(filled.root)
    shutil.copytree(earlier, filled.root)
    assert str(verify_case(filled)[0]).startswith("evidence/log/entries from byte")


def test_a_checkpoint_of_another_log(filled: Case) -> None:
    signer = keys.signer(filled)
    rewrite(filled, resign(entries(filled), "tecolote/another", signer))
    assert "it is of the log 'tecolote/another'" in str(verify_case(filled)[0])


def test_a_payload_that_no_segment_holds(filled: Case) -> None:
    changed = entries(filled)
    at = nth(filled, log.LEAF, 1)
    leaf = json.loads(changed[at][1])
    leaf["payload"] = "00" * 32
    changed[at] = (log.LEAF, json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode())
    rewrite(filled, resign(changed, keys.origin(filled), keys.signer(filled)))
    assert [str(f) for f in verify_case(filled)] == [
        "leaf 1 (import.file), payload: missing: no segment that can be read holds it"
    ]


def test_spans_that_do_not_match_the_file_are_found(case: Case) -> None:
    from array import array
    from hashlib import sha256

    with case.writing(), Evidence.create(case) as ev:
        blob = ev.put([b"abcdefgh"])
        digests = sha256(b"abcd").digest() + sha256(b"efgX").digest() + sha256(b"abc").digest()
        records = ev.put_records(array("Q", [0, 4, 4, 4, 0, 2**62]), digests)
        payload = {"name": "f", "blob": blob.sha256, "container": None}
        ev.append("import.file", payload, {"records": 3, "records_root": records.root})
        ev.commit()
    (found,) = places(case)
    assert found.startswith("leaf 0 (import.file), f, records 1 to 2, bytes 4-")


def test_without_keys_it_says_what_was_not_checked(filled: Case) -> None:
    shutil.rmtree(filled.keys)
    found = [str(f) for f in verify_case(filled)]
    assert found[0].startswith("key folder: the keys of")
    assert all("missing" in f for f in found)
