"""CrowdTangle's API: the sample by hand, steps of history, damage."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources import registry
from tecolote.sources.crowdtangle import READER
from tests.sources.reading import counts, read, rows


def post(pid: Any = "1_2", **more: Any) -> dict[str, Any]:
    actual = {"likeCount": 3, "shareCount": 2, "commentCount": 1}
    return {
        "platformId": pid, "platform": "Facebook", "date": "2020-10-29 14:56:05", "updated": "2020-10-30 00:00:00",
        "postUrl": "https://www.facebook.com/a/posts/2", "subscriberCount": 5, "statistics": {"actual": actual},
        "account": {"id": 9, "platformId": "1", "name": "A", "handle": "a"},
    } | more  # fmt: skip


@pytest.mark.data
def test_sample_by_hand(data: Path) -> None:
    raw = (data / "exports" / "facebook_crowdtangle" / "crowdtangle_posts_api.json").read_bytes()
    assert registry.pick(raw, "renamed.bin") is READER
    sink = read(READER, raw)
    listed = json.loads(raw)["result"]["posts"]
    assert [p["id"] for p in rows(sink, "posts")] == [item["platformId"] for item in listed] and not sink.quarantined
    for number, item in enumerate(listed):
        start, length = sink.spans[2 * number : 2 * number + 2]
        assert json.loads(raw[start : start + length]) == item
    first, second = rows(sink, "posts")
    assert (first["id"], first["account_id"]) == ("11430503918_10159078346893919", "11430503918")
    assert first["created_at"] == datetime(2020, 10, 29, 14, 56, 5, tzinfo=UTC)
    assert first["text"] == "Salió el sol 😎 Ánimo mi gente que hoy es JUERNES!!!! 🕺🏻#Perfecta"
    assert first["url"] == "https://www.facebook.com/luisfonsi/posts/10159078346893919" and second["text"] is None
    seen, other = rows(sink, "post_snapshots")
    assert seen["observed_at"] == datetime(2020, 10, 29, 19, 3, 44, tzinfo=UTC) and seen["observed_basis"] == "record"
    assert (seen["likes"], seen["reposts"], seen["replies"], seen["views"]) == (42617, 303, 1060, None)
    assert json.loads(seen["reactions"]) == {
        "love": 10937, "wow": 35, "haha": 123, "sad": 4, "angry": 2, "thankful": 0, "care": 520,
    }  # fmt: skip
    assert (other["likes"], other["reposts"], other["replies"]) == (22509, 15651, 383)
    now, then = rows(sink, "account_snapshots", account_id="11430503918")
    assert (now["username"], now["display_name"], now["verified"], now["followers"]) == (
        "luisfonsi", "Luis Fonsi", True, 13231210,
    )  # fmt: skip
    assert (then["followers"], then["observed_at"]) == (13231210, first["created_at"])
    assert [(m["type"], m["width"], m["height"]) for m in rows(sink, "media")] == [
        ("image", 600, 719), ("image", 720, 720),
    ]  # fmt: skip
    assert {(e["src"], e["type"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "attaches"} == {
        ("11430503918", "links_to",
         "https://www.facebook.com/luisfonsi/photos/a.74490428918/10159078346893919/?type=3"),
        ("11430503918", "hashtag", "perfecta"),
        ("10162931178", "links_to",
         "https://www.facebook.com/tobymac/photos/a.241173571178/10157582303601179/?type=3"),
    }  # fmt: skip


def test_steps_of_history_are_snapshots_of_their_own() -> None:
    steps = [{"timestep": 1, "date": "2020-10-29 15:00:00", "actual": {"likeCount": 1}}]
    sink = read(READER, json.dumps(post(history=steps)).encode())
    assert [(s["observed_at"].day, s["likes"]) for s in rows(sink, "post_snapshots")] == [(30, 3), (29, 1)]


def test_instagram_has_its_caption_and_favourites() -> None:
    item = post("77_1", platform="Instagram", description="foto", statistics={"actual": {"favoriteCount": 8}})
    sink = read(READER, json.dumps({"status": 200, "result": {"posts": [item]}}).encode())
    assert (rows(sink, "posts")[0]["platform"], rows(sink, "posts")[0]["text"]) == ("instagram", "foto")
    assert (rows(sink, "post_snapshots")[0]["likes"], rows(sink, "post_snapshots")[0]["reposts"]) == (8, None)


def test_damage_costs_single_posts() -> None:
    raw = json.dumps(
        {"result": {"posts": [post(), post(1.5e18), {"x": 1}, post("1_3", media="no", account=[1])]}}
    ).encode()
    sink = read(READER, raw)
    assert [p["id"] for p in rows(sink, "posts")] == ["1_2", "1_3"] and len(sink.quarantined) == 2
    cut = read(READER, raw[:-30])
    assert counts(cut)["posts"] == 1 and cut.quarantined
