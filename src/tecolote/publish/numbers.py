"""A published number and the four things it carries: definition, date, denominator, query.

A number is counted twice from one description of its condition: by the SQL text printed with it, over
the tables of the case, and by a stranger, over the rows disclosed with the fact sheet. The stranger's
program reads the ``spec``; it knows nothing of the SQL.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

#: A count of people or posts below this is not published on its own.
SMALL = 10
_Z95 = 1.959963984540054

Words = dict[str, str]
Condition = tuple[str, str, Any]


@dataclass(frozen=True)
class Denominator:
    """What a number is a part of: its value, its words by language and the recipe that counts it."""

    value: int | float | None
    words: Words
    spec: dict[str, Any]


@dataclass(frozen=True)
class Number:
    """One published figure.

    Attributes:
        id: stable name, such as ``flagged.theme.recruitment``.
        value: a count, a share between 0 and 1, a date as text, or None when not measured.
        kind: ``count``, ``share`` or ``text``: how it is printed.
        label: a few words by language.
        definition: what is counted, by language.
        date: the day for which it holds, ISO 8601.
        denominator: what it is a part of.
        query: SQL text over the tables that the prelude makes.
        parameters: values that the query takes.
        spec: recipe over the disclosed rows.
        rows_query: SQL text that lists the rows behind the number, or '' where there are none.
        interval: 95 % interval, for estimates.
        public: False where a small cell keeps it inside the private report.
        disclosed: what the disclosed rows give, where coarsening made that less than ``value``: the fact sheet then
            says "at least"; None where they agree.
    """

    id: str
    value: int | float | str | None
    kind: str
    label: Words
    definition: Words
    date: str
    denominator: Denominator
    query: str
    parameters: dict[str, Any]
    spec: dict[str, Any]
    rows_query: str = ""
    interval: tuple[float, float] | None = None
    public: bool = True
    disclosed: int | None = None


def where_sql(conditions: list[Condition]) -> tuple[str, dict[str, Any]]:
    """SQL condition with named parameters.

    Args:
        conditions: ``(column, operator, value)`` with the operators ``is`` (equal), ``has`` (the list holds
            the value) and ``known`` (not null). Columns are ours, values are always parameters.
    """
    parts, parameters = [], {}
    for at, (column, operator, value) in enumerate(conditions):
        if operator == "known":
            parts.append(f"{column} IS NOT NULL")
        elif isinstance(value, bool):
            parts.append(column if value else f"NOT {column}")
        else:
            parameters[f"v{at}"] = value
            parts.append(f"list_contains({column}, $v{at})" if operator == "has" else f"{column} = $v{at}")
    return " AND ".join(parts) or "true", parameters


def where_spec(conditions: list[Condition]) -> list[list[Any]]:
    """The same condition for the recipe; truth values become 1 and 0, as in the disclosed rows."""
    return [[c, o, int(v) if isinstance(v, bool) else v] for c, o, v in conditions]


def wilson(hits: float, of: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927); (0, 1) when nothing was counted."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = hits / of, _Z95 * _Z95
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def is_small(count: int) -> bool:
    """Whether a count could point at a person."""
    return 0 < count < SMALL
