"""What every reader of an export format implements, and the sink that it writes rows to.

A reader never opens a file by itself and never sees the disk: it is given a `Source` (seekable bytes
that are already kept as evidence, or that the consent check holds in bounded memory) and a `Sink`.

For each raw record the reader calls ``rec = sink.record(start, raw, locator)`` and then adds the rows
that the record states, each beginning with ``rec``. The sink hashes the span; the importer turns the
hashes into the file's record tree and into the provenance columns.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from tecolote.errors import LimitExceeded
from tecolote.records import DATA_COLUMNS
from tecolote.sources.date_order import DateQuestion

#: A single line or JSON record longer than this is quarantined, not parsed.
MAX_RECORD_BYTES = 64 << 20
#: A document that must be in memory as a whole (one JSON value) may not be longer than this.
MAX_DOCUMENT_BYTES = 2 << 30
#: JSON nested deeper than this is quarantined.
MAX_DEPTH = 512
_BLOCK = 256 << 10

#: What `add` puts for an absent value.
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Options:
    """What the user said about the files.

    Attributes:
        timezone: zone of local times that carry none; None leaves ``created_at`` null.
        date_order: 'dmy', 'mdy' or 'ymd' where the file cannot settle it.
        mapping: column of ours to column of theirs, for CSV.
        observed_at: when counts were seen, where the file does not say.
        keep_members: keep names of members of private chats (``--members keep``).
        consent_givers: names or ids that a consent record names, never pseudonymised.
    """

    timezone: str | None = None
    date_order: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    observed_at: datetime | None = None
    keep_members: bool = False
    consent_givers: frozenset[str] = frozenset()

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone as an object."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def owner(self) -> str | None:
        """The account whose archive or download this is, by ``--map account_id==ID``: their files do not name it."""
        stated = self.mapping.get("account_id", "")
        return (stated[1:] or None) if stated.startswith("=") else None


class Source:
    """One file of an import, as seekable bytes.

    Attributes:
        name: path inside the import, for people; never used to open anything.
        size: bytes.
        head: the first 64 KiB.
    """

    def __init__(self, name: str, stream: BinaryIO, size: int) -> None:
        self.name = name
        self.size = size
        self._stream = stream
        stream.seek(0)
        self.head = stream.read(65536)

    def open(self) -> BinaryIO:
        """The stream, at the first byte."""
        self._stream.seek(0)
        return self._stream

    def read_all(self, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
        """The whole file.

        Raises:
            LimitExceeded: it is longer than ``limit``.
        """
        if self.size > limit:
            raise LimitExceeded(
                f"{self.name} has {self.size} bytes in one document", "Split it, or import a smaller export"
            )
        return self.open().read()

    def lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Number (from 1), byte offset and bytes of each line, without its line end.

        A line over `MAX_RECORD_BYTES` is handed out cut to that length.
        """
        stream = self.open()
        number, offset = 0, 0
        begun: list[bytes] = []  # blocks of the line under way
        held = 0
        while block := stream.read(_BLOCK):
            parts = block.split(b"\n")
            if len(parts) > 1 and begun:
                parts[0] = b"".join(begun) + parts[0]
                begun.clear()
                held = 0
            rest = parts.pop()
            for part in parts:
                number += 1
                yield number, offset, part[:-1] if part.endswith(b"\r") else part
                offset += len(part) + 1
            if rest:
                begun.append(rest)
                held += len(rest)
            if held > MAX_RECORD_BYTES:
                number += 1
                skipped = self._skip_line(stream, held)
                yield number, offset, b"".join(begun)[:MAX_RECORD_BYTES]
                offset += skipped
                begun.clear()
                held = 0
        if begun:
            last = b"".join(begun)
            yield number + 1, offset, last[:-1] if last.endswith(b"\r") else last

    @staticmethod
    def _skip_line(stream: BinaryIO, already: int) -> int:
        """Read to the end of the current line; length of the whole line with its end."""
        total = already
        while True:
            block = stream.read(_BLOCK)
            if not block:
                return total
            at = block.find(b"\n")
            if at >= 0:
                stream.seek(at + 1 - len(block), 1)
                return total + at + 1
            total += len(block)


class Sink:
    """Rows of one file, by table, with the record that each came from.

    Spans and digests are kept in flat buffers: a file may hold millions of records.

    Attributes:
        rows: table name to rows; a row is ``(rec, *DATA_COLUMNS[table])``.
        count: records so far.
        spans: start and length of each record, flat: ``[start0, length0, start1, ...]``.
        digests: SHA-256 of each record's span, 32 bytes each, flat.
        locators: where each record since the last flush stands, for people.
        first: index of the record that ``locators[0]`` belongs to.
        quarantined: ``(locator, reason)`` of what could not be read.
        notes: anomalies of the file (encoding, duplicate keys, truncated end) in words.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {table: [] for table in DATA_COLUMNS}
        self.count = 0
        self.spans = array("Q")
        self.digests = bytearray()
        self.locators: list[str] = []
        self.first = 0
        self.quarantined: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self._flush: Callable[[Sink], None] | None = None
        self._step = 0

    def on_flush(self, records: int, flush: Callable[[Sink], None]) -> None:
        """Let ``flush`` take the rows, through `take`, after every ``records`` records."""
        self._flush, self._step = flush, records

    def record(self, start: int, raw: bytes, locator: str) -> int:
        """Begin a record; its index in the file. ``raw`` is its span, found at byte ``start``."""
        if self._flush is not None and len(self.locators) >= self._step:
            self._flush(self)
        index = self.count
        self.count = index + 1
        self.spans.append(start)
        self.spans.append(len(raw))
        self.digests += sha256(raw).digest()
        self.locators.append(locator)
        return index

    def take(self) -> tuple[dict[str, list[Row]], int, list[str]]:
        """The rows so far, the index of their first record and its locators; the sink starts afresh."""
        taken = self.rows, self.first, self.locators
        self.rows = {table: [] for table in DATA_COLUMNS}
        self.first, self.locators = self.count, []
        return taken

    def add(self, table: str, rec: int, **values: Any) -> None:
        """Add a row by column names; what is not named is null.

        Raises:
            KeyError: a name that is no column of ``table``.
        """
        row = (rec, *[values.pop(name, None) for name in DATA_COLUMNS[table]])
        if values:
            raise KeyError(f"{table} has no column {sorted(values)}")
        self.rows[table].append(row)

    def quarantine(self, locator: str, reason: str) -> None:
        """Count a record that cannot be read, with the reason; its bytes stay in the file's evidence."""
        self.quarantined.append((clean_text(locator) or "", clean_text(reason) or ""))

    def note(self, words: str) -> None:
        """Say once what is odd about the file."""
        words = clean_text(words) or ""
        if words not in self.notes:
            self.notes.append(words)


@dataclass(frozen=True)
class Chat:
    """A conversation inside a file: what the consent check decides on.

    Attributes:
        id: id or, without one, the title as the export names it.
        title: for people.
        private: True for person-to-person and closed-group chats.
        spans: byte ranges of the chat in the file; None means the whole file.
    """

    id: str
    title: str
    private: bool
    spans: tuple[tuple[int, int], ...] | None = None


@runtime_checkable
class Reader(Protocol):
    """One export format.

    Attributes:
        name: id of the format, as in ``tecolote sources``.
        version: raised whenever the same bytes would give other rows.
        title: for people.
        obtained: how one gets such a file from the platform or tool.
        proven: values were compared with real files by hand.
        platform: platform id of the rows, or '' if the file says.
    """

    name: str
    version: str
    title: str
    obtained: str
    proven: bool
    platform: str

    def sniff(self, head: bytes, name: str) -> float:
        """How sure the reader is that it can read a file beginning with ``head``: 0 to 1.

        ``name`` may break a tie, never decide: exports are renamed.
        """
        ...

    def chats(self, source: Source) -> list[Chat]:
        """The conversations in the file that may need consent; empty for public formats."""
        ...

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records. Quarantines what it cannot read; raises only `SourceRefused`."""
        ...


@runtime_checkable
class Unsettled(Protocol):
    """A reader of files that may leave the order of day, month and year open."""

    def date_question(self, source: Source, options: Options) -> DateQuestion | None:
        """What the dates of the file leave open and decides how it is read; None if nothing."""
        ...


_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(text: str | None) -> str | None:
    """``text`` with lone surrogates as U+FFFD and without NUL, so that every store can hold it."""
    if text is None:
        return None
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return text.replace("\x00", "\ufffd") if "\x00" in text else text
