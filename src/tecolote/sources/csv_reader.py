"""What the readers of tables with fixed columns share: recognition by the header, rows in their exact spans.

Column names are compared as `csv_columns.known` writes them: lower case, ``_`` for everything but letters, digits
and dots.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tecolote.sources import csv_text
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.csv_columns import known
from tecolote.sources.csv_values import Values
from tecolote.sources.json_reader import Record
from tecolote.sources.jsonbytes import Piece
from tecolote.sources.shapes import MISSHAPEN, Moment, forget, reason

_HEADER = 16384
_KNOWN_ACCOUNTS = 500_000


@dataclass
class Profiles:
    """Accounts of one file whose rows stand already, so that a profile is said again only when it changes.

    By platform and id: a data set may mix platforms, where the same name is somebody else.
    """

    said: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, record: Record, account: str, id_kind: str, created_at: Any = None, **profile: Any) -> None:
        """Rows of an account and its profile, unless the same ones stand already."""
        if len(self.said) > _KNOWN_ACCOUNTS:
            self.said.clear()
        state = hash((*profile.values(),))
        who = (record.platform, account)
        before = self.said.get(who)
        if before is None:
            record.add("accounts", id=account, id_kind=id_kind, created_at=created_at)
        if before != state:
            self.said[who] = state
            if any(value is not None for value in profile.values()):
                record.snapshot("account_snapshots", None, account_id=account, **profile)


@dataclass(frozen=True)
class Cells:
    """One row, by the names of its columns; each method takes the first named column that is not empty."""

    cells: dict[str, str]
    values: Values

    @classmethod
    def of_json(cls, value: dict[str, Any], values: Values) -> Cells:
        """The row that a JSON object stands for; a list stays JSON, a truth value becomes yes or no."""
        return cls({known(key): _cell(item) for key, item in value.items() if item is not None}, values)

    def get(self, *names: str) -> str | None:
        """The cell as found, None if empty."""
        return next((self.cells[name] for name in names if self.cells.get(name, "").strip()), None)

    def words(self, *names: str) -> str | None:
        """A text."""
        return self.values.words(self.get(*names))

    def ident(self, *names: str) -> str | None:
        """An id.

        Raises:
            Unreadable: a spreadsheet has cut its digits.
        """
        return self.values.ident(self.get(*names))

    def count(self, *names: str) -> int | None:
        """A count."""
        return self.values.count(self.get(*names))

    def flag(self, *names: str) -> bool | None:
        """Yes or no."""
        return self.values.flag(self.get(*names))

    def items(self, *names: str) -> list[str]:
        """The entries of a list in one cell, each once."""
        return list(dict.fromkeys(self.values.items(self.get(*names))))

    def moment(self, *names: str) -> Moment:
        """A time; one without a zone is UTC, as all these tables say."""
        at, raw, basis = self.values.moment(self.get(*names), is_utc=True)
        return (at, raw, basis) if raw is not None else (None, None, None)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)


class CsvReader:
    """A reader of tables with fixed columns; a subclass names some of them and says what a row states.

    Attributes:
        needles: bytes of the header that stand in every such table, as written.
        marks: columns that every such table has.
        date_order: order of day, month and year where the tables write dates with them.
    """

    platform = ""
    needles: ClassVar[tuple[bytes, ...]] = ()
    marks: ClassVar[frozenset[str]] = frozenset()
    date_order: ClassVar[str | None] = None

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for a table that has the marked columns."""
        start = head[:_HEADER].replace(b"\0", b"")
        if not all(needle in start for needle in self.needles):
            return 0.0
        found = csv_text.detect(head)
        return 0.9 if found is not None and self.marks <= {known(h) for h in found.header} else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """None: the tables hold public material only."""
        return []

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all rows; see `tecolote.sources.base.Reader`."""
        dialect = csv_text.detect(source.head, csv_text.is_utf8(source))
        if dialect is None:
            sink.quarantine("file", "no separator gives rows of the header's width: is it a table?")
            return
        if dialect.encoding == "cp1252":
            sink.note("not UTF-8: read as Windows-1252, the usual encoding of older spreadsheets")
        values = Values(options, sink.note)
        values.order = self.date_order
        names, width, profiles = [known(h) for h in dialect.header], len(dialect.header), Profiles()
        for row in csv_text.table_rows(source, dialect):
            where = f"row {row.number}"
            if row.number == 1:
                continue
            if row.fault:
                sink.quarantine(where, row.fault)
            elif len(row.cells) < width or any(row.cells[width:]):
                sink.quarantine(where, f"{len(row.cells)} cells where the header has {width}")
            else:
                rec = sink.record(row.start, row.raw, where)
                record = Record(sink, options, Piece(row.start, row.raw, where, "", {}), rec, self.platform)
                try:
                    self.row(record, Cells(dict(zip(names, row.cells, strict=False)), values), profiles)
                except MISSHAPEN as bad:
                    forget(sink, rec)
                    profiles.said.clear()
                    sink.quarantine(where, reason(bad))

    def row(self, record: Record, cells: Cells, profiles: Profiles) -> None:
        """Add the rows that one row of the table states.

        Raises:
            Unreadable: it cannot be read; any of `tecolote.sources.shapes.MISSHAPEN`.
        """
        raise NotImplementedError
