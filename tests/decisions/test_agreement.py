"""Agreement: the worked examples of the papers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.decisions.agreement import Agreement, agreement
from tecolote.decisions.codes import VOICES, Code


def coded(rows: dict[str, str], settles: bool = False) -> list[Code]:
    """Codes of each coder: a digit per post for a voice, a dot for none."""
    return [
        Code("x", str(at), voice := VOICES[int(digit) - 1], ("extortion",) if voice == "perpetrator" else (), by, "",
             settles)
        for by, row in rows.items() for at, digit in enumerate(row) if digit != "."
    ]  # fmt: skip


def on(field: str, rows: dict[str, str]) -> Agreement:
    return next(row for row in agreement(coded(rows)) if row.field == field)


def test_alpha_of_the_paper() -> None:
    # Krippendorff 2011, section C: nominal data, four coders, missing values.
    rows = {"a": "123321412...", "b": "1233224125.3", "c": ".3332342251.", "d": "12332441251."}
    found = on("voice", rows)
    assert (found.posts, found.coders) == (11, 4)
    assert found.alpha == pytest.approx(0.743, abs=0.0005)
    assert found.low is not None and found.high is not None and found.low < found.alpha < found.high <= 1
    assert found.kappa is None
    assert found.gate == "too few"


def test_kappa_and_ac1_of_two_coders() -> None:
    # 20 both yes, 5 and 10 one yes, 15 both no: kappa 0.4 (Cohen 1960); AC1 with pi = 0.55 (Gwet 2008).
    found = on("flag", {"a": "1" * 20 + "1" * 5 + "5" * 10 + "5" * 15, "b": "1" * 20 + "5" * 5 + "1" * 10 + "5" * 15})
    assert found.kappa == pytest.approx(0.4)
    assert found.ac1 == pytest.approx((0.7 - 0.495) / (1 - 0.495))
    assert (found.agreed, found.prevalence) == (pytest.approx(0.7), pytest.approx(0.55))
    assert found.gate == "rewrite the definition"


def test_a_rare_theme_has_what_shows_the_paradox() -> None:
    found = on("extortion", {"a": "1" + "5" * 99, "b": "51" + "5" * 98})
    assert found.alpha is not None and found.alpha < 0
    assert found.agreed == 0.98 and found.ac1 is not None and found.ac1 > 0.95


def test_perfect_agreement_and_none_to_speak_of() -> None:
    assert on("voice", {"a": "12345" * 5, "b": "12345" * 5}).alpha == 1.0
    assert on("voice", {"a": "12345" * 5, "b": "12345" * 5}).gate == "publish"
    assert on("voice", {"a": "5" * 30, "b": "5" * 30}).alpha is None
    assert agreement(coded({"a": "12345"})) == []
    assert agreement(coded({"a": "12345"}) + coded({"b": "12345"}, settles=True)) == []


@given(st.lists(st.text("12345.", min_size=8, max_size=8), min_size=2, max_size=4))
def test_names_and_order_of_coders_change_nothing(rows: list[str]) -> None:
    one = agreement(coded({f"c{at}": row for at, row in enumerate(rows)}))
    two = agreement(coded({f"k{at}": row for at, row in reversed(list(enumerate(rows)))}))
    assert [(r.field, r.posts, r.gate) for r in one] == [(r.field, r.posts, r.gate) for r in two]
    for a, b in zip(one, two, strict=True):
        assert (a.alpha is None) == (b.alpha is None)
        assert a.alpha is None or (a.alpha == pytest.approx(b.alpha) and -1 <= a.alpha <= 1)
