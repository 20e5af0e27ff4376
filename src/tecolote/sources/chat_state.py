"""What readers of chats and feeds share: what a file has said already, and records that speak of each other.

State changes only once a record has been mapped whole, so that a record which turns out to be unreadable leaves
nothing behind (`tecolote.sources.shapes.each` takes back its rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from mimetypes import guess_type
from typing import Any

from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.json_reader import Record
from tecolote.sources.jsonbytes import Piece, Unreadable, decode, pieces
from tecolote.sources.shapes import Moment, each, moment

_TYPES = {"image": "image", "video": "video", "audio": "audio"}


@dataclass
class Said:
    """What a file has said already.

    Attributes:
        known: kinds and keys that have their row.
        equals: how often a derived id has come.
    """

    known: set[tuple[str, str]] = field(default_factory=set)
    equals: dict[str, int] = field(default_factory=dict)

    def first(self, record: Record, kind: str, key: str) -> bool:
        """True the first time that the file speaks of ``key``."""
        return (kind, key) not in self.known and record.first(kind, key)

    def commit(self, record: Record) -> None:
        """The record is mapped whole: what it said stays said."""
        self.known |= record.done

    def derived(self, *parts: object) -> str:
        """An id from the parts that name a message; equal messages are numbered in the order of the file."""
        key = sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        again = self.equals.get(key, 0)
        self.equals[key] = again + 1
        return f"{key}-{again}" if again else key


def read_pieces(
    found: list[Piece], sink: Sink, options: Options, platform: str, rows: Callable[[Record, Any], None]
) -> None:
    """Decode and map each piece by ``rows``; what does not fit is quarantined."""
    for piece in found:

        def take(rec: int, value: Any, piece: Piece = piece) -> None:
            rows(Record(sink, options, piece, rec, platform), value)

        each(piece, sink, take)


def values(source: Source, into: frozenset[str]) -> Iterator[tuple[Piece, Any]]:
    """Each record with its value, None where it cannot be decoded; for a look before the reading."""
    for piece in pieces(source, Sink(), into):
        try:
            yield piece, decode(piece.raw, lambda words: None)
        except Unreadable:
            yield piece, None


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside ``value``, itself included."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield here
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here


def split(source: Source, into: frozenset[str], words: str, private: Callable[[Any], bool]) -> list[Chat]:
    """Private records inside public material, as two chats with their spans; [] if there are none.

    Args:
        source: the file.
        into: keys under which a document keeps its records.
        words: what the private records are, for people.
        private: says so of a record's value. A record that cannot be decoded is private where others are.
    """
    spans: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    found = False
    for piece, value in values(source, into):
        hidden = value is None or private(value)
        found = found or (hidden and value is not None)
        spans[hidden].append((piece.start, len(piece.raw)))
    if not found:
        return []
    chats = [Chat(words, words, True, tuple(spans[True]))]
    return chats + ([Chat("public", "public posts", False, tuple(spans[False]))] if spans[False] else [])


def local_moment(value: Any, options: Options) -> Moment:
    """As `shapes.moment`; a time without a zone is read in the user's zone, if one was given."""
    at, raw, basis = moment(value)
    if at is None and raw and options.zone is not None:
        try:
            return datetime.fromisoformat(raw).replace(tzinfo=options.zone).astimezone(UTC), raw, "user_given"
        except (ValueError, OverflowError):
            pass
    return at, raw, basis


def media_type(mime: str | None, path: str | None = None) -> tuple[str, str | None]:
    """`media.type` and MIME type, from the MIME type as stated, else from the ending of a path."""
    mime = mime or guess_type((path or "").split("?")[0][-255:])[0]
    if mime == "image/gif":
        return "animation", mime
    return _TYPES.get((mime or "").split("/")[0], "document"), mime
