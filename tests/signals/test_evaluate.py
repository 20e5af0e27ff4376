"""The evaluation: intervals, calibration error, and the card that it writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tecolote.signals.assess import Assessor
from tecolote.signals.evaluate import Case, calibration_error, main, own_cases, suite, wilson


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


def test_pairs_that_measure_are_not_among_those_fitted() -> None:
    def texts(held: bool) -> set[str]:
        return {case.text for cases in own_cases(held).values() for case in cases}

    assert texts(True) and texts(False) and not texts(True) & texts(False)


def test_the_card_holds_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", "--card", str(tmp_path / "card.md")])
    main()
    card = (tmp_path / "card.md").read_text()
    assert "| recall |" in card and "pairs_after.yaml" in card and "codebook | " in card
