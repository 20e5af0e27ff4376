"""DiscordChatExporter: counts and values from the raw bytes, read by hand where they are stated."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources.base import Source
from tecolote.sources.discord import READER
from tests.sources.reading import content, counts, read, rows


def chat(raw: bytes) -> Any:
    (found,) = READER.chats(Source("renamed", io.BytesIO(raw), len(raw)))
    return found


@pytest.mark.data
@pytest.mark.parametrize("name", ["example_guild_general", "GC_3A_5M"])
def test_samples_give_what_their_bytes_state(data: Path, name: str) -> None:
    raw = (data / "exports" / "discord_dce" / f"{name}.json").read_bytes()
    stated = json.loads(raw)["messages"]
    sink = read(READER, raw)
    assert READER.sniff(raw, "") == 0.9
    assert not sink.quarantined
    posts = rows(sink, "posts")
    assert [(p["id"], p["text"], p["account_id"]) for p in posts] == [
        (m["id"], m["content"] or None, m["author"]["id"]) for m in stated
    ]
    assert [p["created_at"] for p in posts] == [datetime.fromisoformat(m["timestamp"]) for m in stated]
    assert [p["edited_at"] is not None for p in posts] == [m["timestampEdited"] is not None for m in stated]
    files = sum(len(m["attachments"]) + len(m.get("stickers", [])) + len(m["embeds"]) for m in stated)
    assert len(rows(sink, "media")) == files
    assert {p["account_id"] for p in posts} == {a["id"] for a in rows(sink, "accounts")} | set()


@pytest.mark.data
def test_a_channel_of_a_server(data: Path) -> None:
    raw = (data / "exports" / "discord_dce" / "example_guild_general.json").read_bytes()
    sink = read(READER, raw)
    assert (chat(raw).id, chat(raw).private) == ("1012224565567721552", False)
    assert [s["reactions"] for s in rows(sink, "post_snapshots")] == [
        '{"👀": 1}', '{"pepeheart": 1}', '{"kekw": 2}', '{"pepefloorcry": 1}',
    ]  # fmt: skip
    edited = rows(sink, "posts", id="1060926487911485582")[0]
    assert edited["edited_at"] == datetime(2023, 1, 6, 14, 23, 25, 845000, tzinfo=UTC)
    assert [(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")] == [
        ("replies", "521486476985155645", "1060926317920538735"),
        ("replies", "627848643557663699", "1060926346089476176"),
        ("links_to", "521486476985155645", "https://github.com/Tyrrrz/DiscordChatExporter/wiki"),
        ("links_to", "627848643557663699", "https://tenor.com/view/magic-gif-26166638"),
        ("mentions", "521486476985155645", "896568767994532880"),
        ("links_to", "521486476985155645", "https://github.com/slatinsky/DiscordChatExporter-frontend/issues"),
    ]
    assert [m["type"] for m in rows(sink, "media")].count("link_preview") == 3
    picture = rows(sink, "media", type="image")[0]
    assert picture["local_path"] == (
        "Example guild - Text Channels - general [1012224565567721552].json_Files/dce-export-more-662EF.png"
    )
    assert [p["kind"] for p in rows(sink, "posts")].count("event") == 4
    assert rows(sink, "posts")[0]["visibility"] == "public"
    assert rows(sink, "threads")[0]["type"] == "channel"


@pytest.mark.data
def test_a_group_conversation_is_private(data: Path) -> None:
    raw = (data / "exports" / "discord_dce" / "GC_3A_5M.json").read_bytes()
    sink = read(READER, raw)
    assert (chat(raw).id, chat(raw).title, chat(raw).private) == ("1064990764406419508", "a group chat", True)
    assert counts(sink) == {"posts": 6, "accounts": 3, "account_snapshots": 3, "edges": 3, "threads": 1}
    assert [p["kind"] for p in rows(sink, "posts")] == ["event", "message", "event", "message", "message", "event"]
    assert rows(sink, "posts")[4]["in_reply_to_id"] == "1064990824305274930"
    assert {p["visibility"] for p in rows(sink, "posts")} == {"private"}
    (plant,) = rows(sink, "account_snapshots", account_id="333333333333333333")
    assert (plant["username"], plant["display_name"]) == ("not a plant", "theplant")


def message(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number), "type": "Default", "timestamp": "2024-01-01T00:00:00+00:00", "content": "x",
        "author": {"id": "5", "name": "ana", "discriminator": "0001"},
    } | more  # fmt: skip


def export(*messages: Any, kind: str = "GuildTextChat", guild: Any = "9", **more: Any) -> bytes:
    return json.dumps(
        {"guild": {"id": guild}, "channel": {"id": "7", "type": kind, "name": "n"}, "messages": messages} | more
    ).encode()


@pytest.mark.parametrize(
    ("kind", "guild", "private"),
    [
        ("GuildTextChat", "9", False), ("GuildPublicThread", "9", False), ("GuildPrivateThread", "9", True),
        ("DirectTextChat", "0", True), ("DirectGroupTextChat", "0", True), ("GuildTextChat", None, True),
        ("Unheard", "9", True),
    ],
)  # fmt: skip
def test_what_needs_consent(kind: str, guild: str | None, private: bool) -> None:
    raw = export(message(1), kind=kind, guild=guild)
    assert chat(raw).private is private
    assert rows(read(READER, raw), "threads")[0]["private"] is private


def test_forwards_deleted_users_capture_time_and_twice_the_same_id() -> None:
    gone = {"id": "456226577798135808", "name": "Deleted User", "discriminator": "0000"}
    raw = export(
        message(1, author=gone),
        message(1, author=gone),
        message(2, author={"id": "6", "name": "Deleted User 0a1b2c3d"}),
        message(3, content="", forwardedMessage={"content": "lejos"}, reference={"messageId": "88", "type": "Forward"}),
        message(4, type="RecipientAdd", mentions=[{"id": "8", "name": "beto"}], timestamp="2024-01-01T01:00:00+01:00"),
        message(5, reactions=[{"emoji": {"name": "👍"}, "count": 2}]),
        exportedAt="2024-02-02T00:00:00+00:00",
    )
    sink = read(READER, raw)
    assert [(p["id"], p["account_id"], p["author_name"]) for p in rows(sink, "posts")][:3] == [
        ("1", None, "Deleted User"), ("1", None, "Deleted User"), ("2", "6", "Deleted User 0a1b2c3d"),
    ]  # fmt: skip
    assert [(o["target_id"], o["state"]) for o in rows(sink, "observations")] == [("6", "deleted")]
    assert [(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")] == [
        ("forwards", "5", "88"), ("member_of", "8", "7"),
    ]  # fmt: skip
    assert rows(sink, "posts")[3]["text"] == "lejos"
    assert rows(sink, "posts")[4]["tz_basis"] == "offset"
    assert rows(sink, "post_snapshots")[0]["observed_at"] == datetime(2024, 2, 2, tzinfo=UTC)


def test_paths_in_private_conversations_do_not_name_people() -> None:
    raw = export(message(1, attachments=[{"id": "77", "url": "ana - beto_Files\\a.png"}]), kind="DirectTextChat")
    assert rows(read(READER, raw), "media")[0]["id"] == "77"
    assert rows(read(READER, raw), "media")[0]["local_path"] == "a.png"


def test_order_does_not_matter_and_hostile_messages_cost_themselves_only() -> None:
    good = [message(n) for n in range(1, 4)]
    assert content(read(READER, export(*good))) == content(read(READER, export(*good[::-1])))
    odd = [
        message(4, id=1.5), message(5, author=[]), message(6, author={"id": 2.5}), {"a": 1}, None,
        message(7, embeds={}, reactions=[1], mentions=["x"], attachments=[{"url": 5}], timestamp=9),
        message(8, content="\ud800", reference="x", stickers=[{}]),
    ]  # fmt: skip
    raw = export(*good, *odd)
    sink = read(READER, raw)
    assert len(sink.quarantined) == 4
    for cut in range(0, len(raw), 43):
        read(READER, raw[:cut])
        assert chat(raw[:cut]).private or b'"channel"' in raw[:cut]
