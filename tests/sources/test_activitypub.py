"""ActivityStreams: values read by hand from single objects, and an outbox as its writer's source describes it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources.activitypub import READER
from tecolote.sources.base import Options, Source
from tests.sources.reading import Sink, content, counts, read, rows

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ME = "https://a.example/users/ana"


def sample(data: Path, name: str, options: Options | None = None) -> Sink:
    raw = (data / "exports" / "activitypub" / f"{name}.as2.json").read_bytes()
    assert READER.sniff(raw, "renamed") == 0.9
    sink = read(READER, raw, options=options)
    assert not sink.quarantined
    assert sink.count == 1
    return sink


@pytest.mark.data
def test_notes(data: Path) -> None:
    sink = sample(data, "note")
    (note,) = rows(sink, "posts")
    assert (note["id"], note["account_id"]) == ("tag:example.com,2011:blog-post-123", "tag:example.com,2001:ryan")
    assert (note["created_at"], note["created_at_raw"], note["tz_basis"]) == (None, "2012-02-22T20:26:41", "unknown")
    assert note["edited_at"] == datetime(2013, 10, 25, 10, 31, 30, tzinfo=UTC)
    assert (note["text"], note["text_raw"]) == ("too cool to summarize\n\nA note. link too", "A note. link too")
    assert json.loads(note["place"])["name"] == "Carcassonne, Aude"
    assert [m["url"] for m in rows(sink, "media")] == ["http://example.com/blog-post-123/image"]
    (given,) = rows(sample(data, "note", Options(timezone="America/Mexico_City")), "posts")
    assert (given["created_at"], given["tz_basis"]) == (datetime(2012, 2, 23, 2, 26, 41, tzinfo=UTC), "user_given")
    (video,) = rows(sample(data, "note_mastodon_with_video"), "media")
    assert (video["type"], video["mime"], video["width"], video["height"]) == ("video", "video/mp4", 1080, 1920)
    (edge,) = rows(sample(data, "note_with_mention"), "edges")
    assert (edge["type"], edge["src"], edge["dst"]) == ("mentions", None, "https://alice/")
    question = sample(data, "question")
    assert rows(question, "posts")[0]["text"] == "foo?"
    assert set(json.loads(rows(question, "post_snapshots")[0]["reactions"]).values()) == {17, 6, 1}


@pytest.mark.data
def test_a_repost_and_an_update(data: Path) -> None:
    sink = sample(data, "repost")
    assert counts(sink) == {"posts": 2, "accounts": 2, "account_snapshots": 2, "edges": 1}
    (edge,) = rows(sink, "edges")
    assert (edge["type"], edge["src"], edge["dst"]) == (
        "reposts", "http://example.com/alice", "http://example.com/original/post",
    )  # fmt: skip
    assert (edge["dst_account_id"], edge["at"]) == (
        "http://example.com/bob",
        datetime(2012, 12, 5, 0, 58, 26, tzinfo=UTC),
    )
    assert [p["text"] for p in rows(sink, "posts")] == [None, "The original post"]
    update = sample(data, "update_person")
    assert rows(update, "account_snapshots")[0]["account_id"] == "https://example.com/martin"


def create(number: int, **more: Any) -> dict[str, Any]:
    note = {
        "id": f"{ME}/statuses/{number}", "type": "Note", "attributedTo": ME, "published": "2025-01-01T00:00:00Z",
        "content": f"<p>{number}</p>", "to": [PUBLIC], "cc": [f"{ME}/followers"],
    }  # fmt: skip
    return {"type": "Create", "id": f"{note['id']}/activity", "actor": ME, "object": note | more}


def outbox(*items: Any) -> bytes:
    return json.dumps(
        {"@context": "https://www.w3.org/ns/activitystreams", "type": "OrderedCollection", "orderedItems": items}
    ).encode()


def test_an_outbox() -> None:
    raw = outbox(
        create(1, inReplyTo=[f"{ME}/statuses/0", {"id": "https://b.example/1"}], contentMap={"es": "<p>1</p>"}),
        create(2, attachment=[{"type": "Document", "mediaType": "image/png", "url": "/media_attachments/a.png",
                               "name": "alt"}, {"type": "Link", "href": "https://l.example/"}],
               tag=[{"type": "Hashtag", "name": "#MX"}, {"type": "Mention", "href": "https://b.example/u"}]),
        {"type": "Announce", "id": f"{ME}/3", "actor": ME, "object": "https://b.example/9", "to": [PUBLIC]},
        {"type": "Delete", "actor": ME, "object": {"type": "Tombstone", "id": f"{ME}/statuses/4"},
         "published": "2025-02-01T00:00:00Z"},
        {"type": "Follow", "actor": ME, "object": "https://b.example/u"}, "https://b.example/liked",
    )  # fmt: skip
    assert READER.sniff(raw, "") == 0.9
    sink = read(READER, raw)
    assert not sink.quarantined
    first, second, third = rows(sink, "posts")
    assert (first["text"], first["lang"], first["visibility"]) == ("1", "es", "public")
    assert (first["in_reply_to_id"], third["account_id"], second["account_id"]) == (f"{ME}/statuses/0", ME, ME)
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {
        ("replies", f"{ME}/statuses/0"), ("replies", "https://b.example/1"), ("hashtag", "mx"),
        ("mentions", "https://b.example/u"), ("links_to", "https://l.example/"), ("reposts", "https://b.example/9"),
        ("follows", "https://b.example/u"),
    }  # fmt: skip
    (media,) = rows(sink, "media")
    assert (media["local_path"], media["alt_text"], media["type"]) == ("media_attachments/a.png", "alt", "image")
    (gone,) = rows(sink, "observations")
    assert (gone["target_id"], gone["state"]) == (f"{ME}/statuses/4", "deleted")
    assert gone["state_since"] == datetime(2025, 2, 1, tzinfo=UTC)


def test_who_may_read_and_what_needs_consent() -> None:
    direct = create(2, to=["https://b.example/u"], cc=[])
    raw = outbox(create(1, to=[f"{ME}/followers"], cc=[PUBLIC]), direct, create(3, to=[f"{ME}/followers"], cc=[]))
    private, public = READER.chats(Source("x", io.BytesIO(raw), len(raw)))
    assert private.private
    assert private.spans
    ((start, length),) = private.spans
    assert json.loads(raw[start : start + length]) == direct
    assert len(public.spans or ()) == 2
    assert [p["visibility"] for p in rows(read(READER, raw), "posts")] == ["unlisted", "private", "followers"]


def test_order_does_not_matter_and_hostile_items_cost_themselves_only() -> None:
    good = [create(n) for n in range(3)]
    assert content(read(READER, outbox(*good))) == content(read(READER, outbox(*good[::-1])))
    odd = [
        create(4, id=1.5), create(5, inReplyTo=[[[]]], tag=5, attachment={"url": {"href": 5}}, to="x" * 9),
        {"type": "Unheard"}, {"type": ["Note"], "id": 7}, 5, {"type": "Note"}, {"type": "Delete", "object": {}},
        create(6, content=["x"], published={}, duration="PT9999999H", contentMap=[]),
    ]  # fmt: skip
    raw = outbox(*good, *odd)
    sink = read(READER, raw)
    assert {"0", "1", "2"} <= {p["text"] for p in rows(sink, "posts")}
    assert len(sink.quarantined) == 5
    for cut in range(0, len(raw), 53):
        read(READER, raw[:cut])
        READER.chats(Source("x", io.BytesIO(raw[:cut]), cut))
