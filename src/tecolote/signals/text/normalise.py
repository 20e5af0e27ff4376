"""Two lanes of normalised text, each with a way back to the raw code points.

Lane 1 undoes what a reader does not see: case, accents (except that of ñ), full-width, mathematical,
circled and squared letters, small capitals, Cyrillic and Greek look-alikes, zero-width and bidirectional
controls (Unicode UTS 36 and 39 name the classes; NFKC of UAX 15 alone does not cure look-alikes).
Lane 2 undoes what a writer did to hide a word: leetspeak in tokens that mix letters and digits,
repeated letters, letters spaced out or dotted. Lane 2 joins neighbours now and then, so both are read.

Emoji survive: a zero-width joiner is deleted only where no emoji precedes it. Spans are ``[a, b)`` in
code points of the raw text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cache
from typing import Any

#: Longer posts are read up to here; the reading says so. The longest post of any platform read is 63,206.
MAX_CHARS = 100_000

_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_LOOK_ALIKES = {
    "а": "a",
    "в": "b",
    "с": "c",
    "е": "e",
    "ё": "e",
    "н": "h",
    "і": "i",
    "ї": "i",
    "ј": "j",
    "к": "k",
    "ӏ": "l",
    "м": "m",
    "о": "o",
    "р": "p",
    "ԛ": "q",
    "г": "r",
    "ѕ": "s",
    "т": "t",
    "у": "y",
    "ѵ": "v",
    "ԝ": "w",
    "х": "x",
    "з": "z",
    "ԁ": "d",
    "һ": "h",
    "ɡ": "g",
    "ց": "g",
    "օ": "o",
    "ո": "n",
    "ս": "u",
    "լ": "l",
    "α": "a",
    "β": "b",
    "ε": "e",
    "η": "n",
    "ι": "i",
    "κ": "k",
    "ν": "v",
    "ο": "o",
    "ρ": "p",
    "τ": "t",
    "υ": "u",
    "χ": "x",
    "ω": "w",
    "γ": "y",
    "ζ": "z",
    "σ": "o",
    "ς": "c",
    "ı": "i",
    "ɑ": "a",
    "ℓ": "l",
    "п": "n",
    "и": "u",
    "й": "u",
    "ц": "u",
    "б": "b",
    "д": "d",
    "л": "n",
    "я": "r",
    "ь": "b",
    "ъ": "b",
    "э": "e",
}
_QUOTES = {c: '"' for c in "“”„‟«»〝〞＂❝❞"} | {c: "'" for c in "‘’‚‛´`ʹʼ＇"} | {c: "-" for c in "‐‑‒–—―−"}
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u3164\ufeff\uffa0"
    "\u20e3\u0303"
)
_JOINER, _TILDE = "\u200d", "\u0303"
_RANGES = (
    (0x00A0, 0x0250),
    (0x0250, 0x02B0),
    (0x02B0, 0x0370),
    (0x0370, 0x0590),
    (0x1D00, 0x1DC0),
    (0x1DC0, 0x1F00),
    (0x1F00, 0x2000),
    (0x2000, 0x20D0),
    (0x20D0, 0x2190),
    (0x2460, 0x2500),
    (0x3000, 0x3001),
    (0xFB00, 0xFB07),
    (0xFF01, 0xFF5F),
    (0x1D400, 0x1D800),
    (0x1F100, 0x1F18A),
)


def _folded(char: str) -> str:
    if char in "ñÑ":
        return "ñ"
    low = char.lower()
    for table in (_QUOTES, _SMALL_CAPITALS, _LOOK_ALIKES):
        if low in table:
            return table[low]
    code = ord(char)
    for first in (0x1F130, 0x1F150, 0x1F170):  # squared, negative circled and negative squared capitals
        if first <= code < first + 26:
            return chr(97 + code - first)
    plain = unicodedata.normalize("NFKD", char)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    plain = "".join(_LOOK_ALIKES.get(c, c) for c in plain)
    return " " if plain.isspace() else plain


@cache
def table() -> dict[int, str]:
    """Code point to its replacement in lane 1; code points that are absent stay."""
    found = {code: chr(code).lower() for code in range(65, 91)}
    for first, last in _RANGES:
        for code in range(first, last):
            char = chr(code)
            folded = _folded(char)
            if folded != char:
                found[code] = folded
    found |= {code: " " for code in (*range(9), 11, 12, 13, *range(14, 32), 127, 0x2028, 0x2029)}
    found |= {ord(c): "" for c in _INVISIBLE} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    for first, last in ((0x300, 0x303), (0x304, 0x370), (0xFE00, 0xFE10), (0x1F3FB, 0x1F400), (0xE0000, 0xE0200)):
        found |= dict.fromkeys(range(first, last), "")
    return found


@cache
def _ascii() -> bytes:
    """The part of `table` that is needed where all is ASCII: one for one."""
    return bytes(ord(table().get(code, chr(code))) for code in range(128)) + bytes(range(128, 256))


def _is_emoji(char: str) -> bool:
    code = ord(char)
    return code >= 0x1F000 or 0x2190 <= code < 0x2C00 or code in (0x3030, 0x303D, 0x3297, 0x3299)


class Lane:
    """Normalised text and the way back.

    Attributes:
        text: the normalised text.
        name: ``plain``, ``hidden`` (lane 2).
    """

    __slots__ = ("_origin", "_raw", "name", "text")

    def __init__(self, text: str, raw: str, origin: list[tuple[int, int]] | None, name: str = "plain") -> None:
        self.text = text
        self.name = name
        self._raw = raw
        self._origin = origin

    def origin(self) -> list[tuple[int, int]]:
        """For each code point of `text` the raw span it stands for."""
        if self._origin is None:
            self._origin = [(i, i + 1) for i in range(len(self.text))] if self._one_to_one() else _walk(self._raw)[1]
        return self._origin

    def _one_to_one(self) -> bool:
        return len(self.text) == len(self._raw) and _uneven().isdisjoint(self._raw)

    def span(self, a: int, b: int) -> tuple[int, int]:
        """Raw span of ``text[a:b]``; invisible characters inside it are part of it."""
        if b <= a or not self.text:
            return (0, 0)
        if self._origin is None and self._one_to_one():
            return (a, b)
        origin = self.origin()
        return (origin[a][0], origin[b - 1][1])


@cache
def _uneven() -> frozenset[str]:
    """Characters that lane 1 replaces by none or by several."""
    return frozenset(chr(code) for code, new in table().items() if len(new) != 1)


def _walk(raw: str) -> tuple[str, list[tuple[int, int]]]:
    """Lane 1 code point by code point, with the raw span of each."""
    mapping = table()
    out: list[str] = []
    origin: list[tuple[int, int]] = []
    for i, char in enumerate(raw):
        if char == _JOINER:
            new = char if out and _is_emoji(out[-1]) else ""
        elif char == _TILDE:
            if out and out[-1] == "n":
                out[-1], origin[-1] = "ñ", (origin[-1][0], i + 1)
            continue
        else:
            new = mapping.get(ord(char), char)
        out.extend(new)
        origin.extend([(i, i + 1)] * len(new))
    return "".join(out), origin


def lane1(raw: str) -> Lane:
    """What a reader sees, without what only a machine sees."""
    if raw.isascii():
        return Lane(raw.encode().translate(_ascii()).decode(), raw, None)
    if _JOINER in raw or _TILDE in raw:
        text, origin = _walk(raw)
        return Lane(text, raw, origin)
    return Lane(raw.translate(table()), raw, None)


_LEET = str.maketrans("013457@$€|!¡+", "oieastaseliit")
_LEET_L = str.maketrans("013457@$€|!¡+", "oleastaselilt")
_WORD = re.compile(r"[0-9a-zñ@$€|!¡+]+")
# What can hide a word: asked of every post, so in one pass (RE2). No part of these can grow without an end.
_SUSPECT = "|".join(
    (
        "[a-zñ][0134578@$€]|[0134578$€][a-zñ]|[a-zñ][!¡|+][a-zñ]|[a-zñ][.·•*_|~-]{1,3}[a-zñ]",
        r"(?:^|[^0-9a-zñ])[a-zñ][ .·•*_|~/-]{1,2}[a-zñ][ .·•*_|~/-]{1,2}[a-zñ](?:\z|[^0-9a-zñ])",
        *(letter * 3 for letter in "abcdefghijklmnopqrstuvwxyzñ"),
    )
)
_ORDINARY = re.compile(r"[0-9]{1,4}(?:x[0-9]{1,4}|mil|k|hrs?|am|pm|letras?|kg|km|th|st|nd|rd|gb|mp|d|s|m)|[0-9]+")
# Words so short that a digit in them hides most of them, and some are digits alone: se 53, te 73, to 70.
_SHORT = re.compile("a[lst]?|e[lns]|he|i[nst]|l[aeo]s?|me|no|o|s[eiou]|t[eiou]|the|we")
_TURNS = re.compile(r"[a-zñ](?=[0-9])|[0-9](?=[a-zñ])")
_DIGITS = re.compile(r"[013457]{1,6}")
_REPEATED = re.compile(r"([a-zñ])\1{2,}")
_SPACED = re.compile(r"(?<![0-9a-zñ])[0-9a-zñ@$](?:[ .·•*_\-|~/]{1,2}[0-9a-zñ@$]){2,}(?![0-9a-zñ])")
_DOTTED = re.compile(r"(?<![0-9a-zñ@/.:])[a-zñ]+(?:[.·•*_\-|~]{1,3}[a-zñ]+){1,12}(?![0-9a-zñ@/:])")
_SEPARATORS = re.compile(r"[ .·•*_\-|~/]")
_DIVIDERS = re.compile(r"[.·•*_\-|~/]")  # where letters are divided by one of these, a space is between words


@cache
def _suspects() -> Any:
    import re2

    found = re2.Set.SearchSet(re2.Options())
    found.Add(_SUSPECT)
    found.Compile()
    return found


def lane2(first: Lane) -> list[Lane]:
    """Readings of ``first`` with hidden words undone; empty for most posts."""
    if not _suspects().Match(first.text.encode()):
        return []
    readings: list[Lane] = []
    seen = {first.text}
    joined = edit(first, _joins(first.text))
    for digits in (_LEET, _LEET_L):
        lane = edit(joined, _leet(joined.text, digits))
        lane = edit(lane, [(m.start() + 1, m.end(), "") for m in _REPEATED.finditer(lane.text)])
        if lane.text not in seen:
            seen.add(lane.text)
            readings.append(lane)
    return readings


def without_lone_letters(first: Lane) -> Lane:
    """``first`` with blanks for letters that stand alone in a row: spelled out, "u" is no "you" and "i" no "I"."""
    rows = [(m.start(), m.end(), " " * len(m.group())) for m in _SPACED.finditer(first.text)]
    if not rows:
        return first
    lane = edit(first, rows)
    lane.name = first.name
    return lane


def _joins(text: str) -> list[tuple[int, int, str]]:
    found = []
    for pattern in (_SPACED, _DOTTED):
        for match in pattern.finditer(text):
            if pattern is _DOTTED and not any(len(p) <= 4 for p in _SEPARATORS.split(match.group())):
                continue
            between = _DIVIDERS if _DIVIDERS.search(match.group()) else _SEPARATORS
            found.append((match.start(), match.end(), between.sub("", match.group())))
    found.sort()
    kept: list[tuple[int, int, str]] = []
    for edit in found:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept


def _leet(text: str, digits: dict[int, int]) -> list[tuple[int, int, str]]:
    """Edits that read digits inside words as letters.

    Two such words, or one that is letters and digits by turns, show a writer who does so: then short tokens, bare
    digits and numbers with a unit ("541d") beside them are read as well, and after three such words all over the post.
    """
    words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(text)]
    could = [not w.isalpha() and w[0] != "@" and any(map(str.isalpha, w)) for _, _, w in words]
    mixed = [c and not _ORDINARY.fullmatch(w) for c, (_, _, w) in zip(could, words, strict=True)]
    if not any(mixed):
        return []
    plain = [m and (len(w) > 3 or _short(w, digits)) for m, (_, _, w) in zip(mixed, words, strict=True)]
    turns = [m and len(_TURNS.findall(w)) >= 2 for m, (_, _, w) in zip(mixed, words, strict=True)]
    many, all_over = sum(mixed) >= 2, sum(turns) >= 3
    found = []
    for i, (a, b, word) in enumerate(words):
        beside = any(plain[j] and (many or turns[j]) for j in (i - 1, i + 1) if 0 <= j < len(words))
        hidden = plain[i] or (many and mixed[i]) or (beside and (could[i] or _short(word, digits)))
        if hidden or (all_over and (could[i] or _DIGITS.fullmatch(word))):
            found.append((a, b, word.translate(digits)))
    return found


def _short(word: str, digits: dict[int, int]) -> bool:
    return not word.isalpha() and _SHORT.fullmatch(word.translate(digits)) is not None


def edit(lane: Lane, edits: list[tuple[int, int, str]]) -> Lane:
    """``lane`` with pieces replaced; equal lengths keep the map by letter, others give the whole piece."""
    if not edits:
        return lane
    origin = lane.origin()
    text: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for a, b, new in edits:
        text.append(lane.text[at:a])
        spans.extend(origin[at:a])
        if len(new) == b - a:
            spans.extend(origin[a:b])
        elif new:
            kept = [i for i in range(a, b) if not _SEPARATORS.match(lane.text[i])]
            spans.extend(origin[kept[i] if i < len(kept) else b - 1] for i in range(len(new)))
        text.append(new)
        at = b
    text.append(lane.text[at:])
    spans.extend(origin[at:])
    return Lane("".join(text), lane._raw, spans, "hidden")


def fold(text: str) -> str:
    """Lane 1 of a codebook entry, as it is compared with posts."""
    return lane1(text).text.strip()


def quoted(text: str) -> list[tuple[int, int]]:
    """Spans of ``text`` (lane 1) inside double quotation marks, or single ones that enclose words."""
    marks = [i for i, c in enumerate(text) if c == '"'] if '"' in text else []
    spans = list(zip(marks[::2], marks[1::2], strict=False))
    if "'" in text:
        spans += [m.span() for m in re.finditer(r"(?<![0-9a-zñ])'[^'\n]{3,400}'(?![0-9a-zñ])", text)]
    return sorted(spans)


def inside(spans: list[tuple[int, int]], a: int, b: int) -> bool:
    """Whether ``[a, b)`` lies inside one of the sorted ``spans``."""
    at = bisect_right(spans, (a, 1 << 60)) - 1
    return at >= 0 and spans[at][0] <= a and b <= spans[at][1] + 1
