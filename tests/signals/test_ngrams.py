"""The readers of words and themes: signs, files, what they learn; and the examples they learn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.signals.text.examples import examples, framed
from tecolote.signals.text.kinds import heard, kinds
from tecolote.signals.text.nearest import nearest
from tecolote.signals.text.ngrams import BUCKETS, buckets, design, fit_words, pack, signs, unpack
from tecolote.signals.text.normalise import lane1
from tecolote.signals.text.themes import fit_themes, pack_themes, unpack_themes
from tecolote.signals.text.weights import shipped

YES = ["te vamos a matar", "vamos por ustedes", "ya sabemos donde vives", "los vamos a quemar"]
NO = ["la policia detuvo a dos", "hoy vamos al cine", "receta de pozole rojo", "gano el equipo local"]


@given(st.text(max_size=200))
def test_buckets_are_distinct_and_in_range(text: str) -> None:
    found = buckets(text)
    assert len(set(found.tolist())) == len(found)
    assert all(0 <= b < BUCKETS for b in found)


@given(st.text(max_size=200))
def test_signs_have_a_finite_value_each(text: str) -> None:
    rows, values = signs(text, {"cue:threat.fate": 1.0, "best:1": 1.0, "words": 2.0})
    assert len(rows) == len(values) and np.isfinite(values).all()
    assert all(0 <= row < BUCKETS for row in rows)


@pytest.mark.parametrize(("one", "other"), [("quemar", "kemar"), ("vamos", "bamos"), ("plaza", "plasa"), ("hay", "ay")])
def test_words_that_sound_alike_are_alike(one: str, other: str) -> None:
    assert heard(one) == heard(other)
    assert np.array_equal(buckets(one), buckets(other))


@pytest.mark.parametrize(
    ("word", "kind"), [("granadas", "weapon"), ("kuerno", "weapon"), ("reportera", "press"), ("goles", "sport")]
)
def test_a_word_is_known_by_its_kind(word: str, kind: str) -> None:
    assert kind in kinds(heard(word))
    assert kinds("zzz") == ()


def test_what_is_learned_survives_the_file() -> None:
    labels = np.array([1.0] * len(YES) + [0.0] * len(NO))
    found = [signs(text, {}) for text in YES + NO]
    reader = fit_words(design(found), labels, np.ones(len(labels)))
    again = unpack(pack(reader))
    assert all(again.odds(f) > 0 for f in found[: len(YES)]) and all(again.odds(f) < 0 for f in found[len(YES) :])
    assert [again.odds(f) for f in found] == [reader.odds(f) for f in found]
    assert "vamos" in {"vamos por ustedes"[a:b] for a, b, _ in again.words("vamos por ustedes")}


def test_themes_that_are_learned_survive_the_file() -> None:
    found = [signs(text, {}) for text in YES + NO]
    names = ["threat"] * len(YES) + ["other"] * len(NO)
    again = unpack_themes(pack_themes(fit_themes(design(found), names, np.ones(len(names)))))
    assert [again.likely(f)[0][0] for f in found] == names
    assert all(abs(sum(p for _, p in again.likely(f)) - 1) < 1e-9 for f in found)


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(ValueError, match="number of weights"):
        unpack(pack(shipped().words)[:-1])
    with pytest.raises(ValueError, match="number of weights"):
        unpack_themes(pack_themes(shipped().themes)[:-1])


@pytest.mark.parametrize("text", ["", "a", "\ufffd", "🎶" * 10_000, "x" * 1_000_000])
def test_any_text_has_bounded_odds(text: str) -> None:
    assert -8 <= shipped().words.odds(signs(text, {})) <= 8
    assert isinstance(shipped().words.words(text), list)


def test_an_example_is_nearest_to_itself() -> None:
    row = next(r for r in examples() if r.themes and not r.held)
    best = nearest(lane1(row.text).text)[0]
    assert (best.text, best.likeness) == (row.text, 1.0)
    assert nearest("qwxz") == []


def test_frames_are_filled_and_share_their_words() -> None:
    rows = framed()
    assert len(rows) >= 1000 and not [r.text for r in rows if "{" in r.text or "|" in r.text]
    assert rows == framed()
    assert {r.voice for r in rows} >= {"perpetrator", "reporter", "victim", "fan", "neutral"}
    assert len(rows) == 2 * sum(r.voice == "perpetrator" for r in rows)
