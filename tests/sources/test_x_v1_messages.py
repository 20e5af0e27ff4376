"""Direct messages of X API v1.1 in the forms that its documentation shows; private always."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tecolote.sources import registry
from tecolote.sources.base import Chat, Source
from tecolote.sources.x_v1 import READER
from tests.sources.reading import counts, read, rows

EVENT = {
    "type": "message_create", "id": "1110000000000000001", "created_timestamp": "1553540823603",
    "message_create": {
        "target": {"recipient_id": "7"}, "sender_id": "1000000000", "source_app_id": "5",
        "message_data": {
            "text": "paz &amp; calma #Plaza https://t.co/a", "entities": {
                "hashtags": [{"text": "Plaza"}], "symbols": [],
                "user_mentions": [{"screen_name": "eva", "id_str": "8"}],
                "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/nota"}],
            },
            "attachment": {"type": "media", "media": {
                "id": 9, "id_str": "9", "type": "photo", "media_url_https": "https://example.org/a.jpg",
                "sizes": {"large": {"w": 4, "h": 3}},
            }},
        },
    },
}  # fmt: skip
PAGE = {"next_cursor": "x", "events": [EVENT], "apps": {"5": {"id": "5", "name": "App de prueba"}}}
ACTIVITY = {
    "for_user_id": "7", "direct_message_events": [EVENT], "apps": PAGE["apps"],
    "users": {"1000000000": {"id": "1000000000", "created_timestamp": "1422556069340", "screen_name": "ana",
                             "name": "Ana", "followers_count": 2}},
}  # fmt: skip
OLD = {
    "id": 240136858829479936, "id_str": "240136858829479936", "text": "hola", "created_at":
    "Mon Aug 27 17:21:03 +0000 2012", "sender_id": 38895958, "sender_screen_name": "ana", "recipient_id": 7,
    "sender": {"id": 38895958, "id_str": "38895958", "screen_name": "ana", "name": "Ana"},
    "recipient": {"id": 7, "id_str": "7", "screen_name": "eva", "name": "Eva"}, "entities": {"urls": []},
}  # fmt: skip
POST = {"id_str": "5", "text": "hola", "user": {"id_str": "8", "screen_name": "x"}, "in_reply_to_status_id": None}


def chats(raw: bytes) -> list[Chat]:
    return READER.chats(Source("f", io.BytesIO(raw), len(raw)))


@pytest.mark.parametrize(
    ("value", "name"),
    [(PAGE, "7-1000000000"), ({"event": EVENT}, "7-1000000000"), (ACTIVITY, "7-1000000000"), ([EVENT], "7-1000000000"),
     (OLD, "7-38895958"), ([OLD], "7-38895958"), ({"direct_message": OLD}, "7-38895958")],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_every_form_is_private_and_names_its_conversation(value: Any, name: str, indent: int | None) -> None:
    raw = json.dumps(value, indent=indent).encode()
    assert registry.pick(raw, "posts.json") is READER
    assert [(chat.id, chat.private, chat.spans) for chat in chats(raw)] == [(name, True, None)]
    sink = read(READER, raw)
    (post,) = rows(sink, "posts")
    assert not sink.quarantined
    assert (post["thread_id"], post["visibility"], post["kind"]) == (name, "private", "message")
    assert [(t["id"], t["type"], t["private"]) for t in rows(sink, "threads")] == [(name, "direct", True)]
    assert {(e["src"], e["dst"]) for e in rows(sink, "edges", type="member_of")} == {(p, name) for p in name.split("-")}
    assert {account["id"] for account in rows(sink, "accounts")} == set(name.split("-"))


def test_a_message_with_all_that_it_states() -> None:
    sink = read(READER, json.dumps(ACTIVITY).encode())
    (post,) = rows(sink, "posts")
    assert (post["id"], post["account_id"], post["author_name"]) == ("1110000000000000001", "1000000000", "ana")
    assert post["created_at"] == datetime(2019, 3, 25, 19, 7, 3, 603000, UTC) and post["tz_basis"] == "utc"
    assert post["text"] == "paz & calma #Plaza https://t.co/a" and "&amp;" in post["text_raw"]
    assert post["source_app"] == "App de prueba"
    (media,) = rows(sink, "media")
    assert (media["id"], media["type"], media["width"], media["post_id"]) == ("9", "image", 4, post["id"])
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "member_of"} == {
        ("hashtag", "plaza"), ("mentions", "8"), ("links_to", "https://example.org/nota"), ("attaches", "9"),
    }  # fmt: skip
    (profile,) = rows(sink, "account_snapshots")
    assert (profile["username"], profile["followers"]) == ("ana", 2)
    assert rows(sink, "accounts", id="1000000000")[0]["created_at"].year == 2015
    (old,) = rows(read(READER, json.dumps(OLD).encode()), "posts")
    assert (old["id"], old["account_id"], old["author_name"]) == ("240136858829479936", "38895958", "ana")
    assert old["created_at"] == datetime(2012, 8, 27, 17, 21, 3, tzinfo=UTC)


def test_a_message_behind_many_posts_is_found_and_its_span_kept_apart() -> None:
    lines = [json.dumps(POST | {"id_str": str(n), "text": "x" * 300}).encode() for n in range(1000)]
    raw = b"\n".join([*lines, json.dumps({"direct_message": OLD}).encode()])
    private, public = chats(raw)
    assert private.private and not public.private
    assert private.spans == ((raw.rindex(b"\n") + 1, len(raw) - raw.rindex(b"\n") - 1),)
    assert public.spans is not None and len(public.spans) == 1000
    assert counts(read(READER, raw))["posts"] == 1001
    said = json.dumps(POST | {"text": 'he said "recipient_id" and \\"message_create\\"'}).encode()
    assert chats(said) == []
    words = json.dumps(POST | {"entities": {"hashtags": [{"text": "recipient"}]}}).encode()
    assert chats(words) == [] and counts(read(READER, words))["posts"] == 1


def test_what_was_only_typed_or_read_and_lost_digits() -> None:
    typing = {"for_user_id": "7", "direct_message_indicate_typing_events": [{"sender_id": "8"}], "users": {}}
    raw = json.dumps(typing).encode()
    assert [chat.private for chat in chats(raw)] == [True]
    sink = read(READER, raw)
    assert not counts(sink) and len(sink.quarantined) == 1
    lost = {"events": [EVENT | {"id": 1.11e18}, EVENT]}
    sink = read(READER, json.dumps(lost).encode())
    assert len(sink.quarantined) == 1 and counts(sink)["posts"] == 1 and counts(sink)["threads"] == 1
    cut = b'{"events": [{"type": "message_create", "message_create": {"message_data": {"text": "x'
    assert [chat.private for chat in chats(cut)] == [True]


def test_posts_of_the_account_activity_feed_are_public() -> None:
    raw = json.dumps({"for_user_id": "8", "tweet_create_events": [POST]}).encode()
    assert registry.pick(raw, "x") is READER and chats(raw) == []
    assert counts(read(READER, raw))["posts"] == 1
