"""Reading bytes through a reader, as the importer does, and looking at the rows."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from tecolote.records import DATA_COLUMNS
from tecolote.sources.base import Options, Reader, Sink, Source

OWN = Path(__file__).parent / "data"


def read(reader: Reader, raw: bytes, name: str = "file", options: Options | None = None) -> Sink:
    """Read ``raw``, checking what holds for every reader: spans, digests, widths of rows."""
    sink = Sink()
    reader.read(Source(name, io.BytesIO(raw), len(raw)), sink, options or Options())
    for i in range(sink.count):
        start, length = sink.spans[2 * i : 2 * i + 2]
        assert 0 <= start <= start + length <= len(raw)
        assert hashlib.sha256(raw[start : start + length]).digest() == sink.digests[32 * i : 32 * i + 32]
    for table, rows in sink.rows.items():
        for row in rows:
            assert len(row) == len(DATA_COLUMNS[table]) + 1, table
            assert 0 <= row[0] < sink.count
            for value in row:
                if isinstance(value, str):
                    value.encode()
    return sink


def rows(sink: Sink, table: str, **where: Any) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries, those that agree with ``where``."""
    found = [dict(zip(("rec", *DATA_COLUMNS[table]), row, strict=True)) for row in sink.rows[table]]
    return [row for row in found if all(row[key] == value for key, value in where.items())]


def counts(sink: Sink) -> dict[str, int]:
    """Rows by table, without empty tables."""
    return {table: len(found) for table, found in sink.rows.items() if found}


def content(sink: Sink) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by table without the number of their record, in an order that does not depend on the file's."""
    return {table: sorted((row[1:] for row in found), key=repr) for table, found in sink.rows.items()}
