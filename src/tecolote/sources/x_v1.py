"""X API v1.1: posts (search, timelines, streams, account activity), users, lists of follower ids, stream notices.

What a post or an account states is read by `x_legacy`, a direct message by `x_v1_messages`.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tecolote.sources import x_legacy, x_v1_messages
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import Said, read_pieces
from tecolote.sources.json_reader import JsonReader, Record
from tecolote.sources.jsonbytes import Unreadable, glimpse, pieces
from tecolote.sources.shapes import obj, required, seq
from tecolote.sources.x_observe import notice

_ID_LIST = re.compile(rb'"ids"\s*:\s*\[\s*(?:"?\d|\])')
_ID_PAGE = {
    "ids", "next_cursor", "next_cursor_str", "previous_cursor", "previous_cursor_str", "total_count",
}  # fmt: skip
_MESSAGES = {
    "recipient_id", "[].recipient_id", "recipient.screen_name", "[].recipient.screen_name", "events[].message_create",
    "event.message_create", "message_create", "[].message_create", "direct_message.recipient_id",
    "recipient_id_str", "[].recipient_id_str", "direct_message_events[].message_create",
    "direct_message_indicate_typing_events[].sender_id", "direct_message_mark_read_events[].sender_id",
}  # fmt: skip
_NOTICES = ("limit", "warning", "disconnect", "friends", "friends_str", "event", "scrub_geo", "control")


class XApiV1(JsonReader):
    """Reader of X API v1.1 data as saved by twarc 1, tweepy, stream captures and scripts."""

    name = "x_api_v1"
    version = "3"
    title = "X API v1.1 (JSON, JSON Lines)"
    obtained = "twarc 1, tweepy, or the API's own responses saved as files, before the API closed in 2023"
    proven = True
    platform = "x"
    into: ClassVar[frozenset[str]] = frozenset({"statuses", "users", "tweet_create_events"}) | x_v1_messages.INTO

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for posts, users, pages of them and lists of ids, as v1.1 writes them."""
        keys = glimpse(head)
        if _MESSAGES & keys:
            return 0.9
        for at in ("", "[].", "statuses[].", "users[].", "tweet_create_events[]."):
            ided = {f"{at}id_str", f"{at}id"} & keys
            if ided and f"{at}screen_name" in keys:
                return 0.9
            text = {f"{at}text", f"{at}full_text", f"{at}extended_tweet.full_text"} & keys
            if ided and text and ({f"{at}user.screen_name", f"{at}user.id_str", f"{at}in_reply_to_status_id"} & keys):
                return 0.9
        if "ids" in keys and keys <= _ID_PAGE and _ID_LIST.search(head):
            return 0.9
        return (
            0.9
            if keys & {"delete.status.id_str", "delete.status.id", "status_withheld.id", "search_metadata.count"}
            else 0.0
        )

    def chats(self, source: Source) -> list[Chat]:
        """Conversations of direct messages, if the file holds some; posts are public."""
        found = x_v1_messages.conversations(source, self.into)
        if not found and _MESSAGES & glimpse(source.head):
            return [Chat(x_v1_messages.WORDS, x_v1_messages.WORDS, private=True)]
        return found

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records, messages too where `chats` announces them; see `Reader.read`."""
        if not any(chat.private for chat in self.chats(source)):
            super().read(source, sink, options)
            return
        said = Said()

        def rows(record: Record, value: Any) -> None:
            if x_v1_messages.is_message(value):
                x_v1_messages.rows(record, value, said)
            else:
                self.rows(record, value)

        read_pieces(list(pieces(source, sink, self.into)), sink, options, self.platform, rows)

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post, a user, a page of ids or a stream notice."""
        if not isinstance(value, dict):
            raise Unreadable("neither a post nor a user")
        if x_v1_messages.is_message(value):
            raise Unreadable("a direct message: private, not read; import posts")
        if "text" in value or "full_text" in value or "extended_tweet" in value:
            x_legacy.post(record, value)
        elif "screen_name" in value:
            x_legacy.user(record, value)
        elif "ids" in value:
            _ids(record, value)
        elif not _notice(record, value):
            raise Unreadable("neither a post, a user, a list of ids nor a stream notice")


def _notice(record: Record, value: dict[str, Any]) -> bool:
    if any(notice(record.sink, record.rec, key, obj(body), record.options) for key, body in value.items()):
        return True
    told = next((key for key in _NOTICES if key in value), None)
    if told is not None:
        record.sink.note(f"a stream notice without a post: {told}")
    return told is not None


def _ids(record: Record, value: dict[str, Any]) -> None:
    """A page of followers/ids or friends/ids: it does not say whose they are, so it states accounts only."""
    for found in seq(value["ids"]):
        record.add("accounts", id=required(found, "account id"), id_kind="native")
    record.sink.note("the file does not say whose followers or friends these ids are: no follows edges")


READER = XApiV1()
