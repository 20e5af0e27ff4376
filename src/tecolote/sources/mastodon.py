"""Mastodon's API: statuses, timelines, threads, search, edit history, notifications, accounts.

A server numbers everything for itself, so the number of a status or account means nothing elsewhere. Ids are the
addresses by which the network knows them (``uri``), as in `activitypub`, so that the same post from two servers or from
its author's archive is one post. The post answered is named by number only: it is translated where the file holds that
post, or where an author answers themselves on their own server; otherwise it is ``<server>/<number>``.

``content`` is HTML; ``text`` is what it says and ``text_raw`` what stood there. The versions of an edit history have no
id: they are a chain of their own, named by author and time of the first version. ``private`` means followers only,
``direct`` is a private message and needs consent. No time of capture is stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from tecolote.sources import mastodon_rows
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import objects, read_pieces, split
from tecolote.sources.json_reader import Record
from tecolote.sources.jsonbytes import Piece, Unreadable, decode, keys_of, pieces
from tecolote.sources.shapes import dig, ident, obj, some

_INTO = frozenset({"statuses", "accounts", "ancestors", "descendants"})
_STATUS = {"content", "account.acct", "visibility", "uri", "reblogs_count", "spoiler_text"}
_ACCOUNT = {"acct", "followers_count", "statuses_count", "display_name", "note", "username"}


class Mastodon:
    """Reader of answers of Mastodon's API; see the module's words."""

    name = "mastodon_api"
    version = "1"
    title = "Mastodon API (JSON, JSON Lines)"
    obtained = "the API of a server (timelines, statuses, search, notifications), Mastodon.py, toot or 4CAT's captures"
    proven = True
    platform = "mastodon"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where a status names its author by ``acct``, or an account has Mastodon's counts."""
        for before in ("", "statuses[].", "ancestors[].", "descendants[].", "accounts[].", "status.", "last_status."):
            keys = {key.removeprefix(before) for key in keys_of(head) if key.startswith(before)}
            if "account.acct" in keys and len(keys & _STATUS) > 2:
                return 0.9
            if "acct" in keys and len(keys & _ACCOUNT) > 3:
                return 0.9
        return 0.9 if {"statuses", "accounts", "hashtags"} <= keys_of(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Private messages (``direct``), apart from what is public."""
        return split(
            source, _INTO, "private mentions",
            lambda value: any(inner.get("visibility") == "direct" for inner in objects(value)),
        )  # fmt: skip

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records; see `Reader.read`."""
        found = list(pieces(source, sink, _INTO))
        names = _Names()
        for value in _decoded(found):
            names.learn(value)
        history = _history(found)
        read_pieces(found, sink, options, self.platform, lambda record, value: _rows(record, value, names, history))


def _decoded(found: list[Piece]) -> Iterator[Any]:
    for piece in found:
        try:
            yield decode(piece.raw, lambda words: None)
        except Unreadable:
            continue


@dataclass
class _Names:
    """What the numbers of the server mean, as far as the file says.

    Attributes:
        accounts: number to address of the account.
        statuses: number to address of the status.
        server: host of the server that was asked, where a local account shows it.
    """

    accounts: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    server: str | None = None

    def learn(self, value: Any) -> None:
        """Take up every account and status inside a record."""
        for found in objects(value):
            number, uri = found.get("id"), some(found.get("uri"))
            if not isinstance(number, str) or uri is None:
                continue
            if "acct" in found:
                self.accounts[number] = uri
                if isinstance(found["acct"], str) and "@" not in found["acct"]:
                    self.server = min(filter(None, (self.server, _host(uri))), default=None)
            elif "account" in found:
                self.statuses[number] = uri

    def parent(self, status: dict[str, Any]) -> str | None:
        """Id of the post that a status answers."""
        number = ident(status.get("in_reply_to_id"))
        if number is None:
            return None
        if number in self.statuses:
            return self.statuses[number]
        own, uri = ident(status.get("id")), some(status.get("uri"))
        himself = status.get("in_reply_to_account_id") == dig(status, "account", "id")
        if own and uri and himself and uri.endswith(f"/statuses/{own}"):
            return uri.removesuffix(own) + number
        return f"{self.server}/{number}" if self.server else number


def _host(uri: str) -> str | None:
    try:
        return urlsplit(uri).netloc or None
    except ValueError:
        return None


def _history(found: list[Piece]) -> dict[str, tuple[str, int]]:
    """Locator of each version of an edit history to the id of its chain and its number, oldest first."""
    versions = []
    for piece, value in zip(found, map(_lenient, found), strict=True):
        if _is_version(value):
            author = some(dig(value, "account", "uri")) or some(dig(value, "account", "url")) or ""
            versions.append((str(value.get("created_at")), piece.locator, author))
    versions.sort()
    chains: dict[str, str] = {}
    known: dict[str, tuple[str, int]] = {}
    numbers: dict[str, int] = {}
    for at, where, author in versions:
        chain = chains.setdefault(author, "edits-" + sha256(f"{author}\0{at}".encode()).hexdigest()[:24])
        known[where] = (chain, numbers.get(chain, 0))
        numbers[chain] = known[where][1] + 1
    return known


def _lenient(piece: Piece) -> Any:
    return next(_decoded([piece]), None)


def _is_version(value: Any) -> bool:
    """A version of an edited status: it has neither id nor address."""
    return isinstance(value, dict) and "account" in value and "content" in value and not value.keys() & {"id", "uri"}


def _rows(record: Record, value: Any, names: _Names, history: dict[str, tuple[str, int]]) -> None:
    """Rows of a status, a version, an account, a notification or a conversation."""
    if not isinstance(value, dict):
        raise Unreadable("not an object of the API")
    if record.piece.locator in history and _is_version(value):
        mastodon_rows.version(record, value, *history[record.piece.locator])
    elif "content" in value and isinstance(value.get("account"), dict):
        mastodon_rows.status(record, value, names.parent, names.accounts)
    elif "acct" in value:
        mastodon_rows.account(record, value)
    elif isinstance(value.get("type"), str) and isinstance(value.get("account"), dict):
        _notification(record, value, names)
    elif isinstance(value.get("last_status"), dict):
        mastodon_rows.status(record, value["last_status"], names.parent, names.accounts)
    elif value.keys() & {"statuses", "accounts", "hashtags"}:
        record.sink.note("an answer without results")
    else:
        raise Unreadable("neither a status, an account nor a notification")


def _notification(record: Record, value: dict[str, Any], names: _Names) -> None:
    """Who did what: a status that they wrote, boosted or liked, or that they follow."""
    who = mastodon_rows.account(record, obj(value.get("account")))
    status = obj(value.get("status"))
    if status:
        mastodon_rows.status(record, status, names.parent, names.accounts)
    kind = value["type"]
    if kind == "reblog":
        mastodon_rows.boosted(record, who, status, value.get("created_at"))
    elif kind in ("favourite", "follow", "follow_request", "admin.sign_up"):
        record.sink.note(f"notifications of the kind '{kind}' give the account only: whom they reached is not stated")


READER = Mastodon()
