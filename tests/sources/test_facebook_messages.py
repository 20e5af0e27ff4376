"""Facebook and Instagram messages: values read by hand from the samples, and a writer of its own."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources.base import Source
from tecolote.sources.facebook_messages import READER
from tecolote.sources.facebook_rows import fixed
from tecolote.sources.registry import pick
from tests.sources.reading import content, counts, read, rows


def mojibake(text: str) -> str:
    """As Meta writes a text: its UTF-8 bytes as characters."""
    return text.encode().decode("latin-1")


def conversation(*messages: dict[str, Any], **envelope: Any) -> bytes:
    return json.dumps({"participants": [{"name": "Ana"}, {"name": "Beto"}], "messages": messages} | envelope).encode()


@pytest.mark.data
def test_a_conversation_of_seven(data: Path) -> None:
    raw = (data / "exports" / "facebook_messages" / "chat-analytics_2A_7M.json").read_bytes()
    sink = read(READER, raw)
    stated = json.loads(raw.decode("utf-8-sig"))
    assert not sink.quarantined
    assert counts(sink) == {
        "posts": 7, "accounts": 2, "account_snapshots": 2, "media": 4, "edges": 2, "threads": 1,
    }  # fmt: skip
    assert [(p["author_name"], p["text"]) for p in rows(sink, "posts")] == [
        (m["sender_name"], m.get("content")) for m in stated["messages"]
    ]
    first = rows(sink, "posts")[0]
    assert first["created_at"] == datetime(2014, 11, 5, 0, 35, 32, 56000, tzinfo=UTC)
    assert (first["visibility"], first["id_is_derived"], first["text_raw"]) == ("private", True, None)
    assert [(m["type"], m["local_path"]) for m in rows(sink, "media")] == [
        ("document", "files/blabla.docx"),
        ("audio", "audio/audioclip11111.mp4"),
        ("sticker", "messages/stickers_used/123123123123123.png"),
        ("image", "photos/123123123123123.jpg"),
    ]
    assert [(e["type"], e["src"]) for e in rows(sink, "edges")] == [("member_of", "Alice"), ("member_of", "Bob")]
    (thread,) = rows(sink, "threads")
    assert (thread["title"], thread["type"], thread["private"], thread["member_count"]) == ("Alice", "direct", True, 2)
    (chat,) = READER.chats(Source("renamed.txt", io.BytesIO(raw), len(raw)))
    assert (chat.id, chat.title, chat.private) == ("inbox/alice_aaaaaaaaaa", "Alice", True)


@pytest.mark.data
def test_mojibake_and_seconds(data: Path) -> None:
    raw = (data / "exports" / "facebook_messages" / "mojibake_so50008296.json").read_bytes()
    (post,) = rows(read(READER, raw), "posts")
    assert (post["author_name"], post["text"]) == ("Radosław", "No to trzeba ostatnie treningi zrobić xD")
    assert post["text_raw"] == "No to trzeba ostatnie treningi zrobiÄ\x87 xD"
    assert post["created_at"] == datetime(2018, 4, 24, 8, 21, 29, tzinfo=UTC)
    found = pick(raw, "x.bin")
    assert found is not None
    assert found.name == READER.name


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_comes_back_as_it_was_written(text: str) -> None:
    sink = read(READER, conversation({"sender_name": mojibake("Añá"), "timestamp_ms": 1, "content": mojibake(text)}))
    (post,) = rows(sink, "posts")
    assert (post["text"], post["author_name"]) == (text or None, "Añá")
    assert post["text_raw"] in (None, mojibake(text))


def test_each_string_is_repaired_for_itself() -> None:
    assert fixed("ya repar\u00e9") == "ya repar\u00e9"
    assert fixed(mojibake("sí 👍")) == "sí 👍"
    assert fixed("€ not latin-1") == "€ not latin-1"


def test_events_reactions_shares_and_what_was_unsent() -> None:
    raw = conversation(
        {
            "sender_name": "Ana", "timestamp_ms": 1_700_000_000_000, "content": "mira",
            "share": {"link": "https://example.org/a"}, "is_taken_down": True,
            "reactions": [{"reaction": mojibake("👍"), "actor": "Beto"}, {"reaction": mojibake("👍"), "actor": "Ana"}],
        },
        {"sender_name": "Beto", "timestamp_ms": 1_700_000_000_001, "is_unsent": True},
        {"sender_name": "Ana", "timestamp_ms": 2, "type": "Subscribe", "users": [{"name": "Carla"}]},
        {"sender_name": "Facebook user", "timestamp_ms": 3, "content": "x"},
        thread_path="inbox/grupo_1", thread_type="RegularGroup",
    )  # fmt: skip
    sink = read(READER, raw)
    assert [(o["state"], o["reason"]) for o in rows(sink, "observations")] == [
        ("restricted", "is_taken_down"), ("deleted", "is_unsent"),
    ]  # fmt: skip
    assert [s["reactions"] for s in rows(sink, "post_snapshots")] == ['{"👍": 2}']
    assert [(e["src"], e["dst"]) for e in rows(sink, "edges", type="links_to")] == [("Ana", "https://example.org/a")]
    assert {e["src"] for e in rows(sink, "edges", type="member_of")} == {"Ana", "Beto", "Carla"}
    assert [p["kind"] for p in rows(sink, "posts")] == ["message", "message", "event", "message"]
    assert rows(sink, "posts")[3]["account_id"] is None
    assert rows(sink, "threads")[0]["type"] == "group"


def test_the_order_of_messages_and_the_file_they_are_in_do_not_matter() -> None:
    messages = [{"sender_name": "Ana", "timestamp_ms": n, "content": str(n)} for n in range(1, 5)]
    whole = content(read(READER, conversation(*messages, thread_path="inbox/a_1")))
    assert content(read(READER, conversation(*messages[::-1], thread_path="messages/inbox/a_1"))) == whole
    parts = [read(READER, conversation(*m, thread_path="inbox/a_1")) for m in (messages[:2], messages[2:])]
    assert sorted(p["id"] for part in parts for p in rows(part, "posts")) == sorted(row[1] for row in whole["posts"])


def test_encrypted_chats_have_another_shape() -> None:
    raw = json.dumps({
        "participants": ["Ana", "Beto"], "threadName": "Beto_7",
        "messages": [{"senderName": "Beto", "text": "ñ", "timestamp": 1_700_000_000_123, "type": "media",
                      "isUnsent": False, "media": [{"uri": "./media/a.jpg"}], "reactions": []}],
    }).encode()  # fmt: skip
    sink = read(READER, raw)
    (post,) = rows(sink, "posts")
    assert (post["text"], post["account_id"]) == ("ñ", "Beto")
    assert post["created_at"] == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    assert [(m["type"], m["local_path"]) for m in rows(sink, "media")] == [("image", "media/a.jpg")]
    assert READER.sniff(raw, "") == 0.9


def test_hostile_messages_cost_themselves_only() -> None:
    good = {"sender_name": "Ana", "timestamp_ms": 5, "content": "ok"}
    odd = [
        {"sender_name": ["x"], "timestamp_ms": {}, "content": 7, "photos": "no", "share": [], "reactions": {}},
        {"sender_name": "Ana", "timestamp_ms": 1e300}, {"sender_name": "Ana", "timestamp_ms": -5}, [], None,
        {"sender_name": "Ana", "timestamp_ms": 10**30, "content": "\ud800", "sticker": {"uri": 5}},
    ]  # fmt: skip
    raw = conversation(good, *odd, good, participants=[{"name": 5}, None], title={"a": 1})
    sink = read(READER, raw)
    assert len([p for p in rows(sink, "posts") if p["text"] == "ok"]) == 2
    assert len(sink.quarantined) == 2
    nan = raw.replace(b'"timestamp_ms": 5', b'"timestamp_ms": NaN', 1)
    assert read(READER, nan).quarantined
    for cut in range(0, len(raw), 37):
        read(READER, raw[:cut])
        READER.chats(Source("x", io.BytesIO(raw[:cut]), cut))


def test_a_path_that_names_a_folder_only_names_no_conversation() -> None:
    said = {"sender_name": "Ana", "timestamp_ms": 1700000000000, "content": "hola"}
    ids = set()
    for path in ("", "/", "inbox/", "inbox", None):
        for other in ("Beto", "Caro"):
            people = [{"name": "Ana"}, {"name": other}]
            raw = json.dumps({"participants": people, "messages": [said], "title": other, "thread_path": path}).encode()
            ids.add(rows(read(READER, raw), "threads")[0]["id"])
            assert READER.chats(Source("f", io.BytesIO(raw), len(raw)))[0].id
    assert len(ids) == 2, "two conversations, however the path says nothing"
