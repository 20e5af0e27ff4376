r"""Telegram Desktop's JSON export (``result.json``): one chat, or an account's export with a list of chats.

Format as the program's own writer (``export_output_json.cpp``) produces it, several versions back:

- ``text`` is a string, or a list of strings and entities; ``from`` may be null; ``from_id`` is ``user123``,
  ``channel123`` or, in old exports, a bare number;
- ``date`` is local time without a zone; ``date_unixtime`` came later and is UTC. Without it ``created_at`` is null
  unless the user gave a zone;
- control characters stand as ``\xNN``, which is not JSON (RFC 8259 section 7). They are read through a stand-in of
  the same four bytes, so that the span of a record stays the bytes of the file;
- a file that was not exported is a sentence in brackets in the place of its path.

``id`` is ``<chat>/<message>``, because message ids repeat from chat to chat. A message's span is its JSON object.
Everything in an account's export that is no chat (contacts, sessions, profile) is private and never read.
"""

from __future__ import annotations

import io
import mmap
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tecolote.sources import shapes
from tecolote.sources.base import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_RECORD_BYTES, Chat, Options, Sink, Source
from tecolote.sources.jsonbytes import Unreadable, decode, depth, documents, glimpse
from tecolote.sources.telegram_rows import Rows, Talk

_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
_STAND_IN = 0x100000
_BACK = {_STAND_IN + n: n for n in range(256)}
_BOM = b"\xef\xbb\xbf"
_BETWEEN = re.compile(rb"[\s,]*")
_PREFIX = 4096
_TYPE = re.compile(
    rb'"type"\s*:\s*"(?:personal_chat|bot_chat|saved_messages|replies|verify_codes|private_group|private_supergroup|'
    rb'private_channel|public_channel|public_supergroup|public_group)"'
)
_INTO = frozenset({"chats", "left_chats", "list", "messages"})
#: Sections of an account's export that are no chats.
_OWN = (
    "contacts", "frequent_contacts", "personal_information", "profile_pictures", "stories", "sessions",
    "web_sessions", "other_data", "ringtones", "profile_music",
)  # fmt: skip

Buffer = bytes | mmap.mmap


class _Chats(msgspec.Struct):
    entries: list[msgspec.Raw] = msgspec.field(name="list", default_factory=list)


_Export = msgspec.defstruct(
    "_Export",
    [
        *[(key, Any, None) for key in ("name", "type", "id")],
        *[(key, msgspec.Raw, msgspec.Raw(b"")) for key in ("messages", *_OWN)],
        *[(key, _Chats | None, None) for key in ("chats", "left_chats")],
    ],
)
_export = msgspec.json.Decoder(_Export)
_raws = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass
class _Document:
    """A file in memory.

    Attributes:
        raw: the bytes as found.
        legal: the same with stand-ins for illegal escapes; byte for byte as long.
        talks: its chats.
        private: spans of what is no chat and private.
        fault: where and why the document cannot be read to its end, None if it is whole.
    """

    raw: Buffer
    legal: Buffer
    talks: list[Talk] = field(default_factory=list)
    private: list[tuple[int, int]] = field(default_factory=list)
    fault: tuple[str, str] | None = None

    def cut(self, talk: Talk) -> Iterator[tuple[int, bytes]]:
        """Start and legal bytes of each message."""
        at = talk.messages_at + 1
        for element in talk.messages:
            size = len(bytes(element))
            found = _BETWEEN.match(self.legal, at)
            start = found.end() if found else at
            yield start, self.legal[start : start + size]
            at = start + size


class Telegram:
    """Reader of ``result.json``; see the module's words."""

    name = "telegram_desktop"
    version = "2"
    title = "Telegram Desktop export (JSON)"
    obtained = "Telegram Desktop: Export chat history, or Settings, Advanced, Export Telegram data; format JSON"
    proven = True
    platform = "telegram"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where messages or an account's export have Telegram's own keys."""
        paths = glimpse(head)
        for before in ("", "chats.list[].", "left_chats.list[]."):
            keys = {p.removeprefix(f"{before}messages[].") for p in paths if p.startswith(f"{before}messages[].")}
            if keys & {"date_unixtime", "from_id", "text_entities"} or {"date", "type", "from", "text"} <= keys:
                return 0.9
            if _TYPE.search(head) and (f"{before}messages" in paths or {"name", "type", "id"} <= paths):
                return 0.9
        if {"about", "contacts.about"} <= paths or {"about", "personal_information.user_id"} <= paths:
            return 0.9
        return 0.6 if "chats.list" in paths or "left_chats.list" in paths else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Every chat with its bytes; what else an account's export holds counts as one private chat."""
        document = _load(source, lambda words: None)
        alone = len(document.talks) == 1 and not document.private
        found = [
            Chat(t.id, t.title or t.id, t.private, None if alone and t.whole else ((t.start, t.length),))
            for t in document.talks
        ]
        if document.private:
            found.append(Chat("account", "contacts, sessions and profile", True, tuple(document.private)))
        if document.fault:
            # What stands behind the fault is unknown: the file goes as a whole or not at all.
            private = not found or any(chat.private for chat in found)
            return [Chat(found[0].id if found else source.name, source.name, private)]
        return found

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all messages of all chats; see `Reader.read`."""
        document = _load(source, sink.note)
        if document.private:
            sink.note(f"{len(document.private)} sections that are no chats (contacts, sessions, profile) are not read")
        for talk in document.talks:
            rows = Rows(talk, sink, options)
            for number, (start, legal) in enumerate(document.cut(talk)):
                _take(rows, document.raw, start, legal, f"{talk.pointer}/messages/{number}")
        if document.fault:
            sink.quarantine(*document.fault)


def _take(rows: Rows, raw: Buffer, start: int, legal: bytes, locator: str) -> None:
    """One message: decode it, then record it and add its rows; what does not fit is quarantined."""
    found = raw[start : start + len(legal)]
    repaired = found != legal
    try:
        message = _message(legal, rows.sink.note)
        if repaired:
            message = _restored(message)
            rows.sink.note("control characters stand as \\xNN, which is not JSON; they are read as characters")
    except Unreadable as bad:
        rows.sink.quarantine(locator, str(bad))
        return
    rec = rows.sink.record(start, found, locator)
    try:
        rows.add(rec, message, found)
    except shapes.MISSHAPEN as bad:
        shapes.forget(rows.sink, rec)
        rows.forget(rec)
        rows.sink.quarantine(locator, shapes.reason(bad))


def _message(legal: bytes, note: Callable[[str], None]) -> dict[str, Any]:
    if len(legal) > MAX_RECORD_BYTES:
        raise Unreadable(f"longer than {MAX_RECORD_BYTES >> 20} MiB")
    if depth(legal) > MAX_DEPTH:
        raise Unreadable(f"nested deeper than {MAX_DEPTH}")
    try:
        message = msgspec.json.decode(legal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = decode(legal, note)
    if not isinstance(message, dict):
        raise Unreadable("a message is not an object")
    return message


def _restored(value: Any) -> Any:
    """``value`` with the control characters in the place of their stand-ins."""
    if isinstance(value, str):
        return value.translate(_BACK)
    if isinstance(value, list):
        return [_restored(v) for v in value]
    if isinstance(value, dict):
        return {k: _restored(v) for k, v in value.items()}
    return value


def _load(source: Source, note: Callable[[str], None]) -> _Document:
    """The file's chats and where they stand."""
    raw = _buffer(source)
    legal: Buffer = raw
    if raw.find(b"\\x") >= 0:
        legal = _ESCAPE.sub(_stand_in, raw[:])
    if legal[:3] == _BOM:
        legal = b"   " + legal[3:]
    document = _Document(raw, legal)
    try:
        export = _export.decode(legal)
        _whole(document, export)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document.talks.clear()
        document.private.clear()
        _salvage(document, note)
    return document


def _stand_in(found: re.Match[bytes]) -> bytes:
    return found[1] + chr(_STAND_IN + int(found[2], 16)).encode()


def _buffer(source: Source) -> Buffer:
    """The file, mapped where it is a plain file, else in memory."""
    stream = source.open()
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO) and source.size:
        handle = stream.fileno()
        if os.fstat(handle).st_size == source.size <= MAX_DOCUMENT_BYTES:
            return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    return source.read_all()


def _whole(document: _Document, export: Any) -> None:
    legal = document.legal
    if _is_list(export.messages):
        blank = _BETWEEN.match(legal)
        document.talks.append(_talk(document, export, blank.end() if blank else 0, len(legal), "", True))
    for key in ("chats", "left_chats"):
        at = legal.find(f'"{key}"'.encode())
        for number, raw in enumerate(getattr(export, key).entries if getattr(export, key) else ()):
            text = bytes(raw)
            at = _place(legal, text, at)
            inner = _export.decode(raw)
            document.talks.append(_talk(document, inner, at, at + len(text), f"/{key}/list/{number}", False))
            at += len(text)
    for key in _OWN:
        section = bytes(getattr(export, key))
        if section.startswith((b"{", b"[")):
            document.private.append((_place(legal, section, 0), len(section)))


def _talk(document: _Document, chat: Any, start: int, end: int, pointer: str, whole: bool) -> Talk:
    messages = _raws.decode(chat.messages) if _is_list(chat.messages) else []
    at = _place(document.legal, bytes(chat.messages), start)
    first = bytes(messages[0]) if messages else b""
    return Talk.of(chat.name, chat.type, chat.id, first, start, end - start, pointer, whole, messages, at)


def _is_list(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b"["


def _place(legal: Buffer, part: bytes, since: int) -> int:
    """Where ``part`` stands at or behind ``since``."""
    head = part[:_PREFIX]
    at = legal.find(head, max(since, 0))
    return at if at >= 0 else max(legal.find(head), 0)


def _salvage(document: _Document, note: Callable[[str], None]) -> None:
    """The messages of a document that is cut off or broken, up to where it breaks."""
    legal = document.legal[:]
    broken = Sink()
    found = list(documents(Source("", io.BytesIO(legal), len(legal)), broken, _INTO))
    for words in broken.notes:
        note(words)
    document.fault = broken.quarantined[0] if broken.quarantined else ("/", "the document has another shape")
    own = [piece for piece in found if piece.pointer.startswith("/messages/")]
    if own:
        meta, parts = own[0].envelope, [msgspec.Raw(piece.raw) for piece in own]
        document.talks.append(
            Talk.of(
                meta.get("name"), meta.get("type"), meta.get("id"), own[0].raw, 0, len(legal), "", True,
                parts, own[0].start - 1,
            )
        )  # fmt: skip
    for piece in found:
        if piece.pointer.startswith(("/chats/list/", "/left_chats/list/")):
            try:
                chat = _export.decode(piece.raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            end = piece.start + len(piece.raw)
            document.talks.append(_talk(document, chat, piece.start, end, piece.pointer, False))


READER = Telegram()
