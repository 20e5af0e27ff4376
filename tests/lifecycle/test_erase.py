"""Erasing from a case: gone from every file of it, the rest provable, rebuilt and read as before."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.importer import project_all
from tecolote.corpus.store import Corpus
from tecolote.errors import EvidenceError, KeyMissing, UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.hold import place_hold, release_hold
from tecolote.evidence.verify import verify_case
from tecolote.lifecycle.erase import Erased, Grounds, Wish, erase, finish, plan
from tecolote.records import RECORD_TABLES
from tecolote.web.index import attach
from tests.corpus import exports

GROUNDS = Grounds("GDPR art. 17(1)(d)", "Invented One", "Invented Two")
ID = "1000000000000077777"
TEXT = "palabras que deben irse para siempre"


def secret() -> dict[str, Any]:
    """A post that is to be erased."""
    post = exports.x_v2_post(0, TEXT, author=91234567)
    return post | {"id": ID, "conversation_id": ID, "edit_history_tweet_ids": [ID]}


def lines(*posts: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(post).encode() + b"\n" for post in posts)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name.replace("__", "."), raw)
    return out.getvalue()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def made(tmp_path: Path, *files: tuple[str, bytes]) -> Case:
    """A case with these files, analysed, reported and shown."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, raw in files:
        (folder / name).write_bytes(raw)
    verbs.import_exports(tmp_path / "case", [folder])
    case = Case.open(tmp_path / "case")
    verbs.analyze(case.root)
    verbs.report(case.root)
    attach(Corpus(case))
    return case


def left(case: Case, *folders: Path) -> bytes:
    """Every byte of the case, its keys and caches, and everything that can still be decrypted or unpacked."""
    found = []
    for folder in (case.root, case.keys, *folders):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found.append(path.read_bytes())
    for table in Corpus(case).manifest["files"]:
        import pyarrow.parquet as pq

        found.append(repr(pq.read_table(case.root / table["path"]).to_pylist()).encode())
    with Evidence.open(case) as ev:
        for number in range(ev._meta.segment):
            try:
                found.append(bytes(ev._load(number)))
                row = ev._index.segment(number)
                assert row is not None
                found.append(ev._directory(row))
            except KeyMissing:
                continue
        for event in [*ev.events("import.file"), *ev.events("import.container")]:
            blob = event.payload.get("blob") or event.payload["sha256"]
            if blob and ev.has(blob):
                raw = ev.read(blob).read()
                found.append(raw)
                if raw.startswith(b"PK"):
                    archive = zipfile.ZipFile(io.BytesIO(raw))
                    for info in archive.infolist():
                        try:
                            found.append(archive.read(info))
                        except zipfile.BadZipFile:
                            continue
                        except Exception as error:
                            assert "decompress" in str(error) or "invalid" in str(error)
    return b"\n".join(found)


def tables(case: Case) -> dict[str, list[dict[str, Any]]]:
    corpus = Corpus(case)
    return {t: corpus.rows(f"SELECT * FROM {t}_rows ORDER BY ALL") for t in RECORD_TABLES}


def one(case: Case, **how: Any) -> Erased:
    return erase(case, Wish(items=f"post={ID}"), GROUNDS, **how)


def check_gone(case: Case, before: dict[str, list[dict[str, Any]]], cache: Path) -> None:
    """Nothing of the post is left, nothing else is missing, and a rebuild gives the same."""
    rest = left(case, cache)
    for needle in (ID, TEXT, "91234567"):
        assert needle.encode() not in rest, needle
    now = tables(case)
    for table, rows in before.items():
        kept = [row for row in rows if ID not in repr(row) and "91234567" not in repr(row)]
        assert now[table] == kept, table
    assert verify_case(case) == []
    project_all(case)
    assert tables(case) == now
    assert verify_case(case) == []


def test_a_record_of_a_plain_file(tmp_path: Path, cache: Path) -> None:
    posts = [exports.x_v2_post(n) for n in range(1, 9)]
    case = made(tmp_path, ("posts.jsonl", lines(*posts[:4], secret(), *posts[4:])), ("more.jsonl", exports.x_v2(5, 50)))
    before = tables(case)
    assert ID.encode() in left(case)
    done = one(case)
    assert (done.records, done.files, done.posts, done.packets) == (1, 0, 1, [])
    sheet, size = case.published_folder / "factsheet.en.pdf", done.leaf
    remarks: list[Any] = []
    assert verbs.verify(sheet, remarks=remarks) == []
    told = {r.where: r.what for r in remarks}
    checkpoint = int(re.search(r"checkpoint (\d+)", told["numbers: posts"])[1])  # type: ignore[index]
    assert told["numbers: posts"] == f"was proven at checkpoint {checkpoint}; now 1 row fewer"
    assert checkpoint <= size
    assert not (case.published_folder / "report.html").exists()
    check_gone(case, before, cache)
    assert Corpus(case).rows("SELECT count(*) AS n FROM assessments")[0]["n"] == 13
    assert Corpus(case).rows("SELECT count(*) AS n FROM account_assessments WHERE account_id = '91234567'")[0]["n"] == 0
    again = verbs.import_exports(case.root, [tmp_path / "exports"])
    assert {f.status for f in again.files} == {"duplicate"}
    verbs.report(case.root)
    remarks = []
    assert verbs.verify(sheet, remarks=remarks) == []
    assert remarks == []
    with pytest.raises(UsageError, match="nothing is there"):
        one(case)


def test_in_a_zip_in_a_nested_zip_and_as_a_copy_that_has_no_leaf(tmp_path: Path, cache: Path) -> None:
    posts = [exports.x_v2_post(n) for n in range(1, 9)]
    holding = lines(*posts[:4], secret())
    case = made(
        tmp_path,
        ("a.zip", zipped(first__jsonl=holding, second__jsonl=lines(*posts[4:]))),
        ("b.zip", zipped(inner__zip=zipped(deep__jsonl=lines(secret(), posts[1]), beside__jsonl=exports.x_v2(3, 90)))),
        ("c.zip", zipped(copy__jsonl=holding, other__jsonl=exports.x_v2(2, 70))),
        ("d.jsonl", lines(secret())),
    )
    before = tables(case)
    done = one(case)
    assert done.records == 3
    assert done.files == 1
    check_gone(case, before, cache)


def test_a_gzip_and_a_json_document(tmp_path: Path, cache: Path) -> None:
    import gzip

    page = {"data": [{"id": ID, "text": TEXT, "author_id": "91234567", "created_at": "2026-03-01T00:00:00.000Z"}]}
    case = made(
        tmp_path,
        ("posts.jsonl.gz", gzip.compress(lines(secret(), exports.x_v2_post(3)))),
        ("page.json", json.dumps(page).encode()),
        ("others.jsonl", exports.x_v2(4, 20)),
    )
    before = tables(case)
    one(case)
    check_gone(case, before, cache)


def test_a_whole_file(tmp_path: Path, cache: Path) -> None:
    case = made(tmp_path, ("ana-91234567.jsonl", lines(secret())), ("more.jsonl", exports.x_v2(5, 50)))
    before = tables(case)
    with Evidence.open(case) as ev:
        leaf = next(e.index for e in ev.events("import.file") if "ana" in e.payload["name"])
    done = erase(case, Wish(files=(leaf,)), GROUNDS)
    assert done.files == 1
    assert b"ana-91234567" not in left(case, cache)
    check_gone(case, before, cache)


def test_neighbours_are_asked_for(tmp_path: Path, cache: Path) -> None:
    told = [{"id": str(10**18 + n), "text": f"texto {n}", "author_id": "7"} for n in range(3)]
    page = {"data": [{"id": ID, "text": TEXT, "author_id": "91234567"}, *told]}
    case = made(tmp_path, ("page.json", json.dumps(page).encode()), ("more.jsonl", exports.x_v2(5, 50)))
    together = plan(case, Wish(items=f"post={ID}"))
    assert len(together.neighbours) == 3
    with pytest.raises(UsageError, match="same records"):
        one(case)
    assert ID.encode() in left(case)
    one(case, with_neighbours=True)
    assert ID.encode() not in left(case, cache)


def test_a_hold_blocks_it(tmp_path: Path, cache: Path) -> None:
    case = made(tmp_path, ("posts.jsonl", lines(secret(), exports.x_v2_post(2))), ("more.jsonl", exports.x_v2(5, 50)))
    with Evidence.open(case) as ev:
        leaves = {e.payload["name"].rsplit("/", 1)[-1]: e.index for e in ev.events("import.file")}
    for about in ((), (leaves["posts.jsonl"],), (leaves["more.jsonl"],)):
        with case.writing(), Evidence.open(case, write=True) as ev:
            hold = place_hold(ev, "carpeta 12/2026", "Invented One", about)
            ev.commit()
        if about == (leaves["more.jsonl"],):
            one(case)
            assert ID.encode() not in left(case, cache)
        else:
            with pytest.raises(UsageError, match="legal hold"):
                one(case)
            assert ID.encode() in left(case)
            with case.writing(), Evidence.open(case, write=True) as ev:
                release_hold(ev, hold, "closed", "Invented One")
                ev.commit()


@pytest.mark.parametrize("grounds", [Grounds("", "a", "b"), Grounds("x", "a", ""), Grounds("x", "Ana", " ana ")])
def test_it_needs_a_basis_and_two_persons(tmp_path: Path, cache: Path, grounds: Grounds) -> None:
    case = made(tmp_path, ("posts.jsonl", lines(secret(), exports.x_v2_post(2))))
    with pytest.raises(UsageError):
        erase(case, Wish(items="all"), grounds)
    assert ID.encode() in left(case)


def test_nothing_waits_where_nothing_was_begun(tmp_path: Path, cache: Path) -> None:
    case = made(tmp_path, ("posts.jsonl", exports.x_v2(3)))
    assert not finish(case)


class _Stop(Exception):
    """The process ends here."""


def test_stopped_anywhere_it_is_done_or_as_before_and_a_second_run_ends_it(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = made(tmp_path, ("posts.jsonl", lines(secret(), *(exports.x_v2_post(n) for n in range(1, 4)))))
    before = tables(case)
    keep = {folder: tmp_path / f"keep-{n}" for n, folder in enumerate((case.root, case.keys, cache))}
    for folder, copy in keep.items():
        shutil.copytree(folder, copy)
    real, calls, limit = os.fsync, 0, 0

    def counting(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > limit:
            raise _Stop
        real(handle)

    for point in range(0, 1000, 8):
        limit = point
        for folder, copy in keep.items():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(copy, folder)
        calls = 0
        monkeypatch.setattr(os, "fsync", counting)
        try:
            one(case)
            ended = True
        except (_Stop, EvidenceError):
            ended = False
        monkeypatch.setattr(os, "fsync", real)
        (case.root / "lock").unlink(missing_ok=True)
        waiting = (case.evidence_folder / "erasing").exists()
        assert bool([f for f in verify_case(case) if "not finished" in f.what]) is waiting
        finish(case)
        with Evidence.open(case) as ev:
            done = bool(ev.leaves_of("erased"))
        assert (ID.encode() not in left(case, cache)) is done
        if not done:
            assert tables(case) == before
            one(case)
        assert ID.encode() not in left(case, cache)
        assert verify_case(case) == []
        if ended:
            break
    else:
        pytest.fail("it never ended")
    assert limit > 20
