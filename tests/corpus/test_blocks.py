"""Large files of lines, read in blocks by several processes, give what one process gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus import blocks, importer
from tecolote.corpus.store import Corpus
from tecolote.errors import EvidenceError
from tecolote.evidence.verify import verify_case
from tecolote.records import RECORD_TABLES

from . import exports


def tables(case: Path) -> dict[str, list]:
    corpus = Corpus(Case.open(case))
    return {t: corpus.rows(f"SELECT * FROM {t}_rows ORDER BY ALL") for t in RECORD_TABLES}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl"
    broken = b'{"id": "3", "text": "cut of\n'
    path.write_bytes(exports.x_v2(1500) + broken + exports.x_v2(1500, first=5000) + b"\n" + exports.x_v2(3, first=9000))
    return path


def test_blocks_give_the_same_rows_places_and_proofs(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = verbs.import_exports(tmp_path / "one", [file]).files[0]
    monkeypatch.setattr(blocks, "MIN_BYTES", 1)
    monkeypatch.setattr(blocks, "_BLOCK", 100_000)
    monkeypatch.setattr(blocks, "workers", lambda: 2)
    many = verbs.import_exports(tmp_path / "many", [file]).files[0]
    assert (many.rows, many.quarantined, many.why, many.first, many.last, many.sha256) == (
        one.rows, one.quarantined, one.why, one.first, one.last, one.sha256,
    )  # fmt: skip
    assert one.quarantined == 1
    assert one.why[0].startswith("line 1501")
    assert tables(tmp_path / "many") == tables(tmp_path / "one")
    assert verify_case(Case.open(tmp_path / "many")) == []
    again = verbs.import_exports(tmp_path / "many", [file]).files[0]
    assert again.status == "duplicate"


def test_a_file_that_changes_while_it_is_read_is_not_taken(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MIN_BYTES", 1)
    monkeypatch.setattr(blocks, "workers", lambda: 2)
    with monkeypatch.context() as raced:
        raced.setattr(importer, "_hash", lambda stream: "0" * 64)  # what was hashed before is not what is kept
        with pytest.raises(EvidenceError, match="changed while"):
            verbs.import_exports(tmp_path / "case", [file])
    assert verify_case(Case.open(tmp_path / "case")) == []
    assert Corpus(Case.open(tmp_path / "case")).rows("SELECT count(*) AS n FROM posts_rows") == [{"n": 0}]
    assert verbs.import_exports(tmp_path / "case", [file]).files[0].rows["posts"] == 3003
