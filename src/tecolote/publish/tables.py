"""Tables of a case for other tools: JSON Lines, CSV, Parquet; networks as GEXF and GraphML.

Protected accounts (reporters, victims, whoever a person has listed) leave under a pseudonym that is
keyed per case. Cells that a spreadsheet would run as a formula are quoted (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.keys import pseudonym
from tecolote.publish.redact import Redactions
from tecolote.records import SCHEMAS, TABLES

_GRAPHS = ("edges", "coaction_edges")
_BATCH = 10_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: Column that holds an account's id, by table; names that go with it.
_ACCOUNT: dict[str, dict[str, tuple[str, ...]]] = {
    "posts": {"account_id": ("author_name",)},
    "accounts": {"id": ()},
    "account_snapshots": {"account_id": ("username", "display_name", "bio", "location", "url", "avatar")},
    "account_assessments": {"account_id": ()},
    "edges": {"src": (), "dst": (), "dst_account_id": ()},
    "coaction_edges": {"account_id": (), "account_id_y": ()},
    "observations": {"target_id": ()},
    "findings": {"target_id": ()},
}

#: Names that 4CAT gives to columns of ours, so that a CSV moves both ways.
FOURCAT = {
    "id": "id",
    "thread_id": "thread_id",
    "author_name": "author",
    "account_id": "author_id",
    "text": "body",
    "created_at": "timestamp",
    "url": "url",
    "lang": "language",
}


def export_table(case: Case, table: str, form: str, out: Path | None) -> None:
    """Write one table.

    Args:
        case: the case.
        table: a name of `records.TABLES`.
        form: jsonl, csv, parquet, gexf or graphml.
        out: file to write; None is standard output.

    Raises:
        UsageError: no such table, or a form that does not fit it.
    """
    if table not in TABLES:
        raise UsageError(f"no table '{table}'", f"Tables are: {', '.join(TABLES)}")
    if form in ("gexf", "graphml") and table not in _GRAPHS:
        raise UsageError(f"{table} is no network", f"{form} is for {' and '.join(_GRAPHS)}")
    corpus = Corpus(case)
    data = mask_protected(case, corpus, table, corpus.table(table))
    with Evidence.open(case) as evidence:
        data = Redactions(evidence).table(data)
    if out is None:
        _write(data, table, form, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as stream:
            _write(data, table, form, stream)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def mask_protected(case: Case, corpus: Corpus, table: str, data: pa.Table) -> pa.Table:
    """``data`` with protected accounts under pseudonyms and without their names."""
    columns = _ACCOUNT.get(table)
    hidden = {
        (row["platform"], row["account_id"])
        for row in corpus.rows("SELECT platform, account_id FROM account_assessments WHERE protected")
    }
    if not columns or not hidden:
        return data
    platforms = data["platform"].to_pylist()
    for column, names in columns.items():
        ids = data[column].to_pylist()
        inside = [(p, i) in hidden for p, i in zip(platforms, ids, strict=True)]
        if not any(inside):
            continue
        masked = [
            pseudonym(case, p, i).replace("member-", "protected-") if hit else i
            for p, i, hit in zip(platforms, ids, inside, strict=True)
        ]
        data = _replaced(data, column, masked)
        for name in names:
            data = _replaced(
                data, name, [None if h else v for v, h in zip(data[name].to_pylist(), inside, strict=True)]
            )
    return data


def _replaced(data: pa.Table, column: str, values: list[Any]) -> pa.Table:
    field = data.schema.field(column)
    return data.set_column(data.schema.get_field_index(column), field, pa.array(values, field.type))


def _write(data: pa.Table, table: str, form: str, stream: BinaryIO) -> None:
    if form == "parquet":
        pq.write_table(data.cast(SCHEMAS[table]), stream, compression="zstd")
    elif form == "jsonl":
        for row in _plain_rows(data):
            stream.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    elif form == "csv":
        write_csv(_csv_names(table), _csv_rows(data, table), stream)
    else:
        from tecolote.networks import export as graphs

        writer: Callable[[pa.Table, BinaryIO], None] = graphs.write_gexf if form == "gexf" else graphs.write_graphml
        writer(_graph_edges(data, table), stream)


def _graph_edges(data: pa.Table, table: str) -> pa.Table:
    """Source, target, kind, weight, first, last: what the graph writers take."""
    if table == "coaction_edges":
        if "all" in set(data["modality"].to_pylist()):  # the one network that the kinds of object add up to
            data = data.filter(pc.equal(data["modality"], "all"))
        return pa.table(
            {
                "source": data["account_id"],
                "target": data["account_id_y"],
                "kind": data["modality"],
                "weight": pc.cast(data["weight"], pa.float64()),
                "first": data["first"],
                "last": data["last"],
            }
        )
    grouped = data.group_by(["src", "dst", "type"]).aggregate(
        [("at", "count"), ("at", "min"), ("at", "max"), ("src", "count")]
    )
    return pa.table(
        {
            "source": grouped["src"],
            "target": grouped["dst"],
            "kind": grouped["type"],
            "weight": pc.cast(grouped["src_count"], pa.float64()),
            "first": grouped["at_min"],
            "last": grouped["at_max"],
        }
    )


def _plain_rows(data: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in data.to_batches(max_chunksize=_BATCH):
        for row in batch.to_pylist():
            yield {name: plain(value) for name, value in row.items()}


def plain(value: Any) -> Any:
    """A value as JSON holds it: bytes as hex, times as ISO 8601 in UTC with 'Z'."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _csv_names(table: str) -> list[str]:
    names = list(SCHEMAS[table].names)
    if table == "posts":
        names = [FOURCAT.get(n, n) for n in names]
        names.insert(names.index("timestamp") + 1, "unix_timestamp")
    return names


def _csv_rows(data: pa.Table, table: str) -> Iterator[list[Any]]:
    """Rows as 4CAT writes them: naive UTC times with seconds since 1970 beside them for posts."""
    for batch in data.to_batches(max_chunksize=_BATCH):
        for row in batch.to_pylist():
            cells = []
            for name, value in row.items():
                if table == "posts" and name == "created_at":
                    cells.append(value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else None)
                    cells.append(int(value.timestamp()) if value else None)
                else:
                    cells.append(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else plain(value))
            yield cells


def write_csv(names: list[str], rows: Iterator[list[Any]], stream: BinaryIO) -> None:
    """CSV (RFC 4180, UTF-8) in which no cell is a formula: such text gets a leading apostrophe."""
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        writer.writerow(["'" + c if isinstance(c, str) and c.startswith(_FORMULA) else c for c in row])
    text.detach()
