"""Direct messages of an X archive, read only where the consent check lets their file through."""

from __future__ import annotations

from typing import Any

from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable, decode
from tecolote.sources.shapes import dig, ident, moment, obj, objs, required, seq, some, words


def conversation_id(raw: bytes) -> str:
    """Id of the conversation in the bytes of one item, '' if it has none that can be read."""
    try:
        return ident(dig(decode(raw, lambda words: None), "dmConversation", "conversationId"), numeric=False) or ""
    except Unreadable:
        return ""


def message_rows(record: Record, value: Any, thread: str) -> None:
    """Rows of one entry of a conversation: a message, or a change of its members.

    Raises:
        Unreadable: it is neither.
    """
    kind = next(iter(obj(value)), "")
    body = obj(obj(value).get(kind))
    if kind == "messageCreate":
        _message(record, body, thread)
    elif kind in ("joinConversation", "participantsJoin", "participantsLeave", "conversationNameUpdate"):
        _members(record, body, thread)
    else:
        record.sink.note(f"'{kind}' in direct messages states nothing that is read")
    if not kind:
        raise Unreadable("not a message")


def _thread(record: Record, thread: str, people: list[str]) -> None:
    group = "-" not in thread
    record.add("threads", id=thread, type="group" if group else "direct", private=True)
    for person in people:
        record.add("accounts", id=person, id_kind="native")
        record.edge("member_of", person, thread, "thread")


def _message(record: Record, body: dict[str, Any], thread: str) -> None:
    pid = required(ident(body.get("id")), "message id")
    sender, to = ident(body.get("senderId")), ident(body.get("recipientId"))
    when, text = moment(body.get("createdAt")), words(body.get("text"))
    record.add(
        "posts", id=pid, id_is_derived=False, kind="message", account_id=sender, **created(when), text=text,
        text_truncated=False, thread_id=thread or None, visibility="private",
    )  # fmt: skip
    if thread:
        _thread(record, thread, [p for p in dict.fromkeys((sender, to)) if p])
    for link in objs(body.get("urls")):
        record.edge("links_to", sender, some(link.get("expanded")) or some(link.get("url")), "link", post_id=pid)
    for number, url in enumerate(u for u in map(some, seq(body.get("mediaUrls"))) if u):
        record.add("media", id=f"{pid}/{number}", post_id=pid, type="image", url=url, status="present")
        record.edge("attaches", pid, f"{pid}/{number}", "media", post_id=pid, at=when[0])


def _members(record: Record, body: dict[str, Any], thread: str) -> None:
    stated = seq(body.get("userIds")) + seq(body.get("participantsSnapshot"))
    people = [p for p in (ident(u) for u in [*stated, body.get("initiatingUserId")]) if p]
    if thread:
        _thread(record, thread, list(dict.fromkeys(people)))
