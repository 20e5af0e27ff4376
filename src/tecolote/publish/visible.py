"""Text written by strangers, made safe to read: what hides or reorders characters becomes visible."""

from __future__ import annotations

import functools
import json
import unicodedata
from bisect import bisect_right
from importlib import resources

from markupsafe import Markup, escape

#: Explicit directional controls (UAX #9), which reorder what follows them.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}


@functools.cache
def _coverage() -> tuple[list[int], list[int]]:
    ranges = json.loads(resources.files(__package__).joinpath("fonts", "coverage.json").read_text("utf-8"))
    return [a for a, _ in ranges], [b for _, b in ranges]


def has_glyph(char: str) -> bool:
    """Whether the shipped fonts can draw ``char``."""
    starts, ends = _coverage()
    at = bisect_right(starts, ord(char)) - 1
    return at >= 0 and ord(char) <= ends[at]


def marks(text: str) -> list[tuple[str, bool]]:
    """Pieces of ``text``: ``(piece, False)`` as it stands, ``(name, True)`` where a mark replaces a character.

    Marked are directional controls, characters of no width, other controls, and characters for which
    no glyph is shipped: an emoji is evidence, so its code point is printed rather than an empty box.
    Joiners and variation selectors inside an emoji stay.
    """
    pieces: list[tuple[str, bool]] = []
    plain: list[str] = []
    for at, char in enumerate(text):
        inside = at > 0 and ord(text[at - 1]) > 0x2000 and char in _JOINERS
        if char in {"\n", "\t"} or inside or _is_plain(char):
            plain.append(char)
            continue
        if plain:
            pieces.append(("".join(plain), False))
            plain = []
        pieces.append((f"U+{ord(char):04X}", True))
    if plain:
        pieces.append(("".join(plain), False))
    return pieces


def _is_plain(char: str) -> bool:
    if char in _BIDI or unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"):
        return False
    return has_glyph(char)


def as_markup(text: str) -> Markup:
    """``text`` escaped, isolated from the direction of the page, with its marks set apart."""
    inside = Markup("").join(
        Markup('<span class="mark">{}</span>').format(piece) if marked else escape(piece)
        for piece, marked in marks(text)
    )
    return Markup('<bdi class="content">{}</bdi>').format(inside)


def legible(text: str) -> str:
    """``text`` for print: what hides or cannot be drawn is replaced by its code point."""
    return "".join(f"[{piece}]" if marked else piece for piece, marked in marks(text))


def broken(text: str, width: int = 48) -> str:
    """Long words with places (zero-width spaces) at which a line may end."""
    return "\u200b".join(text[at : at + width] for at in range(0, len(text), width))
