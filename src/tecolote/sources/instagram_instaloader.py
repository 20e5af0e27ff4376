"""Instagram by instaloader: ``.json`` (``.json.xz`` is unpacked before) of posts, stories, profiles; comments.

A hidden like count is null, not zero: Instagram writes -1 or says that counts are disabled. The file does not
say when it was captured. A carousel is one post with several media.
"""

from __future__ import annotations

from typing import Any

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse
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

_NODE = {"shortcode", "code", "taken_at_timestamp", "__typename", "iphone_struct", "edge_followed_by", "biography"}
_LIKES = ("edge_media_preview_like", "edge_liked_by")
_COMMENTS = ("edge_media_to_comment", "edge_media_to_parent_comment", "edge_media_preview_comment")


class Instaloader(JsonReader):
    """Reader of the metadata files of instaloader."""

    name = "instagram_instaloader"
    version = "1"
    title = "Instagram by instaloader (JSON, also .json.xz)"
    obtained = "instaloader profile NAME, instaloader -- -SHORTCODE, with --comments for comments"
    proven = True
    platform = "instagram"

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for a node in instaloader's envelope, which may end behind the first bytes, or for comments."""
        keys = glimpse(head)
        node = {key.removeprefix("node.") for key in keys if key.startswith("node.")}
        if "instaloader.node_type" in keys and "node" in keys:
            return 0.95
        if node & _NODE and len(node & _NODE) > 1:
            return 0.85
        comments = {"[].id", "[].text", "[].created_at", "[].owner.username"}
        return 0.85 if comments <= keys and {"[].likes_count", "[].answers"} & keys else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post, story, profile or comment."""
        node, kind = obj(dig(value, "node")), some(dig(value, "instaloader", "node_type"))
        if node:
            if kind == "Profile" or (kind is None and "edge_followed_by" in node):
                _profile(record, node)
            elif kind in (None, "Post", "StoryItem"):
                _post(record, node, "story" if kind == "StoryItem" else "post")
            else:
                raise Unreadable(f"an instaloader node of type {kind} is not read")
        elif isinstance(value, dict) and "owner" in value and "text" in value:
            _comment(record, value, None, None)
        else:
            raise Unreadable("neither a node of instaloader nor a comment")


def _number(node: dict[str, Any], *keys: str) -> int | None:
    """``count`` under the first of ``keys`` that has one."""
    return next((n for n in (count(dig(node, key, "count")) for key in keys) if n is not None), None)


def _caption(node: dict[str, Any]) -> str | None:
    edges = objs(dig(node, "edge_media_to_caption", "edges"))
    found = words(dig(edges[0], "node", "text")) if edges else words(node.get("caption"))
    return found if found is not None else words(dig(node, "iphone_struct", "caption", "text"))


def _post(record: Record, node: dict[str, Any], kind: str) -> None:
    """A post or story with its media, tagged accounts and the comments in it."""
    phone = obj(node.get("iphone_struct"))
    pid = required(ident(node.get("id")) or ident(phone.get("pk")), "post id")
    owner = obj(node.get("owner")) or obj(phone.get("user"))
    account = ident(owner.get("id")) or ident(owner.get("pk"))
    when = epoch(node.get("taken_at_timestamp", node.get("date", phone.get("taken_at"))))
    place = obj(node.get("location")) or obj(phone.get("location"))
    private = flag(owner.get("is_private"))
    record.add(
        "posts", id=pid, id_is_derived=False, kind=kind, account_id=account, author_name=some(owner.get("username")),
        **created(when), text=_caption(node), text_truncated=False,
        visibility=None if private is None else "followers" if private else "public", place=compact(place),
    )  # fmt: skip
    hidden = node.get("like_and_view_counts_disabled") is True
    likes = _number(node, *_LIKES)
    views = count(node.get("video_view_count")) if node.get("is_video") is True else None
    record.snapshot(
        "post_snapshots", None, post_id=pid, likes=None if hidden else likes,
        replies=_number(node, *_COMMENTS), views=None if hidden else views,
    )  # fmt: skip
    if account:
        _account(record, account, owner)
    _media(record, node, pid, when[0])
    record.text_edges(account, _caption(node), post_id=pid, at=when[0])
    for edge in objs(dig(node, "edge_media_to_tagged_user", "edges")):
        tagged = obj(dig(edge, "node", "user"))
        uid = ident(tagged.get("id")) or ident(tagged.get("pk"))
        name = some(tagged.get("username"))
        target, target_kind = (uid, "account") if uid else (name, "account_name")
        record.edge("mentions", account, target, target_kind, post_id=pid, at=when[0])
    for key in _COMMENTS:
        for edge in objs(dig(node, key, "edges")):
            _comment(record, obj(edge.get("node")), pid, account)


def _media(record: Record, node: dict[str, Any], pid: str, at: Any) -> None:
    """Pictures and videos, those of a carousel each for itself."""
    children = [obj(edge.get("node")) for edge in objs(dig(node, "edge_sidecar_to_children", "edges"))]
    for number, item in enumerate(children or [node]):
        key = ident(item.get("id")) or f"{pid}#{number}"
        video = item.get("is_video") is True
        url = some(item.get("video_url")) if video else None
        url = url or some(item.get("display_url")) or some(item.get("display_src"))
        record.add(
            "media", id=key, post_id=pid, type="video" if video else "image", url=url,
            width=small(dig(item, "dimensions", "width")), height=small(dig(item, "dimensions", "height")),
            duration_ms=milliseconds(item.get("video_duration")), alt_text=some(item.get("accessibility_caption")),
            status="present" if url else "omitted",
        )  # fmt: skip
        record.edge("attaches", pid, key, "media", post_id=pid, at=at)


def _account(record: Record, uid: str, owner: dict[str, Any]) -> None:
    """An account as a post, comment or profile shows it, once a record."""
    if not record.first("account", uid):
        return
    record.add("accounts", id=uid, id_kind="native")
    if set(owner) - {"id", "pk"}:
        record.snapshot(
            "account_snapshots", None, account_id=uid, username=some(owner.get("username")),
            display_name=words(owner.get("full_name")), bio=words(owner.get("biography")),
            url=some(owner.get("external_url")),
            avatar=some(owner.get("profile_pic_url_hd")) or some(owner.get("profile_pic_url")),
            verified=flag(owner.get("is_verified")), protected=flag(owner.get("is_private")),
            followers=_number(owner, "edge_followed_by"), following=_number(owner, "edge_follow"),
            posts=_number(owner, "edge_owner_to_timeline_media"),
        )  # fmt: skip


def _profile(record: Record, node: dict[str, Any]) -> None:
    _account(record, required(node.get("id"), "account id"), node)
    for edge in objs(dig(node, "edge_owner_to_timeline_media", "edges")):
        _post(record, obj(edge.get("node")), "post")


def _comment(record: Record, value: dict[str, Any], post: str | None, of: str | None) -> None:
    """A comment and its answers; a file of comments does not say which post they answer."""
    cid = required(value.get("id"), "comment id")
    if not record.first("comment", cid):
        return
    owner = obj(value.get("owner"))
    account = ident(owner.get("id"))
    when = epoch(value.get("created_at"))
    record.add(
        "posts", id=cid, id_is_derived=False, kind="comment", account_id=account,
        author_name=some(owner.get("username")), **created(when), text=words(value.get("text")), text_truncated=False,
        in_reply_to_id=post,
    )  # fmt: skip
    likes = count(value.get("likes_count"))
    record.snapshot(
        "post_snapshots", None, post_id=cid, likes=_number(value, "edge_liked_by") if likes is None else likes
    )
    record.edge("replies", account, post, "post", post_id=cid, dst_account_id=of, at=when[0])
    record.text_edges(account, words(value.get("text")), post_id=cid, at=when[0])
    if account:
        _account(record, account, owner)
    answers = [obj(edge.get("node")) for edge in objs(dig(value, "edge_threaded_comments", "edges"))]
    for answer in answers + objs(value.get("answers")):
        _comment(record, answer, cid, account)


READER = Instaloader()
