"""Counting a number twice: over the exact tables of the case and over the disclosed rows.

A number becomes public only when both give the same value, so that nothing is printed on the fact sheet
which the rows beside it do not show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tecolote.codebook import Codebook
from tecolote.publish.numbers import (
    SMALL,
    Condition,
    Denominator,
    Number,
    Words,
    is_small,
    where_spec,
    where_sql,
    wilson,
)
from tecolote.publish.sheet import Sheet
from tecolote.publish.texts import LANGUAGES, texts, value_name

Where = list[Condition]

#: Share of a count that the disclosed rows must show before the fact sheet says "at least".
_MOST = 0.9

#: Columns that lead from a number to its rows, by table.
POINTERS = {
    "posts": "platform, id, leaf_index, record_index, source_file, row_locator",
    "accounts": "platform, id, leaf_index, record_index, source_file, row_locator",
    "observations": "platform, kind, id, state, observed_at, leaf_index, record_index, source_file, row_locator",
    "files": "leaf_index, name, reader, records, posts, accounts, quarantined",
    "coaction": "cluster, a, b, weight",
    "lifetimes": "platform, kind, id, low, high",
    "reach": "group_id, platform, id, ring, counted, rounded",
}


@dataclass(frozen=True)
class Of:
    """A denominator: key of its words (section ``of``), table, condition; ``column`` is summed, else rows count."""

    key: str
    table: str
    where: Where = field(default_factory=list)
    column: str | None = None


class Counter:
    """Collects the numbers of one report in `numbers`, in the order in which they are asked for."""

    def __init__(self, sheet: Sheet, book: Codebook) -> None:
        self.sheet, self.book = sheet, book
        self.numbers: list[Number] = []

    def names(self, kind: str, value: str) -> Words:
        """Name of a value by language: from the codebook where it is an entry, else from the language files."""
        kinds: dict[str, dict[str, Any]] = {
            "platform": self.book.platforms,
            "group": self.book.groups,
            "theme": self.book.themes,
        }
        entries = kinds.get(kind, {})
        if value not in entries:
            return {lang: value_name(lang, kind, value) for lang in LANGUAGES}
        name = entries[value].name
        if isinstance(name, str):
            return dict.fromkeys(LANGUAGES, name.split(" (", 1)[0])
        return {lang: name.get(lang) or name.get("en") or value for lang in LANGUAGES}

    def count(self, id: str, key: str, table: str, where: Where, of: Of, **names: Words) -> Number:
        """A count of rows."""
        return self._add(id, key, "count(*)", {"op": "count"}, table, where, of, names)

    def total(self, id: str, key: str, table: str, column: str, where: Where, of: Of, **names: Words) -> Number:
        """A sum of a column."""
        measure = f"coalesce(sum({column}), 0)::BIGINT"
        return self._add(id, key, measure, {"op": "sum", "column": column}, table, where, of, names)

    def distinct(self, id: str, key: str, table: str, columns: list[str], of: Of) -> Number:
        """How many different values the columns hold together."""
        union = " UNION ALL ".join(f"SELECT {c} AS v FROM {{schema}}.{table}" for c in columns)
        text = f"SELECT count(DISTINCT v) FROM ({union})"
        spec = {"op": "distinct", "columns": columns, "table": table, "where": []}
        return self._keep(id, key, text, {}, spec, table, "true", of, {}, "count")

    def edge(self, id: str, key: str, function: str, table: str, column: str, of: Of) -> Number:
        """The least (``min``) or greatest (``max``) value of a text column."""
        spec = {"op": function, "column": column}
        return self._add(id, key, f"{function}({column})", spec, table, [], of, {}, "text")

    def share(self, id: str, key: str, table: str, hit: Where, among: Where, of_key: str) -> Number:
        """A share of rows with its Wilson interval; not measured where there is nothing to divide by."""
        hits, of = (self._value("count(*)", table, where) for where in (among + hit, among))
        only, hit_sql = where_sql(among)[0], where_sql(hit)[0]
        denominator, agrees = self.denominator(Of(of_key, table, among))
        number = Number(
            id,
            round(hits[0] / of[0], 6) if of[0] else None,
            "share",
            *self._words(key, {}),
            self.sheet.day,
            denominator,
            f"SELECT count(*) FILTER (WHERE {hit_sql})::DOUBLE / count(*) FROM sheet.{table} WHERE {only}",
            {},
            {"op": "share", "table": table, "hit": where_spec(hit), "where": where_spec(among)},
            self._listing(table, where_sql(among + hit)[0]),
            _rounded(wilson(hits[0], of[0])) if of[0] else None,
            public=agrees and hits[0] == hits[1] and of[0] > 0,
        )
        self.numbers.append(number)
        return number

    def add(self, number: Number) -> Number:
        """Keep a number that was counted elsewhere."""
        self.numbers.append(number)
        return number

    def words(self, key: str, **names: Words) -> tuple[Words, Words]:
        """Label and definition of a number by language."""
        return self._words(key, names)

    def _add(
        self,
        id: str,
        key: str,
        measure: str,
        op: dict[str, Any],
        table: str,
        where: Where,
        of: Of,
        names: dict[str, Words],
        kind: str = "count",
    ) -> Number:
        sql, parameters = where_sql(where)
        text = f"SELECT {measure} FROM {{schema}}.{table} WHERE {sql}"
        spec = op | {"table": table, "where": where_spec(where)}
        return self._keep(id, key, text, parameters, spec, table, sql, of, names, kind)

    def _keep(
        self,
        id: str,
        key: str,
        text: str,
        parameters: dict[str, Any],
        spec: dict[str, Any],
        table: str,
        sql: str,
        of: Of,
        names: dict[str, Words],
        kind: str,
    ) -> Number:
        exact, disclosed = self._both(text, parameters)
        denominator, agrees = self.denominator(of)
        small = kind == "count" and table not in ("files", "coaction") and is_small(int(exact or 0))
        least = _at_least(exact, disclosed) if spec["op"] == "count" else None
        number = Number(
            id,
            exact,
            kind,
            *self._words(key, names),
            self.sheet.day,
            denominator,
            text.format(schema="sheet"),
            parameters,
            spec,
            self._listing(table, sql),
            public=exact is not None and (exact == disclosed or least is not None) and agrees and not small,
            disclosed=least,
        )
        self.numbers.append(number)
        return number

    def _both(self, text: str, parameters: dict[str, Any]) -> tuple[Any, Any]:
        """The value over the exact tables, then over the disclosed ones."""
        exact, disclosed = (self.sheet.one(text.format(schema=schema), parameters) for schema in ("sheet", "open"))
        return exact, disclosed

    def _value(self, measure: str, table: str, where: Where) -> tuple[Any, Any]:
        sql, parameters = where_sql(where)
        return self._both(f"SELECT {measure} FROM {{schema}}.{table} WHERE {sql}", parameters)

    def denominator(self, of: Of) -> tuple[Denominator, bool]:
        """The denominator, and whether the disclosed rows give it too."""
        measure = f"coalesce(sum({of.column}), 0)::BIGINT" if of.column else "count(*)"
        exact, disclosed = self._value(measure, of.table, of.where)
        spec: dict[str, Any] = {"op": "sum", "column": of.column} if of.column else {"op": "count"}
        words = {lang: texts(lang)["of"][of.key] for lang in LANGUAGES}
        spec |= {"table": of.table, "where": where_spec(of.where)}
        return Denominator(exact, words, spec), exact == disclosed

    def _words(self, key: str, names: dict[str, Words]) -> tuple[Words, Words]:
        label, definition = (
            {
                lang: texts(lang)["numbers"][key][part].format(**{n: w[lang] for n, w in names.items()})
                for lang in LANGUAGES
            }
            for part in ("label", "definition")
        )
        return label, definition

    @staticmethod
    def _listing(table: str, sql: str) -> str:
        pointers = POINTERS.get(table)
        return f"SELECT {pointers} FROM sheet.{table} WHERE {sql} ORDER BY ALL" if pointers else ""


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(interval[0], 6), round(interval[1], 6)


def _at_least(exact: int, disclosed: int) -> int | None:
    """What the fact sheet can say where a few rows had to be made coarse; None if they agree or too many were."""
    return disclosed if exact != disclosed and disclosed >= SMALL and disclosed >= _MOST * exact else None
