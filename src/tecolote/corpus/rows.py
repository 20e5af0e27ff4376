"""Rows of a reader to Arrow tables with their provenance."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tecolote.records import DATA_COLUMNS, RECORD_TABLES, SCHEMAS
from tecolote.sources.base import Row, Sink, clean_text

_BAD_VALUE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError, TypeError)


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Without the cycle collector: rows are millions of tuples without cycles, and it would visit them all."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(frozen=True)
class Origin:
    """What all rows of one reading share: the file, the leaf that commits to it, and the reader."""

    source_file: str
    leaf_index: int
    reader: str
    reader_version: str


def tables_of(sink: Sink, origin: Origin) -> dict[str, pa.Table]:
    """The rows that ``sink`` holds now, as tables in the schemas of `records`; the sink starts afresh.

    A value that does not fit its column quarantines its row, not the batch.
    """
    rows, first, locators = sink.take()
    digests = bytes(sink.digests[first * 32 :])
    made = {}
    for table in RECORD_TABLES:
        if rows[table]:
            try:
                made[table] = _table(table, rows[table], first, locators, digests, origin)
            except _BAD_VALUE:
                sound = _sound_rows(table, rows[table], first, locators, sink)
                if sound:
                    made[table] = _table(table, sound, first, locators, digests, origin)
    return made


def _table(table: str, rows: list[Row], first: int, locators: list[str], digests: bytes, origin: Origin) -> pa.Table:
    schema = SCHEMAS[table]
    columns = list(zip(*rows, strict=True))
    records = columns[0]
    arrays = [_column(values, schema.field(i).type) for i, values in enumerate(columns[1:])]
    count = len(rows)
    # Rows of one record follow each other, so taking by index from small dictionaries stays in C.
    at = pa.array(records, pa.int64())
    local = pc.subtract(at, first) if first else at
    hashes = pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), len(locators), [None, pa.py_buffer(digests)])
    arrays += [
        pa.repeat(pa.scalar(origin.source_file, pa.string()), count),
        pa.array(locators, pa.string()).take(local),
        hashes.take(local),
        pa.repeat(pa.scalar(origin.leaf_index, pa.int64()), count),
        at,
        pa.repeat(pa.scalar(origin.reader, pa.string()), count),
        pa.repeat(pa.scalar(origin.reader_version, pa.string()), count),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    """One column.

    About half of all columns hold one value throughout, mostly null, and times repeat (every edge of a post has
    its time): converting each value would be most of the work.
    """
    first, count = values[0], len(values)
    if values[-1] == first and values[count // 2] == first and values.count(first) == count:
        return pa.nulls(count, kind) if first is None else pa.repeat(pa.scalar(first, kind), count)
    if pa.types.is_timestamp(kind):
        positions = {value: at for at, value in enumerate(dict.fromkeys(values))}
        if 2 * len(positions) < len(values):
            distinct = pa.array(positions, kind)
            return distinct.take(pa.array([positions[value] for value in values], pa.int32()))
    return pa.array(values, kind)


def _sound_rows(table: str, rows: list[Row], first: int, locators: list[str], sink: Sink) -> list[Row]:
    """The rows that fit the schema, texts cleaned; the others are quarantined one by one."""
    fields = [SCHEMAS[table].field(i) for i in range(len(DATA_COLUMNS[table]))]
    sound: list[Row] = []
    for row in rows:
        cleaned: list[Any] = [row[0]]
        try:
            for value, field in zip(row[1:], fields, strict=True):
                kept = clean_text(value) if isinstance(value, str) else value
                _column((kept,), field.type)
                cleaned.append(kept)
        except _BAD_VALUE as error:
            name = fields[len(cleaned) - 1].name
            sink.quarantine(locators[row[0] - first], f"{table}.{name} cannot hold its value: {str(error)[:120]}")
            continue
        sound.append(tuple(cleaned))
    return sound
