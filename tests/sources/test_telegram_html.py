"""Telegram's pages, as described: the reader says that it is unproven."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from tecolote.sources.base import Options, Source
from tecolote.sources.registry import pick
from tecolote.sources.telegram_html import READER
from tests.sources.reading import counts, read, rows

PAGE = b"""<!DOCTYPE html><html><body><div class="page_wrap"><div class="page_header"><div class="content">
<div class="text bold">
Ana &amp; co </div></div></div><div class="page_body chat_page"><div class="history">
 <div class="message service" id="message-1">
  <div class="body details">1 January 2024</div></div>
 <div class="message default clearfix" id="message5">
  <div class="body"><div class="pull_right date details" title="01.01.2024 10:00:00 UTC-06:00">10:00</div>
  <div class="from_name">
Ana </div><div class="text">
hola <a href="https://example.org/a">aqu&iacute;</a><br>#MX</div></div></div>
 <div class="message default clearfix joined" id="message6">
  <div class="body"><div class="pull_right date details" title="01.01.2024 10:00:05">10:00</div>
  <div class="reply_to details">In reply to <a href="#go_to_message5">this message</a></div>
  <div class="media_wrap clearfix"><a class="photo_wrap clearfix pull_left" href="photos/a.jpg"></a></div></div></div>
 <div class="message default clearfix" id="message7">
  <div class="body"><div class="pull_right date details" title="01.01.2024 10:00:06 UTC-06:00">10:00</div>
  <div class="from_name">Beto</div><div class="forwarded body"><div class="from_name">Canal <span>x</span></div>
  <div class="text">lejos</div></div></div></div>
 <div class="message service" id="message8"><div class="body details">Ana pinned</div></div>
</div></div></div></body></html>"""


def test_a_page() -> None:
    found = pick(PAGE, "renamed")
    assert found is not None
    assert (found.name, found.proven) == ("telegram_html", False)
    (chat,) = READER.chats(Source("x", io.BytesIO(PAGE), len(PAGE)))
    assert (chat.title, chat.private) == ("Ana & co", True)
    sink = read(READER, PAGE)
    assert counts(sink) == {"posts": 4, "accounts": 2, "account_snapshots": 2, "media": 1, "edges": 4, "threads": 1}
    first, second, third, fourth = rows(sink, "posts")
    assert (first["account_id"], first["text"]) == ("Ana", "hola aquí\n#MX")
    assert first["created_at"] == datetime(2024, 1, 1, 16, tzinfo=UTC)
    assert (second["account_id"], second["created_at"], second["tz_basis"]) == ("Ana", None, "unknown")
    assert second["in_reply_to_id"] == first["id"]
    assert (third["account_id"], third["text"]) == ("Beto", "lejos")
    assert (fourth["kind"], fourth["text"]) == ("event", "Ana pinned")
    assert [(e["type"], e["dst"]) for e in rows(sink, "edges")] == [
        ("links_to", "https://example.org/a"), ("hashtag", "mx"), ("replies", first["id"]), ("forwards", "Canal"),
    ]  # fmt: skip
    assert rows(sink, "media")[0]["local_path"] == "photos/a.jpg"
    given = rows(read(READER, PAGE, options=Options(timezone="America/Mexico_City")), "posts")
    assert given[1]["created_at"] == datetime(2024, 1, 1, 16, 0, 5, tzinfo=UTC)


def test_any_cut_is_read_and_stays_private() -> None:
    for cut in range(0, len(PAGE), 29):
        read(READER, PAGE[:cut] + b"\xff\x00")
        assert READER.chats(Source("x", io.BytesIO(PAGE[:cut]), cut))[0].private
