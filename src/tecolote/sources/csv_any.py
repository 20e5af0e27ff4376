"""Tables with any columns: comma, semicolon, tab or bar; every encoding that spreadsheets write.

The first pass reads the whole file for what no single row can tell (encoding, decimal mark, date order), the second
makes rows. A row's span is its exact bytes, line breaks in cells included. What each column is comes from the user's
mapping or from its name (`csv_columns`); a table in which neither tells is kept as evidence and refused in one line
that says how to map it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tecolote.sources import csv_text
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.csv_columns import (
    Columns,
    by_name,
    is_4cat,
    is_usable,
    known,
    load_mapping,
)
from tecolote.sources.csv_rows import Rows
from tecolote.sources.csv_values import Values
from tecolote.sources.date_order import DateQuestion
from tecolote.sources.shapes import MISSHAPEN, forget, reason

__all__ = ["READER", "CsvAny", "load_mapping"]

_DATES = ("created_at", "account_created_at", "observed_at")
_NUMBERS = ("likes", "reposts", "replies", "quotes", "views", "bookmarks", "followers", "following")
_OF_X = ("tweet", "__twarc", "retweet")
_SHOWN_COLUMNS = 30


@dataclass
class _Table:
    """A table and what its columns are; ``why`` says in one line why no row can be made, '' if rows can."""

    dialect: csv_text.Dialect
    columns: Columns
    fixed: dict[str, str]
    why: str = ""


class CsvAny:
    """Reader of tables; see the module's words."""

    name = "csv"
    version = "3"
    title = "CSV or TSV table with any columns"
    obtained = "4CAT, twarc-csv, minet, twitwi, a spreadsheet, a partner's database"
    proven = True
    platform = ""

    def sniff(self, head: bytes, name: str) -> float:
        """0.3 for a table whose columns are known, less for another; never more: special readers come first."""
        found = csv_text.detect(head)
        if found is None:
            return 0.0
        if is_usable(by_name(found.header)):
            return 0.3
        named = name.lower().endswith((".csv", ".tsv", ".tab"))
        return 0.25 if named or (found.rows >= 2 and found.fit == 1.0) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """None: a table does not say who may read it."""
        return []

    def date_question(self, source: Source, options: Options) -> DateQuestion | None:
        """What the dates of the table leave open."""
        dialect = csv_text.detect(source.head, csv_text.is_utf8(source))
        table = _columns(dialect, options) if dialect is not None else None
        if table is None or table.why:
            return None
        values = Values(options, lambda words: None)
        self._study(source, table, values)
        return values.dates.question() if values.saw_dates else None

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all rows; see `Reader.read`."""
        utf8 = csv_text.is_utf8(source)
        dialect = csv_text.detect(source.head, utf8)
        if dialect is None:
            sink.quarantine("file", "no separator gives rows of the header's width: is it a table?")
            return
        if dialect.encoding == "cp1252":
            sink.note("not UTF-8: read as Windows-1252, the usual encoding of older spreadsheets")
        table = _columns(dialect, options)
        if table.why:
            sink.quarantine("file", table.why)
            return
        values = Values(options, sink.note)
        self._study(source, table, values)
        self._rows(source, table, values, sink)

    @staticmethod
    def _study(source: Source, table: _Table, values: Values) -> None:
        dates = [table.columns[c] for c in _DATES if c in table.columns]
        numbers = [table.columns[c] for c in _NUMBERS if c in table.columns]
        width = len(table.dialect.header)
        for row in csv_text.table_rows(source, table.dialect):
            if row.number > 1 and len(row.cells) >= width:
                values.study([row.cells[d] for d in dates], [row.cells[n] for n in numbers])
        values.settle()

    @staticmethod
    def _rows(source: Source, table: _Table, values: Values, sink: Sink) -> None:
        width = len(table.dialect.header)
        rows = Rows(table.columns, table.fixed, values, sink, is_4cat(table.dialect.header))
        for row in csv_text.table_rows(source, table.dialect):
            where = f"row {row.number}"
            if row.number == 1:
                continue
            if row.fault:
                sink.quarantine(where, row.fault)
            elif len(row.cells) < width or any(row.cells[width:]):
                sink.quarantine(where, f"{len(row.cells)} cells where the header has {width}")
            else:
                rec = sink.record(row.start, row.raw, where)
                try:
                    rows.add(rec, row.cells)
                except MISSHAPEN as bad:
                    forget(sink, rec)
                    rows.forget()
                    sink.quarantine(where, reason(bad))
        rows.finish()


def _columns(dialect: csv_text.Dialect, options: Options) -> _Table:
    """What the columns are, by the user's mapping first."""
    columns = by_name(dialect.header)
    fixed: dict[str, str] = {}
    places = {name.strip(): place for place, name in reversed(list(enumerate(dialect.header)))}
    shown = ", ".join(repr(h.strip()[:40]) for h in dialect.header[:_SHOWN_COLUMNS])
    for ours, theirs in options.mapping.items():
        if theirs.startswith("="):
            fixed[ours] = theirs[1:]
            columns.pop(ours, None)
        elif theirs in places:
            columns = {name: place for name, place in columns.items() if place != places[theirs]}
            columns[ours] = places[theirs]
        else:
            why = f"the mapping names a column {theirs!r} that the table lacks; its columns are {shown}"
            return _Table(dialect, columns, fixed, why)
    if not is_usable(columns):
        why = f"no column is known as text or id: say which is, e.g. --map text=COLUMN,id=COLUMN; columns are {shown}"
        return _Table(dialect, columns, fixed, why)
    if "platform" not in columns and "platform" not in fixed:
        names = {known(h) for h in dialect.header}
        if any(mark in name for name in names for mark in _OF_X):
            fixed["platform"] = "x"
    return _Table(dialect, columns, fixed)


READER = CsvAny()
