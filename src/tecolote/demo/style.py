"""How people type: accents left out, abbreviations, typing errors, capitals, and words that are disguised."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

_ABBREVIATIONS = {
    "que": "q", "por": "x", "para": "pa", "porque": "xq", "también": "tmb", "está": "ta", "de": "d",
    "mensaje": "msj", "bueno": "weno", "gracias": "grax", "you": "u", "are": "r", "because": "cuz",
}  # fmt: skip
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})
_CYRILLIC = str.maketrans({"a": "а", "e": "е", "o": "о", "c": "с", "p": "р"})
_LINK = re.compile(r"(https?://\S+|[@#]\w+)")

#: What an account may do to its words.
TRAITS = ("plain", "lower", "short", "typos", "caps", "loose", "stretch")


def fold(text: str) -> str:
    """``text`` without accents; the tilde of ñ stays."""
    kept = text.replace("ñ", "\0").replace("Ñ", "\1")
    bare = "".join(c for c in unicodedata.normalize("NFD", kept) if not unicodedata.combining(c) or c == "\ufe0f")
    return unicodedata.normalize("NFC", bare).replace("\0", "ñ").replace("\1", "Ñ")


def type_it(text: str, traits: frozenset[str], rng: random.Random) -> str:
    """``text`` as an account with these traits would type it; links, hashtags and mentions stay as they are."""
    if not traits:
        return text
    parts = _LINK.split(text)
    return "".join(part if index % 2 else _type_part(part, traits, rng) for index, part in enumerate(parts))


def _type_part(text: str, traits: frozenset[str], rng: random.Random) -> str:
    if "plain" in traits:
        text = fold(text)
    if "short" in traits:
        text = re.sub(r"\w+", lambda m: _ABBREVIATIONS.get(m[0], m[0]) if rng.random() < 0.6 else m[0], text)
    if "lower" in traits:
        text = text.lower()
    if "caps" in traits and rng.random() < 0.3:
        text = text.upper()
    if "loose" in traits:
        text = re.sub(r"[¿¡]|[.,;](?= |$)", "", text)
    if "typos" in traits:
        text = re.sub(r"\w{5,}", lambda m: _slip(m[0], rng) if rng.random() < 0.06 else m[0], text)
    if "stretch" in traits and rng.random() < 0.3:
        text = re.sub(r"([aeiou])(?=[!?]|$)", lambda m: m[1] * rng.randint(2, 5), text, count=1)
    return text


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 2)
    kind = rng.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind == 1 else word[:at] + word[at] + word[at:]


def disguise(text: str, rng: random.Random) -> str:
    """``text`` with some words written so that a word filter misses them."""
    ways: tuple[Callable[[str], str], ...] = (
        lambda w: w.translate(_LEET),
        ".".join,
        lambda w: w.translate(_CYRILLIC),
        lambda w: w[0] + "*" + w[2:],
        " ".join,
        "\u200b".join,
    )
    way = rng.choice(ways)
    parts = _LINK.split(text)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"[^\W\d_]{5,}", lambda m: way(m[0]) if rng.random() < 0.25 else m[0], parts[index])
    return "".join(parts)
