"""Bluesky: post views, feeds, threads, profiles, follows (API); Jetstream, Tap and repository records.

An account is its DID; a handle is a name that changes. A post is its AT-URI. ``createdAt`` is the client's
claim, and no capture time is stated: ``indexedAt`` is when the server first saw the post.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from tecolote.sources import bluesky_rows as rows
from tecolote.sources.json_reader import JsonReader, Record
from tecolote.sources.jsonbytes import Unreadable, keys_of
from tecolote.sources.shapes import dig, epoch, moment, obj, objs, required, seen, some, words

_AT = re.compile(rb'"(?:uri|did|repo)"\s*:\s*"(?:at://|did:)')
_KEYS = {
    "uri", "did", "post.uri", "feed[].post.uri", "posts[].uri", "thread.post.uri", "thread[].uri", "follows[].did",
    "followers[].did", "subject.did", "actors[].did", "profiles[].did", "records[].uri", "likes[].actor.did",
    "repostedBy[].did", "record.did", "identity.did", "post.author.did",
}  # fmt: skip
_ACCOUNT_STATES = {
    "takendown": "suspended", "suspended": "suspended", "deleted": "deleted", "deactivated": "deactivated",
}  # fmt: skip


class Bluesky(JsonReader):
    """Reader of Bluesky and AT Protocol data."""

    name = "bluesky"
    version = "1"
    title = "Bluesky API, Jetstream and Tap (JSON, JSON Lines)"
    obtained = "the public API (getAuthorFeed, searchPosts, getFollows ...), a Jetstream or Tap capture, or minet"
    proven = True
    platform = "bluesky"
    into: ClassVar[frozenset[str]] = frozenset({"posts", "feed", "actors", "profiles", "records", "thread"})

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 when records are named by AT-URIs or DIDs where the API puts them."""
        keys = keys_of(head)
        return 0.9 if keys & _KEYS and _AT.search(head) else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of whatever kind of object this is."""
        if not isinstance(value, dict):
            raise Unreadable("not an object of the API")
        if "did" in value and value.get("kind") in ("commit", "identity", "account"):
            _jetstream(record, value)
        elif value.get("type") in ("record", "identity", "user") and isinstance(value.get(value["type"]), dict):
            _tap(record, value)
        elif isinstance(value.get("post"), dict) or isinstance(value.get("thread"), dict):
            _node(record, obj(value.get("thread")) or value)
        elif "uri" in value and isinstance(value.get("value"), dict):
            _stored(record, value)
        elif not _relations(record, value):
            rows.view(record, value)


def _node(record: Record, node: dict[str, Any]) -> None:
    """A feed item or a node of a thread: a post with what it answers, its answers, and who reposted it."""
    post = obj(node.get("post")) or node
    rows.view(record, post)
    for other in (node.get("parent"), *objs(node.get("replies"))):
        if isinstance(other, dict):
            _node(record, other)
    reply = obj(node.get("reply"))
    for other in (reply.get("root"), reply.get("parent")):
        if isinstance(other, dict):
            rows.view(record, other)
    if "did" in obj(reply.get("grandparentAuthor")):
        rows.profile(record, reply["grandparentAuthor"])
    by = dig(node, "reason", "by")
    if isinstance(by, dict):
        rows.profile(record, by)
        target = some(post.get("uri"))
        record.edge(
            "reposts", some(by.get("did")), target, "post", post_id=some(dig(node, "reason", "uri")),
            dst_account_id=rows.owner(target), at=moment(dig(node, "reason", "indexedAt"))[0],
        )  # fmt: skip


def _stored(record: Record, value: dict[str, Any]) -> None:
    """A record of a repository (listRecords), or an item of a thread in its second form."""
    inner = obj(value["value"])
    if isinstance(inner.get("post"), dict) or "author" in inner:
        _node(record, inner)
        return
    if "threadItem" in (words(inner.get("$type")) or ""):
        rows.gone(record, {"uri": value["uri"]} | inner)
        return
    did, collection, key = rows.parts(required(value["uri"], "uri", numeric=False))
    rows.stored(record, rows.Stored(did, collection, key, inner, None))


def _jetstream(record: Record, value: dict[str, Any]) -> None:
    did = required(value["did"], "did", numeric=False)
    at = epoch(value.get("time_us"), 1_000_000)[0]
    commit = obj(value.get("commit"))
    if commit:
        _change(record, did, commit, "operation", at)
    elif value["kind"] == "identity":
        _identity(record, did, obj(value.get("identity")), at)
    else:
        account = obj(value.get("account"))
        _state(record, did, account.get("active"), some(account.get("status")), at)


def _tap(record: Record, value: dict[str, Any]) -> None:
    inner = obj(value[value["type"]])
    did = required(inner.get("did"), "did", numeric=False)
    if value["type"] == "record":
        _change(record, did, inner, "action", None)
        return
    _identity(record, did, inner, None)
    _state(record, did, inner.get("is_active", inner.get("isActive")), some(inner.get("status")), None)


def _change(record: Record, did: str, commit: dict[str, Any], verb: str, at: datetime | None) -> None:
    """A record that was created, updated or deleted."""
    collection = required(commit.get("collection"), "collection", numeric=False)
    key = required(commit.get("rkey"), "rkey", numeric=False)
    if commit.get(verb) == "delete":
        if collection == rows.POST:
            target = f"at://{did}/{collection}/{key}"
            record.observe("post", target, "deleted", "delete", observed_at=seen(at, record.options)[0], state_since=at)
        else:
            record.sink.note(f"a deletion in {collection} is not mapped")
        return
    rows.stored(record, rows.Stored(did, collection, key, obj(commit.get("record")), at))


def _identity(record: Record, did: str, inner: dict[str, Any], at: datetime | None) -> None:
    """A handle that an account has taken."""
    record.add("accounts", id=did, id_kind="did")
    stated = at or moment(inner.get("time"))[0]
    record.snapshot("account_snapshots", stated, account_id=did, username=rows.handle(inner))


def _state(record: Record, did: str, active: Any, status: str | None, at: datetime | None) -> None:
    """Whether an account is hosted; the platform's word stands in ``reason``."""
    if active is not False and status is None:
        if active is True and at is not None:
            record.observe("account", did, "live", None, observed_at=at)
        return
    state = _ACCOUNT_STATES.get(status or "", "live" if active is True else "unknown")
    record.observe("account", did, state, status, observed_at=seen(at, record.options)[0], state_since=at)


def _relations(record: Record, value: dict[str, Any]) -> bool:
    """A page that states relations: follows, followers, reposters, likers. The page is the record."""
    subject = obj(value.get("subject"))
    for key in ("follows", "followers"):
        if isinstance(value.get(key), list) and subject:
            rows.profile(record, subject)
            for actor in objs(value[key]):
                rows.profile(record, actor)
                pair = (some(subject.get("did")), some(actor.get("did")))
                src, dst = pair if key == "follows" else pair[::-1]
                record.edge("follows", src, dst, "account")
            return True
    target = some(value.get("uri"))
    if isinstance(value.get("repostedBy"), list):
        for actor in objs(value["repostedBy"]):
            rows.profile(record, actor)
            record.edge("reposts", some(actor.get("did")), target, "post", dst_account_id=rows.owner(target))
        return True
    if isinstance(value.get("likes"), list):
        for like in objs(value["likes"]):
            rows.profile(record, obj(like.get("actor")))
        record.sink.note("who liked a post is kept as accounts only: there is no such edge")
        return True
    return False


READER = Bluesky()
