"""Lists of posts: filters, full-text search, and one post with everything that is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import QueryDict

from tecolote.web.accounts import masked
from tecolote.web.library import Pin
from tecolote.web.paging import PAGE, Listing, Page, page

SORTS = {"newest": ("b.by_time", True), "oldest": ("b.by_time", False), "urgent": ("b.by_urgency", True)}
_MAX_QUERY = 300
_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_COLUMNS = """
b.key, b.platform, b.id, b.kind, b.account_key, b.author_name, b.created_at, b.created_at_raw, b.lang, b.excerpt,
b.length, b.voice, b.themes, b.topics, b.groups, b.flag, b.abstain, b.severity, b.probability, b.media, b.source_file,
b.by_time, b.by_urgency, c.name AS account_name, coalesce(c.protected, false) AS protected
"""
_JOINS = "LEFT JOIN browse.account c ON c.key = b.account_key"


@dataclass(frozen=True)
class Filters:
    """What the viewer asked for; an empty field asks for nothing.

    Attributes:
        q: words (all must occur), ``"phrases"``, ``prefix*``, ``-excluded``; accents and case do not matter.
        platform, voice, lang, file: equal to any of these; ``none`` stands for null.
        theme, group: performed theme, group: any of these.
        topic: theme that is only mentioned.
        flag: 'yes', 'no', 'unsure' (the reader abstains).
        severity: at least this.
        since, until: first and last day, counted in the case's zone.
        media: 'yes' or 'no'.
        account, thread: keys.
        sort: newest, oldest, urgent.
    """

    q: str = ""
    platform: tuple[str, ...] = ()
    voice: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    flag: str = ""
    severity: int | None = None
    since: date | None = None
    until: date | None = None
    media: str = ""
    account: str = ""
    thread: str = ""
    sort: str = "newest"

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """Filters of an address; what cannot be understood is ignored."""

        def many(name: str) -> tuple[str, ...]:
            return tuple(v for v in query.getlist(name)[:50] if v)

        def one(name: str, allowed: tuple[str, ...]) -> str:
            value = query.get(name, "")
            return value if value in allowed else ""

        severity = query.get("severity", "")
        return cls(
            q=query.get("q", "")[:_MAX_QUERY].strip(),
            platform=many("platform"),
            voice=many("voice"),
            lang=many("lang"),
            file=many("file"),
            theme=many("theme"),
            topic=many("topic"),
            group=many("group"),
            flag=one("flag", ("yes", "no", "unsure")),
            severity=int(severity) if severity in ("1", "2", "3", "4") else None,
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            media=one("media", ("yes", "no")),
            account=query.get("account", "")[:20],
            thread=query.get("thread", "")[:20],
            sort=one("sort", tuple(SORTS)) or "newest",
        )

    def any(self) -> bool:
        """True if something is filtered."""
        return bool(Filters(sort=self.sort) != self)


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None


def _conditions(filters: Filters, pin: Pin) -> list[tuple[str, list[Any]]]:
    """SQL conditions with their values."""
    found: list[tuple[str, list[Any]]] = []
    for name, column in (("platform", "platform"), ("voice", "voice"), ("lang", "lang"), ("file", "source_file")):
        wanted = getattr(filters, name)
        if wanted:
            found.append((f"list_contains(?::VARCHAR[], coalesce(b.{column}, 'none'))", [list(wanted)]))
    for name, column in (("theme", "themes"), ("topic", "topics"), ("group", "groups")):
        wanted = getattr(filters, name)
        if wanted:
            found.append((f"list_has_any(b.{column}, ?::VARCHAR[])", [list(wanted)]))
    fixed = {"yes": "b.flag", "no": "NOT b.flag AND NOT b.abstain", "unsure": "b.abstain"}
    if filters.flag:
        found.append((fixed[filters.flag], []))
    if filters.severity is not None:
        found.append(("b.severity >= ?", [filters.severity]))
    if filters.media:
        found.append(("b.media > 0" if filters.media == "yes" else "b.media = 0", []))
    for name in ("account", "thread"):
        if getattr(filters, name):
            found.append((f"b.{name}_key = ?", [getattr(filters, name)]))
    if filters.since:
        found.append(("b.created_at >= ?", [_midnight(filters.since, pin)]))
    if filters.until and filters.until < date.max:
        found.append(("b.created_at < ?", [_midnight(filters.until + timedelta(days=1), pin)]))
    return found + _search(filters.q, pin)


def _midnight(day: date, pin: Pin) -> datetime:
    """Where ``day`` begins in the case's zone."""
    return datetime.combine(day, time(), pin.zone)


def _search(q: str, pin: Pin) -> list[tuple[str, list[Any]]]:
    """One condition per word or phrase; a word is found at its beginning and end unless it ends with ``*``."""
    terms = [(bool(minus), phrase or word) for minus, phrase, word in _TERM.findall(q)]
    if not terms:
        return []
    rows = pin.rows("SELECT fold(raw) AS folded FROM (SELECT unnest(?::VARCHAR[]) AS raw)", [[raw for _, raw in terms]])
    found: list[tuple[str, list[Any]]] = []
    for (excluded, raw), row in zip(terms, rows, strict=True):
        folded = row["folded"].rstrip() if raw.endswith("*") else row["folded"]
        if folded.strip():  # punctuation alone asks for nothing
            found.append((f"{'NOT ' if excluded else ''}contains(b.folded, ?)", [folded]))
    return found


def listing(filters: Filters, pin: Pin) -> Listing:
    """The list that ``filters`` describe."""
    conditions = _conditions(filters, pin)
    rank, descending = SORTS[filters.sort]
    return Listing(
        "browse.post b",
        _COLUMNS,
        rank,
        _JOINS,
        descending,
        tuple(sql for sql, _ in conditions),
        tuple(value for _, values in conditions for value in values),
    )


def find(pin: Pin, filters: Filters, query: QueryDict, size: int = PAGE) -> Page:
    """One page of posts."""
    found = page(pin, listing(filters, pin), query, size)
    for row in found.rows:
        dress(row)
    return found


def most_urgent(pin: Pin) -> list[dict[str, Any]]:
    """The flagged posts that a person should see first."""
    if "urgent" not in pin.kept:
        pin.kept["urgent"] = find(pin, Filters(flag="yes", sort="urgent"), QueryDict(), size=6).rows
    found: list[dict[str, Any]] = pin.kept["urgent"]
    return found


def dress(row: dict[str, Any]) -> None:
    """Put the name to show into ``row['author']``: masked for a protected account."""
    name = row.pop("account_name", None) or row.get("author_name")
    row["author"] = masked(name, bool(row.get("protected")))
    if row.get("protected"):
        row["author_name"] = None


_FACETS = {
    "platform": "platform",
    "voice": "coalesce(voice, 'none')",
    "lang": "coalesce(lang, 'none')",
    "file": "source_file",
    "theme": "unnest(themes)",
    "topic": "unnest(topics)",
    "group": "unnest(groups)",
}


def facets(pin: Pin) -> dict[str, list[dict[str, Any]]]:
    """Values that occur in the case per filter, most frequent first, with their number of posts."""
    return {name: pin.tally(f"facet {name}", "browse.post", column) for name, column in _FACETS.items()}
