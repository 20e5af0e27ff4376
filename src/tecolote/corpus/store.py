"""The tables of a case: immutable Parquet files, named in a manifest that is replaced by rename.

A reader pins one manifest for as long as it lives, so a report sees one state of the case however
long it takes. Views with the names of `tecolote.records.TABLES` give one row per identity; the raw
rows, one per sighting, are in ``<table>_rows``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tecolote.case import Case, make_folder, sync_folder, write_durably
from tecolote.errors import CaseError
from tecolote.records import RECORD_TABLES, SCHEMAS, TABLES

if TYPE_CHECKING:
    import duckdb

MANIFEST = "manifest.json"
_FOLDER = {
    "findings": "findings/rows",
    "assessments": "assessments/posts",
    "account_assessments": "assessments/accounts",
    "coaction_edges": "findings/coaction",
}

# One row per identity. A full text beats a truncated one; else the first sighting is the record.
_IDENTITY = {
    "posts": ("platform, id", "coalesce(text_truncated, false), leaf_index, record_index"),
    "accounts": ("platform, id", "leaf_index, record_index"),
    "threads": ("platform, id", "leaf_index, record_index"),
    "media": ("platform, post_id, id", "leaf_index, record_index"),
    "edges": ("platform, type, src, dst, post_id", "leaf_index, record_index"),
}

# Columns in which hardly a value comes twice: a dictionary would cost time and save nothing.
_DISTINCT = {
    "id",
    "text",
    "text_raw",
    "raw_sha256",
    "row_locator",
    "record_index",
    "post_id",
    "created_at_raw",
    "reason",
}


@dataclass(frozen=True)
class TableFile:
    """One Parquet file of a table.

    Attributes:
        table: name of the table.
        path: path inside the case.
        sha256: hex.
        bytes: size.
        rows: number of rows.
        leaves: first and last leaf that it projects; None for derived tables.
    """

    table: str
    path: str
    sha256: str
    bytes: int
    rows: int
    leaves: list[int] | None


class Corpus:
    """A pinned, read-only view of a case's tables."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.manifest = read_manifest(case)
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def checkpoint(self) -> dict[str, Any]:
        """Size and root (hex) of the log that these tables project."""
        found: dict[str, Any] = self.manifest["checkpoint"]
        return found

    def files(self, table: str) -> list[Path]:
        """Paths of the files of ``table``."""
        return [self.case.root / f["path"] for f in self.manifest["files"] if f["table"] == table]

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with a view per table; one per corpus, use `cursor()` in threads."""
        if self._connection is None:
            import duckdb

            connection = duckdb.connect(":memory:", config={"threads": 2})
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            for table in TABLES:
                connection.execute(self._view(table))
            self._connection = connection
        return self._connection

    def _view(self, table: str) -> str:
        paths = [str(p) for p in self.files(table)]
        if paths:
            listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
            rows = f"SELECT * FROM read_parquet([{listed}])"
        else:
            columns = ", ".join(f"NULL::{_duck_type(f.type)} AS {_quoted(f.name)}" for f in SCHEMAS[table])
            rows = f"SELECT {columns} WHERE false"
        sql = f"CREATE VIEW {table}_rows AS {rows};"
        if table in _IDENTITY:
            key, order = _IDENTITY[table]
            sql += (
                f"CREATE VIEW {table} AS SELECT * FROM {table}_rows "
                f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1;"
            )
        else:
            sql += f"CREATE VIEW {table} AS SELECT * FROM {table}_rows;"
        return sql

    def query(self, sql: str, parameters: Iterable[Any] | dict[str, Any] | None = None) -> pa.Table:
        """Rows of a query as Arrow. Values go in as parameters, never into the text."""
        cursor = self.connect().cursor()
        found: pa.Table = cursor.execute(sql, parameters).to_arrow_table()
        return found

    def rows(self, sql: str, parameters: Iterable[Any] | dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        found: list[dict[str, Any]] = self.query(sql, parameters).to_pylist()
        return found

    def table(self, name: str) -> pa.Table:
        """One whole table, one row per identity."""
        if name not in TABLES:
            raise CaseError(f"no table '{name}'", f"Tables are: {', '.join(TABLES)}")
        return self.query(f"SELECT * FROM {name}").cast(SCHEMAS[name])


class Writing:
    """New files for a case; nothing is visible until `commit`.

    Use inside ``case.writing()``. Files that are never committed are orphans, removed by the next one.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.files: list[TableFile] = [TableFile(**f) for f in read_manifest(case)["files"]]
        self._folders: set[Path] = set()

    def add(self, table: str, data: pa.Table, *, label: str, leaves: list[int] | None = None) -> None:
        """Write ``data`` as one more file of ``table``; ``label`` becomes part of the file name."""
        if data.num_rows == 0:
            return
        raw = encode(table, data)
        digest = hashlib.sha256(raw).hexdigest()
        name = re.sub(r"[^a-z0-9_-]", "-", label.lower())[:60]
        path = self.case.root / _FOLDER.get(table, f"corpus/{table}") / f"{name}-{digest[:16]}.parquet"
        make_folder(path.parent)
        with open(path, "wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        self._folders.add(path.parent)
        relative = path.relative_to(self.case.root).as_posix()
        entry = TableFile(table, relative, digest, len(raw), data.num_rows, leaves)
        self.files = [f for f in self.files if f.path != relative] + [entry]

    def drop_leaf(self, leaf: int) -> None:
        """Leave out the rows of one leaf, because a later reading of the same file supersedes them."""
        for file in [f for f in self.files if f.leaves and f.leaves[0] <= leaf <= f.leaves[1]]:
            data = pq.read_table(self.case.root / file.path)
            kept = data.filter(pc.not_equal(data["leaf_index"], leaf))
            if kept.num_rows < data.num_rows:
                self.replace(file, kept)

    def replace(self, file: TableFile, data: pa.Table) -> None:
        """Put ``data`` in the place of what ``file`` holds."""
        self.files.remove(file)
        self.add(file.table, data, label=Path(file.path).name.rsplit("-", 1)[0], leaves=file.leaves)

    def clear(self, table: str) -> None:
        """Leave out all files that ``table`` has had so far."""
        self.files = [f for f in self.files if f.table != table]

    def clear_records(self) -> None:
        """Leave out all record tables, for a rebuild."""
        self.files = [f for f in self.files if f.table not in RECORD_TABLES]

    def manifest(self, checkpoint: dict[str, Any]) -> bytes:
        """The manifest as bytes: what is hashed into the log and then put in place by `commit`."""
        listed = sorted((vars(f) for f in self.files), key=lambda f: (f["table"], f["path"]))
        body = {"format": 1, "checkpoint": checkpoint, "files": listed}
        return (json.dumps(body, indent=1, sort_keys=True) + "\n").encode()

    def commit(self, manifest: bytes) -> None:
        """Make the files visible in one rename."""
        for folder in self._folders:
            sync_folder(folder)
        write_durably(self.case.corpus_folder / MANIFEST, manifest)

    def sweep(self) -> None:
        """Remove table files that the manifest in force does not name.

        Readers that have pinned an older manifest keep what they have open; call this when none is
        expected to start, at the end of a verb.
        """
        named = {f["path"] for f in read_manifest(self.case)["files"]}
        for folder in [self.case.corpus_folder / t for t in RECORD_TABLES] + [
            self.case.root / f for f in _FOLDER.values()
        ]:
            for path in folder.glob("*.parquet"):
                if path.relative_to(self.case.root).as_posix() not in named:
                    path.unlink(missing_ok=True)


def encode(table: str, data: pa.Table) -> bytes:
    """Parquet bytes of ``data`` in the schema of ``table``."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        data.cast(SCHEMAS[table]),
        sink,
        use_dictionary=[name for name in SCHEMAS[table].names if name not in _DISTINCT],
        compression="zstd",
        compression_level=1,
        row_group_size=65536,
        write_statistics=True,
    )
    return bytes(sink.getvalue())


def read_manifest(case: Case) -> dict[str, Any]:
    """The manifest in force, or that of an empty case.

    Raises:
        CaseError: it cannot be read.
    """
    path = case.corpus_folder / MANIFEST
    if not path.exists():
        return {"format": 1, "checkpoint": {"size": 0, "root": hashlib.sha256().hexdigest()}, "files": []}
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        found["files"] and found["checkpoint"]["size"]
    except (ValueError, KeyError, TypeError):
        raise CaseError(f"{path} cannot be read", f"Run: tecolote rebuild --case {case.root}") from None
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _duck_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return _duck_type(kind.value_type) + "[]"
    if pa.types.is_struct(kind):
        return "STRUCT(" + ", ".join(f"{_quoted(f.name)} {_duck_type(f.type)}" for f in kind) + ")"
    simple = {
        "string": "VARCHAR",
        "int64": "BIGINT",
        "int32": "INTEGER",
        "int8": "TINYINT",
        "bool": "BOOLEAN",
        "double": "DOUBLE",
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
        "fixed_size_binary[32]": "BLOB",
    }
    return simple[str(kind)]
