r"""Discord, as DiscordChatExporter writes it (JSON): one channel, thread or conversation a file.

Direct messages, group conversations and private threads are private. A channel of a server is not: whoever exports it
sees what every member sees, and the file does not say whether the server can be joined by anyone; if it cannot, give
the consent of a member. A file that names no server is private.

``Deleted User`` stands for everybody whose account is gone and has no account id. Message ids are Discord's own; one
that stands twice in a file is one message seen twice. An edit shows as ``timestampEdited``: the earlier wording is in
an earlier export only. Types other than messages are events. Paths of files are as on Windows; they are written with
``/``, and in private conversations by the last part only, because the folder bears the names of the people.
``exportedAt`` (later versions) is when reactions were counted.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import Said, local_moment, media_type, read_pieces
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse, pieces
from tecolote.sources.shapes import (
    Moment,
    compact,
    count,
    dig,
    ident,
    moment,
    obj,
    objs,
    required,
    small,
    some,
)

_INTO = frozenset({"messages"})
#: Message types by name, and by number where a version of the exporter did not know the name yet.
_MESSAGES = {
    "Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "ThreadStarterMessage", "19", "20", "21", "23",
}  # fmt: skip
_DELETED = re.compile(r"Deleted User(?: [0-9a-f]{8})?|deleted_user_[0-9a-f]+")
_SHARED_DELETED = "456226577798135808"
_DIRECT = re.compile(rb'"type"\s*:\s*"(?:Direct|DM|GroupDM|Private)|"guild"\s*:\s*\{[^{}]{0,200}"id"\s*:\s*"0"')


class Discord:
    """Reader of DiscordChatExporter's JSON; see the module's words."""

    name = "discord_dce"
    version = "2"
    title = "Discord (DiscordChatExporter, JSON)"
    obtained = "DiscordChatExporter, format JSON, of a channel, thread, group or direct conversation"
    proven = True
    platform = "discord"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where server and channel stand beside messages, or where messages are as the exporter writes them."""
        keys = glimpse(head)
        if {"guild.id", "channel.id"} <= keys or ({"channel.id", "channel.type"} <= keys and "messages" in keys):
            return 0.9
        return 0.9 if {"messages[].timestampEdited", "messages[].author.discriminator"} & keys else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """The conversation of the file."""
        found = next(iter(pieces(source, Sink(), _INTO)), None)
        envelope = found.envelope if found else {}
        channel = obj(envelope.get("channel"))
        id_ = _text_id(channel.get("id")) or source.name
        # The words of the first bytes count as well: a file cut off before its channel is still a conversation.
        private = not envelope or _is_private(envelope) or bool(_DIRECT.search(source.head[:4096]))
        return [Chat(id_, some(channel.get("name")) or id_, private)]

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all messages; see `Reader.read`."""
        found = list(pieces(source, sink, _INTO))
        envelope = found[0].envelope if found else {}
        read_pieces(found, sink, options, self.platform, _Rows(envelope, options).add)


def _text_id(value: Any) -> str | None:
    try:
        return ident(value)
    except Unreadable:
        return None


def _is_private(envelope: dict[str, Any]) -> bool:
    kind = str(dig(envelope, "channel", "type"))
    server = _text_id(dig(envelope, "guild", "id"))
    return server in (None, "0") or "Private" in kind or not kind.startswith("Guild")


class _Rows:
    """Turns the messages of one file into rows."""

    def __init__(self, envelope: dict[str, Any], options: Options) -> None:
        self.channel = obj(envelope.get("channel"))
        self.thread = _text_id(self.channel.get("id"))
        self.private = _is_private(envelope)
        self.seen = moment(envelope.get("exportedAt"))[0]
        self.options = options
        self.said = Said()

    def add(self, record: Record, message: Any) -> None:
        """All rows that a message states.

        Raises:
            Unreadable: it is no message, or an id lost digits.
        """
        if not isinstance(message, dict) or "timestamp" not in message:
            raise Unreadable("not a message")
        post = required(message.get("id"), "id")
        account, name = self._account(record, obj(message.get("author")))
        at = self._when(message.get("timestamp"))
        is_message = str(message.get("type")) in _MESSAGES
        passed_on = obj(message.get("forwardedMessage"))
        text = some(message.get("content")) or some(passed_on.get("content"))
        target = ident(dig(message, "reference", "messageId"))
        forwarded = bool(passed_on) or dig(message, "reference", "type") == "Forward"
        answered = target if is_message and not forwarded else None
        record.add(
            "posts",
            id=post,
            id_is_derived=False,
            kind="message" if is_message else "event",
            account_id=account,
            author_name=name,
            **created(at),
            edited_at=self._when(message.get("timestampEdited"))[0],
            text=text,
            thread_id=self.thread,
            in_reply_to_id=answered,
            visibility="private" if self.private else "public",
            source_app="bot" if dig(message, "author", "isBot") is True else None,
        )
        record.edge("replies", account, answered, "post", post_id=post, at=at[0])
        if forwarded:
            record.edge("forwards", account, target, "post", post_id=post, at=at[0])
        self._media(record, post, message, passed_on)
        self._edges(record, post, account, message, text, at[0])
        self._reactions(record, post, message)
        self._open(record)
        self.said.commit(record)

    def _when(self, value: Any) -> Moment:
        return local_moment(value, self.options)

    def _account(self, record: Record, person: dict[str, Any]) -> tuple[str | None, str | None]:
        """Id and name of a person; no id for the one that stands for all deleted accounts."""
        name, id_ = some(person.get("name")), ident(person.get("id"))
        if id_ is None or id_ == _SHARED_DELETED:
            return None, name
        if self.said.first(record, "account", id_):
            record.add("accounts", id=id_, id_kind="native")
            record.snapshot(
                "account_snapshots",
                self.seen,
                account_id=id_,
                username=name,
                display_name=some(person.get("nickname")),
                avatar=self._place(person.get("avatarUrl")),
                verified_type="bot" if person.get("isBot") is True else None,
            )
            if name and _DELETED.fullmatch(name):
                record.observe("account", id_, "deleted", name, **({"observed_at": self.seen} if self.seen else {}))
        return id_, name

    def _open(self, record: Record) -> None:
        if self.thread is None or not self.said.first(record, "thread", self.thread):
            return
        kind = str(self.channel.get("type"))
        type_ = "channel"
        if "Thread" in kind:
            type_ = "conversation"
        elif kind.startswith("Direct") or self.private:
            type_ = "group" if "Group" in kind else "direct"
        record.add("threads", id=self.thread, title=some(self.channel.get("name")), type=type_, private=self.private)

    def _place(self, value: Any) -> str | None:
        """An address, or a path with ``/``."""
        found = some(value)
        if found is None or re.match(r"[a-z]+://", found):
            return found
        path = found.replace("\\", "/")
        return path.rpartition("/")[2] if self.private else path

    def _media(self, record: Record, post: str, message: dict[str, Any], passed_on: dict[str, Any]) -> None:
        for number, item in enumerate(objs(message.get("attachments")) + objs(passed_on.get("attachments"))):
            place = self._place(item.get("url"))
            kind, mime = media_type(None, some(item.get("fileName")) or place)
            self._file(record, post, item, ident(item.get("id")) or f"{post}/{number}", kind, mime, place)
        for item in objs(message.get("stickers")):
            place = self._place(item.get("sourceUrl"))
            key = f"{post}/sticker-{ident(item.get('id'))}"
            self._file(record, post, item, key, "sticker", media_type(None, place)[1], place)
        for number, embed in enumerate(objs(message.get("embeds"))):
            for part in ("thumbnail", "image", "video"):
                item = obj(embed.get(part))
                if item:
                    place = self._place(item.get("url"))
                    key = f"{post}/embed-{number}-{part}"
                    self._file(record, post, item, key, "link_preview", media_type(None, place)[1], place)

    def _file(
        self, record: Record, post: str, item: dict[str, Any], key: str, kind: str, mime: str | None, place: str | None
    ) -> None:
        remote = place is not None and "://" in place
        record.add(
            "media",
            id=key,
            post_id=post,
            type=kind,
            url=place if remote else None,
            local_path=None if remote else place,
            mime=mime,
            width=small(item.get("width")),
            height=small(item.get("height")),
            alt_text=some(item.get("name")) if kind == "sticker" else None,
            status="present" if place else "omitted",
        )

    def _edges(
        self, record: Record, post: str, account: str | None, message: dict[str, Any], text: str | None,
        at: datetime | None,
    ) -> None:  # fmt: skip
        joined = message.get("type") == "RecipientAdd"
        named = set()
        for person in objs(message.get("mentions")):
            id_, name = self._account(record, person)
            named |= {name, some(person.get("nickname"))}
            if joined:
                record.edge("member_of", id_, self.thread, "thread", post_id=post, at=at)
            else:
                record.edge("mentions", account, id_, "account", post_id=post, at=at)
        if account is None:
            return
        embedded = [some(embed.get("url")) for embed in objs(message.get("embeds"))]
        for link in dict.fromkeys(link for link in embedded if link and link not in (text or "")):
            record.edge("links_to", account, link, "link", post_id=post, at=at)
        before = len(record.sink.rows["edges"])
        record.text_edges(account, text, post_id=post, at=at)
        # Who is mentioned by id is not mentioned again by the name in the text.
        edges = record.sink.rows["edges"]
        edges[before:] = [row for row in edges[before:] if not (row[4] == "mentions" and row[3] in named)]

    def _reactions(self, record: Record, post: str, message: dict[str, Any]) -> None:
        counted: dict[str, int] = {}
        for reaction in objs(message.get("reactions")):
            name = some(dig(reaction, "emoji", "name"))
            number = count(reaction.get("count"))
            if name and number is not None:
                counted[name] = counted.get(name, 0) + number
        if counted:
            record.snapshot("post_snapshots", self.seen, post_id=post, reactions=compact(counted))


READER = Discord()
