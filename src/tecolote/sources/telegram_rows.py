"""Rows of the messages of one Telegram chat; the columns are explained in `telegram`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from tecolote.sources import shapes
from tecolote.sources.base import Options, Sink
from tecolote.sources.jsonbytes import Unreadable

#: Everything else is private, an unknown type as well.
_PUBLIC = {"public_channel", "public_supergroup", "public_group"}
_KINDS = {
    "personal_chat": "direct", "bot_chat": "direct", "saved_messages": "direct",
    "private_channel": "channel", "public_channel": "channel",
}  # fmt: skip
_MEDIA = {
    "sticker": "sticker", "video_message": "video", "video_file": "video", "animation": "animation",
    "voice_message": "audio", "audio_file": "audio",
}  # fmt: skip
_LINK_BUTTONS = {"url", "auth", "web_view", "simple_web_view"}
_BY_MIME = {"image": "image", "video": "video", "audio": "audio"}
_NATIVE = re.compile(r"(?:user|channel|chat)?\d+")
_JOINS = {"invite_members", "create_group", "join_group_by_link", "join_group_by_request"}

Moment = tuple[datetime | None, str | None, str | None]


@dataclass
class Talk:
    """One chat of a file.

    Attributes:
        id: as exported, else derived from name, type and first message.
        title: its name, None for a chat without one.
        kind: `threads.type`.
        private: not declared public.
        start: first byte of the chat's JSON object.
        length: bytes of it.
        pointer: JSON pointer of the chat.
        whole: the file is this chat alone.
        messages: its messages, undecoded.
        messages_at: byte of the bracket that opens them.
    """

    id: str
    title: str | None
    kind: str
    private: bool
    start: int
    length: int
    pointer: str
    whole: bool
    messages: list[msgspec.Raw]
    messages_at: int

    @classmethod
    def of(
        cls, name: Any, type_: Any, id_: Any, first: bytes, start: int, length: int, pointer: str, whole: bool,
        messages: list[msgspec.Raw], messages_at: int,
    ) -> Talk:  # fmt: skip
        """A chat from what its object says; an id that lost digits counts as absent."""
        title = shapes.some(name)
        try:
            found = shapes.ident(id_)
        except Unreadable:
            found = None
        if found is None:
            stated = f"{title}\0{type_}\0".encode("utf-8", "surrogatepass")
            found = "chat-" + sha256(stated + _canonical(first)).hexdigest()[:16]
        kind = _KINDS.get(str(type_), "group" if type_ else "conversation")
        return cls(found, title, kind, str(type_) not in _PUBLIC, start, length, pointer, whole, messages, messages_at)


def _canonical(message: bytes) -> bytes:
    """The same bytes for the same message, however it is indented."""
    try:
        return msgspec.json.encode(msgspec.json.decode(message), order="sorted")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return message


class Rows:
    """Turns the messages of one chat into rows."""

    def __init__(self, talk: Talk, sink: Sink, options: Options) -> None:
        self.talk = talk
        self.sink = sink
        self.options = options
        self.zone = options.zone
        self.visibility = "private" if talk.private else "public"
        self.known: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.equals: dict[str, int] = {}
        self.opened = -1

    def forget(self, rec: int) -> None:
        """Take back what was said at a record whose rows were removed."""
        self.known = {account: at for account, at in self.known.items() if at != rec}
        self.opened = -1 if self.opened == rec else self.opened

    def add(self, rec: int, message: dict[str, Any], raw: bytes) -> None:
        """All rows that a message states.

        Raises:
            Unreadable: an id that lost digits.
        """
        if self.opened < 0:
            self.opened = rec
            self.sink.add(
                "threads", rec, platform="telegram", id=self.talk.id, title=self.talk.title, type=self.talk.kind,
                private=self.talk.private,
            )  # fmt: skip
        service = message.get("type") == "service"
        account, author = self._author(rec, message, "actor" if service else "from")
        at, stated, basis = self._moment(message, "date")
        said, links = _text(message.get("text"))
        said = said or (_action(message) if service else _poll(message))
        if message.get("type") == "unsupported":
            self.sink.note("messages of a kind that Telegram Desktop could not export hold no text")
        post, derived = self._identity(message, stated, account, said)
        reply = self._reply(message)
        self.sink.add(
            "posts", rec, platform="telegram", id=post, id_is_derived=derived, kind="event" if service else "message",
            account_id=account, author_name=author, created_at=at, created_at_raw=stated, tz_basis=basis,
            edited_at=self._moment(message, "edited")[0], text=said, thread_id=self.talk.id, in_reply_to_id=reply,
            visibility=self.visibility, source_app=shapes.some(message.get("via_bot")),
            place=_place(message),
        )  # fmt: skip
        self._counts(rec, post, message)
        self._media(rec, post, message)
        for type_, dst, dst_kind in self._edges(message, reply, links):
            self.sink.add(
                "edges", rec, platform="telegram", src=account, dst=dst, type=type_, dst_kind=dst_kind, post_id=post,
                at=at,
            )  # fmt: skip
        if service:
            self._members(rec, post, at, message, account)

    # -- what a message says

    def _author(self, rec: int, message: dict[str, Any], key: str) -> tuple[str | None, str | None]:
        """Account id and name; without an id the name is the id, without both there is no author."""
        name = shapes.some(message.get(key))
        account = shapes.ident(message.get(f"{key}_id")) or name
        if account is not None:
            self._account(rec, account, name)
            if name:
                self.names.setdefault(name, account)
        return account, name

    def _account(self, rec: int, account: str, name: str | None) -> None:
        if account in self.known:
            return
        self.known[account] = rec
        kind = "native" if _NATIVE.fullmatch(account) else "display_name"
        self.sink.add("accounts", rec, platform="telegram", id=account, id_kind=kind)
        seen, basis = shapes.seen(None, self.options)
        self.sink.add(
            "account_snapshots", rec, platform="telegram", account_id=account, observed_at=seen, observed_basis=basis,
            display_name=name,
        )  # fmt: skip

    def _moment(self, message: dict[str, Any], key: str) -> Moment:
        """UTC time, the time as written and its basis, from ``<key>_unixtime`` or the local ``<key>``."""
        local = shapes.some(message.get(key))
        at, raw, basis = shapes.epoch(message.get(f"{key}_unixtime"))
        if at is not None:
            return at, local or raw, basis
        if local is None:
            return None, None, "unknown"
        at, _, basis = shapes.moment(local)
        if at is None and self.zone is not None:
            try:
                at = datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)
            except (ValueError, OverflowError):
                return None, local, "unknown"
            basis = "user_given"
        return at, local, basis

    def _identity(
        self, message: dict[str, Any], stated: str | None, account: str | None, said: str | None
    ) -> tuple[str, bool]:
        """The id and whether it is derived (chat, time, author, text, number among equals)."""
        own = shapes.ident(message.get("id"))
        if own is not None:
            return f"{self.talk.id}/{own}", False
        whole = f"{self.talk.id}\0{stated or message.get('date_unixtime')}\0{account}\0{said}"
        key = sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        again = self.equals.get(key, 0)
        self.equals[key] = again + 1
        return f"{self.talk.id}/{key}" + (f"-{again}" if again else ""), True

    def _reply(self, message: dict[str, Any]) -> str | None:
        """Id of the message answered; one in another chat carries that chat's number."""
        target = shapes.ident(message.get("reply_to_message_id"))
        if target is None:
            return None
        peer = shapes.ident(message.get("reply_to_peer_id"))
        return f"{re.sub(r'^(?:user|channel|chat)', '', peer) if peer else self.talk.id}/{target}"

    # -- further rows

    def _counts(self, rec: int, post: str, message: dict[str, Any]) -> None:
        counted: dict[str, int] = {}
        for reaction in shapes.objs(message.get("reactions")):
            name = reaction.get("emoji") or reaction.get("document_id") or reaction.get("type")
            number = shapes.count(reaction.get("count"))
            if isinstance(name, str) and number is not None:
                counted[name] = counted.get(name, 0) + number
        if counted:
            seen, basis = shapes.seen(None, self.options)
            self.sink.add(
                "post_snapshots", rec, platform="telegram", post_id=post, observed_at=seen, observed_basis=basis,
                reactions=shapes.compact(counted),
            )  # fmt: skip

    def _media(self, rec: int, post: str, message: dict[str, Any]) -> None:
        for number, key in enumerate(k for k in ("photo", "file") if isinstance(message.get(k), str)):
            path = str(message[key])
            status = "present"
            if path.startswith("(") and path.endswith(")"):
                status, path = ("unavailable" if "unavailable" in path else "omitted"), ""
            mime = shapes.some(message.get("mime_type")) if key == "file" else None
            stated = _MEDIA.get(str(message.get("media_type"))) or _BY_MIME.get((mime or "").split("/")[0], "document")
            self.sink.add(
                "media", rec, platform="telegram", id=f"{post}/{number}", post_id=post,
                type="image" if key == "photo" else stated, local_path=shapes.some(path), mime=mime,
                width=shapes.small(message.get("width")), height=shapes.small(message.get("height")),
                duration_ms=shapes.milliseconds(message.get("duration_seconds")),
                alt_text=shapes.some(message.get("sticker_emoji")), status=status,
            )  # fmt: skip

    def _edges(
        self, message: dict[str, Any], reply: str | None, links: list[tuple[str, str, str]]
    ) -> Iterator[tuple[str, str, str]]:
        if reply is not None:
            yield "replies", reply, "post"
        origin = shapes.ident(message.get("forwarded_from_id"))
        name = shapes.some(message.get("forwarded_from")) or shapes.some(message.get("saved_from"))
        if origin is not None:
            yield "forwards", origin, "account"
        elif name is not None:
            yield "forwards", name, "account_name"
        yield from dict.fromkeys([*links, *_buttons(message)])

    def _members(self, rec: int, post: str, at: datetime | None, message: dict[str, Any], actor: str | None) -> None:
        """Members that a service line names, and who joined by it."""
        joins = message.get("action") in _JOINS
        named = [name for name in map(shapes.some, shapes.seq(message.get("members"))) if name]
        joined = [self.names.get(n, n) for n in named]
        for account, name in zip(joined, named, strict=True):
            self._account(rec, account, name)
        if joins and not named and actor:
            joined = [actor]
        for account in joined if joins else ():
            self.sink.add(
                "edges", rec, platform="telegram", src=account, dst=self.talk.id, type="member_of", dst_kind="thread",
                post_id=post, at=at,
            )  # fmt: skip


def _text(value: Any) -> tuple[str | None, list[tuple[str, str, str]]]:
    """The text and what its entities link to, as edges; None where there is no text."""
    if isinstance(value, str):
        return shapes.some(value), []
    parts: list[str] = []
    links: list[tuple[str, str, str]] = []
    for part in shapes.seq(value):
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            parts.append(part["text"])
            links += _linked(part)
    return shapes.some("".join(parts)), links


def _linked(entity: dict[str, Any]) -> list[tuple[str, str, str]]:
    kind, text = entity.get("type"), shapes.words(entity["text"]) or ""
    if kind == "link":
        return [("links_to", text, "link")]
    if kind == "text_link":
        target = shapes.some(entity.get("href"))
        return [("links_to", target, "link")] if target else []
    if kind == "mention" and text.startswith("@"):
        return [("mentions", text[1:], "account_name")]
    if kind == "mention_name":
        user = shapes.ident(entity.get("user_id"))
        return [("mentions", user if user.startswith("user") else f"user{user}", "account")] if user else []
    if kind == "hashtag":
        return [("hashtag", text.lstrip("#").lower(), "hashtag")]
    return []


def _buttons(message: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Links of the buttons under a bot's message, in rows."""
    for row in shapes.seq(message.get("inline_bot_buttons")):
        for button in shapes.objs(row):
            target = shapes.some(button.get("data"))
            if target and button.get("type") in _LINK_BUTTONS:
                yield "links_to", target, "link"


def _poll(message: dict[str, Any]) -> str | None:
    """The question of a poll and its answers, a line each: its message has no text of its own."""
    poll = shapes.obj(message.get("poll"))
    lines = [poll.get("question"), *(answer.get("text") for answer in shapes.objs(poll.get("answers")))]
    return "\n".join(line for line in map(shapes.some, lines) if line) or None


def _place(message: dict[str, Any]) -> str | None:
    """Coordinates, and the name and address of a venue."""
    named = {"name": shapes.some(message.get("place_name")), "address": shapes.some(message.get("address"))}
    point = shapes.obj(message.get("location_information"))
    return shapes.compact(point | {key: text for key, text in named.items() if text})


def _action(message: dict[str, Any]) -> str | None:
    """What a service line says, in Telegram's own word with its details: ``invite_members: Beto, Carla``."""
    action = shapes.some(message.get("action"))
    if action is None:
        return None
    details = [str(m) for m in shapes.seq(message.get("members")) if isinstance(m, str)]
    details += [str(message[k]) for k in ("title", "inviter") if isinstance(message.get(k), str)]
    if isinstance(message.get("duration_seconds"), int):
        details.append(f"{message['duration_seconds']} s")
    return shapes.words(f"{action}: {', '.join(details)}" if details else action)
