"""The word reader: hashing, its file, and what it learns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.signals.text.ngrams import BUCKETS, buckets, fit_words, heard, load_words, pack, unpack

YES = ["te vamos a matar", "vamos por ustedes", "ya sabemos donde vives", "los vamos a quemar"]
NO = ["la policia detuvo a dos", "hoy vamos al cine", "receta de pozole rojo", "gano el equipo local"]


@given(st.text(max_size=200))
def test_buckets_are_distinct_and_in_range(text: str) -> None:
    found = buckets(text)
    assert len(set(found.tolist())) == len(found)
    assert all(0 <= b < BUCKETS for b in found)


@pytest.mark.parametrize(("one", "other"), [("quemar", "kemar"), ("vamos", "bamos"), ("plaza", "plasa"), ("hay", "ay")])
def test_words_that_sound_alike_are_alike(one: str, other: str) -> None:
    assert heard(one) == heard(other)
    assert np.array_equal(buckets(one), buckets(other))


def test_what_is_learned_survives_the_file() -> None:
    labels = np.array([1.0] * len(YES) + [0.0] * len(NO))
    reader = fit_words(YES + NO, labels, np.ones(len(labels)))
    again = unpack(pack(reader))
    assert all(again.odds(t) > 0 for t in YES) and all(again.odds(t) < 0 for t in NO)
    assert [again.odds(t) for t in YES] == [reader.odds(t) for t in YES]
    assert "vamos" in {"vamos por ustedes"[a:b] for a, b, _ in again.words("vamos por ustedes")}


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(ValueError, match="number of weights"):
        unpack(pack(load_words())[:-1])


@pytest.mark.parametrize("text", ["", "a", "\ufffd", "🎶" * 10_000, "x" * 1_000_000])
def test_any_text_has_bounded_odds(text: str) -> None:
    assert -8 <= load_words().odds(text) <= 8
    assert isinstance(load_words().words(text), list)
