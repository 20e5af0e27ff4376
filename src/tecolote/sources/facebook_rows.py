"""Rows of the messages of one conversation in a download from Meta; explained in `facebook_messages`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tecolote.sources.chat_state import Said, media_type
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.meta_download import fixed
from tecolote.sources.shapes import Moment, compact, count, epoch, obj, objs, seq, some, words

_MEDIA = {
    "photos": "image", "videos": "video", "audio_files": "audio", "gifs": "animation", "files": "document",
    "sticker": "sticker", "media": None,
}  # fmt: skip
_EVENTS = {"Call", "Subscribe", "Unsubscribe", "call", "subscribe", "unsubscribe"}
#: One of these stands in every message; the sender of a removed account may be missing.
_MARKS = {"sender_name", "senderName", "timestamp", "timestamp_ms"}
#: What stands in the place of the name of a removed account.
_NOBODY = re.compile(
    "(?:Facebook|Instagram|Messenger) user|(?:Usuario|Utilisateur|Usuário) (?:de|do) (?:Facebook|Instagram|Messenger)",
    re.IGNORECASE,
)
#: 2001-09-09 in milliseconds; as seconds it would be the year 33658.
_MILLISECONDS = 1_000_000_000_000


class Rows:
    """Turns the messages of one conversation into rows."""

    def __init__(self, thread: str, envelope: dict[str, Any]) -> None:
        self.thread = thread
        self.envelope = envelope
        self.said = Said()

    def add(self, record: Record, message: Any) -> None:
        """All rows that a message states.

        Raises:
            Unreadable: it is no message.
        """
        if not isinstance(message, dict) or not message.keys() & _MARKS:
            raise Unreadable("not a message: it names neither sender nor time")
        author = fixed(message.get("sender_name", message.get("senderName")))
        account = self._account(record, author)
        raw = message.get("content", message.get("text"))
        text = fixed(raw)
        at = _when(message)
        media = list(_media(message))
        names = sorted(str(_path(m.get("uri"))[1]) for _, m in media)
        post = self.said.derived(self.thread, at[0] or at[1], author, text, *names)
        event = message.get("type") in _EVENTS
        record.add(
            "posts", id=post, id_is_derived=True, kind="event" if event else "message", account_id=account,
            author_name=author, **created(at), text=text,
            text_raw=None if text == words(raw) else some(raw), thread_id=self.thread, visibility="private",
        )  # fmt: skip
        self._media(record, post, media)
        self._edges(record, post, account, message, text or "", at)
        self._reactions(record, post, message)
        self._states(record, post, message)
        self._open(record)
        self.said.commit(record)

    def _account(self, record: Record, name: str | None) -> str | None:
        """The id of a person, which is the name; None for a removed account."""
        if name is None or _NOBODY.fullmatch(name):
            return None
        if self.said.first(record, "account", name):
            record.add("accounts", id=name, id_kind="display_name")
            record.snapshot("account_snapshots", None, account_id=name, display_name=name)
        return name

    def _open(self, record: Record) -> None:
        """The conversation and its members, at the first message that can be read."""
        if not self.said.first(record, "thread", self.thread):
            return
        listed = [p.get("name") if isinstance(p, dict) else p for p in seq(self.envelope.get("participants"))]
        members = [name for name in map(fixed, listed) if name]
        title = fixed(self.envelope.get("title")) or fixed(self.envelope.get("threadName"))
        group = (
            self.envelope.get("thread_type") == "RegularGroup" or len(members) > 2 or "joinable_mode" in self.envelope
        )
        record.add(
            "threads", id=self.thread, title=title, private=True, member_count=len(members) or None,
            type="group" if group else "direct" if members else "conversation",
        )  # fmt: skip
        for name in members:
            record.edge("member_of", self._account(record, name), self.thread, "thread")

    def _media(self, record: Record, post: str, media: list[tuple[str | None, dict[str, Any]]]) -> None:
        for number, (kind, item) in enumerate(media):
            url, path = _path(item.get("uri"))
            guessed, mime = media_type(None, path or url)
            record.add(
                "media", id=f"{post}/{number}", post_id=post, type=kind or guessed, url=url, local_path=path, mime=mime,
                status="present" if path or url else "omitted",
            )  # fmt: skip

    def _edges(
        self, record: Record, post: str, account: str | None, message: dict[str, Any], text: str, at: Moment
    ) -> None:
        record.text_edges(account, text, post_id=post, at=at[0])
        link = fixed(obj(message.get("share")).get("link"))
        if link and link not in text:
            record.edge("links_to", account, link, "link", post_id=post, at=at[0])
        if message.get("type") in ("Subscribe", "subscribe"):
            for joined in objs(message.get("users")):
                member = self._account(record, fixed(joined.get("name")))
                record.edge("member_of", member, self.thread, "thread", post_id=post, at=at[0])

    def _reactions(self, record: Record, post: str, message: dict[str, Any]) -> None:
        counted: dict[str, int] = {}
        for reaction in objs(message.get("reactions")):
            emoji = fixed(reaction.get("reaction"))
            self._account(record, fixed(reaction.get("actor")))
            if emoji:
                counted[emoji] = counted.get(emoji, 0) + 1
        if counted:
            record.snapshot("post_snapshots", None, post_id=post, reactions=compact(counted))

    def _states(self, record: Record, post: str, message: dict[str, Any]) -> None:
        if message.get("is_unsent") is True or message.get("isUnsent") is True:
            record.observe("post", post, "deleted", "is_unsent")
        if message.get("is_taken_down") is True:
            record.observe("post", post, "restricted", "is_taken_down")
        if message.get("is_geoblocked_for_viewer") is True:
            record.observe("post", post, "withheld", "is_geoblocked_for_viewer")


def _when(message: dict[str, Any]) -> Moment:
    """The time of a message, in milliseconds or seconds."""
    value = message.get("timestamp_ms", message.get("timestamp"))
    if isinstance(value, str) and value.isdigit() and len(value) < 20:
        value = int(value)
    number = count(value)
    at, raw, basis = epoch(number, 1000 if number is not None and number >= _MILLISECONDS else 1)
    if "timestamp_ms" in message:
        at, raw, basis = epoch(number, 1000)
    return (at, raw, basis) if raw is not None else (None, some(value), "unknown")


def _media(message: dict[str, Any]) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Type (None: by the ending of the name) and object of each file of a message."""
    for key, kind in _MEDIA.items():
        value = message.get(key)
        for item in objs([value] if isinstance(value, dict) else value):
            yield kind, item


def _path(uri: Any) -> tuple[str | None, str | None]:
    """Address or path of a file; a path begins behind the folder of its conversation."""
    found = fixed(uri)
    if found is None:
        return None, None
    if re.match(r"[a-z]+://", found):
        return found, None
    parts = found.removeprefix("./").split("/")
    for box in ("inbox", "archived_threads", "message_requests", "filtered_threads", "e2ee_cutover"):
        if box in parts[:-2]:
            return None, "/".join(parts[parts.index(box) + 2 :])
    return None, "/".join(parts)
