"""YouTube Data API, TikTok Research API, yt-dlp: counts from the raw bytes, values read by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources import tiktok_research, youtube_api, ytdlp
from tests.sources.reading import counts, read, rows

YOUTUBE, TIKTOK, YTDLP = youtube_api.READER, tiktok_research.READER, ytdlp.READER


def _item(kind: str, ident: Any, **parts: Any) -> dict[str, Any]:
    return {"kind": f"youtube#{kind}", "id": ident, **parts}


def _youtube(*items: dict[str, Any]) -> bytes:
    return json.dumps({"kind": "youtube#listResponse", "items": items}, indent=1).encode()


@pytest.mark.data
def test_youtube_samples_give_what_their_bytes_state(data: Path) -> None:
    table = {
        "video": "posts", "channel": "accounts", "commentThread": "posts", "comment": "posts", "searchResult": "posts",
        "subscription": "edges", "playlistItem": "posts",
    }  # fmt: skip
    for file in sorted((data / "exports" / "youtube_data_api").glob("*.json")):
        raw = file.read_bytes()
        items = json.loads(raw)["items"]
        sink = read(YOUTUBE, raw)
        assert not sink.quarantined, file.name
        assert sink.count == len(items), file.name
        kind = items[0]["kind"].partition("#")[2]
        found = [r for r in rows(sink, table[kind]) if r.get("type") in (None, "follows")]
        assert len(found) == len(items), file.name
        if kind != "subscription":
            ids = [i["id"] for i in items] if kind in ("video", "channel", "comment", "commentThread") else None
            assert ids is None or [r["id"] for r in found] == ids


@pytest.mark.data
def test_youtube_values_by_hand(data: Path) -> None:
    folder = data / "exports" / "youtube_data_api"
    sink = read(YOUTUBE, (folder / "channels__info_multiple.json").read_bytes())
    (google,) = rows(sink, "account_snapshots", account_id="UCK8sQmJBp8GCxrOtXWBpyEA")
    assert (google["followers"], google["posts"], google["username"]) == (10700000, 2678, "@google")
    (account,) = rows(sink, "accounts", id="UCK8sQmJBp8GCxrOtXWBpyEA")
    assert account["created_at"] == datetime(2005, 9, 18, 22, 37, 10, tzinfo=UTC)
    (follow, *_) = rows(
        read(YOUTUBE, (folder / "subscriptions__subscriptions_by_channel_p1.json").read_bytes()), "edges"
    )
    assert (follow["src"], follow["dst"]) == ("UCAuUUnT6oDeKwE6v1NGQxug", "UCsT0YIqwnpJCM-mx7-gSA4Q")
    assert follow["at"] == datetime(2011, 11, 11, 14, 0, 19, tzinfo=UTC)
    (comment, *_) = rows(read(YOUTUBE, (folder / "comments__comments_by_parent_paged_1.json").read_bytes()), "posts")
    assert (comment["text"], comment["in_reply_to_id"]) == ("this is the third reply!", "Ugw5zYU6n9pmIgAZWvN4AaABAg")
    videos = read(YOUTUBE, (folder / "videos__videos_info_multi.json").read_bytes())
    assert not videos.rows["post_snapshots"]
    items = read(YOUTUBE, (folder / "playlist_items__playlist_items_multi.json").read_bytes())
    assert rows(items, "posts")[0]["created_at"] is None
    assert rows(items, "posts")[0]["account_id"] is None


def test_youtube_counts_are_null_where_hidden_or_not_asked_for() -> None:
    stats = {"viewCount": "5", "commentCount": "0"}
    hidden = {"subscriberCount": "0", "hiddenSubscriberCount": True, "videoCount": "3"}
    sink = read(YOUTUBE, _youtube(_item("video", "v", statistics=stats), _item("channel", "c", statistics=hidden)))
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["views"], seen["likes"], seen["replies"]) == (5, None, 0)
    (profile,) = rows(sink, "account_snapshots")
    assert (profile["followers"], profile["posts"]) == (None, 3)


def test_youtube_thread_with_answers_and_html() -> None:
    def comment(ident: str, **snippet: Any) -> dict[str, Any]:
        who = {"authorDisplayName": "@ana", "authorChannelId": {"value": "UCa"}, "publishedAt": "2024-01-01T00:00:00Z"}
        return _item("comment", ident, snippet=who | snippet)

    top = comment("t", textDisplay="uno<br>dos &amp; <b>tres</b> #Ya", likeCount=2)
    answer = comment("t.a", textOriginal="x < y", textDisplay="x &lt; y", parentId="t")
    thread = _item(
        "commentThread", "t", snippet={"videoId": "v", "topLevelComment": top, "totalReplyCount": 1},
        replies={"comments": [answer]},
    )  # fmt: skip
    sink = read(YOUTUBE, _youtube(thread))
    first, second = rows(sink, "posts")
    assert (first["text"], first["text_raw"]) == ("uno\ndos & tres #Ya", "uno<br>dos &amp; <b>tres</b> #Ya")
    assert (second["text"], second["text_raw"], second["in_reply_to_id"]) == ("x < y", None, "t")
    assert [e["dst"] for e in rows(sink, "edges", type="replies")] == ["v", "t"]
    assert [e["dst"] for e in rows(sink, "edges", type="hashtag")] == ["ya"]
    assert rows(sink, "post_snapshots", post_id="t")[0]["replies"] == 1


def test_youtube_search_results_restrictions_and_gone_videos() -> None:
    search = [
        _item("searchResult", {"kind": "youtube#channel", "channelId": "UCx"}, snippet={"title": "A &amp; B"}),
        _item("searchResult", {"kind": "youtube#playlist", "playlistId": "PLx"}, snippet={"title": "L"}),
        _item("searchResult", {"videoId": "v1"}, snippet={"title": "a &#39;b&#39;", "description": "corta ..."}),
    ]
    gone = {"title": "Deleted video", "description": "This video is unavailable.", "playlistId": "PLx"}
    blocked = {"regionRestriction": {"blocked": ["MX", "US"]}, "duration": "PT1H2M3S"}
    sink = read(
        YOUTUBE,
        _youtube(
            *search,
            _item("playlistItem", "i", snippet=gone | {"resourceId": {"videoId": "v2"}}),
            _item("video", "v3", contentDetails=blocked),
            _item("superChatEvent", "x"),
            _item("videoCategory", "27"),
        ),
    )
    assert rows(sink, "account_snapshots")[0]["display_name"] == "A & B"
    assert {t["id"] for t in rows(sink, "threads")} == {"PLx"}
    (found,) = rows(sink, "posts", id="v1")
    assert (found["text"], found["text_truncated"]) == ("a 'b'\n\ncorta ...", True)
    assert {(o["target_id"], o["state"], o["jurisdiction"]) for o in rows(sink, "observations")} == {
        ("v2", "deleted", None), ("v3", "withheld", "MX,US"),
    }  # fmt: skip
    assert rows(sink, "media", id="v3")[0]["duration_ms"] == 3723000
    assert [where for where, _ in sink.quarantined] == ["/items/5"]


@pytest.mark.data
def test_tiktok_sample(data: Path) -> None:
    raw = (data / "exports" / "tiktok_research_api" / "q_videos.json").read_bytes()
    sink = read(TIKTOK, raw)
    assert [p["id"] for p in rows(sink, "posts")] == ["702874395068494965"] * 2
    assert rows(sink, "posts")[0]["created_at"] == datetime(2021, 10, 9, 23, 59, 59, tzinfo=UTC)
    (seen, _) = rows(sink, "post_snapshots")
    assert (seen["views"], seen["replies"], seen["likes"]) == (1050, 2, None)
    assert rows(sink, "posts")[0]["text"] == "lol #pov #avengers"
    # Whoever collects may leave the author's name out of the fields asked for: the post still states its hashtags.
    tags = {(e["src"], e["dst"], e["post_id"]) for e in rows(sink, "edges", type="hashtag")}
    assert tags == {(None, "avengers", "702874395068494965"), (None, "pov", "702874395068494965")}


def test_tiktok_videos_comments_and_followers() -> None:
    video = {
        "id": 7000000000000000001, "username": "ana", "create_time": 1700000000, "region_code": "MX",
        "hashtag_names": ["Ya", "ya"], "video_mention_list": ["beto"], "share_count": 3, "favorites_count": 4,
        "video_duration": 12,
    }  # fmt: skip
    comments = [
        {"id": 5, "video_id": 7000000000000000001, "parent_comment_id": 7000000000000000001, "text": "a"},
        {"id": 6, "video_id": 7000000000000000001, "parent_comment_id": 5, "text": "b", "like_count": 1},
    ]
    sink = read(TIKTOK, json.dumps({"data": {"videos": [video]}, "error": {"code": "ok"}}).encode())
    assert [(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "attaches"] == [
        ("hashtag", "ana", "ya"), ("mentions", "ana", "beto"),
    ]  # fmt: skip
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["reposts"], seen["bookmarks"], seen["likes"]) == (3, 4, None)
    assert rows(sink, "media")[0]["duration_ms"] == 12000
    sink = read(TIKTOK, json.dumps({"data": {"comments": comments}}).encode())
    assert [(p["account_id"], p["in_reply_to_id"], p["thread_id"]) for p in rows(sink, "posts")] == [
        (None, "7000000000000000001", "7000000000000000001"), (None, "5", "7000000000000000001"),
    ]  # fmt: skip
    followers = {"data": {"user_followers": [{"display_name": "B", "username": "beto"}], "has_more": False}}
    sink = read(TIKTOK, json.dumps(followers).encode())
    assert counts(sink) == {"accounts": 1, "account_snapshots": 1}
    assert rows(sink, "accounts")[0]["id_kind"] == "username"
    unnamed = read(TIKTOK, json.dumps({"data": {"display_name": "x", "follower_count": 3}}).encode())
    assert [(a["id"], a["id_kind"]) for a in rows(unnamed, "accounts")] == [("x", "display_name")]
    assert rows(unnamed, "account_snapshots")[0]["followers"] == 3
    failed = read(TIKTOK, json.dumps({"data": {}, "error": {"code": "invalid_params", "message": "no"}}).encode())
    assert "invalid_params" in failed.quarantined[0][1]


def test_tiktok_float_ids_are_refused() -> None:
    raw = json.dumps({"data": {"videos": [{"id": 7e18, "create_time": 1}, {"id": "7.0E+18"}, {"id": 7}]}}).encode()
    sink = read(TIKTOK, raw)
    assert [p["id"] for p in rows(sink, "posts")] == ["7"]
    assert [where for where, _ in sink.quarantined] == ["line 1 /data/videos/0", "line 1 /data/videos/1"]


@pytest.mark.data
def test_ytdlp_samples_by_hand(data: Path) -> None:
    folder = data / "exports" / "ytdlp_info_json"
    sink = read(YTDLP, (folder / "youtube.info.json").read_bytes())
    (video,) = rows(sink, "posts")
    assert (video["platform"], video["id"], video["account_id"]) == ("youtube", "ABC123", "UCEABC123")
    assert (video["created_at"], video["created_at_raw"]) == (None, "20210720")
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["views"], seen["likes"], seen["replies"]) == (9973, 333, 44)
    assert seen["observed_at"] == datetime.fromtimestamp(1707251366, UTC)
    (profile,) = rows(sink, "account_snapshots")
    assert (profile["followers"], profile["username"]) == (35000, "@PinchflatTestChannel")
    (page,) = rows(read(YTDLP, (folder / "html5_page.info.json").read_bytes()), "posts")
    assert (page["platform"], page["created_at"], page["created_at_raw"]) == ("web", None, "1795449255")


def test_ytdlp_comments_playlists_and_other_sites() -> None:
    comments = [
        {"id": "c1", "parent": "root", "text": "a", "author_id": "UCa", "timestamp": 5, "_time_text": "2 years ago"},
        {"id": "c1.x", "parent": "c1", "text": "b", "author_id": "UCb", "author": "@b", "timestamp": 1700000000},
    ]
    tiktok = {
        "id": "71", "extractor": "TikTok", "extractor_key": "TikTok", "uploader_id": "900", "uploader": "ana",
        "timestamp": 1700000000, "repost_count": 2, "comments": comments, "age_limit": 18, "epoch": 1700000100,
    }  # fmt: skip
    playlist = {
        "_type": "playlist", "id": "PL", "title": "L", "extractor": "youtube:tab", "extractor_key": "YoutubeTab",
        "entries": [tiktok, {"_type": "url", "id": "v", "ie_key": "Youtube", "title": "t"}, None], "epoch": 1,
    }  # fmt: skip
    sink = read(YTDLP, json.dumps(playlist).encode())
    assert not sink.quarantined
    assert {(p["platform"], p["id"], p["kind"]) for p in rows(sink, "posts")} == {
        ("tiktok", "71", "video"), ("tiktok", "c1", "comment"), ("tiktok", "c1.x", "comment"),
        ("youtube", "v", "video"),
    }  # fmt: skip
    (video,) = rows(sink, "posts", id="71")
    assert (video["created_at"], video["sensitive"], video["account_id"]) == (
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), True, "900",
    )  # fmt: skip
    (guess,) = rows(sink, "posts", id="c1")
    assert (guess["created_at"], guess["created_at_raw"]) == (None, "2 years ago")
    assert {(e["src"], e["dst"]) for e in rows(sink, "edges", type="replies")} == {("UCa", "71"), ("UCb", "c1")}
    assert [t["type"] for t in rows(sink, "threads")] == ["playlist"]
