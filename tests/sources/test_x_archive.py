"""Files of an X archive: samples by hand, the owner, deletions, long posts, private messages, damage."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import registry
from tecolote.sources.base import Options, Sink, Source, clean_text
from tecolote.sources.containers import Budget, members
from tecolote.sources.members import pseudonymise
from tecolote.sources.x_archive import READER
from tests.sources.reading import content, counts, read, rows

OWNER = Options(mapping={"account_id": "=322603863"})


def js(name: str, *items: dict[str, Any], part: int = 0) -> bytes:
    return f"window.YTD.{name}.part{part} = ".encode() + json.dumps(list(items), indent=2).encode()


def post(pid: str, text: str = "hola", **more: Any) -> dict[str, Any]:
    stated = {"id_str": pid, "id": pid, "full_text": text, "created_at": "Sat Feb 18 12:33:11 +0000 2023"}
    return {"tweet": stated | more}


def message(mid: str, sender: str, to: str, text: str) -> dict[str, Any]:
    body = {"id": mid, "senderId": sender, "recipientId": to, "text": text, "createdAt": "2023-01-01T00:00:00.000Z"}
    return {"messageCreate": body | {"urls": [], "mediaUrls": [], "reactions": []}}


CHAT = {"dmConversation": {"conversationId": "11-987654", "messages": [
    message("1", "11", "987654", "uno"), message("2", "987654", "11", "dos"),
]}}  # fmt: skip


@pytest.mark.data
def test_every_sample_has_as_many_records_as_its_list(data: Path) -> None:
    for path in sorted((data / "exports" / "x_archive" / "data").glob("*.js")):
        raw = path.read_bytes()
        listed = json.loads(re.sub(rb"\A[^\[]*=", b"", raw))
        assert registry.pick(raw[:65536], "renamed.bin") is READER
        sink = read(READER, raw, options=OWNER)
        assert (sink.count, sink.quarantined) == (len(listed), []), path.name
        for number, item in enumerate(listed):
            start, length = sink.spans[2 * number : 2 * number + 2]
            assert json.loads(raw[start : start + length]) == item


@pytest.mark.data
def test_samples_by_hand(data: Path) -> None:
    folder = data / "exports" / "x_archive" / "data"

    def of(name: str, options: Options = OWNER) -> Sink:
        return read(READER, (folder / name).read_bytes(), options=options)

    (tweet,) = rows(of("tweets.js"), "posts")
    assert (tweet["id"], tweet["account_id"], tweet["lang"]) == ("1626922779105759235", "322603863", "en")
    assert tweet["created_at"] == datetime(2023, 2, 18, 12, 33, 11, tzinfo=UTC)
    assert tweet["text"] == "@empathy2000 did NOT know but now I'm listening to her solo act bc of u"
    assert (tweet["in_reply_to_id"], tweet["source_app"]) == ("1626916612560281601", "Twitter Web App")
    (seen,) = rows(of("tweets.js"), "post_snapshots")
    assert (seen["likes"], seen["reposts"], seen["replies"], seen["observed_at"]) == (1, 0, None, None)
    ends = {(e["src"], e["type"], e["dst"], e["dst_account_id"]) for e in rows(of("tweets.js"), "edges")}
    assert ends == {
        ("322603863", "replies", "1626916612560281601", "732980797985148928"),
        ("322603863", "mentions", "732980797985148928", None),
    }  # fmt: skip
    (group,) = rows(of("community-tweet.js"), "posts")
    assert (group["id"], group["thread_id"], group["text"]) == (
        "1611701861727313922", "1611684946967412736", "Hey friends miss u dearly",
    )  # fmt: skip
    (long,) = rows(of("note-tweet.js"), "posts")
    assert (long["id"], long["id_is_derived"]) == ("9876543210", False)
    assert long["text"].startswith("This is a long tweet by Grug.")
    (who,) = rows(of("account.js"), "account_snapshots")
    assert (who["account_id"], who["username"], who["display_name"]) == ("322603863", "exGenesis", "❤️‍🔥 xiq")
    assert rows(of("account.js"), "accounts")[0]["created_at"] == datetime(2011, 6, 23, 13, 4, 14, tzinfo=UTC)
    assert "redacted@example.org" not in repr(of("account.js").rows)
    (about,) = rows(of("profile.js"), "account_snapshots")
    assert (about["bio"], about["location"], about["url"]) == ("Grug's bio here", "Cave", "https://grug.com")
    assert [(e["src"], e["dst"]) for e in rows(of("follower.js"), "edges")] == [
        ("1252851", "322603863"), ("1310630474755178496", "322603863"), ("1265789414023651328", "322603863"),
    ]  # fmt: skip
    assert [(e["src"], e["dst"]) for e in rows(of("following.js"), "edges")][1] == ("322603863", "18969923")
    likes = rows(of("like.js"), "posts")
    assert [p["id"] for p in likes] == ["16270389803521472158", "16270386918259250720", "16270394452530201219"]
    assert "displays, & in Japan" in likes[1]["text"] and "&amp;" in likes[1]["text_raw"]
    assert likes[0]["url"] == "https://twitter.com/i/web/status/1627038980352147458" and not likes[0]["account_id"]


@pytest.mark.data
def test_without_the_owner_nothing_is_made_up(data: Path) -> None:
    folder = data / "exports" / "x_archive" / "data"
    sink = read(READER, (folder / "tweets.js").read_bytes())
    assert rows(sink, "posts")[0]["account_id"] is None
    assert [(e["src"], e["post_id"]) for e in rows(sink, "edges")] == [(None, "1626922779105759235")] * 2
    sink = read(READER, (folder / "follower.js").read_bytes())
    assert counts(sink) == {"accounts": 3} and "--map account_id==ID" in sink.notes[0]


@pytest.mark.data
def test_members_of_the_zip_read_as_the_files_do(data: Path) -> None:
    packed = io.BytesIO()
    files = sorted((data / "exports" / "x_archive" / "data").glob("*.js"))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, f"data/{path.name}")
    found = members("archive.zip", packed, Budget.of(len(packed.getvalue())))
    for path, member in zip(files, found, strict=True):
        raw = member.stream.read()
        assert registry.pick(raw[:65536], member.name) is READER
        assert content(read(READER, raw)) == content(read(READER, path.read_bytes()))


def test_deleted_posts_reposts_and_names() -> None:
    sink = read(READER, js("deleted_tweets", post("5", deleted_at="2023-03-01T10:00:00.000Z")), options=OWNER)
    (gone,) = rows(sink, "observations")
    assert (gone["target_id"], gone["state"]) == ("5", "deleted")
    assert gone["state_since"] == datetime(2023, 3, 1, 10, tzinfo=UTC) and gone["observed_at"] is None
    who = {"user_mentions": [{"screen_name": "Otra", "id_str": "77"}], "hashtags": [], "urls": []}
    sink = read(READER, js("tweets", post("6", "RT @otra: algo largo que se cort…", entities=who)), options=OWNER)
    assert rows(sink, "posts")[0]["text_truncated"] is True
    assert rows(sink, "edges", type="reposts")[0]["dst"] == "77"
    media = [{"id_str": "8", "type": "photo", "media_url_https": "https://pbs.twimg.com/a.jpg",
              "expanded_url": "https://twitter.com/ana/status/7/photo/1"}]  # fmt: skip
    sink = read(READER, js("tweets", post("7", extended_entities={"media": media})))
    assert rows(sink, "posts")[0]["author_name"] == "ana" and rows(sink, "media")[0]["id"] == "8"
    header = {"tweet": {"tweet_id": "9", "user_id": "3", "created_at": "x", "deleted_at": "2023-03-01T10:00:00.000Z"}}
    assert counts(read(READER, js("deleted_tweet_headers", header))) == {"accounts": 1, "observations": 1}


def test_notes_that_do_not_name_their_post_and_other_sections() -> None:
    core = {"text": "muy largo", "hashtags": [{"text": "Ya"}], "mentions": [{"screenName": "ana"}], "urls": []}
    note = {"noteTweet": {"noteTweetId": "44", "createdAt": "2023-01-01T00:00:00.000Z", "core": core}}
    sink = read(READER, js("note_tweet", note), options=OWNER)
    assert rows(sink, "posts")[0]["id_is_derived"] is True and sink.notes
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {("hashtag", "ya"), ("mentions", "ana")}
    change = {"changedAt": "2015-01-01T00:00:00.000Z", "changedFrom": "a", "changedTo": "b"}
    renamed = js("screen_name_change", {"screenNameChange": {"accountId": "3", "screenNameChange": change}})
    (name,) = rows(read(READER, renamed), "account_snapshots")
    assert (name["username"], name["observed_at"]) == ("b", datetime(2015, 1, 1, tzinfo=UTC))
    end = {"accountSuspension": {"timeStamp": "2015-01-01T00:00:00.000Z", "action": "Suspension"}}
    (seen,) = rows(read(READER, js("account_suspension", end), options=OWNER), "observations")
    assert (seen["target_id"], seen["state"]) == ("322603863", "suspended")
    other = read(READER, js("block", {"blocking": {"accountId": "1"}}))
    assert not counts(other) and not other.quarantined and "block" in other.notes[0]


def test_messages_are_private_each_a_record_and_hide_their_people() -> None:
    raw = js("direct_messages", CHAT, {"dmConversation": {"conversationId": "11-33", "messages": []}})
    assert registry.pick(raw, "x") is READER
    chats = READER.chats(Source("x", io.BytesIO(raw), len(raw)))
    assert [(c.id, c.private) for c in chats] == [("11-987654", True), ("11-33", True)]
    sink = read(READER, raw)
    assert [(p["id"], p["kind"], p["visibility"], p["account_id"]) for p in rows(sink, "posts")] == [
        ("1", "message", "private", "11"), ("2", "message", "private", "987654"),
    ]  # fmt: skip
    for number in range(2):
        start, length = sink.spans[2 * number : 2 * number + 2]
        assert json.loads(raw[start : start + length]) == CHAT["dmConversation"]["messages"][number]
    pseudonymise(sink, lambda platform, who: f"member-{len(who)}{who[0]}", {"11"})
    assert "987654" not in repr([row[2:] for table in sink.rows.values() for row in table if table])


@pytest.mark.parametrize("section", ["ip_audit", "email_address_change", "contact", "grok_chat_item", "phone_number"])
def test_what_is_about_others_or_devices_is_private(section: str) -> None:
    raw = js(section, {"x": {}})
    assert [chat.private for chat in READER.chats(Source("x", io.BytesIO(raw), len(raw)))] == [True]


def test_a_cut_file_gives_what_is_whole_and_says_so() -> None:
    raw = js("tweets", post("1"), post("2"), post("3"))
    sink = read(READER, raw[: raw.index(b'"3"') + 2])
    assert [p["id"] for p in rows(sink, "posts")] == ["1", "2"] and len(sink.quarantined) == 1


def test_ids_that_lost_digits_cost_their_record() -> None:
    sink = read(
        READER, js("tweets", post("1"), {"tweet": {"id": 1.6e18, "full_text": "x"}}, post("1.6E+18"), post("4"))
    )
    assert [p["id"] for p in rows(sink, "posts")] == ["1", "4"]
    assert len(sink.quarantined) == 2 and "digits are lost" in sink.quarantined[0][1]


@given(
    st.lists(st.tuples(st.integers(1, 2**63 - 1).map(str), st.text(max_size=30)), max_size=5, unique_by=lambda p: p[0])
)
def test_a_written_file_is_read_back_in_any_order(pairs: list[tuple[str, str]]) -> None:
    items = [post(pid, text) for pid, text in pairs]
    sink = read(READER, js("tweets", *items))
    for found, (pid, text) in zip(rows(sink, "posts"), pairs, strict=True):
        plain = (clean_text(text) or "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert (found["id"], found["text"]) == (pid, plain)
    assert content(read(READER, js("tweets", *reversed(items), part=1))) == content(sink)


def test_a_joined_archive_and_the_manifest_name_their_owner() -> None:
    who = {"account": {"accountId": "9", "username": "ana", "email": "ana@example.org", "createdAt": "x"}}
    joined = {"tweets": [post("5")], "follower": [{"follower": {"accountId": "3"}}], "account": [who], "like": []}
    raw = json.dumps(joined).encode()
    assert registry.pick(raw, "x") is READER
    sink = read(READER, raw)
    assert (rows(sink, "posts")[0]["account_id"], sink.quarantined) == ("9", [])
    assert [(e["src"], e["dst"]) for e in rows(sink, "edges", type="follows")] == [("3", "9")]
    assert sink.count == 3 and "example.org" not in repr(sink.rows)
    info = {"userInfo": {"accountId": "9", "userName": "ana", "displayName": "Ana"}, "archiveInfo": {}}
    manifest = b"window.__THAR_CONFIG = " + json.dumps(info).encode()
    assert registry.pick(manifest, "x") is READER
    assert rows(read(READER, manifest), "account_snapshots")[0]["username"] == "ana"
