"""Languages: what is read, what is not, and that neither slang nor disguise makes a foreigner."""

from __future__ import annotations

import pytest

from tecolote.signals.assess import Assessor
from tecolote.signals.text.examples import examples
from tecolote.signals.text.language import is_read, language
from tecolote.signals.text.normalise import lane1


def of(text: str, stated: str | None = None) -> str:
    return language(lane1(text).text, stated, text)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Mañana no bajen al centro porque hay bloqueo en la salida", "es"),
        ("They said that the road is closed and you should not go", "en"),
        ("no way, me and a friend saw the whole thing", "en"),
        ("Oye compa the boss said que ya no vayas por la tarde, you know why", "mixed"),
        ("Amo kuali tlen panok ipan altepetl, axkan tiitstokej ika temajmatili", "nah"),
        ("Nimitztlajpaloa nochan, xiuala moztla ihuan nochi tlacatl", "nah"),
        ("Wir wissen genau, wo du wohnst, und morgen kommen wir alle vorbei", "de"),
        ("Мы знаем, где вы живёте, и завтра придём за всеми вами", "ru"),
        ("אנחנו יודעים איפה אתם גרים ומחר נבוא לקחת את כולכם", "he"),
        ("Fuimos de Tlaxcala a Mazatlán por Atlixco y Tepoztlán, puro paisaje", "es"),
    ],
)
def test_what_is_said(text: str, lang: str) -> None:
    assert of(text) == lang


def test_too_few_words_are_what_the_record_says() -> None:
    assert of("🥷🍕") == "und" and of("🥷🍕", "es-MX") == "es" and of("") == "und"


@pytest.mark.parametrize("disguise", [str.upper, lambda t: t.translate(str.maketrans("aeopcx", "аеорсх")), str])
def test_no_example_is_taken_for_a_foreign_language(disguise: object) -> None:
    found = {row.text for row in examples() if not is_read(of(disguise(row.text)))}  # type: ignore[operator]
    assert len(found) <= len(examples()) // 1000, found


def test_a_language_that_is_not_read_is_an_abstention_that_says_so(reader: Assessor) -> None:
    found = reader.assess("Wir wissen genau, wo du wohnst, und morgen kommen wir alle vorbei")
    assert found.abstain and not found.flag
    assert found.reasons[0].label == "unread" and "(de)" in found.reasons[0].why


def test_a_threat_is_flagged_whatever_stands_beside_it(reader: Assessor) -> None:
    found = reader.assess(
        "Vamos a matar a todos los contras de esta plaza. Atte: el cártel. " + "Привет мир снова " * 20
    )
    assert found.flag
