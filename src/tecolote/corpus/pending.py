"""Rows that wait until there are enough of them for a file of their own."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa

from tecolote.corpus.store import Writing
from tecolote.records import RECORD_TABLES

_PART_ROWS = 120_000


class Pending:
    """Tables on their way to disk. Parquet is encoded in C, beside the reading of what follows."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._held: dict[str, list[pa.Table]] = {table: [] for table in RECORD_TABLES}
        self._rows = 0
        self._leaves: list[int] = []
        self._writer = ThreadPoolExecutor(1)
        self._written: Future[None] | None = None

    def take(self, tables: dict[str, pa.Table], leaf: int) -> None:
        """Hold the rows of one leaf; hand them to the writer when there are enough."""
        for table, rows in tables.items():
            self._held[table].append(rows)
            self._rows += rows.num_rows
        self._leaves.append(leaf)
        if self._rows >= _PART_ROWS:
            self._hand_over()

    def flush(self) -> None:
        """Until everything taken so far is in its files.

        Raises:
            OSError: a file could not be written.
        """
        self._hand_over()
        if self._written is not None:
            self._written.result()
            self._written = None

    def _hand_over(self) -> None:
        if self._written is not None:
            self._written.result()
        held, leaves = self._held, self._leaves
        self._held = {table: [] for table in RECORD_TABLES}
        self._rows, self._leaves = 0, []
        self._written = self._writer.submit(self._write, held, leaves)

    def _write(self, held: dict[str, list[pa.Table]], leaves: list[int]) -> None:
        for table, parts in held.items():
            if parts:
                span = [min(leaves), max(leaves)]
                self._writing.add(table, pa.concat_tables(parts), label=f"{span[0]}-{span[1]}", leaves=span)
