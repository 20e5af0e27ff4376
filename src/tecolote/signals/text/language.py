"""Language of a post: a label, never a reason to drop it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_ES = frozenset(  # words that the other language does not have
    [
        "de",
        "la",
        "que",
        "el",
        "en",
        "y",
        "a",
        "los",
        "se",
        "del",
        "las",
        "un",
        "por",
        "con",
        "no",
        "una",
        "su",
        "para",
        "es",
        "al",
        "lo",
        "como",
        "mas",
        "pero",
        "sus",
        "le",
        "ya",
        "o",
        "este",
        "si",
        "porque",
        "esta",
        "entre",
        "cuando",
        "muy",
        "sin",
        "sobre",
        "ser",
        "tiene",
        "tambien",
        "me",
        "hasta",
        "hay",
        "donde",
        "quien",
        "desde",
        "todo",
        "nos",
        "durante",
        "ni",
        "contra",
        "otros",
        "ese",
        "eso",
        "ante",
        "ellos",
        "e",
        "esto",
        "mi",
        "antes",
        "algunos",
        "yo",
        "otro",
        "otras",
        "pa",
        "pos",
        "aqui",
        "ahi",
        "vamos",
    ]
)
_EN = frozenset(  # words that the other language does not have
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "you",
        "that",
        "it",
        "he",
        "was",
        "for",
        "on",
        "are",
        "as",
        "with",
        "his",
        "they",
        "at",
        "be",
        "this",
        "have",
        "from",
        "or",
        "had",
        "by",
        "not",
        "but",
        "what",
        "all",
        "were",
        "we",
        "when",
        "your",
        "can",
        "said",
        "there",
        "use",
        "an",
        "each",
        "which",
        "she",
        "do",
        "how",
        "their",
        "if",
        "will",
        "up",
        "about",
        "out",
        "many",
        "then",
        "them",
        "these",
        "so",
        "her",
        "would",
        "make",
        "like",
        "him",
        "into",
        "has",
        "look",
        "our",
        "my",
        "me",
        "who",
        "gonna",
        "ain't",
        "don't",
    ]
)
FUNCTION_WORDS = _ES | _EN
_WORDS = re.compile(r"[a-zñ']+")


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE)
    found.set_languages(["es", "en", "pt"])
    return found


def language(text: str, stated: str | None = None) -> str:
    """``es``, ``en``, ``pt``, ``mixed`` (Spanish and English in one post) or ``und``.

    ``text`` is lane-1 text; ``stated`` is what the record says, used only where the words are too few.
    """
    words = _WORDS.findall(text[:2000])
    spanish = sum(w in _ES for w in words)
    english = sum(w in _EN for w in words)
    if spanish >= 2 and english >= 2 and min(spanish, english) * 4 >= max(spanish, english):
        return "mixed"
    if spanish != english and abs(spanish - english) >= 3:
        return "es" if spanish > english else "en"
    if len(words) < 2:
        return (stated or "und").split("-")[0].lower() or "und"
    return str(_identifier().classify(" ".join(words))[0])
