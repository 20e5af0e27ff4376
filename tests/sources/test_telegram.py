"""Telegram Desktop exports: shapes over the years, illegal escapes, spans, private and public chats."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.sources.base import Options, Sink, Source
from tecolote.sources.telegram import READER
from tests.sources.reading import content, counts, read, rows


def message(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "type": "message", "date": "2023-11-14T16:13:20", "date_unixtime": str(1700000000 + number),
        "from": "Ana", "from_id": "user111", "text": f"texto {number}", "text_entities": [], **more,
    }  # fmt: skip


def chat(*messages: dict[str, Any], type_: str = "private_group", id_: int = 5, **more: Any) -> dict[str, Any]:
    return {"name": "Vecinos", "type": type_, "id": id_, "messages": list(messages), **more}


def written(value: Any, indent: int | None = 1) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=False).encode()


def chats(raw: bytes) -> list[Any]:
    return READER.chats(Source("result.json", io.BytesIO(raw), len(raw)))


def spans(raw: bytes, sink: Sink) -> list[bytes]:
    return [raw[a : a + n] for a, n in zip(sink.spans[::2], sink.spans[1::2], strict=True)]


TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.one_of(st.text(max_size=10), st.fixed_dictionaries({"type": st.just("bold"), "text": st.text(max_size=10)})),
        max_size=4,
    ),
)


def plain(text: Any) -> str:
    return text if isinstance(text, str) else "".join(p if isinstance(p, str) else p["text"] for p in text)


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, max_size=6), st.sampled_from([None, 1, 4]), st.booleans(), st.booleans())
def test_what_is_written_is_read_back_with_its_bytes(
    texts: list[Any], indent: int | None, ascii_only: bool, in_account: bool
) -> None:
    said = [message(i, text=text) for i, text in enumerate(texts)]
    whole = {"about": "x", "chats": {"about": "y", "list": [chat(*said)]}} if in_account else chat(*said)
    raw = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).encode()
    sink = read(READER, raw)
    assert [p["text"] or "" for p in rows(sink, "posts")] == [plain(t).replace("\x00", "\ufffd") for t in texts]
    assert [json.loads(span) for span in spans(raw, sink)] == said
    assert not sink.quarantined
    assert [p["id"] for p in rows(sink, "posts")] == [f"5/{i}" for i in range(len(texts))]


def test_control_characters_are_read_through_illegal_escapes_without_moving_a_span() -> None:
    first, last = "uno\u2028 \\x41 \\\\ fin", "tres"
    legal = written(chat(message(1, text=first), message(2, text="dosPLACE"), message(3, text=last)))
    raw = legal.replace(b"PLACE", rb"\x1b[31m\x0A\x7f")
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw)
    sink = read(READER, raw)
    assert [p["text"] for p in rows(sink, "posts")] == [first, "dos\x1b[31m\n\x7f", last]
    assert spans(raw, sink)[1].count(rb"\x") == 3
    assert all(s.startswith(b"{") and s.endswith(b"}") for s in spans(raw, sink))
    assert any(r"\xNN" in note for note in sink.notes)


def test_times_are_utc_only_where_the_file_or_the_user_says_so() -> None:
    local = message(2)
    del local["date_unixtime"]
    raw = written(chat(message(1), local))
    first, second = rows(read(READER, raw), "posts")
    assert (first["created_at"], first["tz_basis"]) == (datetime.fromtimestamp(1700000001, UTC), "utc")
    assert (second["created_at"], second["created_at_raw"], second["tz_basis"]) == (
        None,
        "2023-11-14T16:13:20",
        "unknown",
    )
    second = rows(read(READER, raw, options=Options(timezone="America/Mexico_City")), "posts")[1]
    assert (second["created_at"], second["tz_basis"]) == (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), "user_given")


def test_what_a_message_can_say() -> None:
    said = [
        message(1, from_id=123456, edited_unixtime="1700000100", edited="2023-11-14T16:15:00"),
        message(2, reply_to_message_id=1, via_bot="@gif"),
        message(3, reply_to_message_id=9, reply_to_peer_id="channel77"),
        message(4, forwarded_from="Canal", forwarded_from_id="channel88"),
        message(5, forwarded_from="Oculto"),
        message(6, **{"from": None, "from_id": "user999"}),
        message(7, photo="photos/p.jpg", width=10, height=20, text=""),
        message(8, file="(File not included. Change data exporting settings to download.)", media_type="sticker",
                sticker_emoji="😀", text=""),
        message(9, file="(File unavailable, please try again later)", mime_type="video/mp4",
                duration_seconds=3, text=""),
        message(10, file="(File exceeds maximum size. Change data exporting settings to download.)", text=""),
        message(11, reactions=[{"type": "emoji", "count": 2, "emoji": "👍"},
                               {"type": "emoji", "count": 1, "emoji": "🔥"}]),
        message(12, location_information={"latitude": 19.4, "longitude": -99.1}),
        message(13, text=["ve ", {"type": "text_link", "text": "esto", "href": "https://a.example/"}, " y ",
                          {"type": "link", "text": "https://b.example"}, {"type": "mention", "text": "@beto"},
                          {"type": "mention_name", "text": "Caro", "user_id": 333},
                          {"type": "hashtag", "text": "#Hoy"}]),
        {"id": 14, "type": "unsupported"},
        {"id": 15, "type": "service", "date_unixtime": "1700000200", "actor": "Ana", "actor_id": "user111",
         "action": "invite_members", "members": ["Beto", "Dora"], "text": ""},
    ]  # fmt: skip
    sink = read(READER, written(chat(*said)))
    posts = {p["id"].split("/")[1]: p for p in rows(sink, "posts")}
    edges = {(e["type"], e["dst"], e["dst_kind"]) for e in rows(sink, "edges")}
    assert not sink.quarantined and len(posts) == 15
    assert posts["1"]["account_id"] == "123456" and posts["1"]["edited_at"] == datetime.fromtimestamp(1700000100, UTC)
    assert (posts["2"]["in_reply_to_id"], posts["2"]["source_app"]) == ("5/1", "@gif")
    assert posts["3"]["in_reply_to_id"] == "77/9"
    assert (posts["6"]["account_id"], posts["6"]["author_name"]) == ("user999", None)
    media = {m["post_id"]: m for m in rows(sink, "media")}
    assert [(media[f"5/{n}"]["type"], media[f"5/{n}"]["status"]) for n in (7, 8, 9, 10)] == [
        ("image", "present"), ("sticker", "omitted"), ("video", "unavailable"), ("document", "omitted")
    ]  # fmt: skip
    assert media["5/7"]["local_path"] == "photos/p.jpg" and media["5/8"]["local_path"] is None
    assert media["5/9"]["duration_ms"] == 3000
    assert json.loads(rows(sink, "post_snapshots")[0]["reactions"]) == {"👍": 2, "🔥": 1}
    assert json.loads(posts["12"]["place"]) == {"latitude": 19.4, "longitude": -99.1}
    assert posts["13"]["text"] == "ve esto y https://b.example@betoCaro#Hoy"
    assert edges == {
        ("replies", "5/1", "post"), ("replies", "77/9", "post"), ("forwards", "channel88", "account"),
        ("forwards", "Oculto", "account_name"), ("links_to", "https://a.example/", "link"),
        ("links_to", "https://b.example", "link"), ("mentions", "beto", "account_name"),
        ("mentions", "user333", "account"), ("hashtag", "hoy", "hashtag"), ("member_of", "5", "thread"),
    }  # fmt: skip
    assert posts["14"]["text"] is None and posts["15"]["kind"] == "event"
    assert posts["15"]["text"] == "invite_members: Beto, Dora"


@pytest.mark.parametrize(
    ("type_", "private"),
    [("personal_chat", True), ("private_supergroup", True), ("saved_messages", True), ("bot_chat", True),
     ("private_channel", True), ("of the future", True), (None, True), ("public_channel", False),
     ("public_supergroup", False)],
)  # fmt: skip
def test_only_a_chat_that_says_so_is_public(type_: str | None, private: bool) -> None:
    raw = written(chat(message(1), type_=type_))  # type: ignore[arg-type]
    assert [(c.private, c.spans) for c in chats(raw)] == [(private, None)]
    assert rows(read(READER, raw), "threads")[0]["private"] == private
    assert rows(read(READER, raw), "posts")[0]["visibility"] == ("private" if private else "public")


def test_the_public_chats_of_an_account_are_byte_ranges_that_read_alike_alone() -> None:
    public = chat(message(1), message(2), type_="public_channel", id_=7)
    account = {
        "about": "x", "personal_information": {"user_id": 111, "phone_number": "+52"},
        "contacts": {"about": "y", "list": [{"first_name": "Beto", "phone_number": "+52 55"}]},
        "chats": {"about": "z", "list": [chat(message(1)), public]},
        "left_chats": {"about": "z", "list": [chat(message(3), type_="public_supergroup", id_=8)]},
    }  # fmt: skip
    raw = written(account)
    found = chats(raw)
    assert [(c.id, c.private) for c in found] == [("5", True), ("7", False), ("8", False), ("account", True)]
    start, length = found[1].spans[0]
    piece = raw[start : start + length]
    assert json.loads(piece) == public
    assert b"+52" in b"".join(raw[a : a + n] for a, n in found[3].spans)
    assert READER.sniff(raw[:65536], "") >= 0.6 and READER.sniff(piece, "") == 0.9
    whole = read(READER, raw)
    assert counts(whole)["posts"] == 4 and "+52" not in repr(whole.rows)
    alone = content(read(READER, piece))
    assert all(row in content(whole)[table] for table, made in alone.items() for row in made)


def test_a_file_that_is_cut_off_gives_its_whole_messages_and_says_where_it_ends() -> None:
    raw = written(chat(message(1), message(2), message(3), type_="public_channel"))
    cut = raw[: raw.index(b'"texto 3"')]
    sink = read(READER, cut)
    assert [p["id"] for p in rows(sink, "posts")] == ["5/1", "5/2"]
    assert len(sink.quarantined) == 1
    assert [c.private for c in chats(cut)] == [False]
    assert [c.private for c in chats(written(chat(message(1)))[:-20])] == [True]
    assert [c.private for c in chats(b'{"messages": [')] == [True]


def test_a_bad_message_is_quarantined_and_the_others_are_read() -> None:
    deep = json.loads("[" * 600 + "]" * 600)
    said = [message(1), message(2, id=1.5), message(3, from_id=1e20), message(4, text=[deep]), message(5), 6]
    sink = read(READER, written(chat(*said)))  # type: ignore[arg-type]
    assert [p["id"] for p in rows(sink, "posts")] == ["5/1", "5/5"]
    assert [where for where, _ in sink.quarantined] == [f"/messages/{n}" for n in (1, 2, 3, 5)]
    assert "floating-point" in sink.quarantined[0][1] and "nested" in sink.quarantined[2][1]


def test_messages_without_an_id_have_one_that_stays() -> None:
    said = [{"type": "message", "date_unixtime": "1700000000", "from": "A", "text": "hola"}] * 2
    first = [p["id"] for p in rows(read(READER, written({"name": "x", "messages": said})), "posts")]
    later = [p["id"] for p in rows(read(READER, written({"name": "x", "messages": said + said}, None)), "posts")]
    assert len(set(later)) == 4
    assert all(p["id_is_derived"] for p in rows(read(READER, written({"messages": said})), "posts"))
    assert [i.split("/")[1] for i in first] == [i.split("/")[1] for i in later[:2]]


def test_a_plain_file_is_mapped_and_reads_the_same(tmp_path: Path) -> None:
    raw = written(chat(message(1), message(2)))
    path = tmp_path / "result.json"
    path.write_bytes(raw)
    sink = Sink()
    with open(path, "rb") as stream:
        READER.read(Source("result.json", stream, len(raw)), sink, Options())
    assert content(sink) == content(read(READER, raw)) and spans(raw, sink) == spans(raw, read(READER, raw))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_noise_never_stops_the_reader(noise: bytes, at: int) -> None:
    good = written(chat(message(1), message(2)))
    for raw in (good[:at] + noise + good[at:], good[:at] + noise + good[at + len(noise) :]):
        READER.sniff(raw, "")
        chats(raw)
        read(READER, raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b'{"messages": [{"sender_name": "A", "timestamp_ms": 1, "content": "x"}], "participants": []}',
     b'{"guild": {"id": "0"}, "channel": {}, "messages": [{"id": "1", "type": "Default", "timestamp": "x"}]}',
     b'{"data": [{"id": "1", "text": "x"}]}', b"a,b\n1,2\n"],
)  # fmt: skip
def test_other_files_are_not_taken_for_telegram(raw: bytes) -> None:
    assert READER.sniff(raw, "result.json") == 0.0


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "posts", "events", "untimed"),
    [("DM_2A_7M.json", 8, 2, 3), ("personal_chat.json", 5, 1, 0), ("test_batch_export.json", 2, 0, 0),
     ("test_single_export.json", 2, 0, 0)],
)  # fmt: skip
def test_samples_of_other_projects(data: Path, name: str, posts: int, events: int, untimed: int) -> None:
    raw = (data / "exports" / "telegram_desktop" / name).read_bytes()
    found = json.loads(raw)
    independent = found["messages"] if "messages" in found else found["chats"]["list"][0]["messages"]
    sink = read(READER, raw)
    assert [json.loads(span) for span in spans(raw, sink)] == independent
    made = rows(sink, "posts")
    assert (len(made), sum(p["kind"] == "event" for p in made)) == (posts, events)
    assert sum(p["created_at"] is None for p in made) == untimed
    assert not sink.quarantined and all(c.private for c in chats(raw))


@pytest.mark.data
def test_values_read_by_hand(data: Path) -> None:
    folder = data / "exports" / "telegram_desktop"
    sink = read(READER, (folder / "DM_2A_7M.json").read_bytes())
    assert [(p["id"], p["kind"], p["author_name"], p["text"]) for p in rows(sink, "posts")] == [
        ("700000000/2675", "event", "Bob", "joined_telegram"),
        ("700000000/3644", "message", "Bob", "https://google.com 👀"),
        ("700000000/3645", "message", "Alice", "hello world"),
        ("700000000/3662", "message", "Bob", "world?"),
        ("700000000/3663", "message", "Alice", "blah blah"),
        ("700000000/3672", "message", "Alice", None),
        ("700000000/3673", "message", "Alice", None),
        ("700000000/3674", "event", "Alice", "phone_call: 56 s"),
    ]
    times = [(p["created_at"], p["created_at_raw"], p["tz_basis"]) for p in rows(sink, "posts")]
    assert times[1] == (None, "2019-07-12T16:55:32", "unknown")
    assert times[3] == (datetime(2022, 5, 9, 22, 23, 53, tzinfo=UTC), "1652135033", "utc")
    assert times[7][0] == datetime(2023, 8, 11, 2, 11, 2, tzinfo=UTC)
    pictures = [(m["post_id"], m["type"], m["width"], m["height"], m["status"]) for m in rows(sink, "media")]
    assert pictures == [(f"700000000/{n}", "image", 960, 1280, "omitted") for n in (3672, 3673)]
    (edge,) = rows(sink, "edges")
    assert (edge["src"], edge["type"], edge["dst"]) == ("user700000000", "links_to", "https://google.com")
    people = [(a["account_id"], a["display_name"], a["observed_at"]) for a in rows(sink, "account_snapshots")]
    assert people == [("user700000000", "Bob", None), ("user300000000", "Alice", None)]
    sink = read(READER, (folder / "personal_chat.json").read_bytes())
    assert rows(sink, "posts")[2]["text"] == "Check this important message"
    assert rows(sink, "posts")[0]["created_at"] == datetime(2024, 1, 15, 10, 50, tzinfo=UTC), "date_unixtime, not date"
    (edge,) = rows(sink, "edges")
    assert (edge["src"], edge["type"], edge["dst"], edge["post_id"]) == (
        "user222", "replies", "123456789/3", "123456789/4",
    )  # fmt: skip
    (thread,) = rows(sink, "threads")
    assert (thread["id"], thread["title"], thread["type"], thread["private"]) == (
        "123456789",
        "Test User",
        "direct",
        True,
    )
    assert "post_snapshots" not in counts(sink) and "observations" not in counts(sink)
