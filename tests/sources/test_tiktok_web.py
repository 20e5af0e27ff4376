"""Captures of TikTok's pages, in the shapes that Zeeschuimer's modules and 4CAT's mapping describe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tecolote.sources import registry
from tecolote.sources.tiktok_web import READER

from .reading import read, rows

AUTHOR = {"id": "5", "uniqueId": "ana", "nickname": "Ana", "avatarThumb": "https://a", "signature": "bio",
          "verified": False, "privateAccount": False}  # fmt: skip
ITEM = {
    "id": "7400000000000000001", "desc": "hola @beto #plaza", "createTime": 1725156000, "author": AUTHOR,
    "stats": {"diggCount": 1200, "shareCount": 2, "commentCount": 3, "playCount": 4, "collectCount": 5},
    "statsV2": {"diggCount": "1234"}, "authorStats": {"followerCount": 9, "heartCount": 10, "videoCount": 11},
    "music": {"id": "8", "title": "son"}, "challenges": [{"title": "Plaza"}],
    "video": {"duration": 12, "width": 3, "height": 4, "playAddr": "https://v"},
    "textExtra": [{"hashtagName": "plaza"}, {"userUniqueId": "beto"}], "duetInfo": {"duetFromId": "77"},
    "locationCreated": "MX", "maskType": 3,
}  # fmt: skip
COMMENT = {
    "cid": "1", "aweme_id": "7400000000000000001", "text": "con #todo", "create_time": 1725156001, "digg_count": 6,
    "reply_id": "0", "reply_comment_total": 1, "comment_language": "es",
    "user": {"uid": "6", "unique_id": "beto", "nickname": "B", "avatar_thumb": {"url_list": ["https://b"]}},
    "reply_comment": [{"cid": "2", "aweme_id": "7400000000000000001", "text": "re", "create_time": 1725156002,
                       "reply_id": "1", "user": {"unique_id": "ana"}}],
}  # fmt: skip


def captured(data: Any, platform: str = "tiktok.com") -> dict[str, Any]:
    return {
        "nav_index": "1:0:0", "item_id": "1", "timestamp_collected": 1725256000000, "source_platform": platform,
        "source_platform_url": "https://www.tiktok.com/", "source_url": "https://www.tiktok.com/api/x", "data": data,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "posts"),
    [
        (captured(ITEM), 1), (ITEM | {"__import_meta": {"timestamp_collected": 1725256000000}}, 1),
        ({"itemList": [ITEM, ITEM | {"id": "2"}], "hasMore": True}, 2), ([ITEM], 1),
        (captured(COMMENT, "tiktok-comments"), 2), ({"comments": [COMMENT], "cursor": 1}, 2),
    ],
)  # fmt: skip
def test_every_form_is_recognised_and_read(value: Any, posts: int) -> None:
    raw = json.dumps(value).encode()
    assert registry.pick(raw, "x.ndjson") is READER
    sink = read(READER, raw)
    assert sink.quarantined == [] and len(rows(sink, "posts")) == posts


def test_a_post_with_all_that_it_states() -> None:
    sink = read(READER, json.dumps(captured(ITEM)).encode())
    (post,) = rows(sink, "posts")
    assert (post["id"], post["account_id"], post["kind"]) == ("7400000000000000001", "ana", "video")
    assert post["created_at"].timestamp() == 1725156000 and post["sensitive"] is True
    assert (post["place"], post["visibility"]) == ('{"country": "MX"}', "public")
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["likes"], seen["views"], seen["bookmarks"]) == (1234, 4, 5)
    assert seen["observed_at"].timestamp() == 1725256000 and seen["observed_basis"] == "record"
    assert {(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")} == {
        ("hashtag", "ana", "plaza"), ("mentions", "ana", "beto"), ("quotes", "ana", "77"),
        ("attaches", "7400000000000000001", "7400000000000000001"),
    }  # fmt: skip
    (profile,) = rows(sink, "account_snapshots")
    assert (profile["username"], profile["followers"], profile["likes"], profile["posts"]) == ("ana", 9, 10, 11)


def test_pictures_and_an_author_that_was_embedded_in_a_page() -> None:
    pictures = {"images": [{"imageURL": {"urlList": ["https://p1"]}, "imageWidth": 3, "imageHeight": 4}, {}]}
    sink = read(
        READER, json.dumps(captured(ITEM | {"author": "ana", "nickname": "Ana", "imagePost": pictures})).encode()
    )
    assert [(m["type"], m["url"], m["status"]) for m in rows(sink, "media")] == [
        ("image", "https://p1", "present"), ("image", None, "omitted"),
    ]  # fmt: skip
    assert rows(sink, "account_snapshots")[0]["display_name"] == "Ana"


def test_a_comment_answers_its_post_and_an_answer_its_comment() -> None:
    sink = read(READER, json.dumps({"comments": [COMMENT]}).encode())
    assert [(p["id"], p["in_reply_to_id"]) for p in rows(sink, "posts")] == [("1", "7400000000000000001"), ("2", "1")]
    assert ("hashtag", "todo") in {(e["type"], e["dst"]) for e in rows(sink, "edges")}


def test_an_id_that_lost_its_digits_is_quarantined() -> None:
    sink = read(READER, json.dumps([ITEM | {"id": 7.4e18}, ITEM]).encode())
    assert len(sink.quarantined) == 1 and len(rows(sink, "posts")) == 1
