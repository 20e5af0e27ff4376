"""JSON as found: strict decoding, the byte span of each record, and a glimpse of a file's shape.

A document is never trusted to be what it says: nesting is bounded before it is decoded (RFC 8259 section 9
lets a parser set limits), NaN and Infinity are refused, a key that stands twice is said, bytes that are not
UTF-8 are said and the record is still read with U+FFFD in their place.

Spans are found by scanning the bytes as Latin-1, where one character is one byte, so that an offset in the
scanned text is an offset in the file.
"""

from __future__ import annotations

import codecs
import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, BinaryIO

from tecolote.sources.base import MAX_DEPTH, MAX_RECORD_BYTES, Sink, Source, clean_text

Note = Callable[[str], None]

_BLANK = re.compile(r"[ \t\r\n]*")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(b for b in range(256) if b not in b"[]{}")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_BOM = b"\xef\xbb\xbf"
_BLOCK = 256 << 10
#: No format keeps its records deeper; a document nested by spite under such keys is scanned as a value.
_DESCENT = 8


class Unreadable(ValueError):
    """A record that cannot be read; the text is the reason given in quarantine."""


def depth(raw: bytes) -> int:
    """How deep ``raw`` is nested (brackets outside strings), or a bound below `MAX_DEPTH` that is cheaper."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return 1
    brackets = _STRINGS.sub(b"", raw).translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(memoryview(brackets).cast("b")), default=0)


def decode(raw: bytes, note: Note) -> Any:
    """The value of one JSON text.

    Args:
        raw: the bytes as found.
        note: called with what is odd: a key that stands twice, bytes that are not UTF-8.

    Raises:
        Unreadable: not JSON, nested deeper than `MAX_DEPTH`, NaN or Infinity, longer than `MAX_RECORD_BYTES`.
    """
    if len(raw) >= MAX_RECORD_BYTES:
        raise Unreadable(f"longer than {MAX_RECORD_BYTES >> 20} MiB")
    if depth(raw) > MAX_DEPTH:
        raise Unreadable(f"nested deeper than {MAX_DEPTH}")
    try:
        text = raw.decode()
    except UnicodeDecodeError as bad:
        note(f"encoding: bytes that are not UTF-8 (0x{raw[bad.start]:02x}) are read as U+FFFD; the bytes are kept")
        text = raw.decode(errors="replace")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            note("a JSON object has the same key twice; the last one is read")
        return found

    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=_refuse_constant)
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError as bad:
        raise Unreadable(f"not JSON: {_words(bad)}") from None


def _refuse_constant(name: str) -> Any:
    raise Unreadable(f"{name} is not JSON")


def _words(bad: Exception) -> str:
    return str(bad).split(": line")[0][:120]


@dataclass
class Outline:
    """Where the records of one document are.

    Attributes:
        envelope: what stands beside the records, decoded; the lists of records are left out.
        items: JSON pointer, start and end of each record inside the document.
        whole: the document has no list of records: it is itself the record.
        end: byte behind the document.
        fault: where and why the scan stopped, None if the document is whole.
    """

    envelope: dict[str, Any] = field(default_factory=dict)
    items: list[tuple[str, int, int]] = field(default_factory=list)
    whole: bool = True
    end: int = 0
    fault: tuple[int, str] | None = None


class _Stop(Exception):
    def __init__(self, at: int, why: str) -> None:
        self.at, self.why = at, why


class _Scan:
    """One pass over a document that notes spans and goes no deeper into it than `_DESCENT` of the keys it was given."""

    def __init__(self, text: str, into: frozenset[str], note: Note) -> None:
        self.text, self.into, self.note = text, into, note
        self.out = Outline()
        self._scan = json.JSONDecoder(strict=False, parse_constant=_refuse_constant).raw_decode

    def run(self, at: int) -> Outline:
        at = self._skip(at)
        try:
            start = self.text[at : at + 1]
            if start == "[":
                self.out.end = self._list(at, "")
            elif start == "{" and self.into:
                self.out.end = self._object(at, "", self.out.envelope)
            else:
                self.out.end = self._value(at)
        except _Stop as stop:
            self.out.fault = (stop.at, stop.why)
            self.out.end = len(self.text)
        return self.out

    def _skip(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def _value(self, at: int) -> int:
        try:
            return int(self._scan(self.text, at)[1])
        except RecursionError:
            raise _Stop(at, "nested too deeply") from None
        except ValueError as bad:
            raise _Stop(at, _words(bad)) from None

    def _next(self, at: int, close: str) -> tuple[int, bool]:
        """Behind the comma, or behind ``close`` and done."""
        at = self._skip(at)
        char = self.text[at : at + 1]
        if char == close:
            return at + 1, True
        if char != ",":
            raise _Stop(at, "ends in the middle" if not char else "',' or a closing bracket is missing")
        return self._skip(at + 1), False

    def _list(self, at: int, pointer: str) -> int:
        self.out.whole = False
        at, number = self._skip(at + 1), 0
        if self.text[at : at + 1] == "]":
            return at + 1
        while True:
            end = self._value(at)
            self.out.items.append((f"{pointer}/{number}", at, end))
            number += 1
            at, done = self._next(end, "]")
            if done:
                return at

    def _object(self, at: int, pointer: str, into: dict[str, Any]) -> int:
        at = self._skip(at + 1)
        if self.text[at : at + 1] == "}":
            return at + 1
        while True:
            if self.text[at : at + 1] != '"':
                raise _Stop(at, "ends in the middle" if at >= len(self.text) else "a key is missing")
            end = self._value(at)
            key = str(json.loads(self.text[at:end], strict=False))
            at = self._skip(end)
            if self.text[at : at + 1] != ":":
                raise _Stop(at, "':' is missing")
            at = self._member(self._skip(at + 1), f"{pointer}/{key}", key, into)
            at, done = self._next(at, "}")
            if done:
                return at

    def _member(self, at: int, pointer: str, key: str, into: dict[str, Any]) -> int:
        char = self.text[at : at + 1] if key in self.into and pointer.count("/") <= _DESCENT else ""
        if char == "[":
            return self._list(at, pointer)
        if char == "{":
            inner: dict[str, Any] = {}
            into[key] = inner
            return self._object(at, pointer, inner)
        end = self._value(at)
        into[key] = decode(self.text[at:end].encode("latin-1"), self.note)
        return end


@dataclass(frozen=True)
class Piece:
    """One record of a JSON file: its span, where it stands, and the document around it.

    Attributes:
        start: first byte in the file.
        raw: the bytes of the record.
        locator: line, JSON pointer or both, for people.
        pointer: JSON pointer inside the document, '' for the document itself.
        envelope: what stands beside the list of records, {} if the record is the document.
    """

    start: int
    raw: bytes
    locator: str
    pointer: str
    envelope: dict[str, Any]


def pieces(source: Source, sink: Sink, into: frozenset[str]) -> Iterator[Piece]:
    """The records of a JSON file: JSON Lines, one document, several, or a list; what cannot be cut is quarantined."""
    if by_lines(source):
        for number, start, line in source.lines():
            raw, start = _bare(line, start)
            if raw:
                yield from _cut(raw, start, f"line {number}", sink, into)
    else:
        yield from documents(source, sink, into)


def documents(source: Source, sink: Sink, into: frozenset[str]) -> Iterator[Piece]:
    """As `pieces`, for a file that is not JSON Lines."""
    raw = source.read_all()
    start = len(_BOM) if raw.startswith(_BOM) else 0
    yield from _cut(raw[start:], start, "", sink, into)


def _bare(line: bytes, start: int) -> tuple[bytes, int]:
    """The line without byte order mark and blanks around it, and where it then begins."""
    kept = line.removeprefix(_BOM).lstrip()
    return kept.rstrip(), start + len(line) - len(kept)


def _cut(raw: bytes, start: int, where: str, sink: Sink, into: frozenset[str]) -> Iterator[Piece]:
    """The records of one line, or of the documents that follow each other in ``raw``."""
    if where and len(raw) >= MAX_RECORD_BYTES:
        sink.quarantine(where, f"longer than {MAX_RECORD_BYTES >> 20} MiB")
        return
    if depth(raw) > MAX_DEPTH:
        sink.quarantine(where or "/", f"nested deeper than {MAX_DEPTH}")
        return
    text, at = raw.decode("latin-1"), 0
    while at < len(raw):
        begin = at
        try:
            found = _Scan(text, into, sink.note).run(at)
        except Unreadable as bad:
            sink.quarantine(where or "/", str(bad))
            return
        here = raw[begin : found.end].strip() if found.whole else b""
        if found.whole and not found.fault:
            yield Piece(start + raw.find(here, begin), here, where or "/", "", {})
        for pointer, a, b in found.items:
            place = clean_text(f"{where} {pointer}".strip()) or ""
            yield Piece(start + a, raw[a:b], place, pointer, found.envelope)
        if found.fault:
            sink.quarantine(where or f"byte {start + found.fault[0]}", f"not JSON or cut off: {found.fault[1]}")
        elif not found.whole and not found.items:
            sink.note("a page without records")
        blank = _BLANK.match(text, found.end)
        at = blank.end() if blank else found.end


def not_utf8(stream: BinaryIO) -> str:
    """What to say of a file that begins like JSON and is not UTF-8 (RFC 8259 section 8.1); '' for any other."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    begun = False
    while block := stream.read(_BLOCK):
        if not begun and block.removeprefix(_BOM).lstrip()[:1] not in (b"{", b"["):
            return ""
        begun = True
        try:
            decoder.decode(block)
        except UnicodeDecodeError as bad:
            return f"encoding: bytes that are not UTF-8 (0x{bad.object[bad.start]:02x}); the bytes are kept"
    return ""


def by_lines(source: Source) -> bool:
    """True for JSON Lines: the first line is a whole JSON value, or the first two both begin an object."""
    first: bytes | None = None
    for _, _, line in source.lines():
        raw, _ = _bare(line, 0)
        if not raw:
            continue
        if first is not None:
            return first.startswith(b"{") and raw.startswith(b"{") and len(first) > 1
        if _complete(raw):
            return True
        first = raw
    return False


def _complete(raw: bytes) -> bool:
    if len(raw) >= MAX_RECORD_BYTES or raw[:1] not in b"{[" or raw[-1:] not in b"}]":
        return False
    try:
        json.loads(raw.decode("latin-1"), strict=False)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|[\[\]{},:]')
_MAX_TOKENS = 4000
_MAX_LEVEL = 5


@functools.lru_cache(maxsize=2)
def glimpse(head: bytes) -> frozenset[str]:
    """Key paths in the first bytes of a JSON file, lists written ``[]``: ``data[].id``, ``author.username``.

    Empty if the file does not begin like JSON. Lines of JSON Lines are taken together, a list at the top is
    ``[].``. Looks at the first few thousand tokens and five levels: enough to tell formats apart.
    """
    head = head.removeprefix(_BOM).lstrip()
    if head[:1] not in (b"{", b"["):
        return frozenset()
    found: set[str] = set()
    stack: list[tuple[bool, str]] = []
    key, expect_key = "", False
    for count, token in enumerate(_TOKEN.finditer(head)):
        char = token[0][:1]
        if count > _MAX_TOKENS:
            break
        if char == b'"':
            if expect_key:
                key = token[1].decode("latin-1")
                if len(stack) <= _MAX_LEVEL:
                    found.add(f"{stack[-1][1]}.{key}" if stack[-1][1] else key)
            expect_key = False
        elif char in (b"{", b"["):
            stack.append((char == b"{", _inside(stack, key)))
            expect_key = char == b"{"
        elif char in (b"}", b"]"):
            if stack:
                stack.pop()
            expect_key = False
        elif char == b",":
            expect_key = bool(stack) and stack[-1][0]
    return frozenset(found)


@functools.lru_cache(maxsize=2)
def keys_of(head: bytes) -> frozenset[str]:
    """The paths of `glimpse` with the objects of a list at the top taken as the objects of lines are.

    Every reader asks for them of every file: for small files this is most of the work of telling formats apart.
    """
    return frozenset(key.removeprefix("[].") for key in glimpse(head))


def _inside(stack: list[tuple[bool, str]], key: str) -> str:
    """Path of a container that opens now."""
    if not stack or len(stack) > _MAX_LEVEL:
        return stack[-1][1] if stack else ""
    is_object, path = stack[-1]
    if not is_object:
        return path + "[]"
    return f"{path}.{key}" if path else key
