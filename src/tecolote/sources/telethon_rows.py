"""Rows of Telegram messages in Telethon's serialisation; explained in `telegram_telethon`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tecolote.sources.chat_state import Said, local_moment, media_type
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import (
    compact,
    count,
    dig,
    ident,
    milliseconds,
    obj,
    objs,
    required,
    seq,
    small,
    some,
    words,
)

_KINDS = {"PeerUser": ("user", "user_id"), "PeerChannel": ("channel", "channel_id"), "PeerChat": ("chat", "chat_id")}
_THREADS = {"user": "direct", "channel": "channel", "chat": "group"}
_JOINED = {"MessageActionChatAddUser", "MessageActionChatCreate"}
_JOINED_ALONE = {"MessageActionChatJoinedByLink", "MessageActionChatJoinedByRequest"}
_MESSAGES = {"Message", "MessageService", "MessageEmpty"}
_LINK_BUTTONS = {
    "KeyboardButtonUrl", "KeyboardButtonUrlAuth", "KeyboardButtonWebView", "KeyboardButtonSimpleWebView",
}  # fmt: skip


@dataclass(frozen=True)
class Peer:
    """Who or what a message is from or in: 'user', 'channel' or 'chat', and its number."""

    kind: str
    number: str

    @property
    def account(self) -> str:
        """The id as Telegram's own export writes it."""
        return self.kind + self.number


def peer(value: Any) -> Peer | None:
    """A peer; None if there is none.

    Raises:
        Unreadable: its number lost digits.
    """
    kind, key = _KINDS.get(str(obj(value).get("_")), ("", ""))
    number = ident(obj(value).get(key)) if kind else None
    return Peer(kind, number) if number else None


class Rows:
    """Turns the messages of one file into rows."""

    def __init__(self, only: str | None) -> None:
        self.only = only
        self.said = Said()

    def add(self, record: Record, message: Any) -> None:
        """All rows that a message states.

        Raises:
            Unreadable: it is no message, or an id lost digits.
        """
        if not isinstance(message, dict) or message.get("_") not in _MESSAGES:
            raise Unreadable("not a message of Telethon")
        where = peer(message.get("peer_id") or message.get("to_id"))
        number = required(message.get("id"), "id")
        if message["_"] == "MessageEmpty":
            chat = where.number if where else self.only
            if chat is None:
                record.sink.note("a MessageEmpty names no chat: its id is the bare number")
            record.observe("post", f"{chat}/{number}" if chat else number, "not_found", "MessageEmpty")
        elif where is None:
            raise Unreadable("the chat is not named (peer_id)")
        else:
            self._message(record, message, where, f"{where.number}/{number}")
        self.said.commit(record)

    def _message(self, record: Record, message: dict[str, Any], where: Peer, post: str) -> None:
        service = message["_"] == "MessageService"
        author = self._author(message, where)
        self._account(record, author)
        account = author.account if author else None
        at = local_moment(message.get("date"), record.options)
        text = _action(message) if service else some(message.get("message")) or _poll(message)
        answered = _answered(message, where)
        record.add(
            "posts", id=post, id_is_derived=False, kind="event" if service else "message", account_id=account,
            author_name=some(message.get("post_author")), **created(at),
            edited_at=local_moment(message.get("edit_date"), record.options)[0], text=text, thread_id=where.number,
            in_reply_to_id=answered, visibility="public" if where.kind == "channel" else "private",
            place=compact(_place(message)),
        )  # fmt: skip
        self._counts(record, post, message)
        _media(record, post, message)
        for type_, dst, dst_kind in dict.fromkeys(_linked(message)):
            record.edge(type_, account, dst, dst_kind, post_id=post, at=at[0])
        record.edge("replies", account, answered, "post", post_id=post, at=at[0])
        self._forwarded(record, post, account, message, at[0])
        for member in self._joined(message, author) if service else ():
            self._account(record, member)
            record.edge("member_of", member.account, where.number, "thread", post_id=post, at=at[0])
        for hidden in objs(message.get("restriction_reason")):
            said = [some(hidden.get(key)) for key in ("platform", "reason", "text")]
            record.observe("post", post, "restricted", ": ".join(part for part in said if part))
        named = some(dig(message, "action", "title"))
        first = [None] if self.said.first(record, "thread", where.number) else []
        for title in [*first, *([named] if named else [])]:
            record.add(
                "threads", id=where.number, title=title, type=_THREADS[where.kind], private=where.kind != "channel"
            )

    def _author(self, message: dict[str, Any], where: Peer) -> Peer | None:
        """Who wrote: as stated; else the channel itself, or the other person of a conversation."""
        stated = peer(message.get("from_id"))
        if stated is None and isinstance(message.get("from_id"), int):
            stated = Peer("user", str(message["from_id"]))
        if stated is not None:
            return stated
        if where.kind == "channel":
            return where
        return where if where.kind == "user" and message.get("out") is not True else None

    def _account(self, record: Record, who: Peer | None) -> None:
        if who is not None and self.said.first(record, "account", who.account):
            record.add("accounts", id=who.account, id_kind="native")

    def _counts(self, record: Record, post: str, message: dict[str, Any]) -> None:
        counted: dict[str, int] = {}
        for result in objs(dig(message, "reactions", "results")):
            what = obj(result.get("reaction"))
            name = some(what.get("emoticon")) or ident(what.get("document_id")) or some(what.get("_"))
            number = count(result.get("count"))
            if name and number is not None:
                counted[name] = counted.get(name, 0) + number
        numbers = {
            "views": count(message.get("views")), "reposts": count(message.get("forwards")),
            "replies": count(dig(message, "replies", "replies")), "reactions": compact(counted),
        }  # fmt: skip
        if any(value is not None for value in numbers.values()):
            record.snapshot("post_snapshots", None, post_id=post, **numbers)

    def _forwarded(self, record: Record, post: str, account: str | None, message: dict[str, Any], at: Any) -> None:
        header = obj(message.get("fwd_from"))
        origin, number = peer(header.get("from_id")), ident(header.get("channel_post"))
        self._account(record, origin)
        if origin and number:
            record.edge(
                "forwards", account, f"{origin.number}/{number}", "post", post_id=post, at=at,
                dst_account_id=origin.account,
            )  # fmt: skip
        elif origin:
            record.edge("forwards", account, origin.account, "account", post_id=post, at=at)
        else:
            record.edge("forwards", account, some(header.get("from_name")), "account_name", post_id=post, at=at)

    def _joined(self, message: dict[str, Any], author: Peer | None) -> Iterator[Peer]:
        kind = dig(message, "action", "_")
        if kind in _JOINED:
            for user in seq(dig(message, "action", "users")):
                number = ident(user)
                if number:
                    yield Peer("user", number)
        elif kind in _JOINED_ALONE and author:
            yield author


def _answered(message: dict[str, Any], where: Peer) -> str | None:
    """Id of the message answered, in this chat or another; old layers state ``reply_to_msg_id``."""
    header = obj(message.get("reply_to"))
    target = ident(header.get("reply_to_msg_id")) or ident(message.get("reply_to_msg_id"))
    if target is None:
        return None
    other = peer(header.get("reply_to_peer_id"))
    return f"{other.number if other else where.number}/{target}"


def _action(message: dict[str, Any]) -> str | None:
    """What a service line says: Telegram's word for it and the title it sets."""
    name = some(dig(message, "action", "_"))
    if name is None:
        return None
    name = name.removeprefix("MessageAction")
    detail = some(dig(message, "action", "title")) or some(dig(message, "action", "message"))
    return f"{name}: {detail}" if detail else name


def _poll(message: dict[str, Any]) -> str | None:
    """The question of a poll and its answers, a line each, as in Telegram's own export; older layers state text."""
    poll = obj(dig(message, "media", "poll"))
    lines = [poll.get("question"), *(answer.get("text") for answer in objs(poll.get("answers")))]
    texts = (some(line.get("text")) if isinstance(line, dict) else some(line) for line in lines)
    return "\n".join(text for text in texts if text) or None


def _linked(message: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Edges of the entities, whose offsets count UTF-16 units, of the page shown below and of a bot's buttons."""
    units = (words(message.get("message")) or "").encode("utf-16-le")
    for entity in objs(message.get("entities")):
        kind, at, length = str(entity.get("_")), count(entity.get("offset")), count(entity.get("length"))
        part = units[2 * (at or 0) : 2 * ((at or 0) + (length or 0))].decode("utf-16-le", "replace")
        user = ident(entity.get("user_id")) or ident(dig(entity, "user_id", "user_id"))
        link = some(entity.get("url"))
        if kind == "MessageEntityUrl" and part:
            yield "links_to", part, "link"
        elif kind == "MessageEntityTextUrl" and link:
            yield "links_to", link, "link"
        elif kind == "MessageEntityMention" and len(part) > 1:
            yield "mentions", part.lstrip("@"), "account_name"
        elif kind in ("MessageEntityMentionName", "InputMessageEntityMentionName") and user:
            yield "mentions", f"user{user}", "account"
        elif kind == "MessageEntityHashtag" and len(part) > 1:
            yield "hashtag", part.lstrip("#").lower(), "hashtag"
    page = some(dig(message, "media", "webpage", "url"))
    if page and not re.search(re.escape(page.rstrip("/")), words(message.get("message")) or ""):
        yield "links_to", page, "link"
    for row in objs(dig(message, "reply_markup", "rows")):
        for button in objs(row.get("buttons")):
            target = some(button.get("url"))
            if target and str(button.get("_")) in _LINK_BUTTONS:
                yield "links_to", target, "link"


def _place(message: dict[str, Any]) -> dict[str, Any]:
    """The coordinates that a message sends, with the name of a venue."""
    media = obj(message.get("media"))
    point = obj(media.get("geo"))
    if "lat" not in point or "long" not in point:
        return {}
    named = {"name": some(media.get("title")), "address": some(media.get("address"))}
    return {"latitude": point["lat"], "longitude": point["long"]} | {k: text for k, text in named.items() if text}


def _media(record: Record, post: str, message: dict[str, Any]) -> None:
    media = obj(message.get("media"))
    photo, document = obj(media.get("photo")), obj(media.get("document"))
    if photo:
        sizes = [(small(s.get("w")) or 0, small(s.get("h")) or 0) for s in objs(photo.get("sizes"))]
        width, height = max(sizes, default=(0, 0))
        record.add(
            "media", id=ident(photo.get("id")) or f"{post}/0", post_id=post, type="image", width=width or None,
            height=height or None, status="omitted",
        )  # fmt: skip
    elif document:
        facts = {str(a.get("_")): a for a in objs(document.get("attributes"))}
        video, audio = obj(facts.get("DocumentAttributeVideo")), obj(facts.get("DocumentAttributeAudio"))
        sticker = obj(facts.get("DocumentAttributeSticker"))
        kind, mime = media_type(some(document.get("mime_type")))
        if sticker:
            kind = "sticker"
        elif "DocumentAttributeAnimated" in facts:
            kind = "animation"
        size = video or obj(facts.get("DocumentAttributeImageSize"))
        record.add(
            "media", id=ident(document.get("id")) or f"{post}/0", post_id=post, type=kind, mime=mime,
            width=small(size.get("w")), height=small(size.get("h")), alt_text=some(sticker.get("alt")),
            duration_ms=milliseconds((video or audio).get("duration")), status="omitted",
        )  # fmt: skip
    elif media.get("_") == "MessageMediaUnsupported":
        record.add("media", id=f"{post}/0", post_id=post, type="document", status="unavailable")
