"""The records that go into a packet: chosen by a query, kept back or masked by what the addressee may see.

To a platform or the press no post of a protected account goes, nor one by a reporter or a victim; where another post
names a protected account the name is masked, its raw record is withheld and only its commitment is shown. Private
chats go to courts and law enforcement alone, within the purpose and the time of the giver's consent.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Event, Evidence
from tecolote.publish.packet_query import Query
from tecolote.publish.packet_tables import sql
from tecolote.publish.redact import Redactions
from tecolote.publish.tables import plain

AUDIENCES = ("platform", "law-enforcement", "court", "press")
#: Addressees who may see private chats, names of protected accounts and where a file came from.
AUTHORITIES = ("law-enforcement", "court")
#: Most records in one packet.
MAX_RECORDS = 20_000
MASK = "[protected]"
COLUMNS = (
    "leaf_index", "record_index", "raw_sha256", "platform", "id", "kind", "account_id", "author_name", "created_at",
    "created_at_raw", "tz_basis", "text", "lang", "thread_id", "in_reply_to_id", "visibility", "url", "flag", "voice",
    "severity", "themes", "groups", "imminence", "probability", "assessor_version", "row_locator", "source_file",
    "reader", "reader_version",
)  # fmt: skip
_SQL = """
SELECT p.leaf_index, p.record_index, p.raw_sha256, p.platform, p.id, p.kind, p.account_id, p.author_name, p.created_at,
       p.created_at_raw, p.tz_basis, p.text, p.lang, p.thread_id, p.in_reply_to_id, p.visibility, p.url,
       coalesce(a.flag, false) AS flag, a.voice, a.severity, a.themes, a.groups, a.imminence, a.probability,
       a.assessor_version, p.row_locator, p.source_file, p.reader, p.reader_version,
       coalesce(r.protected, false) AS author_protected,
       coalesce(t.private, false) OR coalesce(p.visibility = 'private', false) AS private
FROM posts p
LEFT JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
LEFT JOIN account_assessments r ON r.platform = p.platform AND r.account_id = p.account_id
LEFT JOIN threads t ON t.platform = p.platform AND t.id = p.thread_id
WHERE {where} ORDER BY p.leaf_index, p.record_index, p.platform, p.id LIMIT {limit}
"""
_NAMES = """
SELECT platform, account_id AS name FROM account_assessments WHERE protected
UNION SELECT s.platform, unnest([s.username, s.display_name]) FROM account_snapshots s
JOIN account_assessments r ON r.platform = s.platform AND r.account_id = s.account_id AND r.protected
UNION SELECT p.platform, p.author_name FROM posts p
JOIN account_assessments r ON r.platform = p.platform AND r.account_id = p.account_id AND r.protected
UNION SELECT p.platform, p.id FROM posts p
JOIN account_assessments r ON r.platform = p.platform AND r.account_id = p.account_id AND r.protected
WHERE EXISTS (SELECT 1 FROM edges e WHERE e.platform = p.platform AND e.dst = p.id)
"""
_TIES = """
SELECT DISTINCT e.platform, e.post_id FROM edges e
JOIN account_assessments r ON r.protected AND r.platform = e.platform AND r.account_id IN (e.dst, e.dst_account_id)
WHERE e.post_id IS NOT NULL
"""
_NEIGHBOURS = """
SELECT DISTINCT p.leaf_index, p.record_index, p.platform, p.id FROM posts_rows p
JOIN (SELECT unnest($leaves) AS leaf, unnest($records) AS record) q
ON p.leaf_index = q.leaf AND p.record_index = q.record
"""
_MEDIA = """
SELECT DISTINCT platform, post_id, sha256, mime FROM media
WHERE sha256 IS NOT NULL AND status = 'present' ORDER BY platform, post_id, sha256
"""


@dataclass
class Items:
    """What goes in.

    Attributes:
        rows: one dictionary of `columns` per record, JSON values.
        withheld: places (leaf, record) whose raw record is kept back.
        media: SHA-256 to MIME type of attachments.
        left_out: how many records were left out, by reason.
        consents: leaves of the consent events on which private chats go in.
        columns: `COLUMNS`, and ``said`` where the records are no posts.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    withheld: set[tuple[int, int]] = field(default_factory=set)
    media: dict[str, str | None] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    consents: set[int] = field(default_factory=set)
    columns: tuple[str, ...] = COLUMNS

    def places(self) -> list[tuple[int, int]]:
        """Leaf and record of each row, each once, in order."""
        return sorted({(row["leaf_index"], row["record_index"]) for row in self.rows})


def choose(case: Case, corpus: Corpus, evidence: Evidence, query: Query, audience: str, purpose: str) -> Items:
    """The records that ``audience`` may see of those that ``query`` names.

    Raises:
        UsageError: there are none, or too many.
    """
    posts, limit = query.table == "posts", MAX_RECORDS + 1
    asked = _SQL.format(where=query.where, limit=limit) if posts else sql(query.table, query.where, limit)
    found = corpus.rows(asked, query.parameters)
    if len(found) > MAX_RECORDS:
        raise UsageError(f"more than {MAX_RECORDS:,} records fit", "Narrow the items, for example by since= and until=")
    items = Items(columns=COLUMNS if posts else (*COLUMNS, "said"))
    consents = Consents(evidence, purpose, datetime.now(case.settings.zone).date().isoformat())
    names = None if audience in AUTHORITIES else Names(corpus)
    redactions, seen = Redactions(evidence), set()
    for row in found:
        identity = (row["leaf_index"], row["record_index"], row["platform"], row["id"])
        if identity in seen:
            continue
        seen.add(identity)
        author_protected, private = row.pop("author_protected"), row.pop("private")
        why = _why_not(row, author_protected, private or consents.is_private(row["leaf_index"]), names, consents, items)
        if why:
            items.left_out[why] += 1
            continue
        made = {name: _clean(plain(row[name])) for name in items.columns}
        made = made if names is None else _masked(made, names, items)
        items.rows.append(_redacted(made, redactions, items))
    if not items.rows:
        reasons = ", ".join(f"{count} {why}" for why, count in items.left_out.items())
        hint = f"Left out: {reasons}" if reasons else "Widen the items"
        raise UsageError(f"no record can go to {audience}", hint)
    if names is not None and posts:
        _withhold_shared(corpus, items)
    elif names is not None:
        # A list of followers, say, is one record: it would show ties that were not asked for.
        items.withheld.update(items.places())
    if posts:
        _add_media(corpus, items, audience)
    for sha256 in [sha256 for sha256 in items.media if redactions.hides(sha256)]:
        del items.media[sha256]
        items.left_out["attachments redacted"] += 1
    return items


def _withhold_shared(corpus: Corpus, items: Items) -> None:
    """Keep back raw records, pages of a reply for example, in which posts stand that are not in the packet."""
    chosen = {(row["leaf_index"], row["record_index"], row["platform"], row["id"]) for row in items.rows}
    leaves, records = zip(*items.places(), strict=True)
    for row in corpus.rows(_NEIGHBOURS, {"leaves": list(leaves), "records": list(records)}):
        if tuple(row.values()) not in chosen:
            items.withheld.add((row["leaf_index"], row["record_index"]))


def _why_not(
    row: dict[str, Any], protected: bool, private: bool, names: Names | None, consents: Consents, items: Items
) -> str | None:
    """Why a record is left out; None if it goes in."""
    if row["raw_sha256"] is None:
        return "erased"
    if names is not None and private:
        return "private"
    if names is not None and (protected or row["voice"] in ("reporter", "victim")):
        return "protected"
    if private:
        consent = consents.of(row["leaf_index"], row["thread_id"])
        if consent is None:
            return "no consent for this purpose today"
        items.consents.add(consent)
    return None


def _clean(value: Any) -> Any:
    """Text without NUL, which no CSV can hold."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _masked(row: dict[str, Any], names: Names, items: Items) -> dict[str, Any]:
    """A row for those who may see no protected name; where it had one its raw record is kept back."""
    row["source_file"] = None
    place = (row["leaf_index"], row["record_index"])
    for name in ("account_id", "author_name", "text", "thread_id", "in_reply_to_id", "url"):
        masked = names.mask(row["platform"], row[name])
        if masked != row[name]:
            row[name] = masked
            items.withheld.add(place)
    if "said" in row:
        row["said"] = {name: names.mask(row["platform"], value) for name, value in row["said"].items()}
    if names.tied(row["platform"], row["id"]):
        items.withheld.add(place)
    return row


def _redacted(row: dict[str, Any], redactions: Redactions, items: Items) -> dict[str, Any]:
    """A row with the texts that somebody withheld masked; its raw record is kept back then."""
    made = {name: redactions.mask(value) if isinstance(value, str) else value for name, value in row.items()}
    if made != row:
        items.withheld.add((row["leaf_index"], row["record_index"]))
    return made


def _add_media(corpus: Corpus, items: Items, audience: str) -> None:
    """Attachments of the records whose raw form goes in; none to the press: faces are in them."""
    if audience == "press":
        return
    shown = {
        (row["platform"], row["id"])
        for row in items.rows
        if (row["leaf_index"], row["record_index"]) not in items.withheld
    }
    for row in corpus.rows(_MEDIA):
        if (row["platform"], row["post_id"]) in shown:
            items.media[row["sha256"]] = row["mime"]


class Names:
    """Names under which protected accounts appear: ids, handles, shown names, and ids of their posts."""

    def __init__(self, corpus: Corpus) -> None:
        self._ties = {(row["platform"], row["post_id"]) for row in corpus.rows(_TIES)}
        by_platform: dict[str, set[str]] = {}
        for row in corpus.rows(_NAMES):
            name = (row["name"] or "").strip().lstrip("@")
            if len(name) > 1:
                by_platform.setdefault(row["platform"], set()).add(name)
        self._every = _pattern({name for found in by_platform.values() for name in found})
        self._ids = by_platform

    def tied(self, platform: str, post: str) -> bool:
        """Whether a post mentions, answers or shares a protected account."""
        return (platform, post) in self._ties

    def mask(self, platform: str, text: str | None) -> str | None:
        """``text`` with every protected name, of any platform, masked."""
        if text is None or self._every is None:
            return text
        return MASK if text in self._ids.get(platform, ()) else self._every.sub(MASK, text)

    def inside(self, raw: bytes) -> bool:
        """Whether raw bytes hold a protected name, as they stand or behind JSON's or HTML's escapes."""
        if self._every is None:
            return False
        text = raw.decode("utf-8", "replace")
        forms = {
            text,
            re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text),
            raw.decode("utf-16", "replace"),
        }
        return any(self._every.search(form) for form in forms)


def _pattern(names: set[str]) -> re.Pattern[str] | None:
    """Any of ``names`` as a whole word, whatever the case of its letters."""
    if not names:
        return None
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)


class Consents:
    """Which consent, if any, lets a private chat go out for a purpose on a day (ISO 8601, in the case's zone)."""

    def __init__(self, evidence: Evidence, purpose: str, day: str) -> None:
        self._events = list(evidence.events("consent"))
        self._files = {event.index: event.payload for event in evidence.events("import.file")}
        self._purpose = _words(purpose)
        self._day = day

    def is_private(self, leaf: int) -> bool:
        """Whether the file of a leaf was taken in as a private chat."""
        return bool(self._files[leaf].get("private")) if leaf in self._files else False

    def of(self, leaf: int, thread: str | None) -> int | None:
        """Leaf of a consent that is in force, covers the chat, and whose purpose is that of the packet."""
        last = max((event.index for event in self._events if event.index < leaf), default=None)
        for event in reversed(self._events):
            if self._covers(event, leaf, thread, last) and self._allows(event.payload):
                return event.index
        return None

    def _covers(self, event: Event, leaf: int, thread: str | None, last: int | None) -> bool:
        said = event.payload
        listed = said["chat_ids"] or said["file_sha256"]
        if not listed:
            return event.index == last or leaf in said.get("renews", ())
        return thread in said["chat_ids"] or self._files.get(leaf, {}).get("sha256") in said["file_sha256"]

    def _allows(self, said: dict[str, Any]) -> bool:
        in_time: bool = said["given_on"] <= self._day <= said["until"]
        return in_time and _words(said["purpose"]) in self._purpose


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
