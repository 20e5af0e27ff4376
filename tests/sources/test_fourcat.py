"""4CAT's datasets: the sample by hand, beside the reader of any table, other datasources, JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import csv_any, registry
from tecolote.sources.base import Sink
from tecolote.sources.fourcat import READER
from tests.sources.reading import content, counts, read, rows

SAMPLE = ("exports", "fourcat_csv", "twitter-import_chinadaily.csv")
BASE = {
    "id": "5", "thread_id": "5", "body": "hola", "author": "ana", "timestamp": "2023-06-06 05:20:23",
    "unix_timestamp": "1686028823",
}  # fmt: skip


def table(*items: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(dict.fromkeys(k for item in items for k in item)))
    writer.writeheader()
    writer.writerows(items)
    return out.getvalue().encode()


@pytest.mark.data
def test_sample_by_hand(data: Path) -> None:
    raw = data.joinpath(*SAMPLE).read_bytes()
    assert registry.pick(raw[:65536], "renamed.bin") is READER
    sink = read(READER, raw)
    listed = list(csv.DictReader(io.StringIO(raw.decode())))
    assert [p["id"] for p in rows(sink, "posts")] == [row["id"] for row in listed] and not sink.quarantined
    assert counts(sink) == {
        "posts": 2, "post_snapshots": 2, "accounts": 2, "account_snapshots": 2, "media": 2, "edges": 7,
    }  # fmt: skip
    repost, post = rows(sink, "posts")
    # The link in this row was rounded by the tool that wrote it; the column of ids was not.
    assert (post["id"], post["url"]) == ("1700166894593224767", "https://x.com/ChinaDaily/status/1700166894593224700")
    assert (post["platform"], post["account_id"], post["author_name"]) == ("x", "87775422", "ChinaDaily")
    assert (post["created_at"], post["tz_basis"]) == (datetime(2023, 9, 8, 15, 19, 9, tzinfo=UTC), "utc")
    assert (post["lang"], post["sensitive"], post["source_app"]) == ("en", False, "Twitter Media Studio")
    assert post["text"].endswith("https://t.co/f5PPXDfhSJ") and post["thread_id"] == post["id"]
    hidden, seen = rows(sink, "post_snapshots")
    assert [seen[k] for k in ("likes", "reposts", "replies", "quotes", "views")] == [41, 14, 9, 3, 5501]
    assert (hidden["views"], hidden["reposts"], hidden["observed_at"]) == (None, 10, None)
    assert [(a["username"], a["display_name"], a["verified"]) for a in rows(sink, "account_snapshots")] == [
        ("_AVICINTL", "AVIC INTL", False), ("ChinaDaily", "China Daily", True),
    ]  # fmt: skip
    assert {(e["src"], e["type"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "attaches"} == {
        ("1539774913967714304", "reposts", "ChinaDaily"), ("1539774913967714304", "mentions", "ChinaDaily"),
        ("87775422", "hashtag", "huawei"), ("87775422", "hashtag", "unboxingchina"),
        ("87775422", "mentions", "BarrettYouTube"),
    }  # fmt: skip
    assert [(m["type"], m["id"]) for m in rows(sink, "media")] == [
        ("image", "1700166894593224767/0"), ("video", "1700166894593224767/1"),
    ]  # fmt: skip
    assert repost["text"].startswith("RT @ChinaDaily: Today marks")


@pytest.mark.data
def test_says_at_least_what_the_reader_of_any_table_says(data: Path) -> None:
    raw = data.joinpath(*SAMPLE).read_bytes()
    mine, any_table = read(READER, raw), read(csv_any.READER, raw)
    assert mine.spans == any_table.spans
    for name in any_table.rows:
        assert len(mine.rows[name]) >= len(any_table.rows[name])
        for left, right in zip(rows(mine, name), rows(any_table, name), strict=False) if name != "edges" else ():
            assert all(left[k] == v for k, v in right.items() if v is not None)
    ends = [{(e["src"], e["type"], e["dst"]) for e in rows(s, "edges")} for s in (mine, any_table)]
    assert ends[0] >= ends[1]


def test_replies_quotes_withheld_posts_and_hidden_counts() -> None:
    item = BASE | {
        "link": "https://x.com/ana/status/5", "author_id": "9", "like_count": "-1", "reply_count": "", "thread_id": "2",
        "is_retweet": "no", "is_reply": "yes", "replied_author": "beto,carla", "quote_tweet_id": "7",
        "is_withheld": "yes", "is_quote_withheld": "yes",
        "urls": "https://example.org/a,https://example.org/b", "hashtags": "Uno,dos,uno",
    }  # fmt: skip
    sink = read(READER, table(item))
    assert {(e["type"], e["dst"], e["dst_kind"]) for e in rows(sink, "edges")} == {
        ("replies", "beto", "account_name"), ("replies", "carla", "account_name"), ("quotes", "7", "post"),
        ("links_to", "https://example.org/a", "link"), ("links_to", "https://example.org/b", "link"),
        ("hashtag", "uno", "hashtag"), ("hashtag", "dos", "hashtag"),
    }  # fmt: skip
    assert "post_snapshots" not in counts(sink)
    assert [(o["target_id"], o["state"]) for o in rows(sink, "observations")] == [
        (item["id"], "withheld"), ("7", "withheld"),
    ]  # fmt: skip
    assert rows(sink, "threads")[0]["id"] == "2"


def test_datasources_of_other_platforms() -> None:
    tiktok = BASE | {
        "tiktok_url": "https://www.tiktok.com/@ana/video/5", "author_full": "Ana", "author_followers": "12",
        "likes": "3", "comments": "4", "shares": "5", "plays": "6", "is_duet": "no", "video_url": "https://v.example/1",
    }  # fmt: skip
    sink = read(READER, table(tiktok))
    assert rows(sink, "posts")[0]["platform"] == "tiktok"
    assert [rows(sink, "post_snapshots")[0][k] for k in ("likes", "replies", "reposts", "views")] == [3, 4, 5, 6]
    assert rows(sink, "account_snapshots")[0]["followers"] == 12 and rows(sink, "media")[0]["type"] == "video"
    picture = BASE | {
        "url": "https://www.instagram.com/p/ABC", "id": "ABC", "num_likes": "-1", "num_comments": "2", "num_media": "1",
        "body": "mira #Ya @beto", "location_name": "Culiacán", "type": "photo", "media_url": "https://i.example/1",
    }  # fmt: skip
    sink = read(READER, table(picture))
    assert (rows(sink, "post_snapshots")[0]["likes"], rows(sink, "post_snapshots")[0]["replies"]) == (None, 2)
    assert rows(sink, "posts")[0]["platform"] == "instagram" and "Culiacán" in rows(sink, "posts")[0]["place"]
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} >= {("hashtag", "ya"), ("mentions", "beto")}
    channel = BASE | {
        "id": "canal-7", "thread_id": "canal", "author": "1234", "author_username": "canal", "author_is_bot": "no",
        "reply_to": "6", "views": "9", "author_forwarded_from_id": "77", "unix_timestamp_edited": "1686028900",
    }  # fmt: skip
    sink = read(READER, table(channel))
    (post,) = rows(sink, "posts")
    assert (post["platform"], post["account_id"], post["in_reply_to_id"]) == ("telegram", "1234", "canal-6")
    assert post["edited_at"] == datetime(2023, 6, 6, 5, 21, 40, tzinfo=UTC)
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {("replies", "canal-6"), ("forwards", "77")}


def test_json_lines_say_the_same() -> None:
    item = BASE | {"link": "https://x.com/ana/status/5", "like_count": "3", "hashtags": "uno,dos"}
    raw = json.dumps(item | {"like_count": 3, "hashtags": ["uno", "dos"], "unix_timestamp": 1686028823}).encode()
    assert registry.pick(raw, "x") is READER
    assert content(read(READER, raw)) == content(read(READER, table(item)))


def test_rows_that_cannot_be_read_cost_themselves() -> None:
    sink = read(READER, table(BASE, BASE | {"id": "1.01421E+18"}, BASE | {"id": ""}, BASE | {"id": "6"}))
    assert [p["id"] for p in rows(sink, "posts")] == ["5", "6"] and len(sink.quarantined) == 2
    bad = json.dumps(BASE | {"id": 1.5e18}).encode()
    assert len(read(READER, bad + b"\n" + json.dumps(BASE).encode()).quarantined) == 1


@given(st.lists(st.tuples(st.integers(1, 2**63).map(str), st.text("abcñ😀 ,\"'\n", max_size=20)), max_size=6))
def test_written_rows_are_read_back(pairs: list[tuple[str, str]]) -> None:
    items = [BASE | {"id": pid, "body": text, "author": f"a{pid}"} for pid, text in pairs]
    sink: Sink = read(READER, table(BASE, *items))
    assert [(p["id"], p["text"]) for p in rows(sink, "posts")][1:] == [
        (pid, text if text.strip() else None) for pid, text in pairs
    ]


def test_a_name_on_two_platforms_is_two_accounts_in_any_order() -> None:
    items = [
        {**BASE, "id": "1", "url": "https://x.com/ana/status/1"},
        {**BASE, "id": "2", "url": "https://bsky.app/profile/ana/post/2"},
    ]
    found = [content(read(READER, table(*order))) for order in (items, items[::-1])]
    assert {a["platform"] for a in rows(read(READER, table(*items)), "accounts")} == {"x", "bluesky"}
    assert found[0] == found[1]
