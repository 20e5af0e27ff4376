"""The little language in which a packet's items are named: ``flag severity>=3 platform=x since=2026-01-01``.

``table=edges``, ``table=profiles`` or ``table=observations`` asks for other records than posts, with own terms.
Terms stand side by side; text with spaces goes in quotes. Terms of the same name are alternatives, terms of different
names must all hold. Every value reaches the database as a parameter.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tecolote.errors import UsageError
from tecolote.publish.packet_tables import KINDS, TABLES

_MAX_CHARS, _MAX_TERMS = 4000, 200
_TERM = re.compile(r"([a-z]+)(>=|=)(.+)", re.DOTALL)
_EQUAL = {
    "platform": "p.platform = {0}",
    "account": "(p.account_id = {0} OR lower(p.author_name) = lower({0}))",
    "post": "p.id = {0}",
    "theme": "list_contains(a.themes, {0})",
    "group": "list_contains(a.groups, {0})",
    "voice": "a.voice = {0}",
}
_HINT = (
    "Use: flag, all, severity>=N, severity=N, platform=, account=, post=, theme=, group=, voice=, "
    "since=YYYY-MM-DD, until=YYYY-MM-DD; table=edges with type=, table=profiles, table=observations with state="
)


@dataclass(frozen=True)
class Query:
    """A query as read.

    Attributes:
        text: as written.
        where: condition over posts ``p`` and assessments ``a``.
        parameters: its values by name.
        table: one of `TABLES`.
    """

    text: str
    where: str
    parameters: dict[str, Any]
    table: str = "posts"


def parse(text: str, zone: ZoneInfo) -> Query:
    """Read a query; days are those of ``zone``, ``until`` includes its day.

    Raises:
        UsageError: it cannot be understood, or it names nothing.
    """
    try:
        words = shlex.split(text) if len(text) <= _MAX_CHARS else []
    except ValueError as error:
        raise UsageError(f"the items cannot be read: {error}", "Close every quote") from None
    if not words or len(words) > _MAX_TERMS:
        raise UsageError("the items are empty or too long", _HINT)
    table, words = _table(words)
    parameters: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for number, word in enumerate(words):
        name, condition, value = _term(word, f"q{number}", zone, table)
        groups.setdefault(name, []).append(condition)
        if value is not None:
            parameters[f"q{number}"] = value
    where = " AND ".join("(" + " OR ".join(conditions) + ")" for conditions in groups.values())
    return Query(text, where or "true", parameters, table)


def _table(words: list[str]) -> tuple[str, list[str]]:
    """The table that is asked for, and the other words."""
    named = {word.removeprefix("table=") for word in words if word.startswith("table=")} or {"posts"}
    table = named.pop()
    if named or table not in TABLES:
        raise UsageError("a packet is of one table", f"Use one of: {', '.join(f'table={name}' for name in TABLES)}")
    return table, [word for word in words if not word.startswith("table=")]


def _term(word: str, key: str, zone: ZoneInfo, table: str) -> tuple[str, str, Any]:
    """Name, condition and value of one term."""
    if word == "all" or (word == "flag" and table == "posts"):
        return word, "coalesce(a.flag, false)" if word == "flag" else "true", None
    found = _TERM.fullmatch(word)
    if found is None:
        raise UsageError(f"'{word}' is no term", _HINT)
    name, sign, value = found.groups()
    if name in ("since", "until") and sign == "=":
        time = KINDS[table].time if table in KINDS else "p.created_at"
        return name, f"{time} {'>=' if name == 'since' else '<'} ${key}", _day(value, zone, name == "until")
    if name == "severity" and table == "posts":
        if not re.fullmatch(r"[0-4]", value):
            raise UsageError(f"'{value}' is no severity", "Severities are 0 to 4")
        return "severity", f"a.severity {sign} ${key}", int(value)
    terms = KINDS[table].terms if table in KINDS else _EQUAL
    if name not in terms or sign != "=":
        raise UsageError(f"'{word}' is no term of {table}", _HINT)
    return name, terms[name].format(f"${key}"), value


def _day(text: str, zone: ZoneInfo, end: bool) -> datetime:
    """The first moment of a day, or with ``end`` the first behind it."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
        return datetime.combine(day + timedelta(days=1) if end else day, time(), zone)
    except (ValueError, OverflowError):
        raise UsageError(f"'{text}' is no day", "Write days like 2026-03-31") from None
