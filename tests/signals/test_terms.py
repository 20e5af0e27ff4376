"""Codebook entries in posts: whole words, companions, dates, attribution."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tecolote import codebook
from tecolote.signals.text.normalise import lane1, lane2
from tecolote.signals.text.terms import TermFinder, TermHit, attribute

EXTRA = """
groups:
- id: faro
  name: Cártel del Faro
  aliases: [La Lámpara Negra, {alias: Los Fareros, valid_from: '2024-03-01', valid_to: '2024-12-31'}]
  emoji_reported: [{emoji: "🗼", source: invented}]
  hashtags_reported: ['#purofaro']
terms:
- {id: f1, term: los del foco, kind: phrase, weight: 0.4, groups: [faro], ambiguity: high}
- {id: f2, term: "🕯️", kind: emoji, lang: zxx, weight: 0.1, groups: [faro], ambiguity: high, combine_with: [foco, "🗼"]}
"""


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> TermFinder:
    path: Path = tmp_path_factory.mktemp("book") / "faro.yaml"
    path.write_text(EXTRA)
    return TermFinder(codebook.load(path))


def _hits(finder: TermFinder, text: str, day: dt.date | None = None) -> list[TermHit]:
    first = lane1(text)
    return finder.find([first, *lane2(first)], day)


def _groups(finder: TermFinder, text: str, day: dt.date | None = None) -> set[str]:
    return set(attribute(_hits(finder, text, day)))


def test_a_name_attributes_whatever_the_spelling(finder: TermFinder) -> None:
    for text in ("el cartel del FARO", "el Cártel del Fаro", "c á r t e l del faro", "#purofaro", "c4rt3l d3l f4r0"):
        assert _groups(finder, text) == {"faro"}, text


def test_one_emoji_or_one_coded_cue_never_attributes(finder: TermFinder) -> None:
    assert _groups(finder, "foto en la torre 🗼") == set()
    assert _groups(finder, "los del foco fundido") == set()
    assert _groups(finder, "🗼🗼🗼🗼") == set()


def test_two_independent_cues_attribute(finder: TermFinder) -> None:
    assert _groups(finder, "aquí los del foco 🗼") == {"faro"}


def test_companions(finder: TermFinder) -> None:
    assert not [h for h in _hits(finder, "velita 🕯️ para mi abuela") if h.entry.label == "f2"]
    assert [h for h in _hits(finder, "los del foco 🕯") if h.entry.label == "f2"]


def test_whole_words_only(finder: TermFinder) -> None:
    assert not [h for h in _hits(finder, "jalear no es la palabra") if h.entry.form == "jale"]
    assert [h for h in _hits(finder, "¡hay jale!") if h.entry.form == "jale"]


@pytest.mark.parametrize(
    ("day", "found"),
    [(dt.date(2024, 2, 29), False), (dt.date(2024, 3, 1), True), (dt.date(2025, 1, 1), False), (None, True)],
)
def test_a_name_means_the_group_only_on_its_days(finder: TermFinder, day: dt.date | None, found: bool) -> None:
    assert bool(_hits(finder, "vienen Los Fareros", day)) is found


def test_spans_are_raw_code_points(finder: TermFinder) -> None:
    text = "🔥🔥 el C\u200bártel d\u200bel Faro"
    hit = next(h for h in _hits(finder, text) if "faro" in h.entry.groups)
    assert text[hit.a : hit.b] == "C\u200bártel d\u200bel Faro"
