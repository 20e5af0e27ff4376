"""yt-dlp ``info.json``: one video and its comments, or a playlist of videos, from any site.

``epoch`` is when yt-dlp looked: every count is of that moment. ``timestamp`` is the posting time, except for
the generic extractors, where it is the HTTP Last-Modified of the page. A day alone (``upload_date``) settles
no time: it stays in ``created_at_raw``. YouTube comments carry a guess made from "2 years ago"; it is not a time.

On X ``id`` is the video's own and ``display_id`` the post's. Sites whose posts have no title (`_UNTITLED`) get one that
yt-dlp makes up from the description and the uploader: there the description is the text.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse
from tecolote.sources.shapes import (
    Moment,
    compact,
    count,
    epoch,
    flag,
    ident,
    milliseconds,
    objs,
    required,
    small,
    some,
    words,
)

_OWN = {"extractor", "extractor_key", "webpage_url_basename", "_format_sort_fields", "original_url", "fulltitle"}
_FORMATS = {"formats[].format_id", "formats[].protocol", "formats[].format_note", "requested_formats[].format_id"}
_PLATFORMS = {"twitter": "x", "youtube": "youtube", "vk": "vk"}
_NO_POSTING_TIME = {"generic", "html5"}
_PRIVATE = {"private": "restricted", "premium_only": "restricted", "subscriber_only": "restricted"}
_PRIVATE |= {"needs_auth": "restricted"}
_LISTS = ("playlist", "multi_video")
_UNTITLED = {"x", "tiktok", "instagram", "facebook", "bluesky"}


class YtDlp(JsonReader):
    """Reader of the info.json files of yt-dlp and youtube-dl."""

    name = "ytdlp_info_json"
    version = "3"
    title = "yt-dlp info.json (one video or a playlist)"
    obtained = "yt-dlp --write-info-json [--write-comments], or yt-dlp -j"
    proven = True
    platform = ""

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for the keys that yt-dlp writes into every file; the list of formats alone fills the first bytes."""
        keys = glimpse(head)
        if "id" in keys and (len(keys & _OWN) > 1 or ("title" in keys and keys & _FORMATS)):
            return 0.9
        return 0.8 if {"id", "_type", "extractor_key"} <= keys else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a video with its comments, or of a playlist with what it lists."""
        if not isinstance(value, dict):
            raise Unreadable("not an info.json")
        record.platform = _platform(value)
        if value.get("_type") in _LISTS:
            _playlist(record, value)
        else:
            _video(record, value)


def _platform(value: dict[str, Any]) -> str:
    """Platform id: the site's extractor without its part behind ':', 'web' for pages of any site."""
    name = (
        words(value.get("extractor_key")) or words(value.get("ie_key")) or words(value.get("extractor")) or ""
    ).lower()
    extractor = (words(value.get("extractor")) or name).lower().split(":")[0]
    if extractor in _NO_POSTING_TIME or name in ("html5mediaembed", "generic", ""):
        return "web"
    known = next((ours for theirs, ours in _PLATFORMS.items() if extractor.startswith(theirs)), None)
    return known or re.sub(r"[^a-z0-9]+", "_", extractor)


def _playlist(record: Record, value: dict[str, Any]) -> None:
    """A container: a thread, and the videos in it as far as the file holds them."""
    pid = required(value.get("id"), "playlist id", numeric=False)
    record.add("threads", id=pid, title=words(value.get("title")), type="playlist", private=False)
    _account(record, value, epoch(value.get("epoch"))[0])
    for entry in objs(value.get("entries")):
        platform, record.platform = (
            record.platform,
            _platform(entry | {"extractor": entry.get("extractor") or value.get("extractor")}),
        )
        if entry.get("_type") in _LISTS:
            _playlist(record, entry)
        elif some(entry.get("id")):
            _video(record, {"epoch": value.get("epoch")} | entry, thread=pid)
        record.platform = platform


def _posted(value: dict[str, Any], platform: str) -> Moment:
    """When the video was posted, as far as the site says."""
    if platform != "web" and value.get("timestamp") is not None:
        return epoch(value["timestamp"])
    day = some(value.get("upload_date"))
    if platform == "web":
        return None, epoch(value.get("timestamp"))[1] or some(value.get("timestamp")) or day, "unknown"
    return None, day, "unknown" if day else None


def _owner(value: dict[str, Any], platform: str) -> tuple[str | None, str]:
    """Account id and its kind: the channel on YouTube, the uploader elsewhere."""
    keys = ("channel_id", "uploader_id") if platform == "youtube" else ("uploader_id", "channel_id")
    for key in keys:
        found = ident(value.get(key), numeric=False)
        if found:
            return found, "username" if found.startswith("@") else "native"
    return some(value.get("uploader")), "display_name"


def _account(record: Record, value: dict[str, Any], at: datetime | None) -> str | None:
    """The uploader and the profile that the file tells of; the account id."""
    uid, kind = _owner(value, record.platform)
    if uid is None or not record.first("account", f"{record.platform} {uid}"):
        return uid
    uploader = some(value.get("uploader_id"))
    record.add("accounts", id=uid, id_kind=kind)
    record.snapshot(
        "account_snapshots", at, account_id=uid, username=uploader if uploader and uploader.startswith("@") else None,
        display_name=some(value.get("channel")) or some(value.get("uploader")),
        url=some(value.get("channel_url")) or some(value.get("uploader_url")),
        verified=flag(value.get("channel_is_verified")), followers=count(value.get("channel_follower_count")),
    )  # fmt: skip
    return uid


def _video(record: Record, value: dict[str, Any], thread: str | None = None) -> None:
    file = required(value.get("id"), "video id", numeric=False)
    platform = record.platform
    vid = _post_id(value, platform, file)
    at, when = epoch(value.get("epoch"))[0], _posted(value, platform)
    owner = _account(record, value, at)
    available = words(value.get("availability")) or ""
    age = count(value.get("age_limit"))
    text = _text(value, platform)
    record.add(
        "posts", id=vid, id_is_derived=False, kind="video", account_id=owner,
        author_name=some(value.get("channel")) or some(value.get("uploader")), **created(when), text=text,
        text_truncated=False, lang=some(value.get("language")), thread_id=thread,
        visibility=available if available in ("public", "unlisted", "private") else None,
        url=some(value.get("webpage_url")) or some(value.get("original_url")),
        place=compact(some(value.get("location"))),
        sensitive=None if age is None else age >= 18,
    )  # fmt: skip
    dislikes = count(value.get("dislike_count"))
    record.snapshot(
        "post_snapshots", at, post_id=vid, likes=count(value.get("like_count")),
        reposts=count(value.get("repost_count")), replies=count(value.get("comment_count")),
        views=count(value.get("view_count")), reactions=None if dislikes is None else compact({"dislike": dislikes}),
    )  # fmt: skip
    if available in _PRIVATE:
        record.observe("post", vid, _PRIVATE[available], available, observed_at=at)
    _media(record, value, vid, file, at)
    record.text_edges(owner, text, post_id=vid, at=when[0], observed_at=at)
    for comment in objs(value.get("comments")):
        _comment(record, comment, vid, at)


def _post_id(value: dict[str, Any], platform: str, file: str) -> str:
    """The id of the post that the video ``file`` stands in."""
    shown = ident(value.get("display_id")) if platform == "x" else None
    return shown if shown and shown.isdigit() else file


def _text(value: dict[str, Any], platform: str) -> str | None:
    title, description = words(value.get("title")), words(value.get("description"))
    if platform in _UNTITLED and description:
        return description
    return "\n\n".join(part for part in (title, description) if part) or None


def _media(record: Record, value: dict[str, Any], vid: str, file: str, at: datetime | None) -> None:
    """The video, whose bytes lie beside the file if anywhere, and its thumbnail."""
    path = some(value.get("filename")) or some(value.get("_filename"))
    record.add(
        "media", id=file, post_id=vid, type="audio" if value.get("vcodec") == "none" else "video",
        url=some(value.get("url")), local_path=re.split(r"[/\\]", path)[-1] if path else None,
        width=small(value.get("width")), height=small(value.get("height")),
        duration_ms=milliseconds(value.get("duration")), status="omitted",
    )  # fmt: skip
    record.edge("attaches", vid, file, "media", post_id=vid, observed_at=at)
    thumbnail = some(value.get("thumbnail"))
    if thumbnail:
        key = f"{file}/thumbnail"
        record.add("media", id=key, post_id=vid, type="image", url=thumbnail, status="present")
        record.edge("attaches", vid, key, "media", post_id=vid, observed_at=at)


def _comment(record: Record, value: dict[str, Any], vid: str, at: datetime | None) -> None:
    """A comment; ``parent`` is 'root' or the comment that it answers."""
    cid = required(value.get("id"), "comment id", numeric=False)
    owner, name = ident(value.get("author_id"), numeric=False), some(value.get("author"))
    guess = some(value.get("_time_text")) or some(value.get("time_text"))
    when: Moment = (None, guess, "unknown") if guess else epoch(value.get("timestamp"))
    parent = ident(value.get("parent"), numeric=False)
    target = vid if parent in (None, "root") else parent
    record.add(
        "posts", id=cid, id_is_derived=False, kind="comment", account_id=owner, author_name=name, **created(when),
        text=words(value.get("text")), text_truncated=False, thread_id=vid, in_reply_to_id=target,
        visibility="public",
    )  # fmt: skip
    record.snapshot("post_snapshots", at, post_id=cid, likes=count(value.get("like_count")))
    record.edge("replies", owner, target, "post", post_id=cid, at=when[0], observed_at=at)
    record.text_edges(owner, words(value.get("text")), post_id=cid, at=when[0], observed_at=at)
    if owner and record.first("account", f"{record.platform} {owner}"):
        record.add("accounts", id=owner, id_kind="native")
        record.snapshot(
            "account_snapshots", at, account_id=owner, username=name if name and name.startswith("@") else None,
            display_name=name, avatar=some(value.get("author_thumbnail")), url=some(value.get("author_url")),
            verified=flag(value.get("author_is_verified")),
        )  # fmt: skip


READER = YtDlp()
