"""Telegram Desktop's HTML export (``messages.html``, ``messages2.html`` ...).

*Unproven*: no file that may be passed on was found; written from what the program's writer puts out. A message that
follows another of the same author (``joined``) omits the author. Lines between days have negative ids and are no
messages. The time stands in ``title``, with its zone in newer exports. The page names neither the chat's id nor whether
it is public: it is private, and its id is derived from its title. People are names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from tecolote.sources import shapes
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import Said, local_moment, media_type
from tecolote.sources.html_text import plain
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Piece

_BEGIN = re.compile(rb'<div class="message (default|service)([^"<>]{0,80})" id="message(-?\d{1,19})">')
_TITLE = re.compile(rb'<div class="page_header[^>]{0,40}>.{0,600}?<div class="text bold">\s*([^<]{0,400})', re.S)
_AUTHOR = re.compile(r'<div class="from_name">\s*([^<]{0,400})')
_TEXT = re.compile(r'<div class="text">(.*?)</div>', re.S)
_SERVICE = re.compile(r'<div class="body details">(.*?)</div>', re.S)
_WHEN = re.compile(r'<div class="pull_right date details" title="([^"]{1,60})"')
_REPLY = re.compile(r'<div class="reply_to details">.{0,200}?#go_to_message(\d{1,19})', re.S)
_FILE = re.compile(r'<a class="(photo|video_file|media|sticker|animated)_wrap[^"]{0,80}" href="([^"]{1,400})"')
_TIME = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)(?: UTC([+-]\d\d:\d\d))?")
_KINDS = {"photo": "image", "video_file": "video", "sticker": "sticker", "animated": "animation"}
_FORWARDED = '<div class="forwarded body">'


class TelegramHtml:
    """Reader of Telegram Desktop's pages; see the module's words."""

    name = "telegram_html"
    version = "1"
    title = "Telegram Desktop export (HTML)"
    obtained = "Telegram Desktop: Export chat history, format HTML; prefer JSON, which holds ids"
    proven = False
    platform = "telegram"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where a page has Telegram's history and messages."""
        return 0.9 if b'class="history"' in head and _BEGIN.search(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """The chat of the page, private because the page does not say otherwise."""
        id_, title = _chat(source.head)
        return [Chat(id_, title or id_, True)]

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all messages; see `Reader.read`."""
        raw = source.read_all()
        chat, title = _chat(source.head)
        said, author = Said(), None
        for start, end, found in _cut(raw):
            kind, classes, number = (part.decode("latin-1") for part in found.groups())
            if number.startswith("-"):
                continue
            piece = Piece(start, raw[start:end], f"message {number}", "", {})
            record = Record(sink, options, piece, sink.record(start, piece.raw, piece.locator), self.platform)
            author = _message(record, said, chat, title, number, kind == "service", "joined" in classes, author)
            said.commit(record)


def _chat(head: bytes) -> tuple[str, str | None]:
    found = _TITLE.search(head)
    title = shapes.some(plain(found[1].decode("utf-8", "replace"))[0]) if found else None
    return "chat-" + sha256(str(title).encode()).hexdigest()[:16], title


def _cut(raw: bytes) -> Iterator[tuple[int, int, re.Match[bytes]]]:
    """First byte, byte behind the last, and beginning of each message."""
    last: re.Match[bytes] | None = None
    for found in _BEGIN.finditer(raw):
        if last:
            yield last.start(), found.start(), last
        last = found
    if last:
        yield last.start(), len(raw), last


def _message(
    record: Record, said: Said, chat: str, title: str | None, number: str, service: bool, joined: bool,
    before: str | None,
) -> str | None:  # fmt: skip
    """Rows of one message; its author, for the one that is joined to it."""
    whole = record.piece.raw.decode("utf-8", "replace")
    own, _, passed_on = whole.partition(_FORWARDED)
    named = _AUTHOR.search(own)
    author = before if joined and not named else shapes.some(plain(named[1])[0]) if named else None
    html = (_SERVICE if service else _TEXT).search(passed_on or own) or _TEXT.search(own)
    text, anchors = plain(html[1]) if html else (None, [])
    raw = shapes.some(html[1].strip()) if html else None
    reply = _REPLY.search(own)
    answered, post = f"{chat}/{reply[1]}" if reply else None, f"{chat}/{number}"
    at = _when(own, record.options)
    if author and said.first(record, "account", author):
        record.add("accounts", id=author, id_kind="display_name")
        record.snapshot("account_snapshots", None, account_id=author, display_name=author)
    record.add(
        "posts", id=post, id_is_derived=True, kind="event" if service else "message", account_id=author,
        author_name=author, **created(at), text=text, text_raw=raw if raw != text else None,
        thread_id=chat, in_reply_to_id=answered, visibility="private",
    )  # fmt: skip
    record.edge("replies", author, answered, "post", post_id=post, at=at[0])
    origin = _AUTHOR.search(passed_on)
    if origin:
        record.edge("forwards", author, plain(origin[1])[0], "account_name", post_id=post, at=at[0])
    shown = [anchor.href for anchor in anchors if "://" in anchor.href and anchor.href not in (text or "")]
    for link in dict.fromkeys(shown):
        record.edge("links_to", author, link, "link", post_id=post, at=at[0])
    record.text_edges(author, text, post_id=post, at=at[0])
    for place, (kind, path) in enumerate(_FILE.findall(whole)):
        guessed, mime = media_type(None, path)
        record.add(
            "media", id=f"{post}/{place}", post_id=post, type=_KINDS.get(kind, guessed), mime=mime,
            local_path=shapes.words(path), status="present",
        )  # fmt: skip
    if said.first(record, "thread", chat):
        record.add("threads", id=chat, title=title, type="conversation", private=True)
    return author


def _when(text: str, options: Options) -> shapes.Moment:
    """Time of a message, by the zone it states, else by the user's."""
    stated = _WHEN.search(text)
    found = _TIME.fullmatch(stated[1]) if stated else None
    if not stated or not found:
        return None, shapes.some(stated[1]) if stated else None, "unknown"
    day, month, year, clock, zone = found.groups()
    at, _, basis = local_moment(f"{year}-{month}-{day}T{clock}{zone or ''}", options)
    return at, stated[1], basis


READER = TelegramHtml()
