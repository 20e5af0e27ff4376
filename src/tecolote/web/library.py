"""What every page reads from: one state of the case, pinned, and replaced when the case has moved on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.web.index import attach, manifest_state

if TYPE_CHECKING:
    from tecolote.evidence import Evidence

#: Where a request carries the library.
ENVIRON_KEY = "tecolote.library"

Values = list[Any] | dict[str, Any] | None


class Pin:
    """One state of the case: its tables, its index and its evidence. Safe in threads."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.state = manifest_state(case)
        self.corpus = Corpus(case)
        self._connection = attach(self.corpus)
        self._own = threading.local()
        self.kept: dict[str, Any] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days are counted and times are printed."""
        return self.case.settings.zone

    def rows(self, sql: str, values: Values = None) -> list[dict[str, Any]]:
        """Rows of a query over the tables and ``browse``; values are parameters."""
        found = self._connection.cursor().execute(sql, values or [])
        rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
        return rows

    def row(self, sql: str, values: Values = None) -> dict[str, Any] | None:
        """The first row, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def once(self, name: str, sql: str, values: Values = None) -> list[dict[str, Any]]:
        """`rows`, kept for as long as this state is shown."""
        if name not in self.kept:
            self.kept[name] = self.rows(sql, values)
        found: list[dict[str, Any]] = self.kept[name]
        return found

    def tally(self, name: str, table: str, column: str) -> list[dict[str, Any]]:
        """``value`` and ``n``, most frequent first, of an expression over a table; kept like `once`."""
        return self.once(
            name,
            f"""SELECT value, count(*) AS n FROM (SELECT {column} AS value FROM {table})
                GROUP BY 1 ORDER BY n DESC, value LIMIT 500""",
        )

    @property
    def evidence(self) -> Evidence:
        """The evidence store, opened once per thread at first need."""
        from tecolote.evidence import Evidence

        if not hasattr(self._own, "evidence"):
            self._own.evidence = Evidence.open(self.case)
        found: Evidence = self._own.evidence
        return found


class Library:
    """Hands out the newest `Pin`; a request keeps the one that it got."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._pin: Pin | None = None
        self._lock = threading.Lock()

    def pin(self) -> Pin:
        """The state in force; built anew when the manifest was replaced."""
        with self._lock:
            if self._pin is None or self._pin.state != manifest_state(self.case):
                self._pin = Pin(self.case)
            return self._pin
