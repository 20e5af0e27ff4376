"""The face for notebooks: ``tecolote.Case.open("my-case").posts()``.

A table is lazy (a DuckDB relation): nothing is read until it is turned into Arrow (``.to_arrow_table()``),
Polars (``.pl()``) or pandas (``.df()``), or narrowed first (``.filter("flag").limit(10)``). Every verb of
the command line is a function of `tecolote.verbs`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tecolote.case import Case as Folder
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.records import TABLES

if TYPE_CHECKING:
    import duckdb


class Case:
    """A case, open for reading; all its tables are those of one moment."""

    def __init__(self, folder: Folder) -> None:
        self._corpus = Corpus(folder)

    @classmethod
    def open(cls, root: str | Path) -> Case:
        """Open the case in the folder ``root``.

        Raises:
            CaseError: no case there, or one that a newer version wrote.
        """
        return cls(Folder.open(root))

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table by its name, one row per identity; ``<name>_rows`` gives one row per sighting.

        Raises:
            UsageError: no such table.
        """
        if name.removesuffix("_rows") not in TABLES:
            raise UsageError(f"no table '{name}'", f"Tables are: {', '.join(TABLES)}")
        return self._corpus.connect().cursor().view(name)

    def posts(self) -> duckdb.DuckDBPyRelation:
        """Posts, comments, messages, stories and videos."""
        return self.table("posts")

    def accounts(self) -> duckdb.DuckDBPyRelation:
        """Accounts."""
        return self.table("accounts")

    def assessments(self) -> duckdb.DuckDBPyRelation:
        """What was read in each post: voice, themes, groups, severity, flag, reasons."""
        return self.table("assessments")

    def edges(self) -> duckdb.DuckDBPyRelation:
        """Who follows, mentions, answers, quotes or reposts whom; links and hashtags."""
        return self.table("edges")
