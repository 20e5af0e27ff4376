"""Observations of availability: who saw which state of what, when, and by what means."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from tecolote.web.accounts import masked
from tecolote.web.library import Pin
from tecolote.web.paging import Listing, Page, page

_COLUMNS = """
o.key, o.platform, o.target_kind, o.target_id, o.state, o.reason, o.jurisdiction, o.observed_at, o.observed_by,
o.state_since, o.source_file, o.row_locator, o.by_time, a.name, coalesce(a.protected, false) AS protected,
p.key IS NOT NULL AS has_post
"""
_JOINS = """
LEFT JOIN browse.account a ON o.target_kind = 'account' AND a.key = o.key
LEFT JOIN browse.post p ON o.target_kind = 'post' AND p.key = o.key
"""


def find(pin: Pin, query: QueryDict) -> Page:
    """One page, newest first; filters ``platform``, ``state`` and ``kind``."""
    where: list[str] = []
    values: list[Any] = []
    for name, column in (("platform", "platform"), ("state", "state"), ("kind", "target_kind")):
        if query.get(name):
            where.append(f"o.{column} = ?")
            values.append(query[name])
    listing = Listing("browse.observation o", _COLUMNS, "o.by_time", _JOINS, where=tuple(where), values=tuple(values))
    found = page(pin, listing, query)
    for row in found.rows:
        row["label"] = masked(row.pop("name") or row["target_id"], row["protected"])
        if row["protected"]:
            row["target_id"] = None
    return found


def facets(pin: Pin) -> dict[str, list[dict[str, Any]]]:
    """Values of the filters with their number of rows."""
    columns = {"platform": "platform", "state": "state", "kind": "target_kind"}
    return {name: pin.tally(f"observed {name}", "browse.observation", column) for name, column in columns.items()}
