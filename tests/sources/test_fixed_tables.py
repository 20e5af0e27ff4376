"""Tables with fixed columns of which no real file may be passed on: CrowdTangle, Meta Content Library, X's archive."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from tecolote.sources import crowdtangle_csv, mcl, registry, x_io
from tecolote.sources.base import Reader
from tecolote.sources.crowdtangle_csv import zoned
from tests.sources.reading import content, counts, read, rows


def names(header: str) -> list[str]:
    return header.split(",")


FACEBOOK = names(
    "Page Name,User Name,Facebook Id,Page Category,Page Admin Top Country,Page Description,Page Created,"
    "Likes at Posting,Followers at Posting,Post Created,Post Created Date,Post Created Time,Type,Total Interactions,"
    "Likes,Comments,Shares,Love,Wow,Haha,Sad,Angry,Care,Video Share Status,Is Video Owner?,Post Views,Total Views,"
    "Total Views For All Crossposts,Video Length,URL,Message,Link,Final Link,Image Text,Link Text,Description,"
    "Sponsor Id,Sponsor Name,Sponsor Category,"
    "Total Interactions (weighted  —  Likes 1x Shares 1x Comments 1x Love 1x Wow 1x Haha 1x Sad 1x Angry 1x Care 1x )"
)
IO = names(
    "tweetid,userid,user_display_name,user_screen_name,user_reported_location,user_profile_description,"
    "user_profile_url,follower_count,following_count,account_creation_date,account_language,tweet_language,tweet_text,tweet_time,"
    "tweet_client_name,in_reply_to_userid,in_reply_to_tweetid,quoted_tweet_tweetid,is_retweet,retweet_userid,"
    "retweet_tweetid,latitude,longitude,quote_count,reply_count,like_count,retweet_count,hashtags,urls,user_mentions,"
    "poll_choices"
)
LIBRARY = names(
    "id,creation_time,modified_time,lang,text,hashtags,content_type,mcl_url,post_owner.id,post_owner.name,"
    "post_owner.username,post_owner.type,surface.id,surface.name,surface.type,shared_post_id,link_attachment.link,"
    "statistics.like_count,statistics.share_count,statistics.comment_count,statistics.love_count,statistics.views"
)
PAGE = {
    "Page Name": "Página", "User Name": "pagina", "Facebook Id": "123", "Followers at Posting": "1,234",
    "Post Created": "2020-10-29 10:56:05 EDT", "Type": "Photo", "Likes": "42,617", "Comments": "1,060", "Shares": "303",
    "Love": "10,937", "URL": "https://www.facebook.com/pagina/posts/10159078346893919", "Message": "hola #Ya",
    "Final Link": "https://example.org/a", "Page Created": "2009-01-01 00:00:00 EST",
}  # fmt: skip
HASH = "WYCEVuV+oM4c/bZ2qsrMG3cqz0V8yLIyMbG3e0xJxLk="
OPERATION = {
    "tweetid": "492388766930444288", "userid": HASH, "user_screen_name": HASH, "user_display_name": HASH,
    "account_creation_date": "2013-05-07", "tweet_time": "2014-07-24 19:20", "tweet_text": "RT @a: hola…",
    "is_retweet": "True", "retweet_userid": "11", "retweet_tweetid": "492388000000000001", "like_count": "2",
    "retweet_count": "3", "hashtags": "[uno, dos]", "urls": "['https://example.org/a']", "user_mentions": "[11]",
    "follower_count": "5", "latitude": "absent", "tweet_language": "es",
}  # fmt: skip
ENTRY = {
    "id": "777", "creation_time": "2024-05-01T10:00:00+0000", "modified_time": "2024-05-02T10:00:00+0000",
    "text": "hola", "post_owner.id": "1", "post_owner.name": "Ana", "post_owner.username": "ana", "surface.id": "2",
    "surface.name": "Grupo", "surface.type": "group", "shared_post_id": "776", "hashtags": '["uno"]',
    "statistics.like_count": "4", "statistics.love_count": "1", "statistics.views": "90",
    "mcl_url": "https://www.facebook.com/transparency-tools/content-library/777",
}  # fmt: skip
ALL: list[tuple[Reader, list[str], dict[str, str], str]] = [
    (crowdtangle_csv.READER, FACEBOOK, PAGE, "123_10159078346893919"),
    (x_io.READER, IO, OPERATION, "492388766930444288"),
    (mcl.READER, LIBRARY, ENTRY, "777"),
]  # fmt: skip


def table(columns: list[str], *items: dict[str, str], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=columns)
    writer.writeheader()
    writer.writerows(items)
    return out.getvalue().encode(encoding)


@pytest.mark.parametrize(("reader", "columns", "item", "pid"), ALL, ids=lambda v: getattr(v, "name", ""))
def test_recognised_by_columns_alone(reader: Reader, columns: list[str], item: dict[str, str], pid: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        raw = table(columns, item, encoding=encoding)
        assert registry.pick(raw, "renamed.bin") is reader
        assert [p["id"] for p in rows(read(reader, raw), "posts")] == [pid]
    assert not reader.proven
    swapped = table(columns[::-1], item)
    assert content(read(reader, swapped)) == content(read(reader, table(columns, item)))


@pytest.mark.parametrize(("reader", "columns", "item", "pid"), ALL, ids=lambda v: getattr(v, "name", ""))
def test_rows_that_are_damaged_cost_themselves(
    reader: Reader, columns: list[str], item: dict[str, str], pid: str
) -> None:
    key = {"x_io": "tweetid", "mcl": "id", "crowdtangle_csv": "URL"}[reader.name]
    lost = "" if key == "URL" else "1.01421E+18"
    raw = table(columns, item, item | {key: lost}, item)
    sink = read(reader, raw)
    assert len(rows(sink, "posts")) == 2 and len(sink.quarantined) == 1
    cut = read(reader, raw[: len(raw) - 30])
    assert len(rows(cut, "posts")) == 1
    assert content(read(reader, raw.replace(b"\r\n", b"\n"))) == content(sink)


def test_crowdtangle_facebook_and_instagram() -> None:
    sink = read(crowdtangle_csv.READER, table(FACEBOOK, PAGE))
    (post,) = rows(sink, "posts")
    assert (post["platform"], post["account_id"]) == ("facebook", "123")
    assert (post["created_at"], post["tz_basis"]) == (datetime(2020, 10, 29, 14, 56, 5, tzinfo=UTC), "offset")
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["likes"], seen["replies"], seen["reposts"], seen["reactions"]) == (42617, 1060, 303, '{"love": 10937}')
    assert [(a["followers"], a["observed_at"]) for a in rows(sink, "account_snapshots")] == [
        (None, None), (1234, datetime(2020, 10, 29, 14, 56, 5, tzinfo=UTC)),
    ]  # fmt: skip
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {
        ("links_to", "https://example.org/a"), ("hashtag", "ya"),
    }  # fmt: skip
    columns = (
        "Account,User Name,Followers at Posting,Post Created,Type,Likes,Comments,Views,URL,Link,Photo,Title,Description"
    )
    item = {
        "Account": "Ana", "User Name": "ana", "Post Created": "2020-01-02 03:04:05 XYZ", "Type": "Photo", "Likes": "3",
        "URL": "https://www.instagram.com/p/AbC_d-1/", "Description": "foto #uno", "Photo": "https://i.example/1",
    }  # fmt: skip
    sink = read(crowdtangle_csv.READER, table(columns.split(","), item))
    (post,) = rows(sink, "posts")
    assert (post["platform"], post["id"], post["text"], post["created_at"]) == (
        "instagram",
        "AbC_d-1",
        "foto #uno",
        None,
    )
    assert rows(sink, "media")[0]["url"] == "https://i.example/1"


def test_zones_by_their_letters() -> None:
    assert zoned("2020-12-01 00:00:00 EST")[0] == datetime(2020, 12, 1, 5, tzinfo=UTC)
    assert zoned("2020-12-01 00:00:00 UTC")[2] == "utc"
    assert zoned("2020-13-01 00:00:00 EST") == (None, "2020-13-01 00:00:00 EST", "unknown")
    assert zoned("2020-12-01 00:00:00") == (None, "2020-12-01 00:00:00", "unknown")


def test_information_operations() -> None:
    sink = read(x_io.READER, table(IO, OPERATION, OPERATION | {"tweetid": "5", "tweet_time": "7/24/2014 19:20"}))
    post, other = rows(sink, "posts")
    assert post["created_at"] == other["created_at"] == datetime(2014, 7, 24, 19, 20, tzinfo=UTC)
    assert (post["text_truncated"], post["account_id"], post["place"]) == (True, HASH, None)
    (who,) = rows(sink, "accounts")
    assert (who["id_kind"], who["created_at"]) == ("pseudonym", datetime(2013, 5, 7, tzinfo=UTC))
    assert {(e["type"], e["dst"], e["dst_account_id"]) for e in rows(sink, "edges", post_id="5")} == {
        ("reposts", "492388000000000001", "11"), ("mentions", "11", None), ("hashtag", "uno", None),
        ("hashtag", "dos", None), ("links_to", "https://example.org/a", None),
    }  # fmt: skip
    users = [name for name in IO if "tweet" not in name][:10]
    assert counts(read(x_io.READER, table(users, {k: OPERATION.get(k, "") for k in users}))) == {
        "accounts": 1, "account_snapshots": 1,
    }  # fmt: skip


def test_content_library() -> None:
    sink = read(mcl.READER, table(LIBRARY, ENTRY))
    (post,) = rows(sink, "posts")
    assert (post["account_id"], post["thread_id"], post["author_name"]) == ("1", "2", "ana")
    assert post["edited_at"] == datetime(2024, 5, 2, 10, tzinfo=UTC)
    assert [(t["id"], t["title"], t["type"], t["private"]) for t in rows(sink, "threads")] == [
        ("2", "Grupo", "group", False)
    ]
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["likes"], seen["views"], seen["reposts"], seen["reactions"]) == (4, 90, None, '{"love": 1}')
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {("hashtag", "uno"), ("reposts", "776")}
