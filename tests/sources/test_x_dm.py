"""Direct messages of the X API v2, in the forms that its documentation shows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tecolote.sources import registry
from tecolote.sources.base import Source
from tecolote.sources.x_dm import READER

from .reading import counts, read, rows

MESSAGE = {
    "id": "1582838499983564806", "event_type": "MessageCreate", "text": "mira https://t.co/abc #plaza",
    "sender_id": "10", "dm_conversation_id": "10-20", "created_at": "2024-10-19T20:58:00.000Z",
    "urls": [{"start": 5, "end": 21, "url": "https://t.co/abc", "expanded_url": "https://example.org/nota"}],
    "attachments": {"media_keys": ["3_7"]}, "referenced_tweets": [{"id": "99"}],
}  # fmt: skip
JOINED = {
    "id": "1582835469712138240", "event_type": "ParticipantsJoin", "participant_ids": ["30"], "sender_id": "10",
    "dm_conversation_id": "1578398451921985538", "created_at": "2024-10-19T20:45:58.000Z",
}  # fmt: skip
INCLUDES = {
    "users": [{"id": "10", "username": "ana", "name": "Ana"}],
    "media": [{"media_key": "3_7", "type": "photo", "url": "https://example.org/a.jpg", "width": 4, "height": 3}],
}
PAGE = {"data": [MESSAGE, JOINED], "includes": INCLUDES, "meta": {"result_count": 2}}


def source(raw: bytes) -> Source:
    return Source("f", io.BytesIO(raw), len(raw))


@pytest.mark.parametrize(
    "value",
    [PAGE, {"data": MESSAGE, "includes": INCLUDES}, MESSAGE, [MESSAGE, JOINED], PAGE | {"__twarc": {"version": "2"}},
     {"data": [{"id": "1", "event_type": "MessageCreate", "text": "hola"}], "meta": {"result_count": 1}}],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_every_form_is_recognised_as_private_and_read(value: Any, indent: int | None) -> None:
    raw = json.dumps(value, indent=indent).encode()
    assert registry.pick(raw, "posts.json") is READER
    assert all(chat.private for chat in READER.chats(source(raw))) and READER.chats(source(raw))
    sink = read(READER, raw)
    assert sink.quarantined == []
    assert all(row["visibility"] == "private" for row in rows(sink, "posts")) and rows(sink, "posts")


def test_a_message_with_all_that_it_states() -> None:
    sink = read(READER, json.dumps(PAGE).encode())
    (post,) = rows(sink, "posts", kind="message")
    assert (post["id"], post["account_id"], post["author_name"]) == ("1582838499983564806", "10", "ana")
    assert post["thread_id"] == "10-20" and post["created_at"].isoformat() == "2024-10-19T20:58:00+00:00"
    edges = {(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")}
    assert edges == {
        ("links_to", "10", "https://example.org/nota"), ("hashtag", "10", "plaza"), ("quotes", "10", "99"),
        ("attaches", "1582838499983564806", "3_7"), ("member_of", "10", "10-20"), ("member_of", "20", "10-20"),
        ("member_of", "30", "1578398451921985538"),
    }  # fmt: skip
    (media,) = rows(sink, "media")
    assert (media["type"], media["url"], media["width"]) == ("image", "https://example.org/a.jpg", 4)
    assert {(t["id"], t["type"]) for t in rows(sink, "threads")} == {
        ("10-20", "direct"), ("1578398451921985538", "group"),
    }  # fmt: skip
    assert {a["id"] for a in rows(sink, "accounts")} == {"10", "30"}
    (profile,) = rows(sink, "account_snapshots")
    assert (profile["username"], profile["display_name"]) == ("ana", "Ana")


def test_lines_give_what_a_page_gives_and_each_conversation_needs_consent() -> None:
    raw = b"\n".join(json.dumps(line).encode() for line in (PAGE, PAGE | {"data": [MESSAGE | {"id": "5"}]}))
    assert [chat.id for chat in READER.chats(source(raw))] == ["10-20", "1578398451921985538"]
    assert counts(read(READER, raw))["posts"] == 3


def test_an_id_that_lost_its_digits_is_quarantined() -> None:
    sink = read(READER, json.dumps({"data": [MESSAGE | {"id": 1.58e18}, JOINED]}).encode())
    assert len(sink.quarantined) == 1 and len(rows(sink, "posts")) == 1
