"""The consent record of a participant who hands over private chats.

A TOML file of five required lines::

    giver = "Ana"                # as the chat names her; 'names' may list more
    given_on = 2026-11-01
    purpose = "complaint about extortion"
    until = 2027-05-01           # honoured until the end of this day
    contact = "ana@example.org"

With ``[[chat]]`` tables (each with the ``sha256`` of the export file or the ``id`` of the chat) it covers these
chats only; without one it covers every chat of the import, which is logged.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tecolote.errors import ConsentError
from tecolote.sources.base import Chat

_MAX_BYTES = 256 << 10
_TEXTS = ("giver", "purpose", "contact")
_DATES = ("given_on", "until")
_KNOWN = {*_TEXTS, *_DATES, "names", "chat"}
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Consent:
    """What a participant allowed.

    Attributes:
        giver: the participant, as the chat names them.
        given_on: first day on which it holds.
        purpose: what the chats may be used for.
        until: last day on which it holds, to its end in the case's zone.
        contact: how the giver can be reached to renew or withdraw.
        names: further names or ids of the giver in chats.
        chat_ids: ids or titles of the chats covered.
        file_hashes: SHA-256 (hex) of the export files covered.
        record_sha256: SHA-256 (hex) of the record itself.
    """

    giver: str
    given_on: date
    purpose: str
    until: date
    contact: str
    names: tuple[str, ...] = ()
    chat_ids: frozenset[str] = frozenset()
    file_hashes: frozenset[str] = frozenset()
    record_sha256: str = ""

    @property
    def givers(self) -> frozenset[str]:
        """Names and ids that are never pseudonymised."""
        return frozenset({self.giver, *self.names})

    @property
    def covers_all(self) -> bool:
        """True where no chat is listed, so that every chat of the import is covered."""
        return not self.chat_ids and not self.file_hashes

    def in_force(self, today: date) -> bool:
        """Whether it holds on ``today``, a day in the case's zone."""
        return self.given_on <= today <= self.until

    def covers(self, chat: Chat, file_sha256: str, today: date) -> bool:
        """Whether ``chat``, found in the file with this hash (hex), may be taken on ``today``."""
        if not self.in_force(today):
            return False
        named = chat.id in self.chat_ids or chat.title in self.chat_ids
        return self.covers_all or named or file_sha256.lower() in self.file_hashes

    def why_not(self, today: date) -> str:
        """One line that says why something is not covered on ``today`` and what to do."""
        if today > self.until:
            return (
                f"It ended on {self.until}: ask {self.giver} ({self.contact}) to renew it, then write the new day "
                "behind 'until' and the day of the renewal behind 'given_on'"
            )
        if today < self.given_on:
            return f"It holds from {self.given_on} only: import on that day, or correct 'given_on'"
        return "Add a [[chat]] with the file's sha256 or the chat's id, if the giver agrees"

    def as_payload(self) -> dict[str, Any]:
        """The record as JSON values, for the custody event."""
        return {
            "giver": self.giver,
            "given_on": self.given_on.isoformat(),
            "purpose": self.purpose,
            "until": self.until.isoformat(),
            "contact": self.contact,
            "names": list(self.names),
            "covers": "every chat of this import" if self.covers_all else "the chats listed",
            "chat_ids": sorted(self.chat_ids),
            "file_sha256": sorted(self.file_hashes),
            "record_sha256": self.record_sha256,
        }


def load(path: str | Path) -> Consent:
    """Read a consent record.

    Raises:
        ConsentError: it cannot be read, lacks something, or contradicts itself.
    """
    path = Path(path)
    try:
        with open(path, "rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConsentError(f"{path} cannot be opened: {error.strerror}", "Name the consent record (TOML)") from None
    if len(raw) > _MAX_BYTES:
        raise ConsentError(f"{path} is too long for a consent record", "Name the TOML record, not the export")
    try:
        found = tomllib.loads(raw.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConsentError(f"{path} is not TOML: {_one_line(error)}", "Correct that line") from None
    return _checked(found, str(path), sha256(raw).hexdigest())


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _checked(found: Mapping[str, Any], path: str, digest: str) -> Consent:
    unknown = sorted(set(found) - _KNOWN)
    if unknown:
        raise ConsentError(f"{path} has an unknown entry '{unknown[0]}'", f"Known are: {', '.join(sorted(_KNOWN))}")
    texts = {key: _text(found, key, path) for key in _TEXTS}
    days = {key: _day(found, key, path) for key in _DATES}
    if days["until"] < days["given_on"]:
        raise ConsentError(f"{path}: 'until' lies before 'given_on' ({days['given_on']})", "Correct one of the days")
    names = found.get("names", [])
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise ConsentError(f"{path}: 'names' is no list of names", 'Write for example: names = ["Ana L.", "user123"]')
    ids, hashes = _chats(found.get("chat", []), path)
    return Consent(
        texts["giver"],
        days["given_on"],
        texts["purpose"],
        days["until"],
        texts["contact"],
        tuple(names),
        ids,
        hashes,
        digest,
    )


def _text(found: Mapping[str, Any], key: str, path: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConsentError(f"{path} has no '{key}'", f'Write for example: {key} = "..."')
    return value.strip()


def _day(found: Mapping[str, Any], key: str, path: str) -> date:
    value = found.get(key)
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ConsentError(f"{path} has no day behind '{key}'", f"Write for example: {key} = 2026-11-23")
    return value


def _chats(listed: Any, path: str) -> tuple[frozenset[str], frozenset[str]]:
    example = '[[chat]] with sha256 = "..." or id = "..."'
    if not isinstance(listed, list):
        raise ConsentError(f"{path}: 'chat' is not a list of tables", f"Write {example}")
    ids, hashes = set(), set()
    for number, entry in enumerate(listed, 1):
        keys = set(entry) if isinstance(entry, dict) else set()
        if not keys or keys - {"id", "sha256", "title"} or not keys & {"id", "sha256"}:
            raise ConsentError(f"{path}: chat {number} has neither 'sha256' nor 'id' alone", f"Write {example}")
        if "id" in keys:
            ids.add(str(entry["id"]))
        if "sha256" in keys:
            digest = str(entry["sha256"]).lower()
            if not _HEX.fullmatch(digest):
                raise ConsentError(f"{path}: the 'sha256' of chat {number} is not 64 hex digits", f"Write {example}")
            hashes.add(digest)
    return frozenset(ids), frozenset(hashes)
