"""A case whose tables are written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tecolote.case import Case
from tecolote.corpus.store import Corpus, Writing
from tecolote.records import SCHEMAS

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture
def corpus_of(tmp_path: Path) -> Callable[[Tables], Corpus]:
    """Make a corpus of rows given by table; what a row does not say is null, the leaf is 0."""

    def make(tables: Tables) -> Corpus:
        case = Case.create(tmp_path / f"case{len(list(tmp_path.iterdir()))}")
        with case.writing():
            writing = Writing(case)
            for table, rows in tables.items():
                marked = [{"leaf_index": 0, "record_index": i} | row for i, row in enumerate(rows)]
                writing.add(table, pa.Table.from_pylist(marked, schema=SCHEMAS[table]), label="test")
            writing.commit(writing.manifest({"size": 0, "root": "00"}))
        return Corpus(case)

    return make
