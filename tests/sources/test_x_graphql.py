"""X's web answers: samples against counts of the standard library and values read by hand; shapes; absences."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import registry
from tecolote.sources.base import Source, clean_text
from tecolote.sources.x_graphql import READER
from tests.sources.reading import content, counts, read, rows


def user(uid: str = "9", **more: Any) -> dict[str, Any]:
    return {"__typename": "User", "rest_id": uid, "legacy": {"screen_name": "ana", "name": "Ana"}} | more


def tweet(pid: str = "5", *, author: dict[str, Any] | None = None, **legacy: Any) -> dict[str, Any]:
    return {
        "__typename": "Tweet", "rest_id": pid, "core": {"user_results": {"result": author or user()}},
        "legacy": {"full_text": "hola", "created_at": "Wed Oct 10 20:19:24 +0000 2018", "user_id_str": "9"} | legacy,
    }  # fmt: skip


def captured(thing: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({
        "nav_index": "1", "item_id": "5.0", "timestamp_collected": 1700000000123, "source_platform": "x.com",
        "source_url": "https://x.com/i/api/graphql/q/UserTweets", "data": thing,
    } | more).encode()  # fmt: skip


def page(*things: Any) -> bytes:
    entries = [
        {"entryId": f"tweet-{70 + i}", "content": {"itemContent": {"tweet_results": {"result": t}}}}
        for i, t in enumerate(things)
    ]
    timeline = {"timeline": {"instructions": [{"type": "TimelineAddEntries", "entries": entries}]}}
    return json.dumps({"data": {"user": {"result": {"__typename": "User", "timeline_v2": timeline}}}}).encode()


def _inner(tweet_result: dict[str, Any]) -> list[str]:
    """Ids of a post and all posts inside it, by walking the JSON and nothing else."""
    found = [tweet_result["rest_id"]]
    for holder in (tweet_result, tweet_result["legacy"]):
        for key in ("retweeted_status_result", "quoted_status_result"):
            inner = (holder.get(key) or {}).get("result") or {}
            if "rest_id" in inner:
                found += _inner(inner)
    return found


@pytest.mark.data
@pytest.mark.parametrize("name", ["chinadaily_2023.ndjson", "user_tweets_2026.ndjson"])
def test_captures_count_as_the_raw_bytes_do(data: Path, name: str) -> None:
    raw = (data / "exports" / "x_graphql_zeeschuimer" / name).read_bytes()
    lines = [json.loads(line) for line in raw.splitlines()]
    sink = read(READER, raw)
    assert sink.count == len(lines) and not sink.quarantined
    for number, line in enumerate(lines):
        expected = list(dict.fromkeys(_inner(line["data"])))
        assert [p["id"] for p in rows(sink, "posts", rec=number)] == expected
        seen = {s["observed_at"] for s in rows(sink, "post_snapshots", rec=number)}
        assert seen == {datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=line["timestamp_collected"])}
    rounded = {line["item_id"] for line in lines} - {line["data"]["rest_id"] for line in lines}
    assert not rounded & {p["id"] for p in rows(sink, "posts")}
    reposts = sum("retweeted_status_result" in line["data"]["legacy"] for line in lines)
    assert len(rows(sink, "edges", type="reposts")) == reposts


@pytest.mark.data
def test_shape_of_2023_by_hand(data: Path) -> None:
    sink = read(READER, (data / "exports" / "x_graphql_zeeschuimer" / "chinadaily_2023.ndjson").read_bytes())
    assert counts(sink) == {
        "posts": 3, "post_snapshots": 3, "accounts": 3, "account_snapshots": 3, "media": 2, "edges": 7,
    }  # fmt: skip
    post = rows(sink, "posts", id="1700166894593224767")[0]
    assert post["account_id"] == "87775422" and post["author_name"] == "ChinaDaily"
    assert post["created_at"] == datetime(2023, 9, 8, 15, 19, 9, tzinfo=UTC)
    assert post["text"].endswith("China's tech industry. https://t.co/f5PPXDfhSJ") and post["text_raw"] is None
    assert (post["lang"], post["source_app"], post["sensitive"]) == ("en", "Twitter Media Studio", False)
    (seen,) = rows(sink, "post_snapshots", post_id="1700166894593224767")
    assert [seen[k] for k in ("likes", "reposts", "replies", "quotes", "views", "bookmarks")] == [41, 14, 9, 3, 5501, 2]
    assert seen["observed_basis"] == "record"
    # The repost carries the whole text of the reposted post, not its own cut one, and no count of views.
    repost = rows(sink, "posts", id="1665951747842641921")[0]
    assert repost["text"].endswith("busy farming period. https://t.co/SQMrX99bWr") and repost["text_truncated"] is False
    assert rows(sink, "post_snapshots", post_id="1665951747842641921")[0]["views"] is None
    who = rows(sink, "account_snapshots", account_id="1539774913967714304")[0]
    assert (who["username"], who["followers"], who["following"], who["posts"], who["likes"]) == (
        "_AVICINTL",
        11672,
        118,
        268,
        145,
    )
    assert (who["verified"], who["verified_type"], who["protected"]) == (False, "Business", None)
    assert rows(sink, "accounts", id="1539774913967714304")[0]["created_at"] == datetime(
        2022, 6, 23, 0, 59, 21, tzinfo=UTC
    )
    ends = {
        (e["src"], e["type"], e["dst"], e["dst_account_id"]) for e in rows(sink, "edges") if e["type"] != "attaches"
    }
    assert ends == {
        ("1539774913967714304", "reposts", "1665863576060575744", "87775422"),
        ("1539774913967714304", "mentions", "87775422", None),
        ("87775422", "mentions", "1139407343790116869", None),
        ("87775422", "hashtag", "huawei", None), ("87775422", "hashtag", "unboxingchina", None),
    }  # fmt: skip
    video = rows(sink, "media", id="1665861064259686400")[0]
    assert (video["type"], video["width"], video["height"], video["duration_ms"]) == ("video", 296, 640, 16000)
    assert video["mime"] == "video/mp4" and "vid/296x640" in video["url"]


@pytest.mark.data
def test_shape_of_2026_by_hand(data: Path) -> None:
    folder = data / "exports" / "x_graphql_zeeschuimer"
    sink = read(READER, (folder / "raw_user_by_login.json").read_bytes())
    (who,) = rows(sink, "account_snapshots")
    assert (who["account_id"], who["username"], who["display_name"]) == ("2244994945", "XDevelopers", "Developers")
    assert (who["followers"], who["following"], who["posts"], who["likes"]) == (695695, 762, 4319, 2642)
    assert who["bio"].startswith("The voice of the X Dev team") and who["url"] == "https://docs.x.com/"
    assert (who["location"], who["protected"], who["verified"], who["verified_type"]) == (
        "127.0.0.1",
        False,
        True,
        "Business",
    )
    assert (who["observed_at"], who["observed_basis"]) == (None, "unknown")
    sink = read(READER, (folder / "user_tweets_2026.ndjson").read_bytes())
    post = rows(sink, "posts", id="2083305234688803178")[0]
    assert post["created_at"] == datetime(2026, 7, 31, 21, 34, 8, tzinfo=UTC) and post["account_id"] == "2244994945"
    assert post["text"].startswith("Overhauled the 𝕏 Developer Console") and post["visibility"] == "public"
    assert rows(sink, "post_snapshots", post_id="2083305234688803178")[0]["reposts"] == 31
    edge = rows(sink, "edges", type="reposts", post_id="2083305234688803178")[0]
    assert edge["src"] == "2244994945" and edge["dst_account_id"] == "2606432720"
    assert rows(sink, "account_snapshots", account_id="2606432720")[0]["followers"] == 188910


@pytest.mark.data
def test_an_account_that_is_not_shown_is_suspended_only_if_x_says_so(data: Path) -> None:
    folder = data / "exports" / "x_graphql_zeeschuimer"
    for name, state, reason in (
        ("user_suspended.json", "suspended", "Suspended: User is suspended"),
        ("user_unavailable_no_reason.json", "unknown", None),
    ):
        (seen,) = rows(read(READER, (folder / name).read_bytes()), "observations")
        assert (seen["target_kind"], seen["state"], seen["reason"]) == ("account", state, reason)
        assert (seen["target_id"], seen["observed_at"], seen["observed_by"]) == (None, None, "export")


def test_shape_of_2024_between_the_two() -> None:
    author = {
        "__typename": "User", "rest_id": "9", "is_blue_verified": True,
        "core": {"screen_name": "nueva", "name": "Nueva", "created_at": "Sat Dec 14 04:35:55 +0000 2013"},
        "legacy": {"followers_count": 3, "friends_count": 4, "statuses_count": 5, "favourites_count": 6,
                   "description": "hola", "verified": False},
        "avatar": {"image_url": "https://example.org/a.jpg"}, "location": {"location": "Culiacán"},
        "privacy": {"protected": True}, "verification": {"verified": False},
    }  # fmt: skip
    sink = read(READER, captured(tweet(author=author)))
    (who,) = rows(sink, "account_snapshots")
    assert [who[k] for k in ("username", "followers", "following", "posts", "likes", "bio", "location")] == [
        "nueva", 3, 4, 5, 6, "hola", "Culiacán",
    ]  # fmt: skip
    assert (who["verified"], who["verified_type"], who["protected"]) == (True, "blue", True)
    (post,) = rows(sink, "posts")
    assert (post["id"], post["visibility"], post["author_name"]) == ("5", "followers", "nueva")


def test_long_posts_edits_and_limited_posts() -> None:
    entity = {"hashtags": [{"text": "Largo"}], "urls": [{"expanded_url": "https://example.org"}], "user_mentions": []}
    long = tweet(
        "7", entities={"media": [{"id_str": "3", "type": "photo", "media_url_https": "https://pbs.twimg.com/a"}]}
    )
    long["note_tweet"] = {
        "is_expandable": True,
        "note_tweet_results": {"result": {"text": "largo &amp; entero", "entity_set": entity}},
    }
    long["edit_control"] = {"edit_control_initial": {"edit_tweet_ids": ["6", "7"]}, "initial_tweet_id": "6"}
    sink = read(READER, captured({
        "__typename": "TweetWithVisibilityResults", "tweet": long,
        "tweetInterstitial": {"text": {"text": "Visibility limited"}},
    }))  # fmt: skip
    (post,) = rows(sink, "posts")
    assert (post["text"], post["text_raw"]) == ("largo & entero", "largo &amp; entero")
    assert (post["version_of"], post["revision"], post["text_truncated"]) == ("6", 1, False)
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {
        ("hashtag", "largo"), ("links_to", "https://example.org"), ("attaches", "3"),
    }  # fmt: skip
    assert rows(sink, "observations")[0]["state"] == "restricted"
    cut = tweet("8")
    cut["note_tweet"] = {"is_expandable": True}
    assert rows(read(READER, captured(cut)), "posts")[0]["text_truncated"] is True


def test_tombstones_have_the_id_that_stands_around_them() -> None:
    gone = {
        "__typename": "TweetTombstone",
        "tombstone": {"text": {"text": "This Post is from a suspended account. Learn more"}},
    }
    limited = {"__typename": "TweetUnavailable", "reason": "NsfwLoggedOut"}
    quoting = tweet("75", is_quote_status=True, quoted_status_id_str="60")
    quoting["quoted_status_result"] = {
        "result": {
            "__typename": "TweetTombstone",
            "tombstone": {"text": {"text": "This Post was deleted by the Post author."}},
        }
    }
    lost = tweet("76", author={"__typename": "UserUnavailable", "reason": "Protected"})
    sink = read(READER, page(gone, limited, quoting, lost))
    assert {(o["target_kind"], o["target_id"], o["state"]) for o in rows(sink, "observations")} == {
        ("post", "70", "suspended"), ("post", "71", "restricted"), ("post", "60", "deleted"),
        ("account", "9", "protected"),
    }  # fmt: skip
    assert [p["id"] for p in rows(sink, "posts")] == ["75", "76"]
    assert rows(sink, "edges", type="quotes")[0]["dst"] == "60"


def test_one_bad_post_of_a_page_costs_only_itself() -> None:
    for bad in (
        {**tweet(), "rest_id": 1.5e18, "legacy": {"full_text": "x"}},
        tweet("1.2E+18"),
        {"__typename": "Tweet", "legacy": {}},
    ):
        sink = read(READER, page(tweet("1"), bad, tweet("2")))
        assert [p["id"] for p in rows(sink, "posts")] == ["1", "2"]
        assert len(sink.quarantined) == 1 and "entries/1" in sink.quarantined[0][0]
        alone = read(READER, captured(bad))
        assert not counts(alone) and len(alone.quarantined) == 1


def test_data_of_4cat_keeps_the_time_of_capture() -> None:
    sink = read(READER, json.dumps(tweet() | {"__import_meta": {"timestamp_collected": 1700000000123}}).encode())
    assert rows(sink, "post_snapshots")[0]["observed_at"] == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)


def test_direct_messages_are_private_and_unread() -> None:
    raw = json.dumps({"inbox_initial_state": {"entries": [{"message": {"id": "1"}}], "conversations": {}}}).encode()
    assert registry.pick(raw, "x") is READER
    assert READER.chats(Source("x", BytesIO(raw), len(raw)))[0].private
    sink = read(READER, raw)
    assert not counts(sink) and "private" in sink.quarantined[0][1]


def test_other_platforms_of_zeeschuimer_are_left_alone() -> None:
    assert READER.sniff(captured(tweet(), source_platform="tiktok.com"), "x") == 0.0
    assert registry.pick(captured(tweet()), "renamed.bin") is READER


@given(
    st.integers(1, 2**63 - 1).map(str), st.text(max_size=40), st.integers(0, 2**40), st.integers(0, 2**40),
    st.sampled_from([1, 2, 3]),
)  # fmt: skip
def test_a_written_record_is_read_back(pid: str, text: str, likes: int, views: int, times: int) -> None:
    raw = captured(tweet(pid, full_text=text, favorite_count=likes) | {"views": {"count": str(views)}})
    sink = read(READER, b"\n".join([raw] * times))
    (post, *_) = rows(sink, "posts")
    plain = (clean_text(text) or "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert (post["id"], post["text"]) == (pid, plain)
    (seen, *_) = rows(sink, "post_snapshots")
    assert (seen["likes"], seen["views"]) == (likes, views) and len(rows(sink, "posts")) == times


def test_order_of_lines_changes_nothing() -> None:
    lines = [captured(tweet(str(n), author=user(str(n)))) for n in range(1, 6)]
    assert content(read(READER, b"\n".join(lines))) == content(read(READER, b"\n".join(reversed(lines))))
