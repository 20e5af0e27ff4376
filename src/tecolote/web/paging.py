"""Pages of long lists by key: a page begins behind the last row of the one before, so none costs more than the first.

Each list has a rank, an integer that is unique within one state of the case (see ``index.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from tecolote.web.library import Pin

PAGE = 50


@dataclass(frozen=True)
class Listing:
    """What a list shows and in which order.

    Attributes:
        table: a table of the index with its alias, such as ``browse.post b``; conditions and rank are about it alone.
        columns: what to show, of the table and of the joins.
        joins: joined to the rows of one page, not to the whole table.
        rank: column that orders the list.
        descending: the highest rank comes first.
        where: conditions joined by AND; values as ``?``.
        values: one per ``?``, in order.
    """

    table: str
    columns: str
    rank: str
    joins: str = ""
    descending: bool = True
    where: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Page:
    """Rows of one page, the number of all, and the ranks where the neighbouring pages begin (None: no such page)."""

    rows: list[dict[str, Any]]
    total: int
    previous: int | None = None
    next: int | None = None


def rank_of(query: QueryDict, name: str) -> int | None:
    """The rank in ``?after=`` or ``?before=``; anything but a small whole number is ignored."""
    raw = query.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 16 else None


def page(pin: Pin, listing: Listing, query: QueryDict, size: int = PAGE) -> Page:
    """The page that ``query`` (``after`` or ``before`` a rank) asks for."""
    after, before = rank_of(query, "after"), rank_of(query, "before")
    where = " AND ".join(("true", *listing.where))
    values = list(listing.values)
    counted = pin.row(f"SELECT count(*) AS n FROM {listing.table} WHERE {where}", values)
    backwards = before is not None and after is None
    bound = before if backwards else after
    down = listing.descending != backwards
    if bound is not None:
        where += f" AND {listing.rank} {'<' if down else '>'} ?"
        values.append(bound)
    order = f"ORDER BY {listing.rank} {'DESC' if down else 'ASC'}"
    alias = listing.table.split()[1]
    rows = pin.rows(
        f"""WITH few AS (SELECT {alias}.* FROM {listing.table} WHERE {where} {order} LIMIT {size + 1})
            SELECT {listing.columns} FROM few {alias} {listing.joins} {order}""",
        values,
    )
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    name = listing.rank.rpartition(".")[2]
    first, last = (rows[0][name], rows[-1][name]) if rows else (None, None)
    has_previous = more if backwards else after is not None
    has_next = True if backwards else more
    return Page(rows, counted["n"] if counted else 0, first if has_previous else None, last if has_next else None)
