"""Language of a post: a label, never a reason to drop it."""
# ruff: noqa: SIM905 - lists of words are read as text

from __future__ import annotations

import re
from functools import cache
from typing import Any

_ES = frozenset(
    """
    de la que el en y a los se del las un por con no una su para es al lo como mas pero sus le ya o este si porque
    esta entre cuando muy sin sobre ser tiene tambien me hasta hay donde quien desde todo nos durante ni contra otros
    ese eso ante ellos e esto mi antes algunos yo otro otras pa pos aqui ahi vamos
    """.split()
)
_EN = frozenset(
    """
    the of and to in is you that it he was for on are as with his they at be this have from or had by not but what
    all were we when your can said there use an each which she do how their if will up about out many then them these
    so her would make like him into has look our my me who gonna ain't don't
    """.split()
)
# Particles, pronouns and adverbs of Nahuatl, classical and of today, in the spellings in use; those that are also words
# of Spanish or English (in, amo, san, quema, wan) are left out. Launey 2011, An Introduction to Classical Nahuatl;
# Wolgemuth 2002, Gramática náhuatl.
_NAH = frozenset(
    """
    ipan ihuan iwan huan tlen tlein ayamo axkan axcan nochi nochtin miak miac miec kenin quenin keniuj keman queman
    kampa kanin canin akin aquin yehuatl yejuatl yehua yejua nehuatl nejuatl tehuatl tejuatl inon inin ichan tochan
    nochan nikan nican ompa noihqui noijki noihki momoztla moztla tlazohcamati tlasojkamati tlasokamati pialli kuali
    cualli kualli kema monequi moneki huelis uelis inik inic ihcuac ijkuak auh yuhqui ijkon ihcon iuhqui itech itlan
    icuac ihtic nel huel cenca senka oncan unkan niman zatepan satepan yalhua axtle amitla amotle quemah
    ic oc ca ce yn ynic ynin ynon yuh iuh ahmo cuix quen tle quin yuhquin tlacatl tlalli teotl toteucyo totecuiyo yehuan
    ticmati
    """.split()
)
# Its endings of nouns (absolutive, plural, honorific) and prefixes of verbs (I to you, we to you, something).
_NAH_FORM = re.compile(r"(?:[a-z]{2,}(?:tl|tli|tzintli|meh|mej|keh|kej|queh)|(?:nimitz|timitz|tlah|tlaj)[a-z]{3,})")
FUNCTION_WORDS = _ES | _EN
# Words of both languages: they tell neither.
_BOTH = frozenset({"a", "no", "me", "he", "has", "con", "sin", "use", "un", "o", "e", "pa"})
_ONLY_ES, _ONLY_EN = _ES - _BOTH, _EN - _BOTH
_WORDS = re.compile(r"[a-zñ']+")
_READ = frozenset({"es", "en", "pt", "mixed", "und"})
# Neighbours of Spanish for which a classifier takes its slang and its names.
_NEAR = frozenset({"es", "en", "pt", "gl", "ca", "an", "oc", "it", "la", "ast", "eu", "qu"})
_UNCODED = "mis"  # ISO 639-2: a language without a code; here one in another script that cannot be named
_LETTERS_TO_TELL, _WORDS_TO_TELL, _SURE = 10, 6, 0.99


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE)
    found.set_languages(["es", "en", "pt"])
    return found


@cache
def _any_language() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def is_read(lang: str) -> bool:
    """Whether cues and codebook are tried on that language: Spanish and English, what few words tell, and Portuguese.

    A short Spanish post is now and then taken for Portuguese; to abstain from it would lose more.
    """
    return lang in _READ


def language(text: str, stated: str | None = None, raw: str | None = None) -> str:
    """``es``, ``en``, ``pt``, ``mixed`` (Spanish and English in one post), ``nah``, another code, or ``und``.

    Another language is named only where hardly a word is of these and the classifier is nearly certain: whoever
    disguises letters, or writes as people speak, must not be taken for a foreigner.

    Args:
        text: lane-1 text.
        stated: what the record says, used only where the words are too few.
        raw: text as written, for its script.
    """
    words = _WORDS.findall(text[:2000])
    if _is_nahuatl(words):
        return "nah"
    spanish = sum(w in _ONLY_ES for w in words)
    english = sum(w in _ONLY_EN for w in words)
    if spanish >= 2 and english >= 2 and min(spanish, english) * 4 >= max(spanish, english):
        return "mixed"
    if spanish != english and abs(spanish - english) >= 3:
        return "es" if spanish > english else "en"
    if max(spanish, english) < 2 and (another := _another(len(words), raw or "")):
        return another
    if len(words) < 2:
        return (stated or "und").split("-")[0].lower() or "und"
    return str(_identifier().classify(" ".join(words))[0])


def _is_nahuatl(words: list[str]) -> bool:
    """Two words of Nahuatl, and one of five."""
    found = sum(w in _NAH or (("tl" in w or w[-1] in "hj") and _NAH_FORM.fullmatch(w) is not None) for w in words)
    return found >= 2 and found * 5 >= len(words)


def _another(words: int, raw: str) -> str | None:
    """A language that is none of those read, where that is plain."""
    letters = [c for c in raw[:2000] if c.isalpha()]
    foreign = sum(not _is_latin(c) for c in letters) * 5 >= len(letters) * 4
    if len(letters) < _LETTERS_TO_TELL or (words < _WORDS_TO_TELL and not foreign):
        return None
    found, sure = _any_language().classify(raw[:2000])
    if foreign:
        return str(found) if found not in _NEAR else _UNCODED
    return str(found) if sure >= _SURE and found not in _NEAR else None


def _is_latin(char: str) -> bool:
    """Whether a letter is Latin, or one of the letter-like signs in which people dress Latin up."""
    code = ord(char)
    return (
        code < 0x370
        or 0x1D00 <= code < 0x1F00
        or 0x2070 <= code < 0x2C80
        or 0xA720 <= code < 0xA800
        or (0xFF21 <= code <= 0xFF5A or 0x1D400 <= code < 0x1D800 or 0x1F100 <= code < 0x1F200)
    )
