"""Instagram by instaloader: values read by hand, hidden counts, stories, profiles, comments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources.instagram_instaloader import READER
from tests.sources.reading import counts, read, rows


def _node(kind: str = "Post", **node: Any) -> bytes:
    return json.dumps({"node": node, "instaloader": {"version": "4.14", "node_type": kind}}).encode()


@pytest.mark.data
def test_samples_by_hand(data: Path) -> None:
    folder = data / "exports" / "instagram_instaloader"
    sink = read(READER, (folder / "html_multi_photo.json").read_bytes())
    (post,) = rows(sink, "posts")
    assert (post["id"], post["account_id"], post["author_name"]) == ("123", "456", "jc")
    assert post["text"] == "Elvis hits out of RCA Studio B"
    assert post["created_at"] == datetime(2016, 1, 17, 20, 46, 33, tzinfo=UTC)
    assert "RCA Studio B" in post["place"]
    assert [(m["id"], m["type"], m["alt_text"]) for m in rows(sink, "media")] == [
        ("1455954809369749561", "video", None),
        ("1455954810972087680", "image", "this is my alt text"),
    ]
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["likes"], seen["replies"], seen["observed_at"]) == (5, 0, None)
    single = read(READER, (folder / "html_photo_full.json").read_bytes())
    assert [(m["id"], m["width"], m["height"]) for m in rows(single, "media")] == [("123", 1080, 1293)]


def test_hidden_counts_are_null() -> None:
    for hidden in (
        {"edge_media_preview_like": {"count": -1}},
        {"edge_media_preview_like": {"count": 3}, "like_and_view_counts_disabled": True},
    ):
        (seen,) = rows(read(READER, _node(id="1", shortcode="a", **hidden)), "post_snapshots")
        assert seen["likes"] is None


def test_story_profile_and_what_is_not_read() -> None:
    (story,) = rows(read(READER, _node("StoryItem", id="1", taken_at_timestamp=1, owner={"id": "2"})), "posts")
    assert story["kind"] == "story"
    profile = _node(
        "Profile", id="2", username="ana", is_private=True, edge_followed_by={"count": 9}, edge_follow={"count": 8},
        edge_owner_to_timeline_media={"count": 7},
    )  # fmt: skip
    (seen,) = rows(read(READER, profile), "account_snapshots")
    assert (seen["followers"], seen["following"], seen["posts"], seen["protected"]) == (9, 8, 7, True)
    refused = read(READER, _node("Hashtag", id="3", name="x"))
    assert "Hashtag" in refused.quarantined[0][1]
    assert not counts(refused)


def test_captions_tags_and_comments() -> None:
    tagged = {"edges": [{"node": {"user": {"id": "9", "username": "beto"}}}]}
    caption = {"edges": [{"node": {"text": "mira #Ya https://example.org/x."}}]}
    inner = {"id": "6", "text": "no", "owner": {"id": "8"}, "created_at": 2}
    comment = {
        "id": "5", "text": "si", "owner": {"id": "7", "username": "c"}, "created_at": 1,
        "edge_threaded_comments": {"edges": [{"node": inner}]}, "edge_liked_by": {"count": 2},
    }  # fmt: skip
    sink = read(
        READER,
        _node(
            id="1", shortcode="a", owner={"id": "2"}, edge_media_to_tagged_user=tagged, edge_media_to_caption=caption,
            edge_media_to_parent_comment={"count": 2, "edges": [{"node": comment}]},
        ),
    )  # fmt: skip
    ends = {(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "attaches"}
    assert ends == {
        ("mentions", "2", "9"), ("hashtag", "2", "ya"), ("links_to", "2", "https://example.org/x"),
        ("replies", "7", "1"), ("replies", "8", "5"),
    }  # fmt: skip
    assert rows(sink, "post_snapshots", post_id="5")[0]["likes"] == 2


def test_a_file_of_comments_does_not_know_its_post() -> None:
    answers = [{"id": 6, "created_at": 2, "text": "b", "owner": {"id": "8", "username": "d"}, "likes_count": 0}]
    comment = {"id": 5, "created_at": 1, "text": "a", "owner": {"id": "7", "username": "c"}, "likes_count": 3}
    raw = json.dumps([comment | {"answers": answers}]).encode()
    assert READER.sniff(raw, "x") > 0.5
    sink = read(READER, raw)
    assert [(p["id"], p["kind"], p["in_reply_to_id"]) for p in rows(sink, "posts")] == [
        ("5", "comment", None), ("6", "comment", "5"),
    ]  # fmt: skip
