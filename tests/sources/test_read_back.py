"""A record written as its platform or tool writes it is read back equal: its text, its time and its author."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import registry
from tecolote.sources.base import Options
from tests.sources.reading import read, rows

Said = list[tuple[int, str, datetime]]


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _lines(values: list[Any]) -> bytes:
    return b"\n".join(json.dumps(value, ensure_ascii=False).encode() for value in values)


def _whatsapp(said: Said) -> bytes:
    return "".join(f"[{at:%d/%m/%Y, %H:%M:%S}] u{n}: {text}\n" for n, text, at in said).encode()


def _discord(said: Said) -> bytes:
    messages = [
        {
            "id": str(n),
            "type": "Default",
            "timestamp": _iso(at),
            "content": text,
            "author": {"id": f"u{n}", "name": "x"},
        }
        for n, text, at in said
    ]
    channel = {"id": "3", "type": "GuildTextChat", "name": "g"}
    return json.dumps({"guild": {"id": "2", "name": "G"}, "channel": channel, "messages": messages}).encode()


def _reddit(said: Said) -> bytes:
    return _lines([
        {"id": f"c{n}", "name": f"t1_c{n}", "body": html.escape(text, quote=False), "author": f"u{n}",
         "link_id": "t3_a", "parent_id": "t3_a", "subreddit": "s", "created_utc": int(at.timestamp()), "score": 1}
        for n, text, at in said
    ])  # fmt: skip


def _bluesky(said: Said) -> bytes:
    return _lines([
        {"did": f"did:plc:u{n}", "time_us": 1725156000000000, "kind": "commit",
         "commit": {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{n}",
                    "record": {"$type": "app.bsky.feed.post", "createdAt": _iso(at), "text": text}}}
        for n, text, at in said
    ])  # fmt: skip


def _mastodon(said: Said) -> bytes:
    return json.dumps([
        {"id": str(n), "uri": f"https://m/{n}", "created_at": _iso(at), "content": f"<p>{html.escape(text)}</p>",
         "visibility": "public", "reblogs_count": 0, "favourites_count": 0, "spoiler_text": "",
         "account": {"id": str(n), "uri": f"u{n}", "acct": "x", "username": "x"}}
        for n, text, at in said
    ]).encode()  # fmt: skip


def _activitypub(said: Said) -> bytes:
    context = "https://www.w3.org/ns/activitystreams"
    return _lines([
        {"@context": context, "type": "Note", "id": f"https://m/{n}", "attributedTo": f"u{n}", "published": _iso(at),
         "content": f"<p>{html.escape(text)}</p>", "to": [f"{context}#Public"]}
        for n, text, at in said
    ])  # fmt: skip


def _telethon(said: Said) -> bytes:
    return _lines([
        {"_": "Message", "id": i, "peer_id": {"_": "PeerChannel", "channel_id": 5}, "date": at.isoformat(),
         "message": text, "from_id": {"_": "PeerUser", "user_id": n}}
        for i, (n, text, at) in enumerate(said)
    ])  # fmt: skip


def _facebook(said: Said) -> bytes:
    messages = [
        {"sender_name": f"u{n}", "timestamp_ms": int(at.timestamp()) * 1000, "content": text.encode().decode("latin-1")}
        for n, text, at in said
    ]
    return json.dumps({"participants": [{"name": "u0"}], "messages": messages, "thread_path": "inbox/x"}).encode()


def _tiktok(said: Said) -> bytes:
    return _lines([
        {"id": str(n), "desc": text, "createTime": int(at.timestamp()), "author": {"uniqueId": f"u{n}"},
         "stats": {}, "music": {}, "video": {}}
        for n, text, at in said
    ])  # fmt: skip


def _instagram(said: Said) -> bytes:
    return _lines([
        {"pk": str(n), "id": f"{n}_u{n}", "code": "C", "taken_at": int(at.timestamp()), "media_type": 1,
         "caption": {"text": text}, "user": {"pk": f"u{n}", "username": "x"}}
        for n, text, at in said
    ])  # fmt: skip


def _youtube(said: Said) -> bytes:
    return json.dumps({"kind": "youtube#commentListResponse", "items": [
        {"kind": "youtube#comment", "id": f"c{n}", "snippet": {
            "textOriginal": text, "authorChannelId": {"value": f"u{n}"}, "publishedAt": _iso(at), "videoId": "v"}}
        for n, text, at in said
    ]}).encode()  # fmt: skip


def _messages_of_x(said: Said) -> bytes:
    return json.dumps({"data": [
        {"id": str(n), "event_type": "MessageCreate", "text": text, "sender_id": f"u{n}", "created_at": _iso(at),
         "dm_conversation_id": "1-2"}
        for n, text, at in said
    ]}).encode()  # fmt: skip


FORMATS: dict[str, Callable[[Said], bytes]] = {
    "whatsapp": _whatsapp, "discord_dce": _discord, "reddit": _reddit, "bluesky": _bluesky, "mastodon_api": _mastodon,
    "activitypub": _activitypub, "telegram_telethon": _telethon, "facebook_messages": _facebook, "tiktok_web": _tiktok,
    "instagram_web": _instagram, "youtube_data_api": _youtube, "x_dm": _messages_of_x,
}  # fmt: skip

#: Without blanks: formats of lines and of HTML keep no blank at the edge of a text. Reddit's marks stand in brackets.
texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40).filter(
    lambda text: not (text.startswith("[") and text.endswith("]"))
)
# From day 13 on, so that the order of day and month is settled.
moments = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0, day=13 + at.day % 15)
)
said = st.lists(st.tuples(st.integers(1, 2**53), texts, moments), min_size=1, max_size=5, unique_by=lambda s: s[0])


@pytest.mark.parametrize("name", FORMATS)
@given(said=said)
def test_what_is_written_is_read(name: str, said: Said) -> None:
    raw = FORMATS[name](said)
    reader = registry.pick(raw[:65536], "file")
    assert reader is not None and reader.name == name
    sink = read(reader, raw, options=Options(timezone="UTC"))
    assert not sink.quarantined
    found = [(row["account_id"], row["text"], row["created_at"]) for row in rows(sink, "posts")]
    author = {"telegram_telethon": "user{}", "bluesky": "did:plc:u{}"}.get(name, "u{}").format
    assert found == [(author(n), text, at) for n, text, at in said]
