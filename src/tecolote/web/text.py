"""Hostile text made visible: what cannot be seen is marked, and spans become ready-made segments.

Everything here was written by a stranger. `visible` escapes it and replaces characters that hide, reorder or
imitate (Unicode Technical Report 36, section 2; UAX 9 for the bidirectional controls) by a visible mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINER = "\u200d"
_TAGS = range(0xE0020, 0xE0080)
_BLACK_FLAG = "\U0001f3f4"
_MAX_MARKS = 400


def _is_pictograph(char: str) -> bool:
    """True for what an emoji sequence is made of: symbols, skin tones and variation selector 16."""
    return unicodedata.category(char) in ("So", "Sk") or char == "\ufe0f"


def _belongs_to_emoji(text: str, at: int) -> bool:
    """True for a joiner between two pictographs and for the tags behind a black flag: these draw, not hide."""
    char = text[at]
    if char == _JOINER:
        inside = 0 < at < len(text) - 1
        return inside and _is_pictograph(text[at - 1]) and _is_pictograph(text[at + 1])
    if ord(char) in _TAGS:
        first = at
        while first > 0 and ord(text[first]) in _TAGS:
            first -= 1
        return text[first] == _BLACK_FLAG
    return False


def plain(text: object) -> str:
    """``text`` with the same marks but without HTML, for attributes and titles; to be escaped by the template."""
    found = "" if text is None else str(text)
    return _INVISIBLE.sub(lambda m: m[0] if _belongs_to_emoji(found, m.start()) else f"U+{ord(m[0]):04X}", found)


def _mark(char: str) -> str:
    name = unicodedata.name(char, "control character")
    return f'<span class="unseen" title="{escape(name.lower())}">U+{ord(char):04X}</span>'


def visible(text: object) -> SafeString:
    """``text`` escaped for HTML, with characters that cannot be seen shown as ``U+202E`` marks.

    A flood of them is cut: behind the first 400 a run is counted, not drawn.
    """
    if text is None:
        return mark_safe("")
    return mark_safe(_drawn(str(text)))  # noqa: S308 every piece of it is escaped


def _drawn(text: str) -> str:
    parts: list[str] = []
    done, marks, unshown = 0, 0, 0
    for found in _INVISIBLE.finditer(text):
        at = found.start()
        if _belongs_to_emoji(text, at):
            continue
        parts.append(escape(text[done:at]))
        done = found.end()
        marks += 1
        if marks <= _MAX_MARKS:
            parts.append(_mark(text[at]))
        else:
            unshown += 1
    parts.append(escape(text[done:]))
    if unshown:
        parts.append(f'<span class="unseen">+{unshown}</span>')
    return "".join(parts)


@dataclass(frozen=True)
class Segment:
    """A stretch of text with the numbers (from 1) of the reasons whose spans cover it; none: plain text.

    ``opens`` lists the reasons that begin here, so that a link to a reason's text has one target.
    """

    text: str
    reasons: tuple[int, ...] = ()
    opens: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {"text": self.text, "reasons": list(self.reasons)}


def segments(text: str, spans: Iterable[Sequence[int | None]]) -> list[Segment]:
    """Cut ``text`` where spans begin and end.

    Args:
        text: text_raw, else text.
        spans: ``(a, b)`` per reason, code points ``[a, b)`` of ``text``; ``(None, None)`` for a reason without one.
            What lies outside of the text is cut to it.

    Returns:
        Segments that joined give ``text`` again.
    """
    clean: list[tuple[int, int, int]] = []
    for number, (a, b) in enumerate(spans, 1):
        if a is not None and b is not None:
            first, last = max(0, min(a, len(text))), max(0, min(b, len(text)))
            if first < last:
                clean.append((first, last, number))
    cuts = sorted({0, len(text)} | {a for a, _, _ in clean} | {b for _, b, _ in clean})
    return [
        Segment(
            text[left:right],
            tuple(n for a, b, n in clean if a <= left and right <= b),
            tuple(n for a, _, n in clean if a == left),
        )
        for left, right in pairwise(cuts)
    ]
