"""Words inside hashtags: ``#trabajoparatodos`` is read as ``trabajo para todos``."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from tecolote.signals.text.grammar import vocabulary
from tecolote.signals.text.language import FUNCTION_WORDS

_TAG = re.compile(r"#([0-9a-zñ_]{5,60})")


@cache
def _words() -> frozenset[str]:
    return frozenset(vocabulary() | FUNCTION_WORDS)


@cache
def _short() -> frozenset[str]:
    return frozenset(w for w in FUNCTION_WORDS if len(w) <= 2) | {"a", "y", "o", "e"}


def split_tags(text: str) -> list[tuple[int, int, str]]:
    """Edits that write the hashtags of lane-1 ``text`` as words; tags that are no chain of words stay."""
    found = []
    for match in _TAG.finditer(text):
        words = _split(match.group(1).replace("_", ""))
        if len(words) >= 2:
            found.append((match.start(), match.end(), " ".join(words)))
    return found


@lru_cache(maxsize=20_000)
def _split(body: str) -> list[str]:
    """Fewest words of the vocabulary that make up ``body``; empty if none do. At most 60 letters come in."""
    best: list[list[str] | None] = [[]] + [None] * len(body)
    for end in range(1, len(body) + 1):
        for start in range(max(0, end - 20), end):
            before, word = best[start], body[start:end]
            if before is None or not (word in _words() if len(word) > 2 else word in _short() or word.isdigit()):
                continue
            if best[end] is None or len(before) + 1 < len(best[end] or []):
                best[end] = [*before, word]
    return best[-1] or []
