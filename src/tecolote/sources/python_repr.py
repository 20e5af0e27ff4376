"""Python's ``repr`` of plain values, read without Python: nothing is evaluated, no name is looked up.

Understood are text, numbers, True, False, None, lists, tuples, sets and dictionaries of them, and the constructors that
databases of archivers print: ``datetime.datetime(...)``, ``datetime.timezone.utc``, ``tzlocal()`` and ``tzutc()``.
Anything else is refused. Length and nesting are bounded.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tecolote.sources.jsonbytes import Unreadable

MAX_LENGTH = 4 << 20
MAX_NESTING = 50
_TOKEN = re.compile(
    r"""\s*+(?:(?P<text>'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")|(?P<number>-?\d[\d.]{0,40}(?:e[+-]?\d{1,3})?)"""
    r"""|(?P<name>[A-Za-z_][\w.]{0,60})|(?P<mark>[\[\](){},:=]))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_NAMES: dict[str, Any] = {"True": True, "False": False, "None": None, "datetime.timezone.utc": UTC}
_CLOSES = {"[": "]", "(": ")", "{": "}"}


def parse(text: str) -> Any:
    """The value that ``text`` prints; tuples and sets as lists. A time in ``tzlocal()`` has no zone.

    Raises:
        Unreadable: it is anything but plain values, too long or too deep.
    """
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"a cell longer than {MAX_LENGTH >> 20} Mi characters")
    reader = _Reader(text)
    value = reader.value(0)
    if reader.peek()[0]:
        raise Unreadable("text behind a value")
    return value


class _Reader:
    """Walks over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text.rstrip(), 0

    def peek(self) -> tuple[str, str, int]:
        """Kind and text of the next said, and where it ends; '' at the end."""
        if self.at >= len(self.text):
            return "", "", self.at
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise Unreadable("not the repr of plain values")
        kind = str(found.lastgroup)
        return kind, found[kind], found.end()

    def take(self, wanted: str = "") -> tuple[str, str]:
        """The next said, which must be ``wanted`` where that is given."""
        kind, said, end = self.peek()
        if not kind or (wanted and said != wanted):
            raise Unreadable("not the repr of plain values, or cut off")
        self.at = end
        return kind, said

    def value(self, depth: int) -> Any:
        """One value."""
        if depth > MAX_NESTING:
            raise Unreadable(f"nested deeper than {MAX_NESTING}")
        kind, said = self.take()
        if kind == "text":
            return _unescaped(said[1:-1])
        if kind == "number":
            return _number(said)
        if kind == "name":
            return self._named(said, depth)
        if said in _CLOSES:
            return self._items(_CLOSES[said], depth, said == "{")
        raise Unreadable("not the repr of plain values")

    def _items(self, close: str, depth: int, pairs: bool) -> Any:
        found: list[Any] = []
        keyed: dict[str, Any] = {}
        while self.peek()[1] != close or self.peek()[0] != "mark":
            item = self.value(depth + 1)
            if pairs and self.peek()[1] == ":":
                self.take(":")
                keyed[str(item)] = self.value(depth + 1)
            else:
                found.append(item)
            if self.peek()[1] != close:
                self.take(",")
        self.take(close)
        return keyed if pairs and not found else found

    def _named(self, name: str, depth: int) -> Any:
        if name in _NAMES:
            return _NAMES[name]
        if name in ("tzlocal", "tzutc", "dateutil.tz.tzlocal", "dateutil.tz.tzutc"):
            self.take("(")
            self.take(")")
            return UTC if name.endswith("utc") else None
        if name not in ("datetime.datetime", "datetime"):
            raise Unreadable(f"'{name}' is not read: only plain values and times are")
        return self._moment(depth)

    def _moment(self, depth: int) -> datetime:
        """The arguments of ``datetime.datetime``."""
        self.take("(")
        numbers: list[int] = []
        zone = None
        while self.peek()[1] != ")":
            kind, said = self.take()
            if kind == "name" and said in ("tzinfo", "fold"):
                self.take("=")
                given = self.value(depth + 1)
                zone = given if said == "tzinfo" else zone
            elif kind == "number" and isinstance(_number(said), int):
                numbers.append(int(said))
            else:
                raise Unreadable("a time with other arguments than numbers")
            if self.peek()[1] != ")":
                self.take(",")
        self.take(")")
        if not 3 <= len(numbers) <= 7:
            raise Unreadable("a time without year, month and day")
        try:
            return datetime(*numbers, tzinfo=zone)  # type: ignore[arg-type, misc]
        except (ValueError, OverflowError, TypeError):
            raise Unreadable("a time that does not exist") from None


def _number(said: str) -> int | float:
    try:
        return int(said) if re.fullmatch(r"-?\d+", said) else float(said)
    except ValueError:
        raise Unreadable("a number that is none") from None


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        return _SIMPLE.get(code, found[0])

    return _ESCAPE.sub(one, text)
