"""Direct messages of X API v1.1, read only where the consent check lets their file through.

Three forms: events (``direct_messages/events/list`` and ``show``, and ``direct_message_events`` of the feed of account
activity, which names its ``users`` beside them), messages from before 2018 with ``sender`` and ``recipient``, and these
in a stream as ``{"direct_message": {...}}``. All are between two accounts: v1.1 knows no groups. The conversation is
not named; its id is made of both accounts, the smaller first, as X itself names it in archives and in API v2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tecolote.sources import x_legacy
from tecolote.sources.base import Chat, Source
from tecolote.sources.chat_state import Said, split, values
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import Moment, dig, epoch, ident, moment, obj, required, some

#: Lists under which a document keeps messages.
INTO = frozenset({"events", "direct_message_events"})
WORDS = "X direct messages"
_MARKS = (b'"recipient_id', b'"recipient"', b'"message_create"', b'"direct_message')
_STATED = {"message_create", "recipient_id", "recipient_id_str", "recipient"}
_SIDES = ("sender", "recipient")
_BLOCK = 1 << 20


def is_message(value: Any) -> bool:
    """Whether a record is a message, or tells that somebody read or typed one."""
    stated = obj(value)
    return (
        bool(_STATED & stated.keys())
        or "message_create" in obj(stated.get("event"))
        or any(key.startswith("direct_message") for key in stated)
    )


def conversations(source: Source, into: frozenset[str]) -> list[Chat]:
    """The conversations in a file; beside public posts all of them are one chat with its spans. [] if there are none.

    A message may come behind thousands of posts: the whole file is searched, first for the bytes of a key.
    """
    if not any(mark in block for block in _blocks(source) for mark in _MARKS):
        return []
    found = split(source, into, WORDS, is_message)
    if not found or any(not chat.private for chat in found):
        return found
    names = dict.fromkeys(_name(value) for _, value in values(source, into))
    return [Chat(name, f"{WORDS} {name}".strip(), True) for name in names]


def _blocks(source: Source) -> Iterator[bytes]:
    """The file in blocks, each with the end of the one before, so that a key which lies across both is found."""
    stream, rest = source.open(), b""
    while block := stream.read(_BLOCK):
        yield rest + block
        rest = block[-max(map(len, _MARKS)) :]


def _event(value: Any) -> dict[str, Any]:
    """The message itself, out of what is around it."""
    stated = obj(value)
    return obj(stated.get("event")) or obj(stated.get("direct_message")) or stated


def _both(event: dict[str, Any]) -> tuple[str | None, str | None]:
    """Who wrote and who was written to.

    Raises:
        Unreadable: an id that lost digits.
    """
    create = obj(event.get("message_create"))
    if create:
        return ident(create.get("sender_id")), ident(dig(create, "target", "recipient_id"))
    sides = ((event.get(f"{side}_id_str"), event.get(f"{side}_id"), obj(event.get(side))) for side in _SIDES)
    sender, to = (ident(text) or ident(number) or x_legacy.ident_of(user) for text, number, user in sides)
    return sender, to


def _thread(people: tuple[str | None, str | None]) -> str | None:
    sender, to = people
    return None if sender is None or to is None else "-".join(sorted((sender, to), key=lambda p: (len(p), p)))


def _name(value: Any) -> str:
    try:
        return _thread(_both(_event(value))) or ""
    except Unreadable:
        return ""


def rows(record: Record, value: Any, said: Said) -> None:
    """Rows of one message with both accounts and their conversation.

    Raises:
        Unreadable: it is no message, or has an id that lost digits.
    """
    event = _event(value)
    create = obj(event.get("message_create"))
    if not create and not {"text", "sender_id", "sender"} & event.keys():
        raise Unreadable("not a message: that somebody read or typed one is not read")
    people = _both(event)
    thread = _thread(people)
    users = {side: obj(event.get(side)) for side in _SIDES}
    if create:
        known = obj(record.piece.envelope.get("users"))
        users = {side: obj(known.get(who or "")) for side, who in zip(_SIDES, people, strict=True)}
    when = epoch(event.get("created_timestamp"), 1000) if create else moment(event.get("created_at"))
    _message(record, event, obj(create.get("message_data")) or event, (people[0], thread, users["sender"], when))
    if thread is not None and said.first(record, "thread", thread):
        record.add("threads", id=thread, type="direct", private=True)
        for member in dict.fromkeys(people):
            record.edge("member_of", member, thread, "thread")
    for side, person in zip(_SIDES, people, strict=True):
        if person is not None and x_legacy.ident_of(users[side]) == person:
            x_legacy.user(record, users[side])
        elif person is not None and record.first("account", person):
            record.add("accounts", id=person, id_kind="native")
    said.commit(record)


def _message(
    record: Record,
    event: dict[str, Any],
    data: dict[str, Any],
    stated: tuple[str | None, str | None, dict[str, Any], Moment],
) -> None:
    """The message by ``stated`` sender, conversation, profile of the sender and time."""
    sender, thread, profile, when = stated
    pid = required(x_legacy.ident_of(event), "message id")
    text, raw = x_legacy.unescaped(data)
    apps = obj(record.piece.envelope.get("apps"))
    app = obj(apps.get(some(dig(event, "message_create", "source_app_id")) or ""))
    record.add(
        "posts", id=pid, id_is_derived=False, kind="message", account_id=sender,
        author_name=some(profile.get("screen_name")) or some(event.get("sender_screen_name")), **created(when),
        text=text, text_raw=raw, text_truncated=False, thread_id=thread, visibility="private",
        source_app=some(app.get("name")),
    )  # fmt: skip
    x_legacy.entities(record, obj(data.get("entities")), sender, pid, when[0])
    attached = dig(data, "attachment", "media")
    found = [attached] if isinstance(attached, dict) else dig(data, "entities", "media")
    x_legacy.media(record, {"entities": {"media": found}}, pid, when[0])
