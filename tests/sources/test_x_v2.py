"""X API v2: counts derived from the raw bytes with the standard library alone, values read by hand, properties."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources.base import Options
from tecolote.sources.x_v2 import READER
from tests.sources.reading import content, counts, read, rows

NOT_POSTS = {"counts.jsonl", "lists.jsonl"}


def _objects(raw: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line or one in all; lines that are cut off are left out."""
    try:
        return [json.loads(raw)]
    except ValueError:
        pass
    found = []
    for line in raw.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _posts(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The posts that an object states, each once: by an independent walk."""
    if "data" in value:
        data = value["data"] if isinstance(value["data"], list) else [value["data"]]
        found = {t["id"]: t for t in value.get("includes", {}).get("tweets", [])}
        found.update({t["id"]: t for t in data if "text" in t})
        return list(found.values())
    if "text" not in value:
        return []
    return [value] + [p for r in value.get("referenced_tweets", []) if "text" in r for p in _posts(r)]


def _users(value: dict[str, Any]) -> set[str]:
    if "data" in value:
        return {u["id"] for u in value.get("includes", {}).get("users", [])}
    found = set()
    for post in _posts(value):
        people = [post.get("author"), post.get("in_reply_to_user"), *post.get("entities", {}).get("mentions", [])]
        found |= {u["id"] for u in people if u and "name" in u}
    return found


def _edges(post: dict[str, Any]) -> int:
    entities = post.get("note_tweet", {}).get("entities") or post.get("entities", {})
    refs = post.get("referenced_tweets", [])
    answers = post.get("in_reply_to_user_id") and not any(r["type"] == "replied_to" for r in refs)
    links = {
        u.get("expanded_url") or u["url"]
        for u in entities.get("urls", [])
        if "media_key" not in u and not u.get("display_url", "").startswith(("pic.twitter.com/", "pic.x.com/"))
    }
    return (
        len(refs) + bool(answers) + len(links)
        + len({m.get("id") or m["username"] for m in entities.get("mentions", [])})
        + len({h["tag"].lower() for h in entities.get("hashtags", [])})
        + len(post.get("attachments", {}).get("media_keys", []))
    )  # fmt: skip


@pytest.mark.data
def test_samples_give_what_their_bytes_state(data: Path) -> None:
    folder = data / "exports" / "x_api_v2"
    files = [f for f in sorted(folder.iterdir()) if "compliance" not in f.name and f.suffix != ".md"]
    assert len(files) > 10
    for file in files:
        raw = file.read_bytes()
        sink = read(READER, raw)
        objects = [] if file.name in NOT_POSTS else _objects(raw)
        posts = [p for o in objects for p in _posts(o)]
        assert READER.sniff(raw[:65536], "renamed") > 0.8, file.name
        assert len(sink.rows["posts"]) == len(posts), file.name
        assert len(sink.rows["post_snapshots"]) == sum("public_metrics" in p for p in posts), file.name
        assert len(sink.rows["accounts"]) == sum(len(_users(o)) for o in objects), file.name
        assert len(sink.rows["edges"]) == sum(_edges(p) for p in posts), file.name
        cut = file.name == "streaming_output_with_error.jsonl"
        assert bool(sink.quarantined) == (cut or file.name in NOT_POSTS), file.name


@pytest.mark.data
def test_values_of_the_edited_post(data: Path) -> None:
    raw = (data / "exports" / "x_api_v2" / "edited_after.jsonl").read_bytes()
    sink = read(READER, raw)
    (edited,) = rows(sink, "posts", id="1576994789110992896")
    assert edited["text"] == "hey :) https://t.co/rnwEIoNuqd"
    assert (edited["version_of"], edited["revision"]) == ("1576994746135764992", 1)
    assert edited["created_at"] == datetime(2022, 10, 3, 17, 57, 11, tzinfo=UTC)
    assert (edited["author_name"], edited["tz_basis"], edited["lang"]) == ("wongmjane", "utc", "qst")
    (first,) = rows(sink, "posts", id="1576994746135764992")
    assert (first["version_of"], first["revision"], first["edited_at"]) == (None, 0, None)
    (seen,) = rows(sink, "post_snapshots", post_id="1576994789110992896")
    assert (seen["likes"], seen["reposts"], seen["replies"], seen["quotes"], seen["views"]) == (32, 3, 14, 2, None)
    assert seen["observed_at"] == datetime(2022, 10, 3, 18, 1, 17, tzinfo=UTC)
    (profile,) = rows(sink, "account_snapshots")
    assert (profile["followers"], profile["following"], profile["posts"]) == (138097, 1871, 32554)
    assert profile["url"] == "https://instagram.com/wongmjane"


@pytest.mark.data
def test_reposts_take_the_text_of_the_post_they_point_at(data: Path) -> None:
    raw = (data / "exports" / "x_api_v2" / "payload-v2-tweet-retweet.json").read_bytes()
    sink = read(READER, raw)
    (edge,) = rows(sink, "edges", type="reposts")
    assert edge["dst"] == "1385164195260469248"
    (repost,) = rows(sink, "posts", id=edge["post_id"])
    (original,) = rows(sink, "posts", id=edge["dst"])
    assert repost["text"] == original["text"]
    assert not repost["text"].startswith("RT @")


@pytest.mark.data
def test_compliance_rows_and_errors_are_observations(data: Path) -> None:
    folder = data / "exports" / "x_api_v2"
    posts = rows(read(READER, (folder / "tweets_compliance.jsonl").read_bytes()), "observations")
    assert [(o["target_kind"], o["target_id"], o["state"]) for o in posts] == [
        ("post", "1170025343920402432", "protected"),
        ("post", "1170147183095664640", "deactivated"),
    ]
    assert posts[1]["state_since"] == datetime(2021, 8, 17, 17, 26, 15, 788000, tzinfo=UTC)
    assert posts[1]["observed_at"] is None
    users = rows(read(READER, (folder / "users_compliance.jsonl").read_bytes()), "observations")
    assert [(o["target_kind"], o["state"]) for o in users] == [("account", "protected")] * 2
    (gone,) = rows(read(READER, (folder / "noflat_verified_only.jsonl").read_bytes()), "observations")
    assert (gone["target_kind"], gone["state"]) == ("account", "suspended")


@pytest.mark.data
def test_lists_and_counts_are_refused_in_words(data: Path) -> None:
    folder = data / "exports" / "x_api_v2"
    for name, word in (("counts.jsonl", "count of posts"), ("lists.jsonl", "X list")):
        sink = read(READER, (folder / name).read_bytes())
        assert not counts(sink)
        assert all(word in reason for _, reason in sink.quarantined)
        assert [where for where, _ in sink.quarantined] == [f"line {n + 1}" for n in range(sink.count)]


@pytest.mark.data
def test_a_line_cut_off_is_quarantined_alone(data: Path) -> None:
    sink = read(READER, (data / "exports" / "x_api_v2" / "streaming_output_with_error.jsonl").read_bytes())
    assert sink.count == 1
    assert [where for where, _ in sink.quarantined] == ["line 2"]


PAGE: dict[str, Any] = {
    "data": [
        {"id": "11", "text": "RT @ana: corte&amp;co", "author_id": "1", "created_at": "2024-05-01T10:00:00.000Z",
         "referenced_tweets": [{"type": "retweeted", "id": "10"}], "conversation_id": "11"},
        {"id": "12", "text": "mira", "author_id": "2", "referenced_tweets": [{"type": "replied_to", "id": "9"}],
         "in_reply_to_user_id": "3", "conversation_id": "9", "withheld": {"country_codes": ["DE", "FR"]},
         "geo": {"place_id": "p1"}, "attachments": {"media_keys": ["3_1", "3_2"]}},
    ],
    "includes": {
        "users": [{"id": "1", "username": "ana", "name": "Ana", "protected": True}, {"id": "2", "username": "beto"}],
        "tweets": [{"id": "10", "text": "corte", "author_id": "1",
                    "note_tweet": {"text": "corte & confección, todo el texto"}}],
        "places": [{"id": "p1", "full_name": "Villa Ficticia"}],
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://example.org/a.jpg", "width": 4, "height": 3}],
    },
    "errors": [
        {"resource_type": "tweet", "resource_id": "9", "title": "Not Found Error",
         "detail": "Could not find tweet with referenced_tweets.id: [9].",
         "type": "https://api.twitter.com/2/problems/resource-not-found"},
        {"resource_type": "tweet", "resource_id": "8", "title": "Authorization Error",
         "detail": "Sorry, you are not authorized to see the Tweet with ids: [8].",
         "type": "https://api.twitter.com/2/problems/not-authorized-for-resource"},
        {"resource_type": "user", "resource_id": "7", "title": "Authorization Error",
         "detail": "Sorry, you are not authorized to see the user with id: [7].",
         "type": "https://api.twitter.com/2/problems/not-authorized-for-resource"},
        {"resource_type": "user", "value": "6", "title": "Forbidden", "detail": "User has been suspended: [6].",
         "type": "https://api.twitter.com/2/problems/resource-not-found"},
    ],
    "__twarc": {"retrieved_at": "2024-05-02T00:00:00+00:00"},
}  # fmt: skip


def _line(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_gives_posts_references_media_and_states(indent: int | None) -> None:
    sink = read(READER, json.dumps(PAGE, indent=indent).encode())
    assert not sink.quarantined
    (repost,) = rows(sink, "posts", id="11")
    assert repost["text"] == "corte & confección, todo el texto"
    assert (repost["text_truncated"], repost["visibility"]) == (False, "followers")
    (answer,) = rows(sink, "posts", id="12")
    assert (answer["in_reply_to_id"], answer["thread_id"]) == ("9", "9")
    assert "Villa Ficticia" in answer["place"]
    states = {(o["target_kind"], o["target_id"]): o["state"] for o in rows(sink, "observations")}
    assert states == {
        ("post", "12"): "withheld", ("post", "9"): "not_found", ("post", "8"): "restricted",
        ("account", "7"): "protected", ("account", "6"): "suspended",
    }  # fmt: skip
    assert rows(sink, "observations", state="withheld")[0]["jurisdiction"] == "DE,FR"
    assert len(rows(sink, "edges", type="attaches")) == 2
    assert [m["status"] for m in rows(sink, "media")] == ["present"]
    assert rows(sink, "edges", type="replies")[0]["dst_account_id"] == "3"
    assert [t["id"] for t in rows(sink, "threads")] == ["9"]


def test_a_repost_without_its_original_says_that_its_text_is_cut() -> None:
    post = {"id": "1", "text": "RT @x: una historia muy…", "referenced_tweets": [{"type": "retweeted", "id": "2"}]}
    (row,) = rows(read(READER, _line(post | {"author_id": "3"})), "posts")
    assert row["text_truncated"]


def test_followers_pages_state_who_follows_whom() -> None:
    asked = "https://api.twitter.com/2/users/99/{}?max_results=1000"
    page = {"data": [{"id": "1", "username": "a", "name": "A"}], "meta": {"result_count": 1}}
    for side, pair in (("followers", ("1", "99")), ("following", ("99", "1"))):
        raw = _line(page | {"__twarc": {"url": asked.format(side), "retrieved_at": "2024-01-01T00:00:00+00:00"}})
        (edge,) = rows(read(READER, raw), "edges")
        assert (edge["src"], edge["dst"], edge["type"]) == (*pair, "follows")
        assert edge["observed_at"] == datetime(2024, 1, 1, tzinfo=UTC)


def test_stream_compliance_events_are_observations() -> None:
    lines = [
        {"data": {"delete": {"tweet": {"id": "5", "author_id": "1"}, "event_at": "2024-01-01T00:00:00.000Z"}}},
        {"data": {"user_suspend": {"user": {"id": "1"}, "event_at": "2024-01-02T00:00:00.000Z"}}},
    ]
    found = rows(read(READER, b"\n".join(map(_line, lines))), "observations")
    assert [(o["target_kind"], o["state"], o["state_since"].day) for o in found] == [
        ("post", "deleted", 1), ("account", "suspended", 2),
    ]  # fmt: skip


def test_ids_that_lost_digits_cost_their_object_and_nothing_else() -> None:
    good, bad = {"id": "1", "text": "a"}, {"id": 1.01421e18, "text": "b"}
    page = read(READER, _line({"data": [good, bad], "meta": {"result_count": 2}}))
    assert [p["id"] for p in rows(page, "posts")] == ["1"]
    assert page.quarantined[0][0] == "line 1 /data/1"
    assert "digits are lost" in page.quarantined[0][1]
    text = read(READER, _line({"id": "1.01421E+18", "text": "b", "author_id": "1"}))
    integers = read(READER, _line({"id": 1577318900085186562, "text": "b", "author_id": 7}))
    assert rows(integers, "posts")[0]["id"] == "1577318900085186562"
    assert [bool(s.quarantined) for s in (text, integers)] == [True, False]


def test_a_changed_shape_costs_a_field_and_not_the_row() -> None:
    post = {
        "id": "1",
        "text": "a",
        "author_id": "2",
        "entities": {"urls": "none"},
        "public_metrics": {"like_count": "5"},
    }
    sink = read(READER, _line(post))
    assert rows(sink, "post_snapshots")[0]["likes"] == 5
    assert any("urls" in note for note in sink.notes)


def test_lone_surrogates_and_nul_are_stored_as_replacement() -> None:
    raw = b'{"id":"1","author_id":"2","text":"a\\ud800b"}\n{"id":"2","author_id":"2","text":"a\\u0000b"}'
    assert [p["text"] for p in rows(read(READER, raw), "posts")] == ["a\ufffdb", "a\ufffdb"]


def test_escapes_are_undone_and_the_found_text_is_kept() -> None:
    (row,) = rows(read(READER, _line({"id": "1", "author_id": "1", "text": "a &lt;b&gt; &amp;lt;"})), "posts")
    assert (row["text"], row["text_raw"]) == ("a <b> &lt;", "a &lt;b&gt; &amp;lt;")


def test_direct_messages_are_announced_as_private_and_never_read() -> None:
    import io

    from tecolote.sources.base import Source

    raw = _line({"data": [{"id": "1", "event_type": "MessageCreate", "text": "x", "dm_conversation_id": "1-2"}]})
    assert [chat.private for chat in READER.chats(Source("f", io.BytesIO(raw), len(raw)))] == [True]
    sink = read(READER, raw)
    assert not counts(sink)
    assert "private" in sink.quarantined[0][1]


def test_counts_without_a_capture_time_take_the_users_word() -> None:
    raw = _line({"id": "1", "author_id": "1", "text": "a", "public_metrics": {"like_count": 1}})
    when = datetime(2024, 1, 1, tzinfo=UTC)
    said = rows(read(READER, raw, options=Options(observed_at=when)), "post_snapshots")[0]
    assert (said["observed_at"], said["observed_basis"]) == (when, "user")
    unknown = rows(read(READER, raw), "post_snapshots")[0]
    assert (unknown["observed_at"], unknown["observed_basis"]) == (None, "unknown")


_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00&"), max_size=60)
_counts = st.one_of(st.none(), st.integers(0, 2**40))


@st.composite
def _flat(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(st.integers(1, 2**62))
    when = draw(st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)))
    return {
        "id": str(number), "text": draw(_text), "author_id": str(draw(st.integers(1, 50))),
        "created_at": when.isoformat("T", "milliseconds") + "Z",
        "public_metrics": {"like_count": draw(st.integers(0, 2**40)), "retweet_count": draw(st.integers(0, 9))},
        "entities": {"hashtags": [{"tag": t} for t in draw(st.lists(st.sampled_from(["A", "a", "b"]), max_size=3))]},
    }  # fmt: skip


@given(st.lists(_flat(), min_size=1, max_size=8, unique_by=lambda p: p["id"]), st.randoms(use_true_random=False))
def test_what_is_written_is_read_back_whatever_the_order(posts: list[dict[str, Any]], random: Any) -> None:
    sink = read(READER, b"\n".join(map(_line, posts)))
    assert not sink.quarantined
    for post in posts:
        (row,) = rows(sink, "posts", id=post["id"])
        assert (row["text"], row["account_id"], row["created_at_raw"]) == (
            post["text"], post["author_id"], post["created_at"],
        )  # fmt: skip
        assert row["created_at"] == datetime.fromisoformat(post["created_at"])
        (seen,) = rows(sink, "post_snapshots", post_id=post["id"])
        assert seen["likes"] == post["public_metrics"]["like_count"]
    shuffled = posts.copy()
    random.shuffle(shuffled)
    assert content(read(READER, b"\n".join(map(_line, shuffled)))) == content(sink)
    half = len(posts) // 2
    parts = [read(READER, b"\n".join(map(_line, part))) for part in (posts[:half], posts[half:]) if part]
    together = {t: sorted((r for p in parts for r in content(p)[t]), key=repr) for t in content(sink)}
    assert together == content(sink)
    as_list = read(READER, json.dumps(posts, indent=1).encode())
    assert content(as_list) == content(sink)


@given(st.binary(max_size=200), st.integers(0, 10))
def test_any_bytes_end_in_rows_or_quarantine(junk: bytes, at: int) -> None:
    line = _line(PAGE)
    read(READER, junk)
    read(READER, line[: at * 40] + junk + line[at * 40 :])
