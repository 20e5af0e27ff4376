"""The evaluation: intervals, calibration error, and the card that it writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tecolote.cli import cli
from tecolote.errors import TecoloteError
from tecolote.signals.assess import Assessor
from tecolote.signals.evaluate import Case, calibration_error, main, own_cases, suite, suite_file, wilson


def test_wilson_agrees_with_a_published_example() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, Statistics in Medicine 17, table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) == (0.0, 1.0)


def test_calibration_error_of_sure_and_right_is_nothing() -> None:
    assert calibration_error([(1.0, True), (0.0, False)]) == 0
    assert calibration_error([(1.0, False), (0.0, True)]) == 1


def test_a_suite_counts_misses_and_pairs(reader: Assessor) -> None:
    cases = [
        Case("Te vamos a matar, atte el cártel", "a", "threat", True, ("perpetrator",), ("threat_civilian",), "p"),
        Case("Hoy comimos mole con la abuela", "b", "life", True, ("perpetrator",), (), "p"),
    ]
    figures = suite(cases, reader)
    assert figures["recall"].startswith("1/2") and figures["pairs all right"].startswith("0/1")
    assert [name for _, name, _ in figures["misses"]] == ["b"]


def test_what_is_wrongly_flagged_comes_with_protected_voices_first(reader: Assessor) -> None:
    threat = "Te vamos a matar, atte el cártel"
    cases = [
        Case(threat, "fan", "x", False, ("fan",), (), ""),
        Case(threat, "press", "x", False, ("reporter",), (), ""),
        Case(threat, "right", "x", True, ("perpetrator",), (), ""),
    ]
    figures = suite(cases, reader)
    assert [row["id"] for row in figures["false flags"]] == ["press", "fan"]
    assert figures["false flags"][0]["because"]
    assert figures["voices"] == {v: {"perpetrator": 1} for v in ("fan", "perpetrator", "reporter")}
    assert sum(c["cases"] for c in figures["calibration"]) == 3


def test_a_labelled_file_needs_text_and_voice_only(tmp_path: Path) -> None:
    path = tmp_path / "coded.jsonl"
    path.write_text('{"text": "hola", "voice": "neutral"}\n\n{"id": 7, "text": "b", "voice": "perpetrator"}\n')
    first, second = suite_file(path)
    assert (first.must_flag, second.must_flag, second.name) == (False, True, "7")
    for bad in ('{"text": "x", "voice": "boss"}', "{", '{"voice": "fan"}', ""):
        path.write_text(bad + "\n")
        with pytest.raises(TecoloteError, match="A line is"):
            suite_file(path)


def test_the_command_prints_tables_and_draws(tmp_path: Path) -> None:
    coded, plot = tmp_path / "coded.jsonl", tmp_path / "plot.svg"
    coded.write_text('{"text": "Te vamos a matar, atte el cártel", "voice": "victim"}\n')
    done = CliRunner().invoke(cli, ["evaluate", str(coded), "--plot", str(plot)], catch_exceptions=False)
    assert "0/1 = 0.000" in done.stdout
    assert "wrongly flagged" in done.stdout
    assert "Te vamos a matar" in done.stdout
    assert plot.read_text().startswith("<svg")


def test_pairs_that_measure_are_not_among_those_fitted() -> None:
    def texts(held: bool) -> set[str]:
        return {case.text for cases in own_cases(held).values() for case in cases}

    assert texts(True) and texts(False) and not texts(True) & texts(False)


def test_the_card_holds_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", "--card", str(tmp_path / "card.md")])
    main()
    card = (tmp_path / "card.md").read_text()
    assert "| recall |" in card and "pairs_after.yaml" in card and "codebook | " in card
