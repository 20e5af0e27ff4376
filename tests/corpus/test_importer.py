"""Import: evidence first, the same bytes once, private chats only with consent, never fatal."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.files import open_evidence
from tecolote.corpus.importer import project_all
from tecolote.corpus.store import Corpus, Writing
from tecolote.evidence import Evidence
from tecolote.evidence.tree import leaf_hash, verify_inclusion
from tecolote.evidence.verify import verify_case
from tecolote.records import RECORD_TABLES

from . import exports


def take(case: Path, *paths: Path, **how: object) -> dict[str, object]:
    result = verbs.import_exports(case, list(paths), **how)  # type: ignore[arg-type]
    return {f.path: f for f in result.files} | {"": result}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return tmp_path / "case"


def rows(case: Path, sql: str) -> list[dict]:
    return Corpus(Case.open(case)).rows(sql)


def test_each_row_points_to_its_bytes(tmp_path: Path, case: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(exports.x_v2(30))
    take(case, file)
    evidence = Evidence.open(Case.open(case))
    events = {e.index: e for e in evidence.events("import.file")}
    found = rows(case, "SELECT * FROM posts ORDER BY record_index")
    assert len(found) == 30
    lines = file.read_bytes().splitlines()
    for row in found:
        records = evidence.records(row["leaf_index"])
        start, length = records.span(row["record_index"])
        stream = open_evidence(evidence, events[row["leaf_index"]].payload)
        stream.seek(start)
        raw = stream.read(length)
        assert raw == lines[row["record_index"]]
        assert hashlib.sha256(raw).digest() == row["raw_sha256"] == records.digest(row["record_index"])
        assert row["row_locator"] == f"line {row['record_index'] + 1}"
        assert row["source_file"] == "posts.jsonl"
    assert verify_case(Case.open(case)) == []


def test_the_same_bytes_again_add_nothing(tmp_path: Path, case: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(exports.x_v2(5))
    first = take(case, file)[""]
    (tmp_path / "renamed.txt").write_bytes(file.read_bytes())
    second = take(case, tmp_path / "renamed.txt")
    assert second["renamed.txt"].status == "duplicate"
    assert second[""].size == first.size
    assert rows(case, "SELECT count(*) AS n FROM posts_rows") == [{"n": 5}]


def test_one_post_from_two_exports_is_one_post_with_two_snapshots(tmp_path: Path, case: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(exports.x_v2(5))
    (tmp_path / "b.jsonl").write_bytes(exports.x_v2(5, first=3))
    take(case, tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    counts = rows(case, "SELECT (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM post_snapshots) AS seen")
    assert counts == [{"posts": 8, "seen": 10}]
    evidence = Evidence.open(Case.open(case))
    twice = rows(
        case, "SELECT id, leaf_index, record_index FROM posts_rows QUALIFY count(*) OVER (PARTITION BY id) = 2"
    )
    assert len(twice) == 4 and len({row["leaf_index"] for row in twice}) == 2
    for row in twice:
        records, at = evidence.records(row["leaf_index"]), row["record_index"]
        leaf, root = leaf_hash(records.commitment(at)), bytes.fromhex(records.root)
        assert verify_inclusion(leaf, at, records.count, records.proof(at), root)


def test_a_private_chat_needs_consent_and_leaves_nothing_behind(tmp_path: Path, case: Path) -> None:
    chat = tmp_path / "WhatsApp Chat with Ana.txt"
    chat.write_bytes(exports.WHATSAPP)
    post = tmp_path / "a.jsonl"
    post.write_bytes(exports.x_v2(1))
    got = take(case, chat, post)
    assert got[chat.name].status == "refused"
    assert "--consent" in got[chat.name].reason
    assert "\n" not in got[chat.name].reason
    assert got["a.jsonl"].rows["posts"] == 1
    digest = hashlib.sha256(exports.WHATSAPP).hexdigest()
    assert not Evidence.open(Case.open(case)).has(digest)
    assert rows(case, "SELECT count(*) AS n FROM posts") == [{"n": 1}]


def test_with_consent_members_other_than_the_giver_are_pseudonyms(tmp_path: Path, case: Path) -> None:
    chat = tmp_path / "WhatsApp Chat with Beto Invented.txt"
    chat.write_bytes(exports.WHATSAPP)
    consent = tmp_path / "consent.toml"
    consent.write_text(exports.CONSENT)
    got = take(case, chat, consent=consent, timezone="America/Mexico_City")
    assert got[chat.name].rows["posts"] == 4
    found = rows(case, "SELECT * FROM posts WHERE kind = 'message' ORDER BY record_index")
    names = [r["author_name"] for r in found]
    assert names[0] == names[2] == "Ana Invented"
    assert names[1].startswith("member-")
    everything = json.dumps([rows(case, f"SELECT * FROM {t}_rows") for t in RECORD_TABLES], default=str)
    assert "Beto" not in everything
    consents = list(Evidence.open(Case.open(case)).events("consent"))
    assert len(consents) == 1
    assert consents[0].payload["giver"] == "Ana Invented"
    kept = take(tmp_path / "other", chat, consent=consent, members="keep")
    assert kept[chat.name].rows["posts"] == 4
    assert "Beto Invented" in [r["author_name"] for r in rows(tmp_path / "other", "SELECT author_name FROM posts")]


def test_media_beside_a_chat_is_linked_by_hash_or_refused_with_it(tmp_path: Path, case: Path) -> None:
    picture = b"\xff\xd8\xff\xe0 not really a picture"
    box = tmp_path / "chat.zip"
    box.write_bytes(
        exports.zipped({"WhatsApp Chat with Ana.txt": exports.WHATSAPP, "IMG-20260315-WA0001.jpg": picture})
    )
    got = take(case, box)
    assert {f.status for f in got[""].files} == {"refused"}
    assert not Evidence.open(Case.open(case)).has(hashlib.sha256(picture).hexdigest())
    consent = tmp_path / "consent.toml"
    consent.write_text(exports.CONSENT)
    take(case, box, consent=consent)
    media = rows(case, "SELECT sha256, status FROM media")
    assert media == [{"sha256": hashlib.sha256(picture).hexdigest(), "status": "present"}]


def test_a_container_that_mixes_keeps_public_members_only(tmp_path: Path, case: Path) -> None:
    public = exports.x_v2(4)
    box = tmp_path / "mixed.zip"
    box.write_bytes(exports.zipped({"chats/_chat.txt": exports.WHATSAPP, "public/posts.jsonl": public}))
    got = take(case, box)
    assert got["mixed.zip!public/posts.jsonl"].rows["posts"] == 4
    assert got["mixed.zip!chats/_chat.txt"].status == "refused"
    evidence = Evidence.open(Case.open(case))
    assert evidence.has(hashlib.sha256(public).hexdigest())
    assert not evidence.has(hashlib.sha256(box.read_bytes()).hexdigest())
    assert not evidence.has(hashlib.sha256(exports.WHATSAPP).hexdigest())
    (container,) = evidence.events("import.container")
    assert container.payload["kept"] == "members"
    assert container.payload["private_chats_left_out"] == 1


def test_a_telegram_export_that_mixes_keeps_the_public_ranges(tmp_path: Path, case: Path) -> None:
    chats = [exports.telegram(True, "Persona Privada", 1), exports.telegram(False, "Canal inventado", 2)]
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"about": "x", "chats": {"about": "y", "list": chats}}, ensure_ascii=False, indent=1))
    got = take(case, file)
    (kept,) = got[""].files
    assert kept.status == "partly"
    assert kept.rows["posts"] == 3
    assert "1 private" in kept.reason
    assert "Privada" not in json.dumps(rows(case, "SELECT * FROM posts"), default=str)
    assert not Evidence.open(Case.open(case)).has(hashlib.sha256(file.read_bytes()).hexdigest())
    assert verify_case(Case.open(case)) == []


def test_reading_again_with_a_date_order_supersedes(tmp_path: Path, case: Path) -> None:
    chat = tmp_path / "chat.txt"
    ambiguous = "03/04/26, 10:16 - Ana Invented: uno\n05/06/26, 10:17 - Ana Invented: dos\n"
    chat.write_text(ambiguous)
    consent = tmp_path / "consent.toml"
    consent.write_text(exports.CONSENT)
    take(case, chat, consent=consent, timezone="UTC")
    assert rows(case, "SELECT created_at FROM posts") == [{"created_at": None}] * 2
    take(case, chat, consent=consent, timezone="UTC", date_order="dmy")
    found = rows(case, "SELECT created_at FROM posts_rows ORDER BY record_index")
    assert [r["created_at"].month for r in found] == [4, 6]
    assert verify_case(Case.open(case)) == []


def test_links_and_missing_files_are_named_and_the_rest_goes_on(tmp_path: Path, case: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "ok.jsonl").write_bytes(exports.x_v2(2))
    (folder / "link.jsonl").symlink_to(folder / "ok.jsonl")
    os.mkfifo(folder / "pipe")
    got = take(case, folder, tmp_path / "absent.json")
    assert got["exports/link.jsonl"].status == "refused"
    assert got["exports/pipe"].status == "refused"
    assert got["exports/ok.jsonl"].rows["posts"] == 2
    assert [f.status for f in got[""].files] == ["refused", "read", "refused", "refused"]


def test_a_defective_line_is_quarantined_with_place_and_reason(tmp_path: Path, case: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(exports.x_v2(2) + b'{"id": "3", "text": "cut of\n' + exports.x_v2(1, first=9))
    got = take(case, file)["a.jsonl"]
    assert got.rows["posts"] == 3
    assert got.quarantined == 1
    assert got.why[0].startswith("line 3")


def test_a_file_without_reader_is_kept_as_evidence(tmp_path: Path, case: Path) -> None:
    file = tmp_path / "page.bin"
    file.write_bytes(b"\x00\x01 something else")
    got = take(case, file)["page.bin"]
    assert (got.status, got.source, got.reason) == ("kept", None, "kept, no reader")
    assert Evidence.open(Case.open(case)).has(got.sha256)


def test_rebuilding_from_the_evidence_gives_the_same_tables(tmp_path: Path, case: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(exports.x_v2(50))
    box = tmp_path / "b.zip"
    box.write_bytes(exports.zipped({"in/c.json": json.dumps(exports.telegram(False)).encode()}))
    take(case, tmp_path / "a.jsonl", box)
    before = {t: rows(case, f"SELECT * FROM {t}_rows ORDER BY ALL") for t in RECORD_TABLES}
    for path in (case / "corpus").rglob("*"):
        if path.is_file():
            path.unlink()
    assert project_all(Case.open(case)) == 2
    assert {t: rows(case, f"SELECT * FROM {t}_rows ORDER BY ALL") for t in RECORD_TABLES} == before
    assert verify_case(Case.open(case)) == []


def test_an_import_that_stops_before_its_tables_is_continued(
    tmp_path: Path, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jsonl").write_bytes(exports.x_v2(20))

    def stop(self: Writing, manifest: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", stop)
        with pytest.raises(KeyboardInterrupt):
            take(case, tmp_path / "a.jsonl")
    assert verify_case(Case.open(case)) == []
    (tmp_path / "b.jsonl").write_bytes(exports.x_v2(3, first=100))
    take(case, tmp_path / "b.jsonl")
    assert rows(case, "SELECT count(*) AS n FROM posts_rows") == [{"n": 23}]
    assert verify_case(Case.open(case)) == []


def test_killed_at_any_moment_the_case_opens_verifies_and_continues(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    for n in range(12):
        (folder / f"{n:02}.jsonl").write_bytes(exports.x_v2(40, first=1000 * n))
    script = "import sys; from tecolote.cli import main; main(sys.argv[1:])"
    for attempt in range(6):
        case = tmp_path / f"case{attempt}"
        command = [sys.executable, "-c", script, "import", str(folder), "--case", str(case)]
        began = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (case / "evidence").is_dir() and child.poll() is None and time.monotonic() - began < 20:
            time.sleep(0.005)
        time.sleep(0.03 * attempt)
        child.send_signal(signal.SIGKILL)
        child.wait()
        if not (case / "case.toml").exists():
            continue
        if list((case / "evidence").rglob("*.log")):
            assert verify_case(Case.open(case)) == []
        take(case, folder)
        assert rows(case, "SELECT count(*) AS n FROM posts_rows") == [{"n": 480}]
        assert verify_case(Case.open(case)) == []


@pytest.mark.data
def test_every_hostile_file_ends_as_specified(data: Path, tmp_path: Path, case: Path) -> None:
    folder = data / "evidence" / "hostile"
    specified = json.loads((folder / "index.json").read_text())
    got = take(case, *[folder / entry["file"] for entry in specified])
    by_file: dict[str, list] = {}
    for file in got[""].files:
        by_file.setdefault(file.path.split("!")[0], []).append(file)
    for entry in specified:
        results = by_file[entry["file"]]
        words = " ".join(r.reason for r in results)
        if "good.json readable" in entry["expect"]:
            assert any(r.path.endswith("good.json") and r.status != "refused" for r in results), entry
        elif entry["file"] in ("zip-nested.zip", "xz-bomb.json.xz"):
            assert results[0].status == "refused", entry
            assert "unpacks to far more" in words, entry
        elif entry["file"] == "zip-lying-size.zip":
            assert results[0].status == "refused", entry
        elif entry["file"] == "gexf-xxe.gexf":
            assert "DTD" in words, entry
        elif entry["file"] == "xml-deep.xml":
            assert "deep" in words, entry
        assert all("reader stopped" not in " ".join(r.why) for r in results), entry
    written = {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*")}
    assert written == {"case"}
    assert verify_case(Case.open(case)) == []
    stored = json.dumps(rows(case, "SELECT * FROM posts"), default=str)
    assert "inf" not in [r["id"] for r in rows(case, "SELECT id FROM posts")]
    assert "\\ud800" not in stored
