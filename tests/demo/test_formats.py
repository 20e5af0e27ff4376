"""The exports, read with the standard library alone: they parse, and hold everything that the truth names."""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest


def _documents(exports: Path) -> Iterator[tuple[str, Any]]:
    """Every JSON value of the exports with the path of its file."""
    for path in sorted(exports.rglob("*.json*")):
        name = str(path.relative_to(exports))
        if path.suffix == ".jsonl":
            yield from ((name, json.loads(line)) for line in path.read_text("utf-8").splitlines())
        else:
            yield name, json.loads(path.read_text("utf-8"))
    with zipfile.ZipFile(exports / "instagram" / "instagram.zip") as archive:
        for name in archive.namelist():
            raw = archive.read(name)
            yield f"instagram/{name}", json.loads(lzma.decompress(raw) if name.endswith(".xz") else raw)


def _rows(exports: Path) -> list[dict[str, str]]:
    text = (exports / "hand_collected" / "facebook_hand_collected.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def _sightings(exports: Path) -> dict[str, set[str]]:
    """Ids of posts by platform."""
    found: dict[str, set[str]] = {
        name: set() for name in ("x", "telegram", "instagram", "tiktok", "youtube", "bluesky", "facebook")
    }
    for name, value in _documents(exports):
        kind = name.split("/")[0]
        if kind == "x":
            things = value["data"] if isinstance(value.get("data"), list) else [value]
            things = things + value.get("includes", {}).get("tweets", [])
            found["x"] |= {t["id"] for t in things if "text" in t}
        elif kind == "telegram":
            for chat in value["chats"]["list"] if "chats" in value else [value]:
                found["telegram"] |= {f"{chat['id']}/{m['id']}" for m in chat["messages"] if m["type"] == "message"}
        elif kind == "instagram":
            found["instagram"].add(value["node"]["id"])
        elif kind == "tiktok":
            body = value["data"]
            found["tiktok"] |= {str(item["id"]) for item in body.get("videos", []) + body.get("comments", [])}
        elif kind == "youtube":
            found["youtube"] |= {item["id"] for item in value.get("items", [value])}
        elif "commit" in value:
            commit = value["commit"]
            found["bluesky"].add(f"at://{value['did']}/{commit['collection']}/{commit['rkey']}")
        elif "feed" in value:
            found["bluesky"] |= {item["post"]["uri"] for item in value["feed"]}
    found["facebook"] = {row["id_publicacion"] for row in _rows(exports)}
    return found


@pytest.mark.parametrize("which", ["small", "hostile", "full"])
def test_every_post_of_the_truth_is_in_an_export(which, request) -> None:
    demo = request.getfixturevalue(which)
    found = _sightings(demo.paths.exports)
    missing = [p for p in demo.truth["posts"] if p["id"] not in found[p["platform"]]]
    assert missing == []


def test_every_account_of_the_truth_is_in_an_export(full) -> None:
    texts: dict[str, set[str]] = {"facebook": {row["id_autor"] for row in _rows(full.paths.exports)}}
    for name, value in _documents(full.paths.exports):
        texts.setdefault(name.split("/")[0], set()).update(re.findall(r'"([^"\\]{5,40})"', json.dumps(value)))
    assert [a for a in full.truth["accounts"] if a["id"] not in texts[a["platform"]]] == []


def test_x_entities_point_at_what_they_name(small) -> None:
    seen = 0
    for name, value in _documents(small.paths.exports):
        if not name.startswith("x/search"):
            continue
        for post in value["data"]:
            assert len(post["text"]) <= 280 + 40
            for key, sign, field in (("hashtags", "#", "tag"), ("mentions", "@", "username"), ("urls", "", "url")):
                for entity in post.get("entities", {}).get(key, []):
                    assert post["text"][entity["start"] : entity["end"]] == sign + entity[field]
                    seen += 1
    assert seen > 50


def test_x_ids_hold_the_time_of_the_post(small) -> None:
    for name, value in _documents(small.paths.exports):
        if name.startswith("x/search"):
            for post in value["data"]:
                made = datetime.fromtimestamp(((int(post["id"]) >> 22) + 1288834974657) / 1000, UTC)
                assert abs(made - datetime.fromisoformat(post["created_at"])) < timedelta(seconds=1.1)


def test_x_lookups_show_grown_counts_and_say_what_is_gone(full) -> None:
    likes: dict[str, list[tuple[str, int]]] = {}
    errors = set()
    for name, value in _documents(full.paths.exports):
        if name.startswith(("x/search", "x/lookup")):
            at = value["__twarc"]["retrieved_at"]
            for post in value.get("data", [value] if "author" in value else []):
                likes.setdefault(post["id"], []).append((at, post["public_metrics"]["like_count"]))
            errors |= {(e["resource_id"], e["title"]) for e in value.get("errors", [])}
    again = [sorted(v) for v in likes.values() if len(v) > 1]
    assert len(again) > 1000
    assert all(a[1] <= b[1] for v in again for a, b in pairwise(v))
    assert len(errors) > 60 and {title for _, title in errors} == {"Not Found Error", "Authorization Error"}


def test_accounts_of_x_that_go_dark_are_reported_with_state_and_time(full) -> None:
    stream = (full.paths.exports / "x" / "users_compliance_stream.jsonl").read_text("utf-8").splitlines()
    told = {}
    for line in stream:
        (event, body), *_ = json.loads(line)["data"].items()
        told[body["user"]["id"]] = (event, body["event_at"])
    names = {"suspended": "user_suspend", "deactivated": "user_delete", "protected": "user_protect"}
    for account in full.truth["accounts"]:
        if account["platform"] == "x" and account["goes_dark"]:
            assert told.pop(account["id"]) == (names[account["dark_state"]], account["goes_dark"])
    assert told == {}


def test_clusters_share_three_distinct_things_within_a_minute(full) -> None:
    shared: dict[str, dict[str, list[tuple[float, str]]]] = {}
    posts: dict[str, Any] = {}
    for name, value in _documents(full.paths.exports):
        if name.startswith("x/search"):
            posts |= {p["id"]: p for p in value["data"]}
    for post in posts.values():
        if post.get("referenced_tweets"):
            continue
        when = datetime.fromisoformat(post["created_at"]).timestamp()
        things = [u["expanded_url"] for u in post.get("entities", {}).get("urls", [])]
        things += [h["tag"].lower() for h in post.get("entities", {}).get("hashtags", [])] + [post["text"]]
        for thing in things:
            shared.setdefault(post["author_id"], {}).setdefault(thing, []).append((when, post["id"]))
    for cluster in full.truth["clusters"]:
        first, *rest = cluster["accounts"]
        for other in rest:
            both = shared[first].keys() & shared[other].keys()
            close = {t for t in both if any(abs(a - b) <= 60 for a, _ in shared[first][t] for b, _ in shared[other][t])}
            assert len(close) >= 3, (cluster["name"], other)


def _wire_gaps(exports: Path) -> list[float]:
    """Seconds between the first two newsrooms that share a wire story."""
    times: dict[str, dict[str, float]] = {}
    for name, value in _documents(exports):
        if name.startswith("x/search"):
            for post in value["data"]:
                for url in post.get("entities", {}).get("urls", []):
                    if "/cable/" in url["expanded_url"]:
                        when = datetime.fromisoformat(post["created_at"]).timestamp()
                        times.setdefault(url["expanded_url"], {})[post["id"]] = when
    return [max(t.values()) - min(t.values()) for t in times.values() if len(t) > 2]


def test_newsrooms_are_slow_and_in_the_hostile_demo_quick(full, hostile) -> None:
    assert min(_wire_gaps(full.paths.exports)) > 100
    assert max(_wire_gaps(hostile.paths.exports)) < 30


def test_the_hijacked_account_changes_client_and_hours(full) -> None:
    owner = next(a["id"] for a in full.truth["accounts"] if a["role"] == "hijacked")
    flags = {p["id"]: p["flag"] for p in full.truth["posts"] if p["platform"] == "x"}
    posts: dict[str, dict[str, Any]] = {}
    for name, value in _documents(full.paths.exports):
        if name.startswith("x/search"):
            posts |= {p["id"]: p for p in value["data"] if p["author_id"] == owner}
    before = [p for i, p in posts.items() if not flags[i]]
    after = [p for i, p in posts.items() if flags[i]]
    assert len(before) > 30 and len(after) >= 7
    assert max(p["created_at"] for p in before) < min(p["created_at"] for p in after)
    assert {p["source"] for p in before}.isdisjoint(p["source"] for p in after)


def test_the_private_chat_is_a_phone_s_export_with_a_consent_record(small) -> None:
    archive, *more = (small.paths.exports / "whatsapp").glob("*.zip")
    assert not more
    with zipfile.ZipFile(archive) as opened:
        (name,) = opened.namelist()
        lines = opened.read(name).decode("utf-8").splitlines()
    heads = [line for line in lines if re.match(r"\d{1,2}/\d{1,2}/\d\d, \d{1,2}:\d\d\u202f[ap]\.\u00a0m\. - ", line)]
    assert len(heads) > 40 and len(lines) > len(heads)
    days = {tuple(map(int, line.split(",")[0].split("/"))) for line in heads}
    assert any(day > 12 for day, _, _ in days) and any(day < 9 for day, _, _ in days)
    consent = tomllib.loads(small.paths.consent.read_text("utf-8"))
    assert set(consent) == {"giver", "given_on", "purpose", "until", "contact"}
    assert consent["given_on"] < date.today() < consent["until"]
    assert any(f" - {consent['giver']}: " in line for line in heads)


def test_telegram_says_the_same_moment_twice_and_joins_its_parts(small) -> None:
    parts = 0
    for name, value in _documents(small.paths.exports):
        if not name.startswith("telegram/"):
            continue
        for chat in value["chats"]["list"] if "chats" in value else [value]:
            assert chat["type"] in ("public_channel", "public_supergroup")
            for message in chat["messages"]:
                local = datetime.fromisoformat(message["date"]).replace(tzinfo=UTC)
                assert local.timestamp() - int(message["date_unixtime"]) == -6 * 3600
                joined = "".join(p["text"] for p in message["text_entities"])
                text = message["text"]
                flat = text if isinstance(text, str) else "".join(p if isinstance(p, str) else p["text"] for p in text)
                assert flat == joined
                parts += not isinstance(text, str)
    assert parts > 3


def test_bluesky_facets_count_bytes(small) -> None:
    seen = 0
    for name, value in _documents(small.paths.exports):
        if name.startswith("bluesky/feeds"):
            for item in value["feed"]:
                record = item["post"]["record"]
                raw = record["text"].encode()
                for facet in record.get("facets", []):
                    found = raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
                    assert found.startswith(("#", "@", "https://"))
                    seen += 1
    assert seen > 3
