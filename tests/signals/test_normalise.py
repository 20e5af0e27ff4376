"""Normalisation: what a reader sees, and the way back to the raw code points."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.signals.text.normalise import _walk, fold, lane1, lane2, quoted

HARD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aAñÑn\u0303\u0301é\u200b\u200d\ufe0f\u202e🥷👩🏽4sS0с𝐚ａ🅰\ud800"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("ÁRBOL", "arbol"),
        ("Maña y mana", "maña y mana"),
        ("man\u0303a", "maña"),
        ("Ｃａｒｒｏ", "carro"),
        ("𝕮𝖆𝖘𝖆 𝗰𝗮𝘀𝗮 🅲🅰🆂🅰", "casa casa casa"),
        ("сasа", "casa"),
        ("ca\u200bs\u2060a", "casa"),
        ("\u202ecasa\u202c", "casa"),
        ("👩\u200d🍳 hola", "👩\u200d🍳 hola"),
        ("ho\u200dla", "hola"),
        ("👍🏽", "👍"),
        ("4️⃣", "4"),
        ("ᴄᴀsᴀ", "casa"),
        ("“sí”", '"si"'),
    ],
)
def test_lane1(raw: str, seen: str) -> None:
    assert lane1(raw).text == seen


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("h4lc0n3s", "halcones"),
        ("p.l.a.z.a", "plaza"),
        ("t a c o s", "tacos"),
        ("jaaaaale", "jale"),
        ("s1c4r10", "sicario"),
        ("p l a z a", "plaza"),
        ("ma.ña", "maña"),
        ("c@sa", "casa"),
        ("53 bu5c4 g3n73 4qu1", "se busca gente aqui"),
        ("p.l.a.z.a d.e armas", "plaza de armas"),
    ],
)
def test_lane2(raw: str, seen: str) -> None:
    assert seen in [lane.text for lane in lane2(lane1(raw))]


@pytest.mark.parametrize(
    "raw",
    ["nos vemos a las 3", "costó 2x1 hoy", "hola a todos", "son las 8 y 30", "calle 5 de mayo", "calle 70 a las 10pm"],
)
def test_ordinary_text_has_no_second_lane(raw: str) -> None:
    assert lane2(lane1(raw)) == []


@given(HARD)
def test_fast_and_careful_ways_agree(raw: str) -> None:
    assert lane1(raw).text == _walk(raw)[0]


@given(HARD, st.data())
def test_spans_lie_in_the_raw_text_and_stand_for_it(raw: str, data: st.DataObject) -> None:
    first = lane1(raw)
    for lane in (first, *lane2(first)):
        assert len(lane.origin()) == len(lane.text)
        if not lane.text:
            continue
        a = data.draw(st.integers(0, len(lane.text) - 1))
        b = data.draw(st.integers(a + 1, len(lane.text)))
        start, end = lane.span(a, b)
        assert 0 <= start < end <= len(raw)
        if (
            lane is first
            and unicodedata.combining(raw[end : end + 1] or "a") == 0
            and "\u200d" not in raw
            and "\u0303" not in raw
        ):
            assert lane.text[a:b] in lane1(raw[start:end]).text


@given(HARD)
def test_folding_is_stable(raw: str) -> None:
    once = fold(raw)
    assert fold(once) == once or "\u200d" in raw


def test_quotes() -> None:
    assert quoted('dijo "vete ya" ayer') == [(5, 13)]
    assert quoted("it's ok, isn't it") == []
