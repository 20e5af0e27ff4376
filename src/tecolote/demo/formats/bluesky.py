"""Bluesky: author feeds as ``getAuthorFeed`` gives them, a Jetstream capture, and lists of ``getFollows``."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tecolote.demo.formats.common import counts, dump, iso_ms, token, write
from tecolote.demo.formats.entities import pieces
from tecolote.demo.world import END, Account, Post, World

_SEEN = END + timedelta(hours=22)
#: The stream is listened to for the last weeks.
_STREAM_FROM = END - timedelta(weeks=6)
_STATUS = {"suspended": "takendown", "deleted": "deleted"}
_FACETS = {"link": "uri", "hashtag": "tag", "mention": "did"}


def write_bluesky(world: World, folder: Path) -> None:
    """Write feeds, stream and follow lists below ``folder``."""
    posts = [p for p in world.posts if p.platform == "bluesky"]
    by_handle = {a.handle: a for a in world.on("bluesky")}
    for account in world.on("bluesky"):
        own = [p for p in posts if p.account is account]
        feed = [_item(p, account, by_handle) for p in reversed(own) if p.at < _STREAM_FROM or p.seen_at(_SEEN)]
        if feed:
            write(folder / "feeds" / f"{_handle(account)}.json", dump({"feed": feed}, 1) + "\n")
    stream = [(p.at, dump(_commit(p, by_handle))) for p in posts if p.at >= _STREAM_FROM]
    stream += [(a.dark_at, dump(_gone(a, a.dark_at))) for a in world.on("bluesky") if a.dark_at]
    write(folder / "jetstream.jsonl", "\n".join(line for _, line in sorted(stream)) + "\n")
    follows: dict[int, list[Account]] = {}
    for hub in world.on("bluesky"):
        for follower in world.follows.get(hub.key, ()):
            follows.setdefault(follower.key, []).append(hub)
    people = {a.key: a for a in world.on("bluesky")}
    for key, hubs in sorted(follows.items()):
        page = {"subject": _profile(people[key], full=True), "follows": [_profile(h, full=True) for h in hubs]}
        write(folder / "follows" / f"{_handle(people[key])}.json", dump(page, 1) + "\n")


def _handle(account: Account) -> str:
    return f"{account.handle.lower().replace('_', '-')}.bsky.social"


def _cid(*parts: object) -> str:
    return "bafyrei" + token("cid", *parts, size=26).lower() + token("cid2", *parts, size=26).lower()


def _profile(account: Account, full: bool = False) -> dict[str, Any]:
    avatar = f"https://cdn.bsky.app/img/avatar/plain/{account.id}/{_cid(account.id)}@jpeg"
    made = iso_ms(max(account.created, datetime(2023, 2, 20, tzinfo=END.tzinfo)))
    more = {"description": account.bio, "indexedAt": iso_ms(_SEEN)} if full else {}
    return {
        "did": account.id, "handle": _handle(account), "displayName": account.name, "avatar": avatar,
        "viewer": {"muted": False, "blockedBy": False}, "labels": [], "createdAt": made, **more,
    }  # fmt: skip


def _record(post: Post, people: dict[str, Account]) -> dict[str, Any]:
    """The record that the author signed; positions are bytes of UTF-8."""
    record: dict[str, Any] = {"$type": "app.bsky.feed.post", "createdAt": iso_ms(post.at)}
    if post.quote_of:
        record["embed"] = {"$type": "app.bsky.embed.record", "record": _ref(post.quote_of)}
    facets, at = [], 0
    for kind, text in pieces(post.text):
        size = len(text.encode())
        value = {"link": text, "hashtag": text[1:]}.get(kind)
        if kind == "mention" and text[1:] in people:
            value = people[text[1:]].id
        if value:
            name = {"link": "link", "hashtag": "tag", "mention": "mention"}[kind]
            feature = {"$type": f"app.bsky.richtext.facet#{name}", _FACETS[kind]: value}
            facets.append({"features": [feature], "index": {"byteEnd": at + size, "byteStart": at}})
        at += size
    if facets:
        record["facets"] = facets
    record["langs"] = [post.lang]
    if post.reply_to:
        record["reply"] = {"parent": _ref(post.reply_to), "root": _ref(post.reply_to)}
    record["text"] = post.text
    return record


def _ref(post: Post) -> dict[str, str]:
    return {"cid": _cid(post.id), "uri": post.id}


def _item(post: Post, account: Account, people: dict[str, Account]) -> dict[str, Any]:
    """One entry of a feed; a repost is the original with the reason."""
    if post.repost_of and post.repost_of.account:
        reason = {
            "$type": "app.bsky.feed.defs#reasonRepost", "by": _profile(account), "uri": post.id,
            "cid": _cid(post.id), "indexedAt": iso_ms(post.at),
        }  # fmt: skip
        return {"post": _view(post.repost_of, people), "reason": reason}
    return {"post": _view(post, people)}


def _view(post: Post, people: dict[str, Account]) -> dict[str, Any]:
    assert post.account is not None
    likes, reposts, replies, _ = counts(post, _SEEN)
    return {
        "uri": post.id, "cid": _cid(post.id), "author": _profile(post.account), "record": _record(post, people),
        "bookmarkCount": 0, "replyCount": replies, "repostCount": reposts, "likeCount": likes,
        "quoteCount": reposts // 9, "indexedAt": iso_ms(post.at + timedelta(milliseconds=900)),
        "viewer": {"threadMuted": False, "embeddingDisabled": False}, "labels": [],
    }  # fmt: skip


def _commit(post: Post, people: dict[str, Account]) -> dict[str, Any]:
    """A line of Jetstream: no counts, no handle."""
    assert post.account is not None
    key = post.id.rsplit("/", 1)[1]
    collection, record = "app.bsky.feed.post", _record(post, people) if not post.repost_of else {}
    if post.repost_of:
        collection = "app.bsky.feed.repost"
        record = {"$type": collection, "createdAt": iso_ms(post.at), "subject": _ref(post.repost_of)}
    return {
        "did": post.account.id, "time_us": int(post.at.timestamp() * 1e6) + 350000, "kind": "commit",
        "commit": {
            "rev": key[:-1] + "2", "operation": "create", "collection": collection, "rkey": key, "record": record,
            "cid": _cid(post.id),
        },
    }  # fmt: skip


def _gone(account: Account, at: datetime) -> dict[str, Any]:
    status = _STATUS[account.dark_state or "deleted"]
    return {
        "did": account.id, "time_us": int(at.timestamp() * 1e6), "kind": "account",
        "account": {"active": False, "did": account.id, "seq": 5000000 + account.key, "status": status,
                    "time": iso_ms(at)},
    }  # fmt: skip
