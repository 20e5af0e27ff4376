"""``tecolote codebook`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tecolote.cli import cli
from tests.signals.test_case import write_case
from tests.signals.test_shadow import OWN


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return path


def test_check_warns_and_refuses(own: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["codebook", "check", str(own)])
    assert done.exit_code == 0
    assert "own-seen: names no source" in done.stderr
    assert "1 groups, 4 terms" in done.stderr
    own.write_text(OWN + "  - {id: broken, nam: x}\n")
    assert "broken" in str(CliRunner().invoke(cli, ["codebook", "check", str(own)]).exception)


def test_diff_and_try_leave_the_case_as_it_was(own: Path, tmp_path: Path) -> None:
    case = write_case(tmp_path)
    before = {p: p.read_bytes() for p in case.root.rglob("*") if p.is_file()}
    out = tmp_path / "changes.jsonl"
    words = ["codebook", "diff", str(own), "--case", str(case.root), "--out", str(out), "--json"]
    found = json.loads(CliRunner().invoke(cli, words, catch_exceptions=False).stdout)
    assert found["counts"]["groups"] + found["counts"]["flag"] + found["counts"]["abstain"] >= 1
    assert len(out.read_text().splitlines()) == len(found["changes"])
    done = CliRunner().invoke(cli, ["codebook", "try", str(own), "--case", str(case.root)], catch_exceptions=False)
    assert "out of date" in done.stdout
    assert "dead" in done.stdout
    assert {p: p.read_bytes() for p in case.root.rglob("*") if p.is_file()} == before
