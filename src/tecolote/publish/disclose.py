"""The rows that leave the case: counted fields only, made coarse where they could point at a person.

A row holds where its record stands in the log (leaf and record number, whose salted commitment is
disclosed beside it) and the fields that a number counts. No text, no handle, no id, no exact time.
Coarsening happens before anything is committed, and `Disclosure.notes` says what was done.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tecolote.publish.numbers import SMALL
from tecolote.publish.sheet import Sheet

OTHER = "other"
WITHHELD = "withheld"
Row = dict[str, Any]

_INT, _TEXT, _FLAG, _TEXTS = pa.int64(), pa.string(), pa.bool_(), pa.list_(pa.string())
#: Columns of each disclosed table, in the order in which its rows are written.
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "files": {
        "leaf_index": _INT,
        "records": _INT,
        "posts": _INT,
        "accounts": _INT,
        "quarantined": _INT,
        "first_month": _TEXT,
        "last_month": _TEXT,
    },
    "posts": {
        "leaf_index": _INT,
        "record_index": _INT,
        "platform": _TEXT,
        "month": _TEXT,
        "voice": _TEXT,
        "flag": _FLAG,
        "assessed": _FLAG,
        "urgent": _FLAG,
        "themes": _TEXTS,
        "groups": _TEXTS,
        "severity": _INT,
        "known_protected": _FLAG,
    },
    "accounts": {
        "leaf_index": _INT,
        "record_index": _INT,
        "platform": _TEXT,
        "suspected": _FLAG,
        "groups": _TEXTS,
    },
    "observations": {
        "leaf_index": _INT,
        "record_index": _INT,
        "platform": _TEXT,
        "kind": _TEXT,
        "state": _TEXT,
    },
    "coaction": {"cluster": _INT, "a": _INT, "b": _INT, "weight": _INT},
    "lifetimes": {"platform": _TEXT, "kind": _TEXT, "low": _INT, "high": _INT},
    "reach": {"group_id": _TEXT, "platform": _TEXT, "ring": _TEXT, "counted": _INT, "rounded": _INT},
}
#: Tables whose rows each stand for a record of the log.
RECORDS = ("posts", "accounts", "observations")


@dataclass(frozen=True)
class Disclosure:
    """Rows by table, as lists in the order of `COLUMNS`, and what was made coarse (keys of the texts)."""

    tables: dict[str, list[list[Any]]]
    notes: list[str]


def disclose(sheet: Sheet) -> Disclosure:
    """Make the rows and put them beside the exact tables, in the schema ``open`` of the same connection."""
    notes: list[str] = ["no_text"]
    made = {
        "files": sheet.rows(_select("files") + " ORDER BY leaf_index"),
        "posts": _posts(sheet, notes),
        "accounts": _accounts(sheet, notes),
        "observations": _observations(sheet, notes),
        "coaction": _coaction(sheet, notes),
        "lifetimes": _lifetimes(sheet, notes),
        "reach": _reach(sheet, notes),
    }
    connection = sheet.corpus.connect()
    connection.execute("CREATE SCHEMA IF NOT EXISTS open")
    for name, rows in made.items():
        schema = pa.schema(list(COLUMNS[name].items()))
        connection.register("open_incoming", pa.Table.from_pylist(rows, schema=schema))
        connection.execute(f"CREATE OR REPLACE TABLE open.{name} AS SELECT * FROM open_incoming")
        connection.unregister("open_incoming")
    tables = {name: [[_plain(row.get(c)) for c in COLUMNS[name]] for row in rows] for name, rows in made.items()}
    return Disclosure(tables, notes)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _select(table: str) -> str:
    return f"SELECT {', '.join(COLUMNS[table])} FROM sheet.{table}"


def _posts(sheet: Sheet, notes: list[str]) -> list[Row]:
    rows = sheet.rows(_select("posts") + " ORDER BY leaf_index, record_index, platform, id")
    _fold(rows, ("platform",), "platform", OTHER, notes, "platform")
    _fold(rows, ("platform", "voice"), "voice", WITHHELD, notes, "voice")
    if _fold(rows, ("flag", "month"), "month", None, notes, "month", keep=lambda row: str(row["month"])[:4]):
        _fold(rows, ("flag", "month"), "month", None, notes, "month")
    flagged = [row for row in rows if row["flag"]]
    for name in ("themes", "groups"):
        _fold_lists(flagged, name, notes)
    for row in rows:
        if not row["flag"]:
            row["severity"] = None
    _fold(flagged, ("severity",), "severity", None, notes, "severity")
    for name in ("urgent", "known_protected"):
        _fold(rows, (name,), name, None, notes, name, only=True)
    if _fold(rows, ("flag",), "flag", None, notes, "flag", only=True):
        for row in rows:
            row.update(urgent=None, themes=[], groups=[], severity=None)
    return rows


def _accounts(sheet: Sheet, notes: list[str]) -> list[Row]:
    rows = sheet.rows(_select("accounts") + " ORDER BY leaf_index, record_index, platform, id")
    _fold(rows, ("platform",), "platform", OTHER, notes, "platform")
    _fold(rows, ("platform", "suspected"), "suspected", None, notes, "suspected")
    for row in rows:
        if not row["suspected"]:
            row["groups"] = []
    _fold_lists(rows, "groups", notes)
    return rows


def _observations(sheet: Sheet, notes: list[str]) -> list[Row]:
    rows = sheet.rows(_select("observations") + " ORDER BY leaf_index, record_index, platform, kind, id")
    _fold(rows, ("platform", "kind", "state"), "state", WITHHELD, notes, "state")
    return rows


def _coaction(sheet: Sheet, notes: list[str]) -> list[Row]:
    """Ties between accounts, with numbers of this sheet alone in the place of ids."""
    rows = sheet.rows(_select("coaction") + " ORDER BY cluster, a, b")
    names = {name: at for at, name in enumerate(sorted({r[side] for r in rows for side in "ab"}))}
    if 0 < len(names) < SMALL:
        notes.append("coaction")
        return []
    return [{"cluster": r["cluster"], "a": names[r["a"]], "b": names[r["b"]], "weight": r["weight"]} for r in rows]


def _lifetimes(sheet: Sheet, notes: list[str]) -> list[Row]:
    return _drop(sheet, "lifetimes", ("platform", "kind"), notes)


def _reach(sheet: Sheet, notes: list[str]) -> list[Row]:
    """One row per account reached, without the exact count of a profile."""
    rows = _drop(sheet, "reach", ("group_id", "platform", "ring"), notes)
    return [row | {"counted": None} for row in rows]


def _drop(sheet: Sheet, table: str, by: tuple[str, ...], notes: list[str]) -> list[Row]:
    """Rows of a table without those of cells that are too small."""
    rows = sheet.rows(_select(table) + " ORDER BY ALL")
    cells = Counter(tuple(row[name] for name in by) for row in rows)
    kept = [row for row in rows if cells[tuple(row[name] for name in by)] >= SMALL]
    if len(kept) < len(rows):
        notes.append(table)
    return kept


def _fold(
    rows: list[Row],
    by: tuple[str, ...],
    column: str,
    into: Any,
    notes: list[str],
    note: str,
    keep: Any = None,
    only: bool = False,
) -> bool:
    """Replace ``column`` in rows of cells that are too small; whether any was.

    With ``only`` the column is a truth value, and all of it is replaced when too few rows are True.
    """
    cells = Counter(tuple(row[name] for name in by) for row in rows)
    small = {cell for cell, count in cells.items() if count < SMALL and cell[-1] is not None}
    if only:
        small = set(cells) if any(cell[-1] for cell in small) else set()
    if not small:
        return False
    for row in rows:
        if tuple(row[name] for name in by) in small:
            row[column] = keep(row) if keep else into
    if note not in notes:
        notes.append(note)
    return True


def _fold_lists(rows: list[Row], column: str, notes: list[str]) -> None:
    cells = Counter(value for row in rows for value in row[column])
    small = {value for value, count in cells.items() if count < SMALL}
    if not small:
        return
    for row in rows:
        row[column] = sorted({OTHER if value in small else value for value in row[column]})
    if column not in notes:
        notes.append(column)
