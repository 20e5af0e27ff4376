"""What fuzzing found: inputs that once broke a reader or parser, in their smallest form."""

from __future__ import annotations

import io
import json
import zipfile

from tecolote.sources import telegram, tiktok_download, wacz, warc, x_v2
from tecolote.sources.base import Sink
from tests.fuzz.targets import TARGETS
from tests.sources.reading import read, rows


def _zip(names: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), json.dumps({"resources": [{"path": name}] * 40}))
    return out.getvalue()


def test_a_telegram_chat_whose_type_is_a_list_is_private() -> None:
    chat = {"name": "x", "type": ["public_channel"], "id": 5, "messages": []}
    TARGETS["telegram"](json.dumps(chat).encode())


def test_a_broken_telegram_chat_whose_type_is_no_text_that_can_be_stored_is_private() -> None:
    TARGETS["telegram"](b'{"name": "x", "type": "\\ud800", "id": [], "messages": [{"id": 1, "type": "message"}]}')


def test_a_tiktok_chat_with_a_name_that_no_table_can_hold_is_read() -> None:
    chats = {"Chat History With e\0\ud800:": [{"Date": "2024-01-01 00:00:00 UTC", "From": "ana", "Content": "x"}]}
    raw = json.dumps({"Direct Messages": {"Chat History": {"ChatHistory": chats}}}).encode()
    TARGETS["tiktok_download"](raw)
    assert [post["thread_id"] for post in rows(read(tiktok_download.READER, raw), "posts")] == ["e\ufffd\ufffd"]


def test_nul_anywhere_in_a_user_or_post_of_x_can_be_stored() -> None:
    nul = "a\0b"
    user = {"id": "7", "username": nul, "url": nul, "profile_image_url": nul, "verified_type": nul}
    links = [{"expanded_url": nul, "url": nul, "display_url": nul}]
    said = {"mentions": [{"username": nul}], "hashtags": [{"tag": nul}], "urls": links}
    post = {"id": "8", "author_id": "7", "text": nul, "lang": nul, "source": nul, "entities": said}
    for value in (user, post, {"data": [post], "includes": {"users": [user]}}):
        TARGETS["x_v2"](json.dumps(value).encode())
    (found,) = rows(read(x_v2.READER, json.dumps(user).encode()), "account_snapshots")
    assert found["url"] == "a\ufffdb"


def test_a_member_of_a_telegram_chat_whose_name_cannot_be_stored_is_a_member() -> None:
    said = {"id": 1, "type": "service", "action": "invite_members", "actor": "Ana", "members": ["\ud800", "Beto"]}
    raw = json.dumps({"name": "x", "type": "private_group", "id": 5, "messages": [said]}).encode()
    TARGETS["telegram"](raw)
    found = read(telegram.READER, raw)
    assert [edge["src"] for edge in rows(found, "edges", type="member_of")] == ["\ufffd", "Beto"]


def test_a_zip_entry_without_a_name_is_a_file_like_others() -> None:
    TARGETS["archives"](_zip(["qqq"]).replace(b"qqq", b"\x00\x00\x00"))


def test_a_wacz_whose_list_is_damaged_says_so() -> None:
    raw = bytearray(_zip(["datapackage.json"]))
    raw[30 + len("datapackage.json") + 3] ^= 0xFF
    assert wacz.faults(io.BytesIO(bytes(raw))) != []


def test_words_about_a_file_can_always_be_stored() -> None:
    sink = Sink()
    sink.note("of \ud800")
    sink.quarantine("/a\ud800", "b\0")
    assert (sink.notes, sink.quarantined) == (["of \ufffd"], [("/a\ufffd", "b\ufffd")])


def test_a_web_server_that_answers_with_nul_is_an_observation_that_can_be_stored() -> None:
    answer = b"HTTP/1.1 404 no\0where\r\n\r\n"
    head = [
        b"WARC/1.0", b"WARC-Type: response", b"WARC-Record-ID: <urn:uuid:0>", b"WARC-Date: 2025-01-01T00:00:00Z",
        b"WARC-Target-URI: http://example.org/\0", b"Content-Type: application/http; msgtype=response",
        b"Content-Length: %d" % len(answer),
    ]  # fmt: skip
    raw = b"\r\n".join(head) + b"\r\n\r\n" + answer + b"\r\n\r\n"
    TARGETS["warc"](raw)
    (seen,) = rows(read(warc.READER, raw), "observations")
    assert seen["reason"] == "HTTP 404 no\ufffdwhere"
