"""Instagram as its web pages receive it (API v1): bare posts, feeds of them, profiles, Zeeschuimer and 4CAT NDJSON.

A post is ``pk`` (``id`` is the same with the owner's id behind an underscore). A hidden like count is null, not zero.
Posts in the older graph form (``taken_at_timestamp``, ``edge_…``) inside an envelope are read as instaloader's are, and
so are profiles (``web_profile_info``). Answers of the web page of today keep posts as nodes of ``data.xdt_…`` lists.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tecolote.sources import instagram_instaloader
from tecolote.sources.base import Chat, Source
from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse, keys_of
from tecolote.sources.shapes import (
    compact,
    count,
    dig,
    epoch,
    flag,
    ident,
    milliseconds,
    obj,
    objs,
    required,
    small,
    some,
    words,
)

_FROM_INSTAGRAM = re.compile(rb'"source_platform"\s*:\s*"(?:www\.)?instagram\.com"')
_POST = {"taken_at", "media_type", "code", "image_versions2", "carousel_media", "product_type", "video_versions"}
_LISTS = ("items", "medias", "feed_items", "fill_items", "reels_media", "users")
_THREADS = {"inbox.threads[].thread_id", "thread.thread_id", "threads[].thread_id", "thread_id"}
_MESSAGE = re.compile(rb'"(?:item_type|thread_v2_id)"\s*:')
_NODES = re.compile(rb'"(?:taken_at|media_type|image_versions2)"\s*:')
_KINDS = {1: "image", 2: "video"}


class InstagramWeb(JsonReader):
    """Reader of API v1 answers and captures of them."""

    name = "instagram_web"
    version = "2"
    title = "Instagram web captures (API v1 JSON, Zeeschuimer NDJSON)"
    obtained = "Zeeschuimer in Firefox, 4CAT's NDJSON, instagrapi, or answers saved from a browser's developer tools"
    proven = True
    platform = "instagram"
    into: ClassVar[frozenset[str]] = frozenset(_LISTS)

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for posts with their codes and media, alone, in a list, a feed or an envelope."""
        keys = glimpse(head)
        bare = {key.removeprefix("[].") for key in keys}
        if {"item_id", "source_platform"} <= bare:
            return 0.95 if _FROM_INSTAGRAM.search(head) else 0.0
        if _THREADS & bare and _MESSAGE.search(head):
            return 0.9
        places = [f"{name}[].{inner}" for name in _LISTS for inner in ("", "media.", "media_or_ad.")]
        for at in ("", "media.", "data.", *places):
            if len({f"{at}{mark}" for mark in _POST} & bare) > 2 and {f"{at}pk", f"{at}id"} & bare:
                return 0.9
        graph = {"shortcode", "taken_at_timestamp"} <= bare and any(key.startswith("__import_meta") for key in bare)
        profile = {"user.pk", "user.username", "user.follower_count"} <= bare
        comments = {"comments[].pk", "comments[].user.username", "comments[].text"} <= bare
        people = {"users[].pk", "users[].username", "users[].full_name"} <= bare
        if graph or profile or comments or people or {"data.user.username", "data.user.edge_followed_by"} <= bare:
            return 0.9
        listed = any(key.startswith("data.xdt_") for key in bare) and _NODES.search(head)
        return 0.9 if listed else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Direct messages, if the file holds some; posts are public."""
        if _THREADS & keys_of(source.head):
            return [Chat("direct messages", "Instagram direct messages", private=True)]
        return []

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post, a story, an account or a comment."""
        if not isinstance(value, dict):
            raise Unreadable("not an object of Instagram")
        envelope = value if "source_platform" in value else obj(value.get("__import_meta"))
        record.captured = epoch(envelope.get("timestamp_collected"), 1000)[0]
        body = obj(value.get("data")) if "source_platform" in value else value
        nodes = [node for key, part in obj(body.get("data")).items() if key.startswith("xdt_") for node in _nodes(part)]
        if nodes:
            for node in nodes:
                _post(record, node)
            return
        body = obj(body.get("media")) or obj(body.get("media_or_ad")) or body
        if "shortcode" in body or "taken_at_timestamp" in body:
            instagram_instaloader.READER.rows(record, {"node": body})
        elif "edge_followed_by" in obj(dig(body, "data", "user")):
            instagram_instaloader.READER.rows(record, {"node": dig(body, "data", "user")})
        elif "text" in body and "user" in body and "media_type" not in body:
            _comment(record, body, ident(record.piece.envelope.get("media_id")), None)
        elif "media_type" in body or "taken_at" in body:
            _post(record, body)
        elif "comments" in body:
            for comment in objs(body["comments"]):
                _comment(record, comment, None, None)
        elif "username" in (obj(body.get("user")) or body):
            user = obj(body.get("user")) or body
            _account(record, required(_key(user), "account id"), user)
        elif "items" in body or "item_type" in body:
            raise Unreadable("direct messages: private, not read; import posts")
        else:
            raise Unreadable("neither a post, an account nor a comment")


def _nodes(part: Any) -> list[dict[str, Any]]:
    """The posts of one list of an answer of the web page."""
    nodes = [obj(edge.get("node")) for edge in objs(obj(part).get("edges"))] or objs(obj(part).get("items"))
    posts = [obj(node.get("media")) or node for node in nodes]
    return [post for post in posts if "taken_at" in post or "media_type" in post]


def _key(value: dict[str, Any]) -> str | None:
    """``pk``, else the part of ``id`` before the underscore."""
    found = ident(value.get("pk")) or ident(value.get("pk_id")) or ident(value.get("id"))
    return found and found.split("_", 1)[0]


def _post(record: Record, value: dict[str, Any]) -> None:
    """A post, reel or story with its media, accounts and first comments."""
    pid = required(_key(value), "post id")
    if not record.first("post", pid):
        return
    owner = obj(value.get("user")) or obj(value.get("owner"))
    account = _key(owner)
    when = epoch(value.get("taken_at"))
    caption = value.get("caption")
    text = words(caption) if isinstance(caption, str) else words(dig(caption, "text"))
    private = flag(owner.get("is_private"))
    record.add(
        "posts", id=pid, id_is_derived=False, kind="story" if value.get("product_type") == "story" else "post",
        account_id=account, author_name=some(owner.get("username")), **created(when), text=text, text_truncated=False,
        visibility=None if private is None else "followers" if private else "public",
        place=compact(value.get("location")),
    )  # fmt: skip
    hidden = value.get("like_and_view_counts_disabled") is True
    plays = next(
        (n for k in ("play_count", "ig_play_count", "view_count") if (n := count(value.get(k))) is not None), None
    )
    record.snapshot(
        "post_snapshots", None, post_id=pid, likes=None if hidden else count(value.get("like_count")),
        replies=count(value.get("comment_count")), views=None if hidden else plays,
        reposts=count(value.get("reshare_count")),
    )  # fmt: skip
    if account:
        _account(record, account, owner)
    _media(record, value, pid, when[0])
    _tagged(record, value, pid, account, when[0])
    record.text_edges(account, text, post_id=pid, at=when[0])
    for comment in [*objs(value.get("preview_comments")), *objs(value.get("comments"))]:
        _comment(record, comment, pid, account)


def _media(record: Record, value: dict[str, Any], pid: str, at: Any) -> None:
    """Pictures and videos, those of a carousel each for itself; the largest picture, the first video."""
    for number, item in enumerate(objs(value.get("carousel_media")) or [value]):
        key = (_key(item) if item is not value else None) or f"{pid}/{number}"
        videos, pictures = objs(item.get("video_versions")), objs(dig(item, "image_versions2", "candidates"))
        kind = _KINDS.get(item.get("media_type", 0)) or ("video" if videos else "image")
        best = max(pictures, key=lambda p: count(p.get("width")) or 0, default={})
        url = some(videos[0].get("url")) if videos and kind == "video" else some(best.get("url"))
        record.add(
            "media", id=key, post_id=pid, type=kind, url=url,
            width=small(item.get("original_width")) or small(best.get("width")),
            height=small(item.get("original_height")) or small(best.get("height")),
            duration_ms=milliseconds(item.get("video_duration")), alt_text=some(item.get("accessibility_caption")),
            status="present" if url else "omitted",
        )  # fmt: skip
        record.edge("attaches", pid, key, "media", post_id=pid, at=at)


def _tagged(record: Record, value: dict[str, Any], pid: str, account: str | None, at: Any) -> None:
    """Edges to the accounts tagged in the pictures and to co-authors, each once."""
    found: dict[tuple[str, str], None] = {}
    items = [value, *objs(value.get("carousel_media"))]
    people = [obj(tag.get("user")) for item in items for tag in objs(dig(item, "usertags", "in"))]
    for person in people + objs(value.get("coauthor_producers")):
        key, name = _key(person), some(person.get("username"))
        if key:
            _account(record, key, person)
            found[key, "account"] = None
        elif name:
            found[name, "account_name"] = None
    for target, kind in found:
        record.edge("mentions", account, target, kind, post_id=pid, at=at)


def _account(record: Record, uid: str, owner: dict[str, Any]) -> None:
    """An account as a post, comment or profile shows it, once a record."""
    if not record.first("account", uid):
        return
    record.add("accounts", id=uid, id_kind="native")
    if "username" in owner:
        record.snapshot(
            "account_snapshots", None, account_id=uid, username=some(owner.get("username")),
            display_name=words(owner.get("full_name")), bio=words(owner.get("biography")),
            url=some(owner.get("external_url")), avatar=some(owner.get("profile_pic_url")),
            verified=flag(owner.get("is_verified")), protected=flag(owner.get("is_private")),
            followers=count(owner.get("follower_count")), following=count(owner.get("following_count")),
            posts=count(owner.get("media_count")),
        )  # fmt: skip


def _comment(record: Record, value: dict[str, Any], post: str | None, of: str | None) -> None:
    """A comment and its answers."""
    cid = required(_key(value), "comment id")
    if not record.first("comment", cid):
        return
    owner = obj(value.get("user"))
    account = _key(owner) or ident(value.get("user_id"))
    when = epoch(value.get("created_at_utc", value.get("created_at")))
    post = ident(value.get("parent_comment_id")) or post or ident(value.get("media_id"))
    text = words(value.get("text"))
    record.add(
        "posts", id=cid, id_is_derived=False, kind="comment", account_id=account,
        author_name=some(owner.get("username")), **created(when), text=text, text_truncated=False, in_reply_to_id=post,
    )  # fmt: skip
    record.snapshot(
        "post_snapshots", None, post_id=cid, likes=count(value.get("comment_like_count")),
        replies=count(value.get("child_comment_count")),
    )  # fmt: skip
    record.edge("replies", account, post, "post", post_id=cid, dst_account_id=of, at=when[0])
    record.text_edges(account, text, post_id=cid, at=when[0])
    if account:
        _account(record, account, owner)
    for answer in objs(value.get("preview_child_comments")):
        _comment(record, answer, cid, account)


READER = InstagramWeb()
