"""Telegram as the library Telethon writes it: ``message.to_json()``, one message a line (also lists of messages).

Ids agree with `telegram`: a chat is its bare number, a message ``<chat>/<number>``, an account ``user1`` or
``channel1``. Channels and supergroups (``PeerChannel``) can be read by whoever may join and are not private; groups
(``PeerChat``) and conversations (``PeerUser``) are. Offsets of entities count UTF-16 units. ``MessageEmpty`` is a
message that is not there, whatever the reason: an observation. ``restriction_reason`` is Telegram hiding a message on
some devices. Files are not in the export.
"""

from __future__ import annotations

from typing import Any

from tecolote.sources import telethon_rows
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import read_pieces, values
from tecolote.sources.jsonbytes import Unreadable, glimpse, keys_of, pieces
from tecolote.sources.shapes import MISSHAPEN, objs

_INTO = frozenset({"messages"})
_MARKS = {"peer_id._", "date", "message", "action._", "from_id", "entities"}


class Telethon:
    """Reader of Telethon's own serialisation; see the module's words."""

    name = "telegram_telethon"
    version = "3"
    title = "Telegram through Telethon (JSON Lines)"
    obtained = "a script with Telethon that writes message.to_json(), or the tools that do so"
    proven = True
    platform = "telegram"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where objects bear Telegram's type in ``_`` and a peer."""
        for before in ("", "[].", "messages[].", "[].messages[]."):
            keys = {key.removeprefix(before) for key in glimpse(head) if key.startswith(before)}
            if "_" in keys and ("peer_id._" in keys or len(keys & _MARKS) > 2):
                return 0.9
        return 0.5 if b'"MessageEmpty"' in head and "_" in keys_of(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Every chat with its bytes, neighbouring messages together; [] where all are channels."""
        spans: dict[str, list[tuple[int, int]]] = {}
        last, absent = "", False
        for piece, value in values(source, _INTO):
            key = _chat_of(value, last)
            if not key:
                absent = True  # a message that is not there, before any chat is named
                continue
            mine = spans.setdefault(key, [])
            if key == last and mine:
                start = mine[-1][0]
                mine[-1] = (start, piece.start + len(piece.raw) - start)
            else:
                mine.append((piece.start, len(piece.raw)))
            last = key
        found = [
            Chat(k.partition(" ")[2], k.partition(" ")[2], not k.startswith("channel"), tuple(v))
            for k, v in spans.items()
        ]
        if not found:
            return [] if absent else [Chat(source.name, source.name, True)]
        if not any(chat.private for chat in found):
            return []
        if len(found) == 1:
            return [Chat(found[0].id, found[0].title, True)]
        return found

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all messages; see `Reader.read`."""
        found = list(pieces(source, sink, _INTO))
        chats = {key for key in (_chat_of(value, "") for _, value in values(source, _INTO)) if key}
        only = next(iter(chats)).partition(" ")[2] if len(chats) == 1 else None
        rows = telethon_rows.Rows(only)
        read_pieces(found, sink, options, self.platform, rows.add)


def _chat_of(value: Any, last: str) -> str:
    """Kind and number of the chat of a message, as ``channel 1``; one that names none belongs to the chat before."""
    if isinstance(value, dict):
        if isinstance(value.get("messages"), list):
            return next((_chat_of(inner, last) for inner in objs(value["messages"])), last)
        try:
            peer = telethon_rows.peer(value.get("peer_id") or value.get("to_id"))
        except (Unreadable, *MISSHAPEN):
            return "unknown ?"
        if peer is not None:
            return f"{peer.kind} {peer.number}"
        if value.get("_") == "MessageEmpty":
            return last
    return "unknown ?"


READER = Telethon()
