"""Hostile files through the real import: each comes to its stated end, and nothing lands outside the case."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.importer import ImportResult
from tecolote.corpus.reading import FileResult
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.evidence.verify import verify_case
from tests.conftest import ROOT
from tests.corpus import exports
from tests.corpus.hostile import Hostile, all_of_them

FILES = all_of_them()


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportResult]:
    """One import of a folder with every file, and what it gave."""
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "exports"
    folder.mkdir()
    for file in FILES:
        (folder / file.name).write_bytes(file.raw)
    (folder / "link.jsonl").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "last.jsonl").write_bytes(exports.x_v2(1, 900_000))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TECOLOTE_KEYS", str(root / "keys"))
        patched.chdir(root)
        return root, verbs.import_exports(root / "case", [folder])


def results(taken: tuple[Path, ImportResult], name: str) -> list[FileResult]:
    return [file for file in taken[1].files if file.path.split("!")[0] == f"exports/{name}"]


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 120
    assert len({file.name for file in FILES}) == len({file.raw for file in FILES}) == len(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_comes_to_its_end(taken: tuple[Path, ImportResult], file: Hostile) -> None:
    found = results(taken, file.name)
    assert len(found) == file.members
    said = " ".join(" ".join([f.reason, *f.why, *f.notes]) for f in found)
    if file.members == 1:
        assert found[0].status == file.end, said
    assert sum(f.rows.get("posts", 0) for f in found) == file.posts, said
    assert sum(f.quarantined for f in found) == file.quarantined, said
    assert file.words in said
    assert "stopped" not in said


def test_what_is_no_file_is_refused_and_the_last_is_read(taken: tuple[Path, ImportResult]) -> None:
    for name in ("link.jsonl", "loop", "pipe.jsonl"):
        assert [f.status for f in results(taken, name)] == ["refused"]
    assert [f.rows["posts"] for f in results(taken, "last.jsonl")] == [1]


def test_nothing_is_outside_the_case_and_the_case_holds(
    taken: tuple[Path, ImportResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = taken
    monkeypatch.setenv("TECOLOTE_KEYS", str(root / "keys"))
    assert {path.name for path in root.iterdir()} == {"case", "exports", "keys"}
    assert len(list((root / "exports").iterdir())) == len(FILES) + 4
    assert verify_case(Case.open(root / "case")) == []


def test_no_value_is_what_no_store_can_hold(taken: tuple[Path, ImportResult]) -> None:
    posts = Corpus(Case.open(taken[0] / "case")).rows("SELECT * FROM posts")
    stored = json.dumps(posts, default=str)
    assert all(word not in stored for word in ("\\ud800", "\\u0000", "Infinity", "NaN"))
    assert all(isinstance(row["id"], str) and row["id"].isdecimal() for row in posts)


def test_every_byte_that_was_not_refused_is_evidence(taken: tuple[Path, ImportResult]) -> None:
    evidence = Evidence.open(Case.open(taken[0] / "case"))
    alone = [f for f in taken[1].files if f.status in ("read", "kept") and "!" not in f.path]
    assert len(alone) > 60
    assert all(evidence.has(f.sha256) for f in alone)


@pytest.mark.parametrize("name", ["zip-bomb.zip", "bomb.json.zst", "zip-lzma-4-gigabytes.zip", "line-deep-list.jsonl"])
def test_alone_and_within_bounded_memory(tmp_path: Path, name: str) -> None:
    (file,) = [file for file in FILES if file.name == name]
    (tmp_path / name).write_bytes(file.raw)
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.test_hostile", str(tmp_path / "case"), str(tmp_path / name)],
        capture_output=True, text=True, timeout=120, check=True, cwd=ROOT,
    )  # fmt: skip
    got: dict[str, Any] = json.loads(done.stdout)
    assert got["status"] == file.end
    assert got["peak"] < 1 << 30
    assert {path.name for path in tmp_path.iterdir()} == {"case", name}


#: What `index.json` demands in words, as what the import says: end, posts, quarantined, words.
SAMPLES = {
    "zip-nested.zip": ("refused", 0, 0, "far more"),
    "zip-lying-size.zip": ("refused", 0, 0, "cannot be read"),
    "zip-prefix-html.zip": ("kept", 0, 0, ""),
    "xz-bomb.json.xz": ("refused", 0, 0, "far more"),
    "json-latin1.json": ("kept", 0, 0, "UTF-8"),
    "gexf-xxe.gexf": ("kept", 0, 0, "DTD"),
    "xml-deep.xml": ("kept", 0, 0, "deep"),
    "svg-script.svg": ("kept", 0, 0, ""),
    "csv-unclosed.csv": ("read", 0, 1, "say which is"),
    "csv-delim.csv": ("read", 0, 1, "say which is"),
}


@pytest.mark.data
def test_the_samples_end_as_their_index_says(data: Path, tmp_path: Path) -> None:
    folder = data / "evidence" / "hostile"
    specified = [entry["file"] for entry in json.loads((folder / "index.json").read_text())]
    result = verbs.import_exports(tmp_path / "case", [folder / name for name in specified])
    evidence = Evidence.open(Case.open(tmp_path / "case"))
    for name in specified:
        found = [f for f in result.files if f.path.split("!")[0] == name]
        said = " ".join(" ".join([f.reason, *f.why, *f.notes]) for f in found)
        assert "stopped" not in said, name
        if name in SAMPLES:
            end, posts, quarantined, words = SAMPLES[name]
            (only,) = found
            assert (only.status, only.rows.get("posts", 0), only.quarantined) == (end, posts, quarantined), name
            assert words in said, name
        elif name.startswith("zip-path"):
            (good,) = [f for f in found if f.path.endswith("good.json")]
            assert good.status in ("read", "kept", "duplicate"), name
        else:
            assert [f.status for f in found] == ["kept"], name
        if len(found) == 1 and found[0].status != "refused" and "!" not in found[0].path:
            assert evidence.read(found[0].sha256).read() == (folder / name).read_bytes(), name
    assert {path.name for path in tmp_path.iterdir()} == {"case"}


if __name__ == "__main__":
    (result,) = verbs.import_exports(Path(sys.argv[1]), [Path(sys.argv[2])]).files
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
    print(json.dumps({"status": result.status, "peak": peak}))
