"""Rows of ActivityStreams objects and actors; explained in `activitypub`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tecolote.sources.chat_state import local_moment, media_type
from tecolote.sources.html_text import plain
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.mastodon_rows import said
from tecolote.sources.shapes import (
    compact,
    count,
    dig,
    flag,
    ident,
    milliseconds,
    moment,
    obj,
    objs,
    required,
    seq,
    small,
    some,
    words,
)

OBJECTS = {"Note", "Article", "Question", "Page", "Video", "Image", "Audio", "Event", "Document"}
ACTORS = {"Person", "Service", "Group", "Organization", "Application"}
ACTIVITIES = {
    "Create", "Announce", "Update", "Delete", "Undo", "Follow", "Like", "Accept", "Reject", "Add", "Remove", "Block",
    "Flag", "Move",
}  # fmt: skip
COLLECTIONS = {"OrderedCollection", "Collection", "OrderedCollectionPage", "CollectionPage"}
_PUBLIC = {"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"}
_FOLLOWERS = re.compile(r"/followers/?$")
_TYPES = {"Image": "image", "Video": "video", "Audio": "audio"}
_QUOTES = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_ISO_DURATION = re.compile(r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6}(?:\.\d{1,6})?)S)?")


def name_of(value: Any) -> str | None:
    """The address that names an object: itself, its ``id``, else its ``url``; the first of a list.

    Raises:
        Unreadable: it is no text.
    """
    if isinstance(value, list):
        return name_of(value[0]) if value and not isinstance(value[0], list) else None
    if isinstance(value, dict):
        return ident(value.get("id"), numeric=False) or address(value.get("url"))
    return ident(value, numeric=False)


def address(value: Any) -> str | None:
    """The address in a ``url``: text, a Link, or a list of them."""
    if isinstance(value, list):
        return next((found for found in map(address, value) if found), None) if len(value) < 1000 else None
    return some(value.get("href")) if isinstance(value, dict) else some(value)


def visibility(value: dict[str, Any]) -> str | None:
    """Who may read, by ``to`` and ``cc``; None where neither is stated."""
    to, cc = (_addressees(value.get(key)) for key in ("to", "cc"))
    if (not to and not cc) or str(value.get("type")) not in OBJECTS | {"Create", "Announce"}:
        return None
    if to & _PUBLIC:
        return "public"
    if cc & _PUBLIC:
        return "unlisted"
    return "followers" if any(_FOLLOWERS.search(a) for a in to | cc) else "private"


def _addressees(value: Any) -> set[str]:
    return {a for a in ([value] if isinstance(value, str) else seq(value)) if isinstance(a, str)}


def person(record: Record, value: Any) -> str | None:
    """Who an actor is, with a profile where one is given."""
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, dict | str)), None)
    if isinstance(value, dict):
        return actor(record, value) if name_of(value) else None
    found = ident(value, numeric=False)
    if found and record.first("account", found):
        record.add("accounts", id=found, id_kind="actor_uri")
    return found


def actor(record: Record, value: dict[str, Any], at: datetime | None = None) -> str:
    """An actor with the profile; its id.

    Raises:
        Unreadable: it has no address.
    """
    key = required(name_of(value), "address of the actor", numeric=False)
    if not record.first("profile", key):
        return key
    record.first("account", key)
    record.add("accounts", id=key, id_kind="actor_uri", created_at=moment(value.get("published"))[0])
    record.snapshot(
        "account_snapshots", at, account_id=key, username=some(value.get("preferredUsername")),
        display_name=some(value.get("name")), bio=plain(words(value.get("summary")) or "")[0],
        location=some(dig(value, "location", "name")), url=address(value.get("url")),
        avatar=address(obj(value.get("icon")).get("url") or value.get("icon")),
        protected=flag(value.get("manuallyApprovesFollowers")),
    )  # fmt: skip
    if value.get("suspended") is True:
        record.observe("account", key, "suspended", "suspended")
    return key


def note(record: Record, value: dict[str, Any]) -> str:
    """A post with everything it states; its id.

    Raises:
        Unreadable: it is no post, or has no address.
    """
    if str(value.get("type")) not in OBJECTS:
        raise Unreadable(f"type {str(value.get('type'))[:60]!r} is no post")
    post = required(name_of(value), "address of the post", numeric=False)
    author = person(record, value.get("attributedTo") or value.get("actor"))
    if not record.first("post", post):
        return post
    when = local_moment(value.get("published"), record.options)
    content, lang = _content(value)
    heading = some(value.get("name")) or (plain(words(value.get("summary")) or "")[0] if value.get("summary") else None)
    text, raw = said(record, content, heading)
    answered = list(dict.fromkeys(_names(value.get("inReplyTo"))))
    record.add(
        "posts", id=post, id_is_derived=False, kind="video" if value.get("type") == "Video" else "post",
        account_id=author, author_name=_display(value), **created(when),
        edited_at=local_moment(value.get("updated"), record.options)[0], text=text, text_raw=raw, lang=lang,
        thread_id=name_of(value.get("context")) or name_of(value.get("conversation")),
        in_reply_to_id=answered[0] if answered else None, visibility=visibility(value), url=address(value.get("url")),
        source_app=some(dig(value, "generator", "name")), place=compact(obj(value.get("location"))),
        sensitive=flag(value.get("sensitive")),
    )  # fmt: skip
    _counts(record, post, value)
    _media(record, post, value)
    for target in answered:
        record.edge("replies", author, target, "post", post_id=post, at=when[0])
    _edges(record, post, value, author, content, when[0])
    return post


def announce(record: Record, value: dict[str, Any], who: str | None, target: str | None, inner: dict[str, Any]) -> None:
    """A repost, and the post where it is given whole."""
    post = required(name_of(value), "address of the repost", numeric=False)
    when = local_moment(value.get("published"), record.options)
    record.add(
        "posts", id=post, id_is_derived=False, kind="post", account_id=who, author_name=_display(value),
        **created(when), visibility=visibility(value), url=address(value.get("url")),
    )  # fmt: skip
    owner = None
    if inner and str(inner.get("type")) in OBJECTS:
        note(record, inner)
        owner = name_of(inner.get("attributedTo"))
    record.edge("reposts", who, target, "post", post_id=post, at=when[0], dst_account_id=owner)


def _display(value: dict[str, Any]) -> str | None:
    who = obj(value.get("attributedTo")) or obj(value.get("actor"))
    return some(who.get("preferredUsername")) or some(who.get("name"))


def _content(value: dict[str, Any]) -> tuple[str | None, str | None]:
    """The text as found and its language, where exactly one is stated."""
    by_lang = {k: v for k, v in obj(value.get("contentMap")).items() if isinstance(v, str)}
    lang = next(iter(by_lang)) if len(by_lang) == 1 else None
    return words(value.get("content")) or (next(iter(by_lang.values())) if by_lang else None), lang


def _names(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        found = name_of(one) if not isinstance(one, list) else None
        if found:
            yield found


def _counts(record: Record, post: str, value: dict[str, Any]) -> None:
    votes = {
        str(option.get("name")): number
        for option in [*objs(value.get("oneOf")), *objs(value.get("anyOf"))]
        if (number := count(dig(option, "replies", "totalItems"))) is not None
    }
    numbers = {
        "likes": count(dig(value, "likes", "totalItems")), "reposts": count(dig(value, "shares", "totalItems")),
        "replies": count(dig(value, "replies", "totalItems")), "reactions": compact(votes),
    }  # fmt: skip
    if any(number is not None for number in numbers.values()):
        record.snapshot("post_snapshots", None, post_id=post, **numbers)


def _media(record: Record, post: str, value: dict[str, Any]) -> None:
    listed = [*_things(value.get("attachment")), *_things(value.get("image"))]
    for number, item in enumerate(a for a in listed if str(a.get("type")) not in ("Link", "PropertyValue")):
        place = address(item.get("url"))
        kind, mime = media_type(some(item.get("mediaType")), place)
        remote = place is not None and "://" in place
        seconds = item.get("duration")
        record.add(
            "media", id=f"{post}#{number}", post_id=post, type=_TYPES.get(str(item.get("type")), kind),
            url=place if remote else None, local_path=None if remote or place is None else place.lstrip("/"), mime=mime,
            width=small(item.get("width")), height=small(item.get("height")),
            duration_ms=_duration(seconds) if isinstance(seconds, str) else milliseconds(seconds),
            alt_text=some(item.get("name")) or some(item.get("summary")), status="present" if place else "unavailable",
        )  # fmt: skip


def _things(value: Any) -> list[dict[str, Any]]:
    return objs([value] if isinstance(value, dict) else value)


def _duration(value: str) -> int | None:
    """An ISO 8601 duration of hours, minutes and seconds as milliseconds."""
    found = _ISO_DURATION.fullmatch(value[:40])
    if not found:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return round((hours * 3600 + minutes * 60 + seconds) * 1000)


def _edges(
    record: Record, post: str, value: dict[str, Any], author: str | None, content: str | None, at: datetime | None
) -> None:
    """Edges of a post; one without a stated author has edges without a source, named by the post."""

    def edge(kind: str, dst: str, dst_kind: str) -> None:
        record.add("edges", src=author, dst=dst, type=kind, dst_kind=dst_kind, post_id=post, at=at)

    for tag in _things(value.get("tag")):
        href, name = some(tag.get("href")), some(tag.get("name"))
        if tag.get("type") == "Mention" and (href or name):
            edge("mentions", href or name or "", "account" if href else "account_name")
        elif tag.get("type") == "Hashtag" and name:
            edge("hashtag", name.lstrip("#").lower(), "hashtag")
    links = [a.href for a in plain(content or "")[1] if not a.classes & {"mention", "hashtag"} and "://" in a.href]
    links += [found for a in _things(value.get("attachment")) if a.get("type") == "Link" and (found := address(a))]
    for link in dict.fromkeys(links):
        edge("links_to", link, "link")
    quoted = next((found for key in _QUOTES if (found := name_of(value.get(key)))), None)
    if quoted:
        edge("quotes", quoted, "post")
