"""Mastodon's API: values read by hand, an independent count, and private messages apart."""

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
from tecolote.sources.html_text import plain
from tecolote.sources.mastodon import READER
from tests.sources.reading import content, counts, read, rows

ANA = "https://a.example/users/ana"


def statuses(value: Any) -> list[dict[str, Any]]:
    """Every status in a document: an independent walk."""
    found = []
    if isinstance(value, dict):
        if "visibility" in value and "content" in value:
            found.append(value)
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            found += statuses(inner)
    return found


@pytest.mark.data
@pytest.mark.parametrize("name", ["public_timeline", "search", "status_edit_history", "status_reply_with_quote"])
def test_samples_give_what_their_bytes_state(data: Path, name: str) -> None:
    raw = (data / "exports" / "mastodon_api" / f"{name}.json").read_bytes()
    assert READER.sniff(raw, "renamed") == 0.9
    sink, stated = read(READER, raw), statuses(json.loads(raw))
    assert not sink.quarantined
    assert READER.chats(Source("x", io.BytesIO(raw), len(raw))) == []
    posts = {p["id"]: p for p in rows(sink, "posts") if not p["id_is_derived"]}
    assert set(posts) == {s["uri"] for s in stated}
    seen = {s["post_id"]: s for s in rows(sink, "post_snapshots")}
    for status in stated:
        assert posts[status["uri"]]["text_raw"] == status["content"]
        assert posts[status["uri"]]["created_at_raw"] == status["created_at"]
        assert seen[status["uri"]]["likes"] == status["favourites_count"]
        assert seen[status["uri"]]["quotes"] == status["quotes_count"]


@pytest.mark.data
def test_values_read_by_hand(data: Path) -> None:
    folder = data / "exports" / "mastodon_api"
    sink = read(READER, (folder / "status_reply_with_quote.json").read_bytes())
    me = "http://localhost:3000/ap/users/117440810532227399"
    first = rows(sink, "posts")[0]
    assert first["text"] == (
        "RE: http://localhost:3000/@mastodonpy_test/117440826591388777\n\n@mastodonpy_test yoooo check this out"
    )
    assert first["in_reply_to_id"] == f"{me}/statuses/117440826596046046"
    assert [(e["type"], e["dst"]) for e in rows(sink, "edges")] == [
        ("mentions", me),
        ("replies", f"{me}/statuses/117440826596046046"),
        ("quotes", f"{me}/statuses/117440826591388777"),
    ]
    edits = rows(read(READER, (folder / "status_edit_history.json").read_bytes()), "posts")
    assert [(p["revision"], p["text"]) for p in edits] == [
        (0, "the best editor? why, of course it is VS Code"),
        (1, "the best editor? why, of course it is the KDE Advanced Text Editor, Kate"),
    ]
    assert {p["version_of"] for p in edits} == {edits[0]["id"]}
    assert edits[1]["edited_at"] == datetime(2026, 10, 14, 19, 7, 53, 998000, tzinfo=UTC)
    accounts = read(READER, (folder / "search.json").read_bytes())
    assert counts(accounts) == {"accounts": 2, "account_snapshots": 2}
    lennon = rows(accounts, "account_snapshots")[0]
    assert (lennon["display_name"], lennon["bio"], lennon["posts"]) == ("John Lennon", "I walk funny", 32)
    assert lennon["protected"] is True


def status(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number), "uri": f"{ANA}/statuses/{number}", "url": f"https://a.example/@ana/{number}",
        "created_at": "2025-01-01T00:00:00.000Z", "content": "<p>x</p>", "visibility": "public", "spoiler_text": "",
        "account": {"id": "1", "acct": "ana", "url": "https://a.example/@ana", "uri": ANA},
        "reblogs_count": 1, "favourites_count": None,
    } | more  # fmt: skip


def test_boosts_replies_media_tags_and_older_servers() -> None:
    other = status(7, account={"id": "2", "acct": "b@b.example", "url": "https://b.example/@b"},
                   uri="https://b.example/users/b/statuses/99")  # fmt: skip
    raw = json.dumps([
        status(8, content="", reblog=other),
        status(9, in_reply_to_id="7", in_reply_to_account_id="2", tags=[{"name": "Mx"}],
               media_attachments=[{"id": "5", "type": "gifv", "url": "https://a.example/v.mp4", "description": "d",
                                   "meta": {"original": {"width": 2, "height": 3, "duration": 1.5}}}],
               content='<p>a<br />b <a href="https://l.example/?x=1&amp;y=2">l</a></p><p>c</p>', spoiler_text="cw"),
        status(10, in_reply_to_id="4", in_reply_to_account_id="9"),
    ]).encode()  # fmt: skip
    sink = read(READER, raw)
    posts = {p["id"]: p for p in rows(sink, "posts")}
    assert posts[f"{ANA}/statuses/8"]["text"] is None
    assert posts["https://b.example/users/b/statuses/99"]["account_id"] == "https://b.example/users/b"
    assert posts[f"{ANA}/statuses/9"]["text"] == "cw\n\na\nb l\n\nc"
    assert posts[f"{ANA}/statuses/9"]["in_reply_to_id"] == "https://b.example/users/b/statuses/99"
    assert posts[f"{ANA}/statuses/10"]["in_reply_to_id"] == "a.example/4"
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} >= {
        ("reposts", "https://b.example/users/b/statuses/99"), ("hashtag", "mx"),
        ("links_to", "https://l.example/?x=1&y=2"), ("replies", "a.example/4"),
    }  # fmt: skip
    (media,) = rows(sink, "media")
    assert (media["type"], media["width"], media["duration_ms"], media["alt_text"]) == ("animation", 2, 1500, "d")
    assert rows(sink, "post_snapshots")[0]["likes"] is None
    assert content(read(READER, json.dumps(json.loads(raw)[::-1]).encode())) == content(sink)


def test_private_messages_are_apart_from_public_posts() -> None:
    raw = json.dumps([status(1), {"id": "n", "type": "mention", "account": status(2)["account"],
                                  "status": status(2, visibility="direct")}]).encode()  # fmt: skip
    private, public = READER.chats(Source("x", io.BytesIO(raw), len(raw)))
    assert (private.private, public.private) == (True, False)
    ((start, length),) = public.spans or ()
    assert json.loads(raw[start : start + length])["id"] == "1"
    assert [p["visibility"] for p in rows(read(READER, raw), "posts")] == ["public", "private"]


def test_hostile_statuses_cost_themselves_only() -> None:
    odd = [
        status(2, id=1.5e30, in_reply_to_id=2.5),
        status(3, account=[]),
        status(4, tags=[1], mentions={}, card=7),
        {"x": 1},
        [],
        status(5, content="<p" * 9),
        status(6, reblog=3, quote=[], media_attachments=[{}]),
    ]
    raw = json.dumps([status(1), *odd]).encode()
    sink = read(READER, raw)
    assert len(sink.quarantined) == 4
    for cut in range(0, len(raw), 41):
        read(READER, raw[:cut])
        READER.chats(Source("x", io.BytesIO(raw[:cut]), cut))


@given(st.text())
def test_any_text_survives_its_markup(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    found = plain(f"<p>{escaped}</p><script>no</script>")[0] or ""
    assert "".join(found.split()) == "".join(text.replace("\0", "\ufffd").split())
    plain(text)
