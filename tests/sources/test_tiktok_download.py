"""TikTok's download, as described: the reader says that it is unproven."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tecolote.sources.base import Options, Source
from tecolote.sources.registry import pick
from tecolote.sources.tiktok_download import READER
from tests.sources.reading import content, counts, read, rows


def download(activity: str = "Your Activity", messages: str = "Direct Message") -> dict[str, Any]:
    return {
        "Profile And Settings": {"Profile Info": {"ProfileMap": {"userName": "ana"}},
                                 "Following": {"Following": [{"Date": "2024-01-01 00:00:00 UTC", "UserName": "b"}]},
                                 "Follower": {"FansList": [{"Date": "2024-01-02 00:00:00", "UserName": "c"}]}},
        activity: {"Watch History": {"VideoList": [{"Date": "2024-01-01 00:00:00", "Link": "https://x.example/1"}]}},
        "Comment": {"Comments": {"CommentsList": [{"date": "2024-01-03 00:00:00", "comment": "hola #MX"}]}},
        messages: {"Direct Messages": {"ChatHistory": {
            "Chat History With b/x:": [{"Date": "2024-01-04 00:00:00", "From": "b/x", "Content": "ven"}],
        }}},
        "Post": {"Posts": {"VideoList": [{"Date": "2024-01-05 00:00:00", "Likes": "12",
                                          "Link": "https://www.tiktokv.com/share/video/7123456789/"}]}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("activity", "messages"), [("Your Activity", "Direct Message"), ("Activity", "Direct Messages")]
)
def test_lists_are_known_by_their_own_names(activity: str, messages: str) -> None:
    raw = json.dumps(download(activity, messages)).encode()
    found = pick(raw, "renamed")
    assert found is not None
    assert (found.name, found.proven) == ("tiktok_download", False)
    assert [chat.private for chat in READER.chats(Source("x", io.BytesIO(raw), len(raw)))] == [True]
    sink = read(READER, raw)
    assert not sink.quarantined
    assert [(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")] == [
        ("follows", "ana", "b"), ("follows", "c", "ana"), ("hashtag", "ana", "mx"),
    ]  # fmt: skip
    assert rows(sink, "edges")[0]["at"] == datetime(2024, 1, 1, tzinfo=UTC)
    comment, message, video = rows(sink, "posts")
    assert (comment["kind"], comment["account_id"], comment["tz_basis"]) == ("comment", "ana", "unknown")
    assert (message["thread_id"], message["account_id"], message["visibility"]) == ("b/x", "b/x", "private")
    assert (video["id"], rows(sink, "post_snapshots")[0]["likes"]) == ("7123456789", 12)
    given = rows(read(READER, raw, options=Options(timezone="UTC")), "posts")
    assert given[1]["created_at"] == datetime(2024, 1, 4, tzinfo=UTC)


def test_order_does_not_matter_and_hostile_records_cost_themselves_only() -> None:
    value = download()
    turned = dict(reversed(value.items()))
    assert content(read(READER, json.dumps(value).encode())) == content(read(READER, json.dumps(turned).encode()))
    value["Comment"]["Comments"]["CommentsList"] += [5, {"comment": 7, "date": []}, {"comment": "\ud800"}]
    value["Profile And Settings"]["Following"]["Following"] += [{"UserName": 1.5}, {}]
    raw = json.dumps(value).encode()
    sink = read(READER, raw)
    assert len(sink.quarantined) == 3
    assert counts(sink)["posts"] == 5
    for cut in range(0, len(raw), 61):
        read(READER, raw[:cut])
