"""Reddit: counts by the standard library alone, values read by hand, and the marks of what is gone."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources import containers
from tecolote.sources.reddit import READER
from tecolote.sources.registry import pick
from tests.sources.reading import content, counts, read, rows


@pytest.mark.data
def test_comments_of_a_dump(data: Path) -> None:
    raw = (data / "exports" / "reddit" / "spez_comments.ndjson").read_bytes()
    sink = read(READER, raw)
    stated = [json.loads(line) for line in raw.splitlines()]
    assert not sink.quarantined
    posts = rows(sink, "posts")
    assert [p["id"] for p in posts] == [c["name"] for c in stated]
    assert [p["text"] for p in posts] == [c["body"] for c in stated]
    assert [s["likes"] for s in rows(sink, "post_snapshots")] == [c["score"] for c in stated]
    assert [p["in_reply_to_id"] for p in posts] == [c["parent_id"] for c in stated]
    assert sum(p["edited_at"] is not None for p in posts) == sum(isinstance(c["edited"], float) for c in stated) == 8
    first = posts[0]
    assert (first["id"], first["account_id"], first["kind"]) == ("t1_csz1fte", "spez", "comment")
    assert first["created_at"] == datetime(2015, 7, 10, 21, 18, 50, tzinfo=UTC)
    assert first["edited_at"] == datetime(2015, 7, 11, 4, 43, 48, tzinfo=UTC)
    assert first["thread_id"] == "t3_3cucye"
    (answer,) = rows(sink, "edges", rec=0)
    assert (answer["type"], answer["dst"], answer["dst_account_id"]) == ("replies", "t3_3cucye", "samaltman")
    assert {t["title"] for t in rows(sink, "threads", type="subreddit")} >= {"announcements", "IAmA"}
    assert len(rows(sink, "edges", type="replies")) == 60
    assert not sink.rows["observations"]


@pytest.mark.data
def test_the_compressed_dump_is_the_same(data: Path) -> None:
    folder = data / "exports" / "reddit"
    raw, packed = ((folder / f"spez_comments.ndjson{end}").read_bytes() for end in ("", ".zst"))
    (member,) = containers.members("x", io.BytesIO(packed), containers.Budget.of(len(packed)))
    unpacked = member.stream.read()
    assert unpacked == raw
    found = pick(unpacked[:65536], "x")
    assert found is not None
    assert found.name == READER.name


def comment(key: str, **more: Any) -> dict[str, Any]:
    return {
        "id": key, "author": "ana", "body": key, "link_id": "t3_z", "parent_id": "t3_z", "subreddit": "mx",
        "subreddit_id": "t5_1", "created_utc": 1_700_000_000, "score": 1, "edited": False,
    } | more  # fmt: skip


def lines(*things: Any) -> bytes:
    return "\n".join(map(json.dumps, things)).encode()


def test_what_is_gone_is_an_observation_and_no_text() -> None:
    sink = read(READER, lines(
        comment("a", author="[deleted]", body="[deleted]"),
        comment("b", body="[removed]"),
        comment("c", body="[ Removed by Reddit ]", retrieved_on=1_700_000_100),
        {"id": "d", "author": "beto", "title": "t", "selftext": "[removed]", "removed_by_category": "deleted",
         "subreddit": "mx", "created_utc": "1700000000", "is_self": True, "over_18": True},
        comment("e", author="[deleted]", body="sigue aquí"),
    ))  # fmt: skip
    assert [(o["target_id"], o["state"], o["reason"]) for o in rows(sink, "observations")] == [
        ("t1_a", "deleted", "[deleted]"), ("t1_b", "restricted", "[removed]"),
        ("t1_c", "restricted", "[ Removed by Reddit ]"), ("t3_d", "deleted", "deleted"),
    ]  # fmt: skip
    assert rows(sink, "observations")[2]["observed_at"] == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
    assert [p["text"] for p in rows(sink, "posts")] == [None, None, None, "t", "sigue aquí"]
    assert [p["account_id"] for p in rows(sink, "posts")] == [None, "ana", "ana", "beto", None]
    assert rows(sink, "posts")[3]["sensitive"] is True
    assert rows(sink, "posts")[3]["created_at"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_submissions_crossposts_media_and_escapes() -> None:
    origin = {"id": "o", "author": "carla", "title": "orig", "selftext": "", "subreddit": "mx", "created_utc": 1}
    sink = read(READER, lines(
        {"id": "s", "author": "ana", "title": "A &amp; B", "selftext": "&lt;3 u/carla", "subreddit": "mx",
         "created_utc": 1, "url": "https://i.redd.it/x.png?a=1&amp;b=2", "num_comments": 4, "score": -3,
         "permalink": "/r/mx/comments/s/", "crosspost_parent": "t3_o", "crosspost_parent_list": [origin]},
        comment("k", body="&lt;b&gt;", body_html="&lt;div&gt;", score_hidden=True),
        comment("l", body="&lt;b&gt;", body_html="<div>"),
    ))  # fmt: skip
    first, second, third, fourth = rows(sink, "posts")
    assert (first["text"], first["text_raw"]) == ("A & B\n\n<3 u/carla", "A &amp; B\n\n&lt;3 u/carla")
    assert first["url"] == "https://www.reddit.com/r/mx/comments/s/"
    assert (second["id"], third["text"], fourth["text"]) == ("t3_o", "<b>", "&lt;b&gt;")
    seen = rows(sink, "post_snapshots")
    assert (seen[0]["likes"], seen[0]["reactions"], seen[0]["replies"]) == (None, '{"score": -3}', 4)
    assert seen[2]["likes"] is None
    assert ("reposts", "t3_o", "carla") in [(e["type"], e["dst"], e["dst_account_id"]) for e in rows(sink, "edges")]
    assert ("mentions", "carla") in [(e["type"], e["dst"]) for e in rows(sink, "edges")]
    assert [m["url"] for m in rows(sink, "media")] == ["https://i.redd.it/x.png?a=1&b=2"]


def test_a_thread_of_the_api_gives_every_comment() -> None:
    def listing(*children: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "Listing", "data": {"children": children, "after": None}}

    inner = {"kind": "t1", "data": comment("b", parent_id="t1_a", replies="")}
    outer = {"kind": "t1", "data": comment("a", replies=listing(inner, {"kind": "more", "data": {"children": ["c"]}}))}
    post = {"kind": "t3", "data": {"id": "z", "title": "t", "selftext": "s", "subreddit": "mx", "author": "ana"}}
    raw = json.dumps([listing(post), listing(outer)]).encode()
    assert READER.sniff(raw, "") == 0.9
    sink = read(READER, raw)
    assert [p["id"] for p in rows(sink, "posts")] == ["t3_z", "t1_a", "t1_b"]
    assert any("more" in note for note in sink.notes)
    alone = json.dumps(listing(outer)).encode()
    assert counts(read(READER, alone))["posts"] == 2
    assert READER.sniff(alone, "") == 0.9


def test_order_does_not_matter_and_hostile_lines_cost_themselves_only() -> None:
    good = [comment(k) for k in "abc"]
    assert content(read(READER, lines(*good))) == content(read(READER, lines(*good[::-1])))
    odd = [
        comment("d", id=1.5), comment("e", id=None), {"subreddit": "mx"}, [], comment("f", edited="x", author=5),
        comment("g", created_utc=1e300, score="9", body=["x"], replies=[1]), comment("h", body="\ud800\0"),
    ]  # fmt: skip
    sink = read(READER, lines(*good, *odd) + b'\n{"id": NaN}\n{"id":')
    assert len(sink.quarantined) == 6
    assert {"t1_a", "t1_b", "t1_c", "t1_f", "t1_g", "t1_h"} == {p["id"] for p in rows(sink, "posts")}


def test_pushshifts_numbers_are_the_comments_that_they_name_and_other_numbers_are_no_ids() -> None:
    sink = read(READER, lines(comment("j72b5yy", link_id="t3_z", parent_id=41785179015), comment("b", parent_id=None)))
    answer, root = rows(sink, "posts")
    assert (answer["in_reply_to_id"], int(answer["in_reply_to_id"].removeprefix("t1_"), 36)) == (
        "t1_j71teh3",
        41785179015,
    )
    assert root["in_reply_to_id"] == root["thread_id"]
    bad = [comment("c", link_id=1007046), comment("d", parent_id=-4), comment("e", parent_id=1e10), comment("f", id=5)]
    sink = read(READER, lines(*bad, comment("g")))
    assert [post["id"] for post in rows(sink, "posts")] == ["t1_g"] and len(sink.quarantined) == 4
