"""Tables written as text (RFC 4180 and its relatives), cut into rows that keep their exact bytes.

Encoding: a byte order mark decides; else the whole file is UTF-8; else it is read as Windows-1252 and that is said.
The separator (comma, semicolon, tab, bar, or what a first line ``sep=;`` says) is the one under which the first
rows have the same number of cells as the header. A cell in double quotes may hold separators and line breaks; a
quote that is never closed costs its row, not the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tecolote.sources.base import MAX_RECORD_BYTES, Source

#: A cell longer than this ends its row with an error (characters).
MAX_CELL = 1 << 20
SEPARATORS = (",", ";", "\t", "|")
_BLOCK = 1 << 20
_SAMPLE_ROWS = 200
_MAX_LOST = 20
_SEP_LINE = re.compile(r'"?sep=([,;|\t])"?', re.IGNORECASE)
_CLEAN_ENOUGH = 0.6
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

csv.field_size_limit(MAX_CELL)


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes:
        encoding: Python's name of it.
        skip: bytes before the header (byte order mark, ``sep=`` line).
        separator: between cells.
        header: names of the columns as written.
        fit: share of the sample's rows that have as many cells as the header; 1.0 for a header alone.
        rows: rows of the sample below the header.
    """

    encoding: str
    skip: int
    separator: str
    header: tuple[str, ...]
    fit: float
    rows: int


@dataclass(frozen=True)
class TableRow:
    """One row: its number (the header is 1), first byte, bytes without the line end, and its cells.

    ``fault`` says why the row could not be cut into cells, '' if it could.
    """

    number: int
    start: int
    raw: bytes
    cells: list[str]
    fault: str = ""


def is_utf8(source: Source) -> bool:
    """Whether the whole file is UTF-8; reads it once, a block at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream = source.open()
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def detect(head: bytes, utf8: bool | None = None) -> Dialect | None:
    """The dialect of a file that begins with ``head``; None if it does not look like a table.

    Args:
        head: the first bytes.
        utf8: whether the whole file is UTF-8; None to judge by ``head``.
    """
    encoding, skip = _encoding(head, utf8)
    text = head[skip:].decode(encoding, "ignore" if encoding.startswith("utf") else "replace")
    if not text.strip() or "\x00" in text or text.lstrip()[:1] in "{[<":
        return None
    said = _SEP_LINE.fullmatch(text.split("\n", 1)[0].rstrip("\r"))
    if said:
        line, _, text = text.partition("\n")
        skip += len((line + "\n").encode(encoding))
    tried = [_try(text, sep, len(head) >= 65536) for sep in ([said[1]] if said else SEPARATORS)]
    found = [(fit, len(header), -i, header, rows, sep) for i, (sep, header, fit, rows) in enumerate(tried) if header]
    if not found:
        return None
    fit, _, _, header, rows, separator = max(found)
    return Dialect(encoding, skip, separator, tuple(header), fit, rows) if fit >= _CLEAN_ENOUGH else None


def _encoding(head: bytes, utf8: bool | None) -> tuple[str, int]:
    for mark, name in _UTF16.items():
        if head.startswith(mark):
            return name, len(mark)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8", len(codecs.BOM_UTF8)
    if utf8 is None:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(head)
            utf8 = True
        except UnicodeDecodeError:
            utf8 = False
    return ("utf-8" if utf8 else "cp1252"), 0


def _try(text: str, separator: str, cut: bool) -> tuple[str, list[str], float, int]:
    """Header and share of fitting rows under one separator; no header if it has fewer than two columns."""
    rows: list[list[str]] = []
    broken = False
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=separator):
            if row:
                rows.append(row)
            if len(rows) > _SAMPLE_ROWS:
                break
    except csv.Error:
        broken = True
    if not rows or len(rows[0]) < 2 or len({c.strip().lower() for c in rows[0] if c.strip()}) < 2:
        return separator, [], 0.0, 0
    body = rows[1:-1] if (cut and not broken and len(rows) <= _SAMPLE_ROWS) else rows[1:]
    width = len(rows[0])
    good = sum(_fits(row, width) for row in body)
    # A quote left open swallows the rest of the sample into its last row: that row says nothing on the separator.
    if body and not _fits(body[-1], width) and text.count('"') % 2:
        body = body[:-1]
    return separator, rows[0], (good / len(body) if body else 1.0), len(body)


def _fits(row: list[str], width: int) -> bool:
    return len(row) == width or (len(row) > width and not any(row[width:]))


class _Lines:
    """Lines of a table for the csv module, with the bytes that it has consumed."""

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self._stream = source.open()
        self._encoding = dialect.encoding
        self._wide = dialect.encoding.startswith("utf-16")
        self._break = "\n".encode(dialect.encoding)
        self._stream.seek(dialect.skip)
        self._lines: list[bytes] = []
        self._held = b""
        self._done = False
        self.taken: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._lines and not self._fill():
            raise StopIteration
        line = self._lines.pop()
        self.taken.append(line)
        return line.decode(self._encoding, "replace")

    @property
    def ended(self) -> bool:
        """Whether the last line has been taken."""
        return self._done and not self._lines

    def give_back(self) -> None:
        """Return all taken lines but the first: a row ends where its broken quote began."""
        self._lines.extend(reversed(self.taken[1:]))
        del self.taken[1:]

    def _fill(self) -> bool:
        while not self._done:
            block = self._stream.read(_BLOCK)
            if not block:
                self._done = True
                if self._held:
                    self._lines = [self._held]
                    self._held = b""
                break
            parts = self._split(self._held + block)
            self._held = parts.pop()
            if len(self._held) > MAX_RECORD_BYTES:
                parts.append(self._held)
                self._held = b""
            if parts:
                self._lines = parts[::-1]
                break
        return bool(self._lines)

    def _split(self, data: bytes) -> list[bytes]:
        if not self._wide:
            parts = data.split(b"\n")
            return [*(part + b"\n" for part in parts[:-1]), parts[-1]]
        parts, at, search = [], 0, 0
        while (found := data.find(self._break, search)) >= 0:
            search = found + 1
            if found % 2 == 0:
                parts.append(data[at : found + 2])
                at = search = found + 2
        return [*parts, data[at:]]


def table_rows(source: Source, dialect: Dialect) -> Iterator[TableRow]:
    """All rows of a table, the header first, empty lines left out."""
    lines = _Lines(source, dialect)
    reader = csv.reader(lines, delimiter=dialect.separator)
    at, number, lost = dialect.skip, 0, 0
    while True:
        lines.taken.clear()
        fault, cells = "", []
        try:
            cells = next(reader)
        except StopIteration:
            if not lines.taken:
                return
        except csv.Error as error:
            fault = _words(error)
        if not fault and lines.ended and _left_open(lines.taken, dialect):
            fault = "a quote is opened and never closed"
        if fault:
            lost += 1
            if lost <= _MAX_LOST:
                lines.give_back()
            reader = csv.reader(lines, delimiter=dialect.separator)
        raw = b"".join(lines.taken)
        start, at = at, at + len(raw)
        number += 1
        if cells or fault:
            yield TableRow(number, start, _bare(raw, dialect.encoding), cells, fault)


def _left_open(taken: list[bytes], dialect: Dialect) -> bool:
    """Whether the rows end inside a quoted cell: only the strict parser says so."""
    text = b"".join(taken).decode(dialect.encoding, "replace")
    try:
        list(csv.reader(text.splitlines(keepends=True), delimiter=dialect.separator, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _words(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell is longer than {MAX_CELL >> 10} KiB: a quote is opened and never closed, perhaps"
    return f"not a row of a table: {str(error)[:100]}"


def _bare(raw: bytes, encoding: str) -> bytes:
    for end in ("\r\n", "\n", "\r"):
        coded = end.encode(encoding)
        if raw.endswith(coded):
            return raw[: -len(coded)]
    return raw
