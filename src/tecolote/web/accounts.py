"""Accounts: the list, one account over time, and the masking of protected names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from tecolote.web.library import Pin
from tecolote.web.paging import Listing, Page, page

ROLES = ("suspected_member", "reporter", "victim", "fan", "neutral")
_COLUMNS = """
a.key, a.platform, a.id, a.name, a.display_name, a.followers, a.posts, a.flagged, a.first, a.last, a.role, a.protected,
a.groups, a.alarm, a.reason, a.cluster, a.by_flagged
"""


@dataclass(frozen=True)
class Name:
    """A name to show. ``shown`` never holds a protected name; ``hidden`` does, behind a reveal."""

    shown: str
    hidden: str = ""

    @property
    def is_masked(self) -> bool:
        """True for a protected account."""
        return bool(self.hidden)

    @property
    def text(self) -> str:
        """What a reveal shows."""
        return self.hidden or self.shown


def masked(name: str | None, protected: bool) -> Name:
    """A name, or other text that gives an account away, as pages show it."""
    if protected:
        return Name("", name or "?")
    return Name(name or "")


def find(pin: Pin, query: QueryDict) -> Page:
    """One page of accounts; filters ``platform``, ``role``, ``group``, ``cluster``, ``protected`` and ``q`` (name)."""
    where: list[str] = []
    values: list[Any] = []
    for name in ("platform", "role"):
        if query.get(name):
            where.append(f"coalesce(a.{name}, 'none') = ?")
            values.append(query[name])
    if query.get("group"):
        where.append("list_contains(a.groups, ?)")
        values.append(query["group"])
    cluster = query.get("cluster", "")
    if cluster.isascii() and cluster.isdigit() and len(cluster) < 9:
        where.append("a.cluster = ?")
        values.append(int(cluster))
    if query.get("protected") in ("yes", "no"):
        where.append("a.protected" if query["protected"] == "yes" else "NOT a.protected")
    if query.get("q", "").strip():
        # A protected account is never found by its name: the search would confirm it.
        folded = pin.row("SELECT trim(fold(?)) AS words", [query["q"][:200]])
        where.append("NOT a.protected AND contains(a.folded, ?)")
        values.append(folded["words"] if folded else "")
    listing = Listing("browse.account a", _COLUMNS, "a.by_flagged", where=tuple(where), values=tuple(values))
    found = page(pin, listing, query)
    months = _months(pin, [row["key"] for row in found.rows])
    for row in found.rows:
        dress(row)
        row["months"] = months.get(row["key"], [])
    return found


def dress(row: dict[str, Any]) -> None:
    """Replace the name by a `Name`; a protected account's id and display name are taken out of the row."""
    row["label"] = masked(row.pop("name"), row["protected"])
    if row["protected"]:
        row["display_name"] = row["id"] = None


def _months(pin: Pin, keys: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Posts and flagged posts per month (in the case's zone) of each account, over the months of the whole case."""
    ends = pin.once(
        "ends",
        """SELECT strftime(timezone(?, first), '%Y-%m') AS first, strftime(timezone(?, last), '%Y-%m') AS last
           FROM (SELECT min(created_at) AS first, max(created_at) AS last FROM browse.post)""",
        [pin.zone.key, pin.zone.key],
    )[0]
    rows = pin.rows(
        """SELECT account_key AS key, strftime(timezone(?, created_at), '%Y-%m') AS month, count(*) AS n,
             count(*) FILTER (flag) AS flagged
           FROM browse.post WHERE list_contains(?::VARCHAR[], account_key) AND created_at IS NOT NULL
           GROUP BY ALL ORDER BY key, month""",
        [pin.zone.key, keys],
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop("key"), []).append(row)
    for own in found.values():
        own[:0] = [{"month": ends["first"], "n": 0, "flagged": 0}] if own[0]["month"] > ends["first"] else []
        own += [{"month": ends["last"], "n": 0, "flagged": 0}] if own[-1]["month"] < ends["last"] else []
    return found


def one(pin: Pin, key: str) -> dict[str, Any] | None:
    """One account: its profile over time, months, threads, what it is connected with; None if there is none."""
    row = pin.row(f"SELECT {_COLUMNS} FROM browse.account a WHERE a.key = ?", [key])
    if row is None:
        return None
    whose = [row["platform"], row["id"]]
    shots = pin.rows(
        """SELECT observed_at, observed_basis, username, display_name, bio, location, verified, followers, following,
             posts, source_file, row_locator
           FROM account_snapshots WHERE platform = ? AND account_id = ?
           ORDER BY observed_at NULLS FIRST, leaf_index, record_index LIMIT 200""",
        whose,
    )
    opened = pin.row("SELECT created_at, id_kind FROM accounts WHERE platform = ? AND id = ?", whose) or {}
    partners = pin.rows(
        """SELECT c.key, c.name, c.protected, c.role, e.modality, e.weight, e.first, e.last, e.objects
           FROM coaction_edges e JOIN browse.account c ON c.platform = e.platform
             AND c.id = CASE WHEN e.account_id = $id THEN e.account_id_y ELSE e.account_id END
           WHERE e.platform = $platform AND (e.account_id = $id OR e.account_id_y = $id)
           ORDER BY e.weight DESC, c.key LIMIT 50""",
        {"platform": row["platform"], "id": row["id"]},
    )
    for partner in partners:
        partner["label"] = masked(partner.pop("name"), partner["protected"])
    for shot in shots:
        for name in ("username", "display_name", "bio", "location"):
            shot[name] = masked(shot[name], row["protected"]) if shot[name] else None
    states = pin.rows(
        """SELECT state, reason, observed_at, observed_by, state_since FROM browse.observation
           WHERE key = ? AND target_kind = 'account' ORDER BY by_time LIMIT 50""",
        [key],
    )
    dress(row)
    row |= {"opened_at": opened.get("created_at"), "id_kind": opened.get("id_kind")}
    months = _months(pin, [key]).get(key, [])
    return {"account": row, "snapshots": shots, "partners": partners, "states": states, "months": months}


def facets(pin: Pin) -> dict[str, list[dict[str, Any]]]:
    """Platforms, roles, groups and clusters that occur, with their number of accounts."""
    columns = {"platforms": "platform", "roles": "coalesce(role, 'none')", "groups": "unnest(groups)"}
    found = {name: pin.tally(f"account {name}", "browse.account", column) for name, column in columns.items()}
    found["clusters"] = pin.once(
        "account clusters",
        """SELECT cluster AS value, count(*) AS n FROM browse.account WHERE cluster IS NOT NULL
           GROUP BY 1 ORDER BY 1 LIMIT 200""",
    )
    return found
