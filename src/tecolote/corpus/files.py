"""The files of a case as the log tells them: which readings are in force, and where their bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO

from tecolote.evidence import Event, Evidence
from tecolote.records import SCHEMAS
from tecolote.sources import containers

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 4 << 20


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


def blocks(stream: BinaryIO, length: int | None = None) -> Iterator[bytes]:
    """The bytes from where ``stream`` stands, to its end or for ``length`` bytes, in bounded pieces."""
    left = length
    while left is None or left > 0:
        block = stream.read(_BLOCK if left is None else min(_BLOCK, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def digest_of(stream: BinaryIO) -> str:
    """SHA-256 in hex of all bytes of ``stream``."""
    stream.seek(0)
    digest = sha256()
    for block in blocks(stream):
        digest.update(block)
    return digest.hexdigest()
