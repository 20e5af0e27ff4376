"""Direct messages of the X API v2 (``/2/dm_events``, ``/2/dm_conversations``): pages, single events, lines of them.

An event is ``MessageCreate``, ``ParticipantsJoin`` or ``ParticipantsLeave``. Only ``id``, ``event_type`` and ``text``
are always there; the rest is what was asked for. A conversation of two is named by both accounts ("1-2"), a group by a
number. A page is private as a whole: its conversations share what it includes.
"""

from __future__ import annotations

import re
from typing import Any

from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import Said, read_pieces
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable, decode, keys_of, pieces
from tecolote.sources.shapes import dig, ident, moment, obj, objs, required, seq, small, some, words
from tecolote.sources.text_edges import edges_of

_INTO = frozenset({"data"})
_EVENT = re.compile(rb'"event_type"\s*:\s*"(?:MessageCreate|ParticipantsJoin|ParticipantsLeave)"')
_CONVERSATION = re.compile(r"/2/dm_conversations/(?!with/)([\d-]+)")
_MEDIA = {"photo": "image", "video": "video", "animated_gif": "animation"}
_UNNAMED = "X direct messages"


class XDirectMessages:
    """Reader of direct-message events; see the module's words."""

    name = "x_dm"
    version = "1"
    title = "X API v2 direct messages (JSON, JSON Lines)"
    obtained = "the API's own responses to /2/dm_events or /2/dm_conversations, as the account's owner gets them"
    proven = False
    platform = "x"

    def sniff(self, head: bytes, name: str) -> float:
        """0.95 where an event says what it is."""
        keys = keys_of(head)
        inside = {"event_type", "data.event_type", "data[].event_type", "dm_conversation_id"} & keys
        return 0.95 if inside and _EVENT.search(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Every conversation that the file names; nothing of the file can be kept where one is not covered."""
        found = dict.fromkeys(_named(source))
        return [Chat(name, f"{_UNNAMED} {name}".strip(), True) for name in found or ("",)]

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all events; see `Reader.read`."""
        said = Said()
        found = list(pieces(source, sink, _INTO))
        read_pieces(found, sink, options, "x", lambda record, value: _rows(record, value, said))


def _named(source: Source) -> list[str]:
    names = []
    for piece in pieces(source, Sink(), _INTO):
        try:
            value = decode(piece.raw, lambda words: None)
            for event in objs(obj(value).get("data")) or [obj(value)]:
                names.append(_thread(event, piece.envelope) or "")
        except Unreadable:
            names.append("")
    return names


def _thread(event: dict[str, Any], envelope: dict[str, Any]) -> str | None:
    """The conversation: as the event says, else as the address says from which twarc or a script got the page."""
    asked = _CONVERSATION.search(some(dig(envelope, "__twarc", "url")) or "")
    return ident(event.get("dm_conversation_id"), numeric=False) or (asked[1] if asked else None)


def _rows(record: Record, value: Any, said: Said) -> None:
    """Rows of one event with those it speaks of.

    Raises:
        Unreadable: it is no event.
    """
    envelope = record.piece.envelope
    event = obj(value)
    if not record.piece.pointer and isinstance(event.get("data"), dict):
        event, envelope = obj(event["data"]), event
    elif record.piece.pointer == "" and "data" not in event:
        envelope = event
    if not event and envelope:
        return
    if "event_type" not in event and "dm_conversation_id" not in event:
        raise Unreadable("not an event of direct messages")
    eid = required(event.get("id"), "event id")
    record.captured = moment(dig(envelope, "__twarc", "retrieved_at"))[0]
    thread, sender = _thread(event, envelope), ident(event.get("sender_id"))
    _people(record, envelope, said)
    people = [p for p in (ident(p) for p in seq(event.get("participant_ids"))) if p]
    if thread is not None and said.first(record, "thread", thread):
        pair = thread.split("-") if "-" in thread else []
        record.add("threads", id=thread, type="direct" if pair else "group", private=True)
        for person in pair:
            record.edge("member_of", person, thread, "thread")
    for person in dict.fromkeys([*people, *([sender] if sender else [])]):
        if said.first(record, "account", person):
            record.add("accounts", id=person, id_kind="native")
    if event.get("event_type") == "ParticipantsJoin" and thread is not None:
        for person in people:
            record.edge("member_of", person, thread, "thread", at=moment(event.get("created_at"))[0])
    _message(record, event, envelope, eid, sender, thread)
    said.commit(record)


def _message(
    record: Record, event: dict[str, Any], envelope: dict[str, Any], eid: str, sender: str | None, thread: str | None
) -> None:
    when, text = moment(event.get("created_at")), words(event.get("text"))
    names = {ident(u.get("id")): some(u.get("username")) for u in objs(dig(envelope, "includes", "users"))}
    record.add(
        "posts", id=eid, id_is_derived=False, kind="message" if event.get("event_type") == "MessageCreate" else "event",
        account_id=sender, author_name=names.get(sender), **created(when), text=text, text_truncated=False,
        thread_id=thread, visibility="private",
    )  # fmt: skip
    stated = event | obj(event.get("entities"))
    short = set()
    for link in objs(stated.get("urls")):
        short.add(some(link.get("url")))
        record.edge(
            "links_to", sender, some(link.get("expanded_url")) or some(link.get("url")), "link", post_id=eid, at=when[0]
        )
    for kind, target, target_kind in edges_of(text or ""):
        if target not in short and not (kind == "links_to" and short):
            record.edge(kind, sender, target, target_kind, post_id=eid, at=when[0])
    for other in objs(event.get("referenced_tweets")):
        record.edge("quotes", sender, ident(other.get("id")), "post", post_id=eid, at=when[0])
    known = {some(m.get("media_key")): m for m in objs(dig(envelope, "includes", "media"))}
    for key in filter(None, map(some, seq(dig(event, "attachments", "media_keys")))):
        item = obj(known.get(key))
        url = some(item.get("url")) or some(item.get("preview_image_url"))
        record.add(
            "media", id=key, post_id=eid, type=_MEDIA.get(item.get("type") or ""), url=url,
            width=small(item.get("width")), height=small(item.get("height")), alt_text=some(item.get("alt_text")),
            status="present" if url else "omitted",
        )  # fmt: skip
        record.edge("attaches", eid, key, "media", post_id=eid, at=when[0])


def _people(record: Record, envelope: dict[str, Any], said: Said) -> None:
    """The users that a page includes, once a file."""
    for user in objs(dig(envelope, "includes", "users")):
        uid = required(user.get("id"), "user id")
        if said.first(record, "account", uid):
            record.add("accounts", id=uid, id_kind="native", created_at=moment(user.get("created_at"))[0])
        if said.first(record, "profile", uid):
            record.snapshot(
                "account_snapshots", None, account_id=uid, username=some(user.get("username")),
                display_name=some(user.get("name")), bio=some(user.get("description")),
                location=some(user.get("location")), avatar=some(user.get("profile_image_url")),
            )  # fmt: skip


READER = XDirectMessages()
