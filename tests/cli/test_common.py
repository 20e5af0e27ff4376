"""What an import prints."""

from __future__ import annotations

import re

import pytest

from tecolote.cli.common import print_files
from tecolote.corpus.reading import FileResult


def test_of_many_files_those_with_a_remark_are_listed_and_all_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    files = [FileResult(f"posts/{at:05}.json", source="x_api_v2", rows={"posts": 2}) for at in range(3000)]
    files[2500].quarantined, files[2500].why = 1, ["line 1: not JSON"]
    files[2900] = FileResult("note.txt", status="kept", reason="kept, no reader")
    print_files(files)
    said = capsys.readouterr().err
    assert len(said.splitlines()) < 120
    for part in ("posts/00000.json", "posts/02500.json", "not JSON", "note.txt", "3,000 files", "2,900 files more"):
        assert part in said
    assert re.search(r"x_api_v2 +2,999 +5,998", said)


def test_few_files_are_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_files([FileResult(f"{at}.json", source="x_api_v2", rows={"posts": 1}) for at in range(100)])
    said = capsys.readouterr().err
    assert all(f"{at}.json" in said for at in range(100))
    assert "more" not in said
