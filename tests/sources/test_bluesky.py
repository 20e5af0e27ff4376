"""Bluesky: counts derived from the raw bytes with the standard library alone, values read by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tecolote.sources.bluesky import READER
from tests.sources.reading import counts, read, rows

ANA, BETO = "did:plc:ana", "did:plc:beto"


def _views(value: Any) -> set[str]:
    """AT-URIs of all posts shown with author and text, wherever they stand: an independent walk."""
    found: set[str] = set()
    if isinstance(value, dict):
        body = value.get("record") or value.get("value")
        if "uri" in value and "author" in value and isinstance(body, dict) and "text" in body:
            found.add(value["uri"])
        for inner in value.values():
            found |= _views(inner)
    elif isinstance(value, list):
        for inner in value:
            found |= _views(inner)
    return found


@pytest.mark.data
def test_post_views_give_what_their_bytes_state(data: Path) -> None:
    raw = (data / "exports" / "bluesky" / "posts.json").read_bytes()
    sink = read(READER, raw)
    value = json.loads(raw)
    assert sink.count == len(value)
    assert not sink.quarantined
    expected = [uri for item in value for uri in _views(item)]
    assert sorted(p["id"] for p in rows(sink, "posts")) == sorted(expected)
    for number, view in enumerate(value):
        if "record" not in view:
            continue
        (row,) = rows(sink, "posts", rec=number, id=view["uri"])
        assert (row["text"], row["created_at_raw"]) == (view["record"]["text"], view["record"]["createdAt"])
        (seen,) = rows(sink, "post_snapshots", rec=number, post_id=view["uri"])
        assert (seen["likes"], seen["reposts"]) == (view["likeCount"], view["repostCount"])
    reposted = [i for i in value if i.get("reason", {}).get("$type", "").endswith("reasonRepost")]
    assert len(rows(sink, "edges", type="reposts")) == len(reposted) > 0


@pytest.mark.data
def test_events_hold_posts_without_counts(data: Path) -> None:
    for name in ("firehose_jetstream.json", "tap-posts.json"):
        raw = (data / "exports" / "bluesky" / name).read_bytes()
        sink, value = read(READER, raw), json.loads(raw)
        assert len(sink.rows["posts"]) == len(value) == sink.count
        assert not sink.rows["post_snapshots"]
        facets = [
            json.dumps(f["features"][0], sort_keys=True)
            for v in value
            for f in (v.get("commit") or v["record"])["record"].get("facets", [])
        ]
        marked = {"mentions", "hashtag", "links_to"}
        assert len([e for e in rows(sink, "edges") if e["type"] in marked]) >= len(set(facets)) > 0
    first = rows(read(READER, (data / "exports" / "bluesky" / "firehose_jetstream.json").read_bytes()), "posts")[0]
    assert first["id"] == "at://did:plc:vckwyfbegq5i4fzdzkxtdzih/app.bsky.feed.post/3m7hzqrjojp2o"
    assert first["created_at"] == datetime(2025, 12, 8, 12, 28, 7, tzinfo=UTC)


@pytest.mark.data
def test_follows_and_profiles(data: Path) -> None:
    sink = read(READER, (data / "exports" / "bluesky" / "get_follows.json").read_bytes())
    edges = rows(sink, "edges")
    assert {(e["type"], e["src"]) for e in edges} == {("follows", "did:plc:kvwvcn5iqfooopmyzvb4qzba")}
    assert len(edges) == 6
    partial = read(READER, (data / "exports" / "bluesky" / "partial-profiles.json").read_bytes())
    assert counts(partial) == {"accounts": 2, "account_snapshots": 2}
    (jac,) = rows(partial, "account_snapshots", username="jacgriffith.bsky.social")
    assert (jac["display_name"], jac["followers"]) == ("Jac", None)


def _view(key: str, did: str = ANA, **more: Any) -> dict[str, Any]:
    return {
        "uri": f"at://{did}/app.bsky.feed.post/{key}", "author": {"did": did, "handle": "handle.invalid"},
        "record": {"$type": "app.bsky.feed.post", "text": key, "createdAt": "2025-01-01T00:00:00+02:00"}, **more,
    }  # fmt: skip


def test_threads_give_every_post_and_what_is_gone() -> None:
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": f"at://{BETO}/app.bsky.feed.post/x", "notFound": True}
    node = {
        "$type": "app.bsky.feed.defs#threadViewPost", "post": _view("b"),
        "parent": {"post": _view("a", BETO), "parent": gone}, "replies": [{"post": _view("c"), "replies": []}],
    }  # fmt: skip
    sink = read(READER, json.dumps({"thread": node}).encode())
    assert sorted(p["text"] for p in rows(sink, "posts")) == ["a", "b", "c"]
    assert [o["state"] for o in rows(sink, "observations")] == ["not_found"]
    post = rows(sink, "posts")[0]
    assert (post["tz_basis"], post["created_at"]) == ("offset", datetime(2024, 12, 31, 22, tzinfo=UTC))
    assert post["author_name"] is None


def test_an_answer_names_whom_its_parent_answered_and_a_bridged_post_its_origin() -> None:
    post = _view("b")
    post["record"]["bridgyOriginalUrl"] = "https://example.social/@ana/1"
    reply = {"parent": _view("a", BETO), "grandparentAuthor": {"did": "did:plc:carla", "handle": "carla.example"}}
    sink = read(READER, json.dumps({"post": post, "reply": reply}).encode())
    assert rows(sink, "account_snapshots", account_id="did:plc:carla")[0]["username"] == "carla.example"
    assert [p["url"] for p in rows(sink, "posts")] == ["https://example.social/@ana/1", None]


def test_network_events() -> None:
    at = 1_700_000_000_000_000

    def commit(operation: str, collection: str, **record: Any) -> dict[str, Any]:
        body = {"operation": operation, "collection": collection, "rkey": "k"} | ({"record": record} if record else {})
        return {"did": ANA, "time_us": at, "kind": "commit", "commit": body}

    uri = f"at://{BETO}/app.bsky.feed.post/z"
    lines = [
        commit("create", "app.bsky.feed.repost", subject={"uri": uri}, createdAt="2023-11-14T00:00:00Z"),
        commit("create", "app.bsky.graph.follow", subject=BETO, createdAt="2023-11-14T00:00:00Z"),
        commit("delete", "app.bsky.feed.post"),
        commit("create", "app.bsky.feed.like", subject={"uri": uri}),
        {"did": BETO, "time_us": at, "kind": "identity", "identity": {"did": BETO, "handle": "beto.example"}},
        {"did": BETO, "time_us": at, "kind": "account", "account": {"active": False, "status": "takendown"}},
        {"did": ANA, "time_us": at, "kind": "account", "account": {"active": False, "status": "deactivated"}},
    ]
    sink = read(READER, "\n".join(map(json.dumps, lines)).encode())
    assert not sink.quarantined
    assert [(e["type"], e["dst"], e["dst_account_id"]) for e in rows(sink, "edges")] == [
        ("reposts", uri, BETO), ("follows", BETO, None),
    ]  # fmt: skip
    assert [(o["target_kind"], o["state"], o["reason"]) for o in rows(sink, "observations")] == [
        ("post", "deleted", "delete"), ("account", "suspended", "takendown"), ("account", "deactivated", "deactivated"),
    ]  # fmt: skip
    assert rows(sink, "account_snapshots")[0]["username"] == "beto.example"
    assert any("like" in note for note in sink.notes)


def test_labels_mark_what_is_sensitive_or_taken_down() -> None:
    labels = [{"src": "did:plc:mod", "val": "porn"}, {"src": "did:plc:mod", "val": "!takedown"}]
    sink = read(READER, json.dumps([_view("a", labels=labels)]).encode())
    assert rows(sink, "posts")[0]["sensitive"] is True
    assert [o["state"] for o in rows(sink, "observations")] == ["restricted"]


def test_an_unknown_object_is_quarantined() -> None:
    sink = read(READER, json.dumps([_view("a"), {"uri": "at://x", "new": 1}]).encode())
    assert len(sink.rows["posts"]) == 1
    assert [where for where, _ in sink.quarantined] == ["line 1 /1"]
