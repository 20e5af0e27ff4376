"""The little language in which a packet's items are named: ``flag severity>=3 platform=x since=2026-01-01``.

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
    "since=YYYY-MM-DD, until=YYYY-MM-DD"
)


@dataclass(frozen=True)
class Query:
    """A query as read.

    Attributes:
        text: as written.
        where: condition over posts ``p`` and assessments ``a``.
        parameters: its values by name.
    """

    text: str
    where: str
    parameters: dict[str, Any]


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
    parameters: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for number, word in enumerate(words):
        name, condition, value = _term(word, f"q{number}", zone)
        groups.setdefault(name, []).append(condition)
        if value is not None:
            parameters[f"q{number}"] = value
    where = " AND ".join("(" + " OR ".join(conditions) + ")" for conditions in groups.values())
    return Query(text, where, parameters)


def _term(word: str, key: str, zone: ZoneInfo) -> tuple[str, str, Any]:
    """Name, condition and value of one term."""
    if word in ("flag", "all"):
        return word, "coalesce(a.flag, false)" if word == "flag" else "true", None
    found = _TERM.fullmatch(word)
    if found is None:
        raise UsageError(f"'{word}' is no term", _HINT)
    name, sign, value = found.groups()
    if name in ("since", "until") and sign == "=":
        return name, f"p.created_at {'>=' if name == 'since' else '<'} ${key}", _day(value, zone, name == "until")
    if name == "severity":
        if not re.fullmatch(r"[0-4]", value):
            raise UsageError(f"'{value}' is no severity", "Severities are 0 to 4")
        return "severity", f"a.severity {sign} ${key}", int(value)
    if name not in _EQUAL or sign != "=":
        raise UsageError(f"'{word}' is no term", _HINT)
    return name, _EQUAL[name].format(f"${key}"), value


def _day(text: str, zone: ZoneInfo, end: bool) -> datetime:
    """The first moment of a day, or with ``end`` the first behind it."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
        return datetime.combine(day + timedelta(days=1) if end else day, time(), zone)
    except (ValueError, OverflowError):
        raise UsageError(f"'{text}' is no day", "Write days like 2026-03-31") from None
