"""Telegram Desktop ``result.json``: one full export with ``chats.list``, and single exports of three channels."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tecolote.demo.formats.common import dump, token, write
from tecolote.demo.formats.entities import pieces
from tecolote.demo.world import LOCAL, START, Account, Post, World

_OMITTED = "(File not included. Change data exporting settings to download.)"
_ABOUT = "Here is the data you requested. Remember: Telegram is ad free, it doesn't use your data for ad targeting."


def write_telegram(world: World, folder: Path) -> None:
    """Write the exports below ``folder``; every chat is public."""
    chats: dict[str, tuple[Account, list[Post]]] = {}
    for post in world.posts:
        if post.platform == "telegram" and post.chat:
            chats.setdefault(post.chat.id, (post.chat, []))[1].append(post)
    done = [_chat(world, chat, posts) for chat, posts in chats.values()]
    alone = [c for c in done if c["type"] == "public_channel"][:3]
    for number, chat in enumerate(alone):
        write(folder / f"ChatExport_2025-03-0{number + 1}" / "result.json", dump(chat, 1) + "\n")
    rest = [c for c in done if c not in alone]
    about = "This page lists all chats from this export."
    write(folder / "DataExport_2025-03-03" / "result.json",
          dump({"about": _ABOUT, "chats": {"about": about, "list": rest}}, 1) + "\n")  # fmt: skip


def _chat(world: World, chat: Account, posts: list[Post]) -> dict[str, Any]:
    channel = chat.id.startswith("channel")
    number = int(chat.id.removeprefix("channel"))
    made = _stamp(chat.created.timestamp())
    service: dict[str, Any] = {
        "id": 1, "type": "service", **made, "actor": chat.name, "actor_id": f"channel{number}",
        "action": "create_channel" if channel else "migrate_from_group", "title": chat.name, "text": "",
        "text_entities": [],
    }  # fmt: skip
    messages = [service, *(_message(world, post, chat) for post in posts)]
    kind = "public_channel" if channel else "public_supergroup"
    return {"name": chat.name, "type": kind, "id": number, "messages": messages}


def _stamp(seconds: float, prefix: str = "date") -> dict[str, str]:
    """A local time without a zone, and the same moment as Unix seconds."""
    whole = int(seconds)
    local = START + timedelta(seconds=whole - START.timestamp()) + LOCAL
    return {prefix: f"{local:%Y-%m-%dT%H:%M:%S}", f"{prefix}_unixtime": str(whole)}


def _message(world: World, post: Post, chat: Account) -> dict[str, Any]:
    assert post.account is not None
    own = int(post.id.split("/")[1])
    chance = int(token(post.id, "tg", size=6), 36) % 100
    message: dict[str, Any] = {"id": own, "type": "message", **_stamp(post.at.timestamp())}
    if chance < 4:
        message |= _stamp(post.at.timestamp() + 240, "edited")
    message |= {"from": post.account.name, "from_id": post.account.id}
    if chance in (10, 11, 12) and post.flag:
        message["forwarded_from"] = "Canal de la sierra"
    if 15 <= chance < 30 and own > 3:
        message["reply_to_message_id"] = own - 1
    if 40 <= chance < 52:
        message |= {"photo": _OMITTED, "photo_file_size": 48000 + chance, "width": 960, "height": 1280}
    elif 52 <= chance < 57:
        message |= {"file": _OMITTED, "file_name": f"video_{own}.mp4", "file_size": 2400000, "thumbnail": _OMITTED,
                    "media_type": "video_file", "mime_type": "video/mp4", "duration_seconds": 12 + chance, "width": 480,
                    "height": 848}  # fmt: skip
    parts = [{"type": kind, "text": text} for kind, text in pieces(post.text)]
    plain = all(p["type"] == "plain" for p in parts)
    message["text"] = post.text if plain else [p["text"] if p["type"] == "plain" else p for p in parts]
    message["text_entities"] = parts
    if chance >= 60 and chat.followers > 100:
        message["reactions"] = [
            {"type": "emoji", "count": chance - 55, "emoji": "🔥" if post.flag else "👍"},
            {"type": "emoji", "count": 1 + chance % 7, "emoji": "❤"},
        ]
    return message
