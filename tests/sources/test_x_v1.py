"""X API v1.1: counts derived from the raw bytes with the standard library alone, values read by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources.x_v1 import READER
from tests.sources.reading import counts, read, rows


def _posts(value: Any) -> dict[str, Any]:
    """Every object with a text and an id, wherever it stands: an independent walk."""
    found: dict[str, Any] = {}
    if isinstance(value, dict):
        if ("text" in value or "full_text" in value) and "id_str" in value and "created_at" in value:
            found[value["id_str"]] = value
        for inner in value.values():
            found |= _posts(inner)
    elif isinstance(value, list):
        for inner in value:
            found |= _posts(inner)
    return found


@pytest.mark.data
def test_samples_give_what_their_bytes_state(data: Path) -> None:
    for file in sorted((data / "exports" / "x_api_v1").glob("*.json")):
        raw = file.read_bytes()
        value = json.loads(raw)
        sink = read(READER, raw)
        assert READER.sniff(raw[:65536], "renamed") > 0.8, file.name
        assert not sink.quarantined, file.name
        if "follower_ids" in file.name:
            assert [a["id"] for a in rows(sink, "accounts")] == [str(i) for i in value["ids"]]
            assert not sink.rows["edges"]
            continue
        posts = _posts(value)
        assert {p["id"] for p in rows(sink, "posts")} == set(posts), file.name
        users = {p["user"]["id_str"] for p in posts.values() if "user" in p}
        users |= {u["id_str"] for u in value} if isinstance(value, list) else set()
        assert {a["id"] for a in rows(sink, "accounts")} == users, file.name
        assert {e["dst"] for e in rows(sink, "edges", type="mentions")} == {
            m["id_str"] for p in posts.values() for m in p.get("extended_tweet", p)["entities"]["user_mentions"]
        }, file.name


@pytest.mark.data
def test_the_stream_sample_by_hand(data: Path) -> None:
    sink = read(READER, (data / "exports" / "x_api_v1" / "normalization-payload-stream.json").read_bytes())
    (repost,) = rows(sink, "posts", id="1552687856111566848")
    (original,) = rows(sink, "posts", id="1552622999664205829")
    assert repost["text"] == original["text"]
    assert repost["text"].endswith("pour les 300 plus grosses)")
    assert (repost["text_truncated"], repost["source_app"]) == (False, "Twitter Web App")
    assert repost["created_at"] == datetime(2022, 7, 28, 16, 10, 7, tzinfo=UTC)
    pairs = {(e["type"], e["src"], e["dst"], e["dst_account_id"]) for e in rows(sink, "edges")}
    assert ("reposts", "415704821", "1552622999664205829", "311601642") in pairs
    assert ("quotes", "311601642", "1552568929406664705", "80122680") in pairs
    assert not any(kind == "quotes" and src == "415704821" for kind, src, _, _ in pairs)
    (seen,) = rows(sink, "post_snapshots", post_id="1552568929406664705")
    assert (seen["likes"], seen["reposts"], seen["replies"], seen["quotes"]) == (1499, 979, 30, 66)
    (profile,) = rows(sink, "account_snapshots", account_id="311601642")
    assert (profile["username"], profile["followers"], profile["location"]) == ("ericcoquerel", 107395, "Gps")


@pytest.mark.data
def test_a_cut_text_says_so_and_its_own_link_is_no_link(data: Path) -> None:
    folder = data / "exports" / "x_api_v1"
    (cut,) = rows(read(READER, (folder / "3.2__extended_tweet_in_compat_mode.json").read_bytes()), "posts")
    sink = read(READER, (folder / "3.2__extended_tweet_in_extended_mode.json").read_bytes())
    (whole,) = rows(sink, "posts")
    assert (cut["id"], cut["text_truncated"]) == (whole["id"], True)
    assert not whole["text_truncated"]
    assert whole["text"].startswith(cut["text"].split("…")[0][:60])
    assert counts(sink)["media"] == 1


@pytest.mark.data
def test_alt_text_and_video(data: Path) -> None:
    folder = data / "exports" / "x_api_v1"
    (picture,) = rows(read(READER, (folder / "get_status_ext_alt.json").read_bytes()), "media")
    assert picture["alt_text"]
    (video,) = rows(read(READER, (folder / "get_status_promoted_video_tweet.json").read_bytes()), "media")
    assert video["type"] == "video"
    assert video["url"].startswith("https://video.twimg.com/")


def test_stream_notices_are_observations_or_notes() -> None:
    lines = [
        {"delete": {"status": {"id": 5, "id_str": "5", "user_id": 1}, "timestamp_ms": "1700000000000"}},
        {"status_withheld": {"id": 6, "user_id": 1, "withheld_in_countries": ["DE"]}},
        {"limit": {"track": 5}},
        {"surprise": 1},
    ]
    sink = read(READER, "\n".join(map(json.dumps, lines)).encode())
    found = [(o["target_id"], o["state"], o["jurisdiction"]) for o in rows(sink, "observations")]
    assert found == [("5", "deleted", None), ("6", "withheld", "DE")]
    assert rows(sink, "observations")[0]["state_since"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert any("limit" in note for note in sink.notes)
    assert [where for where, _ in sink.quarantined] == ["line 4"]


def test_integer_ids_are_exact_and_floats_refused() -> None:
    post = {"id": 1577318900085186562, "text": "a &amp; b", "user": {"id": 9007199254740993, "screen_name": "x"}}
    sink = read(READER, json.dumps([post, post | {"id": 1.5773189e18}]).encode())
    (row,) = rows(sink, "posts")
    assert (row["id"], row["account_id"]) == ("1577318900085186562", "9007199254740993")
    assert (row["text"], row["text_raw"]) == ("a & b", "a &amp; b")
    assert sink.quarantined[0][0] == "line 1 /1"
