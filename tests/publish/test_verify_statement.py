"""The check of a fact sheet finds every edit, and counts with code of its own."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote import codebook
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import EvidenceError
from tecolote.evidence import Evidence
from tecolote.publish import pdf, verify_statement
from tecolote.publish.numbers import wilson
from tecolote.publish.report import ReportPaths, report
from tecolote.publish.statement import bind, build, compact
from tecolote.publish.survival import bounds, wilson_share
from tecolote.tracking.survival import turnbull
from tests.publish.conftest import Made

Data = dict[str, Any]


@pytest.fixture(scope="module")
def published(made: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, ReportPaths]:
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECOLOTE_KEYS", str(folder / "keys"))
        case = made.write(folder / "case")
        return case, report(case)


def check(data: Data, folder: Path) -> list[verify_statement.Fault]:
    path = folder / "edited.json"
    path.write_bytes(compact(data))
    return verify_statement.verify_statement(path)


def edit_row(data: Data) -> str:
    table = data["rows"]["posts"]
    flag = table["columns"].index("flag")
    row = next(r for r in table["rows"] if r[flag] == 0)
    row[flag] = 1
    return "posts"


def edit_number(data: Data) -> str:
    data["numbers"]["flagged"]["value"] += 1
    return "flagged"


def edit_definition(data: Data) -> str:
    data["definitions"]["flagged"]["definition"]["en"] = "Posts that prove a crime."
    return "flagged"


def edit_query(data: Data) -> str:
    data["queries"]["flagged"]["sql"] += " OR true"
    return "flagged"


def edit_denominator(data: Data) -> str:
    data["denominators"]["flagged"]["value"] -= 50
    return "flagged"


EDITS: dict[str, Callable[[Data], str]] = {
    "rows": edit_row,
    "numbers": edit_number,
    "definitions": edit_definition,
    "queries": edit_query,
    "denominators": edit_denominator,
}


def make_consistent(data: Data, part: str, item: str) -> None:
    """Set every hash above an item anew, as a forger without the signing key would."""
    data["hashes"][part][item] = hashlib.sha256(compact(data[part][item])).hexdigest()
    entry = data["log"]["leaves"][f"report.{part}"]
    leaf = json.loads(entry["leaf"])
    leaf["root"] = hashlib.sha256(compact(data["hashes"][part])).hexdigest()
    entry["leaf"] = compact(leaf).decode()


def test_sheets_of_both_languages_hold(published: tuple[Case, ReportPaths]) -> None:
    case, paths = published
    for name in ("factsheet.en.pdf", "factsheet.en.json", "factsheet.es.pdf", "factsheet.es.json"):
        assert verify_statement.verify_statement(case.published_folder / name) == []
    assert paths.data.exists()


def test_each_of_ten_edits_fails_with_its_own_message(published: tuple[Case, ReportPaths], tmp_path: Path) -> None:
    honest = json.loads(published[1].data.read_bytes())
    messages = []
    for part, edit in EDITS.items():
        for consistent in (False, True):
            data = copy.deepcopy(honest)
            item = edit(data)
            if consistent:
                make_consistent(data, part, item)
            faults = check(data, tmp_path)
            assert faults, f"{part}, {consistent}"
            messages.append(faults[0].what)
    assert len(set(messages)) == 10, messages


def test_edits_of_what_is_counted_are_also_found_by_counting(
    published: tuple[Case, ReportPaths], tmp_path: Path
) -> None:
    honest = json.loads(published[1].data.read_bytes())
    for part in ("rows", "numbers", "denominators"):
        data = copy.deepcopy(honest)
        make_consistent(data, part, EDITS[part](data))
        assert any("its rows give" in fault.what for fault in check(data, tmp_path)), part


def test_a_forged_checkpoint_is_not_signed(published: tuple[Case, ReportPaths], tmp_path: Path) -> None:
    data = json.loads(published[1].data.read_bytes())
    lines = data["log"]["checkpoint"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    data["log"]["checkpoint"] = "\n".join(lines)
    assert "signature" in check(data, tmp_path)[0].what


def test_another_signer_is_refused_when_the_key_is_given(
    published: tuple[Case, ReportPaths], made: Made, tmp_path: Path
) -> None:
    from tecolote.evidence.keys import signer

    other = made.write(tmp_path / "other")
    faults = verify_statement.verify_statement(published[1].data, key=signer(other).verifier.vkey)
    assert faults[0].where == "checkpoint"


def test_rows_must_point_into_proven_files(published: tuple[Case, ReportPaths], tmp_path: Path) -> None:
    data = json.loads(published[1].data.read_bytes())
    data["log"]["files"] = data["log"]["files"][1:]
    assert any("no proven file" in fault.what for fault in check(data, tmp_path))


def test_commitments_of_records_are_checked(published: tuple[Case, ReportPaths], tmp_path: Path) -> None:
    data = json.loads(published[1].data.read_bytes())
    text = data["log"]["files"][0]["commitments"]
    data["log"]["files"][0]["commitments"] = ("B" if text[0] == "A" else "A") + text[1:]
    assert any("records root" in fault.what for fault in check(data, tmp_path))


def test_a_page_that_prints_another_number_fails(made: Made, tmp_path: Path) -> None:
    case = made.write(tmp_path / "case")
    paths = report(case)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        statement = build(case, Corpus(case), evidence, codebook.load())
        binding = bind(statement, evidence)
    parts = copy.deepcopy(statement.parts)
    parts["numbers"]["flagged"]["value"] += 1
    forged = pdf.factsheet_pdf(replace(statement, parts=parts), binding, paths.data.read_bytes(), {}, "en")
    path = tmp_path / "forged.pdf"
    path.write_bytes(forged)
    faults = verify_statement.verify_statement(path)
    assert [fault.where for fault in faults] == ["page: flagged"]


def test_what_is_no_fact_sheet_is_said_in_one_line(tmp_path: Path) -> None:
    for name, raw in (("a.json", b"[1, 2"), ("b.json", b'{"format": "other"}'), ("c.pdf", b"%PDF-1.7 nothing")):
        path = tmp_path / name
        path.write_bytes(raw)
        with pytest.raises(EvidenceError):
            verify_statement.verify_statement(path)


@pytest.mark.parametrize("gone", ["numbers", "log", "rows", "hashes"])
def test_a_sheet_with_a_part_missing_fails(published: tuple[Case, ReportPaths], tmp_path: Path, gone: str) -> None:
    data = json.loads(published[1].data.read_bytes())
    del data[gone]
    assert check(data, tmp_path)


LIVES = st.lists(
    st.tuples(st.integers(0, 40), st.one_of(st.none(), st.integers(0, 30))).map(
        lambda life: (life[0], None if life[1] is None else life[0] + life[1])
    ),
    min_size=2,
    max_size=25,
).filter(lambda lives: any(high is not None for _, high in lives))


@settings(max_examples=150, deadline=None)
@given(LIVES, st.sampled_from([7, 30]))
def test_survival_is_counted_alike_by_two_programs(lives: list[tuple[int, int | None]], day: int) -> None:
    if not any((high is not None and high >= day) or (high is None and low >= day) for low, high in lives):
        return
    curve = turnbull([(low, math.inf if high is None else high) for low, high in lives], resamples=0)
    again, interval = verify_statement._online_after(tuple(lives), day)
    assert again == pytest.approx(curve.at(day), abs=2e-3)
    known = sum(1 for low, high in lives if low >= day or (high is not None and high <= day))
    least, most = bounds(curve, day)
    expected = (wilson_share(least, known)[0], wilson_share(most, known)[1])
    assert interval == pytest.approx(expected, abs=2e-3)


@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_score_interval_by_bisection_is_wilsons(pair: tuple[int, int]) -> None:
    assert verify_statement._score_interval(*pair) == pytest.approx(wilson(*pair), abs=1e-9)
