"""The face for notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

import tecolote
from tecolote import verbs
from tecolote.errors import CaseError, UsageError

from .corpus import exports


def test_a_case_opens_and_its_tables_are_lazy(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(exports.x_v2(7))
    (tmp_path / "b.jsonl").write_bytes(exports.x_v2(2))
    verbs.import_exports(tmp_path / "case", [tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    case = tecolote.Case.open(tmp_path / "case")
    assert case.posts().to_arrow_table().num_rows == 7
    assert case.table("posts_rows").to_arrow_table().num_rows == 9
    assert case.posts().filter("lang = 'es'").limit(3).to_arrow_table().num_rows == 3
    assert case.accounts().to_arrow_table().num_rows == 1
    assert set(case.edges().to_arrow_table()["type"].to_pylist()) == {"hashtag"}
    assert case.assessments().to_arrow_table().num_rows == 0
    with pytest.raises(UsageError, match="Tables are"):
        case.table("posts; DROP VIEW posts")
    with pytest.raises(CaseError):
        tecolote.Case.open(tmp_path / "nowhere")
