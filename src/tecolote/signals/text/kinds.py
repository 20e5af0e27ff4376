"""Kinds of words: what a word is about, whatever the word.

A reader that knows words alone is lost before one that no example shows. Here a word is also one of its kind
(`signals/data/kinds.yaml`: weapons, kin, deadlines, press, sports ...). Words are compared as they sound, because
messages are written by ear.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from importlib import resources

from tecolote.codebook import safe_yaml

_HEARD = str.maketrans({"k": "c", "z": "s", "v": "b", "h": "", "ñ": "n", "y": "i"})
_LEAST_STEM = 3


def heard(text: str) -> str:
    """Lane-1 ``text`` as it sounds; one letter may stand for several spellings."""
    return text.replace("qu", "c").replace("ll", "y").translate(_HEARD)


def _raw() -> bytes:
    return (resources.files("tecolote.signals") / "data" / "kinds.yaml").read_bytes()


@cache
def kinds_hash() -> str:
    """SHA-256 (hex) of the shipped kinds."""
    return hashlib.sha256(_raw()).hexdigest()


@cache
def _table() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Kinds of whole words and of beginnings of words."""
    whole: dict[str, tuple[str, ...]] = {}
    begin: dict[str, tuple[str, ...]] = {}
    for kind, words in safe_yaml.load(_raw()).items():
        for word in words:
            into = begin if word.endswith("*") else whole
            form = heard(word.rstrip("*"))
            into[form] = (*into.get(form, ()), kind)
    return whole, begin


@lru_cache(maxsize=50_000)
def kinds(token: str) -> tuple[str, ...]:
    """Kinds of ``token`` (as `heard`), in order of name."""
    whole, begin = _table()
    found = set(whole.get(token, ()))
    if token.endswith("s"):
        found.update(whole.get(token[:-1], ()))
    for size in range(_LEAST_STEM, len(token) + 1):
        found.update(begin.get(token[:size], ()))
    return tuple(sorted(found))
