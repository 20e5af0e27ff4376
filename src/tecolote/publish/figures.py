"""Which numbers are published, each with its condition; the words come from the language files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tecolote.codebook import Codebook
from tecolote.publish.counter import Counter, Of
from tecolote.publish.numbers import Number
from tecolote.publish.reach import add_reach
from tecolote.publish.sheet import Sheet
from tecolote.publish.survival import add_survival

VOICES = ("perpetrator", "reporter", "victim", "fan", "neutral")

_FILES = Of("files", "files")
_POSTS = Of("posts", "posts")
_READ = Of("assessed", "posts", [("assessed", "is", True)])
_FLAGGED = Of("flagged", "posts", [("flag", "is", True)])
_ACCOUNTS = Of("accounts", "accounts")
_SUSPECTED = Of("suspected", "accounts", [("suspected", "is", True)])
_TIES = Of("ties", "coaction")


def figures(sheet: Sheet, book: Codebook) -> list[Number]:
    """All numbers of a report, in the order in which they are printed."""
    counter = Counter(sheet, book)
    for part in (_read, _flagged, _voices, _people, _coaction, _availability, add_survival, add_reach):
        part(counter)
    return counter.numbers


def _each(counter: Counter, column: str, table: str, where: str = "true") -> Iterator[Any]:
    """Values of a column, the most frequent first."""
    rows = counter.sheet.rows(
        f"SELECT v FROM (SELECT {column} AS v FROM sheet.{table} WHERE {where}) WHERE v IS NOT NULL "
        "GROUP BY v ORDER BY count(*) DESC, v"
    )
    return (row["v"] for row in rows)


def _read(c: Counter) -> None:
    c.count("files", "files", "files", [], _FILES)
    c.count("posts", "posts", "posts", [], _POSTS)
    for platform in _each(c, "platform", "posts"):
        where = [("platform", "is", platform)]
        c.count(f"posts.{platform}", "posts_platform", "posts", where, _POSTS, name=c.names("platform", platform))
    c.count("accounts", "accounts", "accounts", [], _ACCOUNTS)
    for platform in _each(c, "platform", "accounts"):
        name = c.names("platform", platform)
        where = [("platform", "is", platform)]
        c.count(f"accounts.{platform}", "accounts_platform", "accounts", where, _ACCOUNTS, name=name)
    records = Of("records", "files", column="records")
    c.total("quarantined", "quarantined", "files", "quarantined", [], records)
    c.edge("first", "first", "min", "files", "first_month", _FILES)
    c.edge("last", "last", "max", "files", "last_month", _FILES)


def _flagged(c: Counter) -> None:
    flag = ("flag", "is", True)
    c.count("assessed", "assessed", "posts", _READ.where, _POSTS)
    c.count("flagged", "flagged", "posts", [flag], _READ)
    c.count("urgent", "urgent", "posts", [("urgent", "is", True)], _FLAGGED)
    hit, among = [flag], [("known_protected", "is", True)]
    c.share("false_flags", "false_flags", "posts", hit, among, "known_protected")
    families = (
        ("platform", "platform", "is", "platform"),
        ("theme", "unnest(themes)", "has", "themes"),
        ("group", "unnest(groups)", "has", "groups"),
        ("severity", "severity", "is", "severity"),
        ("month", "month", "is", "month"),
    )
    for kind, values, operator, column in families:
        found = _each(c, values, "posts", "flag")
        for value in sorted(found) if kind in ("month", "severity") else found:
            name = c.names(kind, str(value))
            where = [flag, (column, operator, value)]
            c.count(f"flagged.{kind}.{value}", f"flagged_{kind}", "posts", where, _FLAGGED, name=name)


def _voices(c: Counter) -> None:
    for voice in VOICES:
        where = [("voice", "is", voice)]
        c.count(f"voice.{voice}", "voice", "posts", where, _READ, name=c.names("voice", voice))
    for platform in _each(c, "platform", "posts"):
        for voice in VOICES:
            where = [("platform", "is", platform), ("voice", "is", voice)]
            of = Of("assessed_platform", "posts", [("platform", "is", platform), ("assessed", "is", True)])
            c.count(
                f"voice.{voice}.{platform}",
                "voice_platform",
                "posts",
                where,
                of,
                name=c.names("voice", voice),
                platform=c.names("platform", platform),
            )


def _people(c: Counter) -> None:
    c.count("suspected", "suspected", "accounts", _SUSPECTED.where, _ACCOUNTS)
    for group in _each(c, "unnest(groups)", "accounts", "suspected"):
        where = [("suspected", "is", True), ("groups", "has", group)]
        c.count(f"suspected.{group}", "suspected_group", "accounts", where, _SUSPECTED, name=c.names("group", group))


def _coaction(c: Counter) -> None:
    c.distinct("coaction.clusters", "coaction_clusters", "coaction", ["cluster"], _TIES)
    c.distinct("coaction.accounts", "coaction_accounts", "coaction", ["a", "b"], _ACCOUNTS)
    c.count("coaction.ties", "coaction_ties", "coaction", [], _TIES)
    c.total("coaction.weight", "coaction_weight", "coaction", "weight", [], _TIES)


def _availability(c: Counter) -> None:
    cells = c.sheet.rows(
        "SELECT platform, kind, state, count(*) AS n FROM sheet.observations GROUP BY ALL "
        "ORDER BY platform, kind, n DESC, state"
    )
    for cell in cells:
        where = [("platform", "is", cell["platform"]), ("kind", "is", cell["kind"])]
        of = Of("observed", "observations", where)
        c.count(
            f"state.{cell['platform']}.{cell['kind']}.{cell['state']}",
            "state",
            "observations",
            [*where, ("state", "is", cell["state"])],
            of,
            platform=c.names("platform", cell["platform"]),
            kind=c.names("kind", cell["kind"]),
            name=c.names("state", cell["state"]),
        )
