"""TikTok Research API: videos, comments, users, followers and following.

Ids come as JSON integers. The API names accounts by username only; a comment has no author at all, and the
parent of a top-level comment is its video. Counts may be ten days old (documentation of the API). Shares are
kept as ``reposts``, favourites as ``bookmarks``. ``region_code`` is the country where the account was
registered, not where the video was made, and has no column.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, keys_of
from tecolote.sources.shapes import count, dig, epoch, flag, ident, milliseconds, objs, required, seq, some, words

_LISTS = (
    "videos", "comments", "user_followers", "user_following", "user_liked_videos", "user_pinned_videos",
    "user_reposted_videos",
)  # fmt: skip
_VIDEO = {"video_description", "region_code", "hashtag_names", "music_id", "effect_ids", "voice_to_text"}
_COMMENT = {"parent_comment_id", "reply_count", "like_count"}
_USER = {"bio_description", "follower_count", "following_count", "likes_count", "video_count", "is_verified"}


class TikTokResearch(JsonReader):
    """Reader of TikTok Research API responses."""

    name = "tiktok_research_api"
    version = "2"
    title = "TikTok Research API (JSON, JSON Lines)"
    obtained = "the Research API (video/query, video/comment/list, user/info, user/followers), after approval"
    proven = True
    platform = "tiktok"
    into: ClassVar[frozenset[str]] = frozenset({"data", *_LISTS})

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for a response, also of an error, or for its videos or comments taken out of it."""
        keys = keys_of(head)
        if any(f"data.{name}" in keys for name in _LISTS):
            return 0.9
        if "create_time" in keys and len(keys & _VIDEO) > 1:
            return 0.9
        if {"video_id", "text", "create_time"} <= keys and keys & _COMMENT:
            return 0.9
        if {"error.code", "error.log_id"} <= keys:
            return 0.9
        return 0.9 if "data.display_name" in keys and {f"data.{k}" for k in _USER} & keys else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a video, a comment or a user."""
        if not isinstance(value, dict):
            raise Unreadable("neither a video, a comment nor a user")
        listed = record.piece.pointer.split("/")[-2:-1]
        if listed and listed[0] in ("user_followers", "user_following"):
            _listed_user(record, value)
        elif listed == ["comments"] or ("text" in value and "video_id" in value):
            _comment(record, value)
        elif "id" in value or "video_id" in value:
            _video(record, value, reposted=listed == ["user_reposted_videos"])
        elif "username" in value:
            _user(record, value)
        elif "data" in value and _USER & set(value["data"] or ()):
            _user(record, value["data"])
        elif dig(value, "error", "code") not in (None, "ok"):
            raise Unreadable(f"an error response: {dig(value, 'error', 'code')}: {dig(value, 'error', 'message')}")
        else:
            raise Unreadable("neither a video, a comment nor a user")


def _video(record: Record, value: dict[str, Any], reposted: bool) -> None:
    vid = required(ident(value.get("id")) or ident(value.get("video_id")), "video id")
    name, when = some(value.get("username")), epoch(value.get("create_time"))
    record.add(
        "posts", id=vid, id_is_derived=False, kind="video", account_id=name, author_name=name, **created(when),
        text=words(value.get("video_description")), text_truncated=False, visibility="public",
        url=some(value.get("share_url")),
    )  # fmt: skip
    record.snapshot(
        "post_snapshots", None, post_id=vid, likes=count(value.get("like_count")),
        reposts=count(value.get("share_count")), replies=count(value.get("comment_count")),
        views=count(value.get("view_count")),
        bookmarks=count(value.get("favorites_count", value.get("favourites_count"))),
    )  # fmt: skip
    if name:
        _account(record, name)
    ends = {"post_id": vid, "at": when[0]}
    tags = [some(tag) for tag in seq(value.get("hashtag_names"))]
    tags += [some(tag.get("hashtag_name")) for tag in objs(value.get("hashtag_info_list"))]
    for tag in dict.fromkeys(tag.lower().removeprefix("#") for tag in tags if tag):
        record.edge("hashtag", name, tag, "hashtag", **ends)
    for mentioned in dict.fromkeys(some(m) for m in seq(value.get("video_mention_list"))):
        record.edge("mentions", name, mentioned, "account_name", **ends)
    record.add(
        "media", id=vid, post_id=vid, type="video", duration_ms=milliseconds(value.get("video_duration")),
        status="omitted",
    )  # fmt: skip
    record.edge("attaches", vid, vid, "media", **ends)
    if reposted:
        record.sink.note("the file does not say who reposted these videos: no reposts edges")


def _comment(record: Record, value: dict[str, Any]) -> None:
    cid = required(value.get("id"), "comment id")
    video = ident(value.get("video_id"))
    parent = ident(value.get("parent_comment_id")) or video
    record.add(
        "posts", id=cid, id_is_derived=False, kind="comment", **created(epoch(value.get("create_time"))),
        text=words(value.get("text")), text_truncated=False, thread_id=video, in_reply_to_id=parent,
        visibility="public",
    )  # fmt: skip
    record.snapshot(
        "post_snapshots", None, post_id=cid, likes=count(value.get("like_count")),
        replies=count(value.get("reply_count")),
    )  # fmt: skip


def _account(record: Record, name: str, kind: str = "username", **profile: Any) -> None:
    if record.first("account", name):
        record.add("accounts", id=name, id_kind=kind)
        if profile:
            username = name if kind == "username" else None
            record.snapshot("account_snapshots", None, account_id=name, username=username, **profile)


def _listed_user(record: Record, value: dict[str, Any]) -> None:
    """A follower or an account followed; the response does not say of whom."""
    name = required(value.get("username"), "username", numeric=False)
    _account(record, name, display_name=words(value.get("display_name")))
    record.sink.note("the file does not say whose followers or following these are: no follows edges")


def _user(record: Record, value: dict[str, Any]) -> None:
    """User information. The API leaves out the username that was asked for, unless a script has added it."""
    name = some(value.get("username"))
    if name is None:
        record.sink.note("user information does not say the username: the account is known by its display name")
    _account(
        record, name or required(value.get("display_name"), "name", numeric=False),
        kind="username" if name else "display_name", display_name=words(value.get("display_name")),
        bio=words(value.get("bio_description")),
        url=some(value.get("bio_url")), avatar=some(value.get("avatar_url")), verified=flag(value.get("is_verified")),
        followers=count(value.get("follower_count")), following=count(value.get("following_count")),
        posts=count(value.get("video_count")), likes=count(value.get("likes_count")),
    )  # fmt: skip


READER = TikTokResearch()
