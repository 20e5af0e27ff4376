"""Telethon's serialisation: values read by hand, UTF-16 offsets, and which chats need consent."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources.base import Chat, Source
from tecolote.sources.telegram_telethon import READER
from tests.sources.reading import content, counts, read, rows


def chats(raw: bytes) -> list[Chat]:
    return READER.chats(Source("renamed", io.BytesIO(raw), len(raw)))


@pytest.mark.data
def test_the_sample(data: Path) -> None:
    raw = (data / "exports" / "telegram_telethon" / "messages.jsonl").read_bytes()
    sink = read(READER, raw)
    stated = [json.loads(line) for line in raw.splitlines()]
    assert READER.sniff(raw, "") == 0.9
    assert (chats(raw), sink.quarantined) == ([], [])
    assert counts(sink) == {
        "posts": 3, "post_snapshots": 1, "accounts": 3, "media": 1, "edges": 2, "threads": 2,
    }  # fmt: skip
    posts = rows(sink, "posts")
    assert [p["id"] for p in posts] == [f"1500000001/{m['id']}" for m in stated]
    assert [p["text"] for p in posts] == [
        "Aviso de prueba 🚧 https://example.org/a", None, "ChatEditTitle: Canal de prueba",
    ]  # fmt: skip
    assert [p["account_id"] for p in posts] == ["channel1500000001", "user6500000000123", "channel1500000001"]
    assert [p["kind"] for p in posts] == ["message", "message", "event"]
    assert posts[0]["created_at"] == datetime(2024, 3, 1, 5, 59, 59, tzinfo=UTC)
    assert posts[0]["edited_at"] == datetime(2024, 3, 1, 6, 10, tzinfo=UTC)
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["views"], seen["reposts"], seen["reactions"]) == (12345, 17, '{"👍": 3}')
    assert [(e["type"], e["dst"], e["dst_account_id"]) for e in rows(sink, "edges")] == [
        ("links_to", "https://example.org/a", None),
        ("forwards", "1500000002/77", "channel1500000002"),
    ]
    assert [t["title"] for t in rows(sink, "threads")] == [None, "Canal de prueba"]
    (photo,) = rows(sink, "media")
    assert (photo["id"], photo["width"], photo["height"]) == ("5233333333333333333", 800, 600)


def message(number: int, kind: str = "Channel", chat: int = 1, **more: Any) -> dict[str, Any]:
    peer = {"_": f"Peer{kind}", f"{kind.lower()}_id": chat}
    return {
        "_": "Message", "id": number, "peer_id": peer, "date": "2024-01-01 00:00:00+00:00", "message": "x",
        "out": False, "from_id": None, "entities": [],
    } | more  # fmt: skip


def lines(*messages: Any) -> bytes:
    return "\n".join(map(json.dumps, messages)).encode()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_offsets_count_utf16_units(before: str) -> None:
    at = len(before.encode("utf-16-le")) // 2
    entities = [{"_": "MessageEntityHashtag", "offset": at, "length": 3}]
    sink = read(READER, lines(message(1, message=before + "#MX…", entities=entities)))
    assert [e["dst"] for e in rows(sink, "edges")] == ["mx"]


def test_conversations_and_groups_are_private_and_have_their_own_bytes() -> None:
    raw = lines(message(1), message(2, "User", 5), message(3, "User", 5, out=True), message(4), message(5, "Chat", 7))
    found = {chat.id: chat for chat in chats(raw)}
    assert {key: chat.private for key, chat in found.items()} == {"1": False, "5": True, "7": True}
    ((start, length),) = found["5"].spans or ()
    assert [json.loads(line)["id"] for line in raw[start : start + length].splitlines()] == [2, 3]
    (only,) = chats(lines(message(2, "User", 5)))
    assert (only.id, only.private, only.spans) == ("5", True, None)
    posts = rows(read(READER, raw), "posts")
    assert [p["account_id"] for p in posts] == ["channel1", "user5", None, "channel1", None]
    assert [p["visibility"] for p in posts] == ["public", "private", "private", "public", "private"]


def test_absence_restriction_replies_and_members() -> None:
    raw = lines(
        message(1, restriction_reason=[{"_": "RestrictionReason", "platform": "all", "reason": "terms", "text": "no"}],
                reply_to={"_": "MessageReplyHeader", "reply_to_msg_id": 9}, from_id={"_": "PeerUser", "user_id": 3}),
        {"_": "MessageEmpty", "id": 2, "peer_id": None},
        message(3) | {"_": "MessageService", "action": {"_": "MessageActionChatAddUser", "users": [8]}},
        message(4, media={"_": "MessageMediaDocument", "document": {
            "id": 99, "mime_type": "video/mp4", "attributes": [{"_": "DocumentAttributeVideo", "w": 2, "h": 3,
                                                              "duration": 1.5}]}}),
    )  # fmt: skip
    sink = read(READER, raw)
    assert chats(raw) == []
    assert [(o["target_id"], o["state"], o["reason"]) for o in rows(sink, "observations")] == [
        ("1/1", "restricted", "all: terms: no"), ("1/2", "not_found", "MessageEmpty"),
    ]  # fmt: skip
    assert [(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")] == [
        ("replies", "user3", "1/9"), ("member_of", "user8", "1"),
    ]  # fmt: skip
    (video,) = rows(sink, "media")
    assert (video["type"], video["width"], video["duration_ms"], video["status"]) == ("video", 2, 1500, "omitted")


def test_order_does_not_matter_and_hostile_lines_cost_themselves_only() -> None:
    good = [message(n, views=n) for n in range(1, 4)]
    assert content(read(READER, lines(*good))) == content(read(READER, lines(*good[::-1])))
    odd = [
        message(4, id=1.5), message(5, peer_id=None), message(6, peer_id={"_": "PeerChannel", "channel_id": 1e20}),
        {"_": "User"}, [1], message(7, entities=[{"_": "MessageEntityUrl", "offset": -5, "length": "x"}], media=[]),
        message(8, message="\ud800", reactions=7, fwd_from="x", reply_to=[], date=5),
    ]  # fmt: skip
    raw = lines(*good, *odd)
    sink = read(READER, raw)
    assert len(sink.quarantined) == 5
    assert any(chat.private for chat in chats(raw))
    for cut in range(0, len(raw), 47):
        read(READER, raw[:cut])
        chats(raw[:cut])
