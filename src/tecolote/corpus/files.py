"""The files of a case as the log tells them: which readings are in force, and where their bytes are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from tecolote.evidence import Event, Evidence
from tecolote.records import SCHEMAS
from tecolote.sources import containers

if TYPE_CHECKING:
    import pyarrow as pa


def live_files(evidence: Evidence) -> list[Event]:
    """The ``import.file`` events whose reading has not been superseded by a later one."""
    events = list(evidence.events("import.file"))
    gone = {e.payload["supersedes"] for e in events if e.payload.get("supersedes") is not None}
    return [e for e in events if e.index not in gone]


def remaining_rows(evidence: Evidence, tables: dict[str, str]) -> dict[str, pa.Table]:
    """The rows that an erasure left of a file, kept as Parquet; ``tables`` gives the SHA-256 (hex) of each."""
    import pyarrow.parquet as pq

    return {table: pq.read_table(evidence.read(digest)).cast(SCHEMAS[table]) for table, digest in tables.items()}


def open_evidence(evidence: Evidence, payload: dict[str, Any]) -> BinaryIO:
    """The bytes that an ``import.file`` event's records are spans of."""
    if payload["container"]:
        outer = evidence.read(payload["container"])
        size = outer.seek(0, 2)
        return containers.open_member(payload["name"].split("!", 1)[0], outer, size, tuple(payload["chain"]))
    return evidence.read(payload["blob"])
