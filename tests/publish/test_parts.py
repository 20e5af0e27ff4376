"""Small parts: marks, intervals, charts, the comparison with planted truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote import codebook
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.publish import charts, truth
from tecolote.publish.network import network
from tecolote.publish.numbers import wilson
from tecolote.publish.report import _cell
from tecolote.publish.sheet import Sheet
from tecolote.publish.statement import build
from tecolote.publish.texts import show
from tecolote.publish.visible import as_markup, has_glyph, marks


@given(st.text(max_size=60))
def test_marks_keep_every_character_in_order(text: str) -> None:
    again = "".join(chr(int(piece[2:], 16)) if marked else piece for piece, marked in marks(text))
    assert again == text


@given(st.text(max_size=60))
def test_marked_text_holds_no_control_and_no_element_of_its_own(text: str) -> None:
    shown = str(as_markup(text))
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\x00")
    assert shown.count("<") == 2 + 2 * shown.count('<span class="mark">')


def test_emoji_stay_and_what_has_no_glyph_is_named() -> None:
    assert marks("🥷 listo 🐓") == [("🥷 listo 🐓", False)]
    assert marks("👨\u200d👩\u200d👧") == [("👨\u200d👩\u200d👧", False)]
    assert not has_glyph("\ue000")
    assert ("U+E000", True) in marks("a\ue000b")


def test_wilson_as_in_the_textbook() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_numbers_are_printed_as_each_language_does() -> None:
    assert (show(12345, "count", "en"), show(12345, "count", "es")) == ("12,345", "12\u202f345")
    assert (show(0.1234, "share", "en"), show(0.1234, "share", "es")) == ("12.3%", "12,3\u00a0%")
    assert show(0.00461, "share", "en") == "0.46%"


def test_cells_of_tables_are_no_formulas() -> None:
    assert [_cell(v) for v in ("=1+1", "@x", "-id", "plain", 7)] == ["'=1+1", "'@x", "'-id", "plain", 7]


@pytest.fixture
def sheet(case: Case) -> Sheet:
    with Evidence.open(case) as evidence:
        return build(case, Corpus(case), evidence, codebook.load()).sheet


def test_charts_are_valid_and_hold_their_data(sheet: Sheet) -> None:
    import altair

    specs = [
        charts.timeline(sheet, "en"),
        charts.heat(sheet, "en", lambda kind, value: value),
        charts.survival([{"platform": "x", "points": [{"day": 0, "online": 1, "low": 1, "high": 1}]}], "en"),
        network(sheet, "en"),
    ]
    for spec in specs:
        assert spec is not None
        altair.Chart.from_dict(spec, validate=True)
        assert '"url"' not in json.dumps(spec)
    drawn = charts.draw("timeline", "es", specs[0] or {})
    assert drawn.svg.startswith("<svg") and "http" not in drawn.svg.replace("http://www.w3.org/", "")


def test_truth_names_every_miss(case: Case, sheet: Sheet) -> None:
    found = {m.id: m for m in truth.compare(sheet)}
    flags = found["flags"]
    said = {(r["platform"], r["id"]) for r in sheet.rows("SELECT platform, id FROM sheet.posts WHERE flag")}
    planted = {(p["platform"], p["id"]) for p in (sheet.truth or {})["posts"] if p["flag"]}
    assert set(flags.missed) == {" ".join(k) for k in planted - said}
    assert set(flags.false_alarms) == {" ".join(k) for k in said - planted}
    assert flags.right + len(flags.missed) == flags.planted
    assert flags.precision is not None and flags.precision[0] == flags.right / flags.found
    assert found["takeover"].right == 1 and found["takeover"].missed == []
    assert found["dark"].recall is not None and found["dark"].recall[0] == 1
    assert found["pairs"].planted == 6 - 3 + 6 - 3 + 10  # four, four and six accounts, each less the last one
    assert found["protected"].found == len(found["protected"].false_alarms) > 0


def test_without_truth_nothing_is_compared(sheet: Sheet, tmp_path: Path) -> None:
    sheet.truth = None
    assert truth.compare(sheet) == []
