"""ActivityStreams 2.0 (W3C, 2017) as servers of the fediverse send it and Mastodon's archive keeps it.

Objects (Note, Article, Question ...), actors, activities (Create, Announce, Update, Delete, Undo, Follow, Like) and
collections (``outbox.json``). Ids are addresses; an object without ``id`` is named by its ``url``. ``inReplyTo`` and
``attributedTo`` may be text, an object or a list. ``to`` and ``cc`` say who may read: what names neither the public
nor followers is a private message and needs consent. Media paths of an archive are local. A time without a zone is
read only in a zone that the user gives.

Proven on single objects and activities; the outbox of an archive is read as its writer's source describes it, for lack
of a real file.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tecolote.sources import activitypub_rows as rows
from tecolote.sources.base import Chat, Source
from tecolote.sources.chat_state import objects, split
from tecolote.sources.json_reader import JsonReader, Record
from tecolote.sources.jsonbytes import Unreadable, keys_of
from tecolote.sources.shapes import moment, obj, seq, some

_CONTEXT = b"www.w3.org/ns/activitystreams"
_KINDS = rows.OBJECTS | rows.ACTORS | rows.ACTIVITIES | rows.COLLECTIONS | {"Tombstone"}


class ActivityPub(JsonReader):
    """Reader of ActivityStreams objects and collections; see the module's words."""

    name = "activitypub"
    version = "1"
    title = "ActivityPub: notes, activities, actors and outboxes (JSON)"
    obtained = (
        "an object's address with 'Accept: application/activity+json'; Mastodon: Export, Request your archive "
        "(of such an outbox no real file was had)"
    )
    proven = True
    platform = "mastodon"
    into: ClassVar[frozenset[str]] = frozenset({"orderedItems", "items"})

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where a document names the vocabulary and a type of it."""
        keys = keys_of(head)
        if _CONTEXT in head and keys & {"type", "orderedItems", "items", "@context"}:
            return 0.9
        return 0.9 if "orderedItems" in keys and "type" in keys else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Private messages, apart from what is public."""
        return split(source, self.into, "private messages", _is_private)

    def rows(self, record: Record, value: Any) -> None:
        """Rows of an object, an actor or an activity."""
        if isinstance(value, str):
            record.sink.note("addresses alone (likes, bookmarks) are kept in the record: there is no such edge")
            return
        if not isinstance(value, dict):
            raise Unreadable("neither an object nor an activity")
        _any(record, value)


def _is_private(value: Any) -> bool:
    return any(rows.visibility(found) == "private" for found in objects(value))


def _any(record: Record, value: dict[str, Any]) -> None:
    kinds = set(map(str, seq(value.get("type")))) | {str(value.get("type"))}
    if kinds & rows.ACTORS:
        rows.actor(record, value)
    elif kinds & rows.ACTIVITIES:
        _activity(record, value, next(iter(kinds & rows.ACTIVITIES)))
    elif kinds & rows.OBJECTS:
        rows.note(record, value)
    elif "Tombstone" in kinds:
        _deleted(record, value, None)
    elif kinds & rows.COLLECTIONS:
        record.sink.note("a collection without its items")
    else:
        raise Unreadable(f"type {str(value.get('type'))[:60]!r} is not one of ActivityStreams 2.0 that are read")


def _activity(record: Record, value: dict[str, Any], kind: str) -> None:
    """What an actor did to an object, which may be given whole or by its address."""
    who = rows.person(record, value.get("actor"))
    target, inner = rows.name_of(value.get("object")), obj(value.get("object"))
    at = moment(value.get("published"))[0]
    if kind in ("Create", "Update") and inner:
        kinds = {str(inner.get("type"))}
        if kinds & rows.ACTORS:
            rows.actor(record, inner, at)
        else:
            rows.note(record, {"attributedTo": value.get("actor")} | inner)
    elif kind == "Announce":
        rows.announce(record, value, who, target, inner)
    elif kind == "Follow":
        record.edge("follows", who, target, "account", at=at)
    elif kind == "Delete" and target:
        _deleted(record, inner or {"id": target}, at, is_account=target == who)
    else:
        record.sink.note(f"activities of the type {kind} give accounts only: they state no row of their own")


def _deleted(record: Record, value: dict[str, Any], at: Any, is_account: bool = False) -> None:
    """A tombstone, or the object of a Delete."""
    target = rows.name_of(value)
    if target is None:
        raise Unreadable("what was deleted is not named")
    since = moment(value.get("deleted"))[0] or at
    record.observe(
        "account" if is_account else "post", target, "deleted", some(value.get("type")) or "Delete", state_since=since
    )


READER = ActivityPub()
