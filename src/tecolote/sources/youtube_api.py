"""YouTube Data API v3: videos, channels, comments, threads, search results, subscriptions, playlists, live chats.

Counts are strings there, and a part that was not requested is absent: unknown, not zero. A video's text is its
title and description. A search result shows the beginning of the description only, and its texts escaped as HTML.
"""

from __future__ import annotations

import html
import re
from typing import Any, ClassVar

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse
from tecolote.sources.shapes import compact, count, dig, moment, obj, objs, required, seq, small, some, words

_KIND = re.compile(rb'"kind"\s*:\s*"youtube#')
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:a|b|i|s|span)\b[^>]*>", re.IGNORECASE)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_VISIBILITY = {"public": "public", "unlisted": "unlisted", "private": "private"}
_GONE = {
    ("Deleted video", "This video is unavailable."): "deleted",
    ("Private video", "This video is private."): "restricted",
}
_UPLOAD = {"deleted": "deleted", "rejected": "restricted"}


class YouTubeApi(JsonReader):
    """Reader of YouTube Data API v3 responses."""

    name = "youtube_data_api"
    version = "2"
    title = "YouTube Data API v3 (JSON)"
    obtained = "responses of the YouTube Data API saved as files, with an API key"
    proven = True
    platform = "youtube"
    into: ClassVar[frozenset[str]] = frozenset({"items"})

    def sniff(self, head: bytes, name: str) -> float:
        """0.95 when objects call themselves ``youtube#...``."""
        keys = glimpse(head)
        return 0.95 if {"kind", "[].kind", "items[].kind"} & keys and _KIND.search(head) else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of one resource, by its ``kind``; the kind of a list tells those of its items."""
        if not isinstance(value, dict):
            raise Unreadable("not a resource of the API")
        kind = some(value.get("kind")) or (some(record.piece.envelope.get("kind")) or "").replace("ListResponse", "")
        kind = kind.removeprefix("youtube#")
        mapping = _KINDS.get(kind)
        if kind in _REFERENCE:
            record.sink.note(f"{kind}: states no post, account or edge")
            return
        if mapping is None:
            raise Unreadable(f"a resource of kind '{kind[:40]}' is not read")
        mapping(record, value)


def _channel_rows(record: Record, uid: str | None, **profile: Any) -> None:
    """An account and what this resource says of it, once a record."""
    if uid is None or not record.first("account", uid):
        return
    record.add("accounts", id=uid, id_kind="native", created_at=profile.pop("opened", None))
    if any(v is not None for v in profile.values()):
        record.snapshot("account_snapshots", None, account_id=uid, **profile)


def _channel(record: Record, value: dict[str, Any]) -> None:
    snippet, stats = obj(value.get("snippet")), obj(value.get("statistics"))
    hidden = stats.get("hiddenSubscriberCount") is True
    _channel_rows(
        record, required(value.get("id"), "channel id", numeric=False), opened=moment(snippet.get("publishedAt"))[0],
        username=some(snippet.get("customUrl")), display_name=words(snippet.get("title")),
        bio=words(snippet.get("description")), location=some(snippet.get("country")), avatar=_thumbnail(snippet)[0],
        followers=None if hidden else count(stats.get("subscriberCount")), posts=count(stats.get("videoCount")),
    )  # fmt: skip


def _thumbnail(snippet: dict[str, Any]) -> tuple[str | None, int | None, int | None]:
    """Address, width and height of the largest thumbnail."""
    sizes = [v for v in obj(snippet.get("thumbnails")).values() if isinstance(v, dict) and some(v.get("url"))]
    best = max(sizes, key=lambda v: small(v.get("width")) or 0, default={})
    return some(best.get("url")), small(best.get("width")), small(best.get("height"))


def _duration(value: Any) -> int | None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
    if found is None or found.lastindex is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000


def _title_text(snippet: dict[str, Any]) -> str | None:
    parts = [words(snippet.get("title")), words(snippet.get("description"))]
    return "\n\n".join(part for part in parts if part) or None


def _video_media(record: Record, vid: str, snippet: dict[str, Any], details: dict[str, Any]) -> None:
    """The video itself, of which the file holds no bytes, and its thumbnail."""
    record.add(
        "media", id=vid, post_id=vid, type="video", duration_ms=_duration(details.get("duration")), status="omitted"
    )
    record.edge("attaches", vid, vid, "media", post_id=vid)
    url, width, height = _thumbnail(snippet)
    if url:
        key = f"{vid}/thumbnail"
        record.add("media", id=key, post_id=vid, type="image", url=url, width=width, height=height, status="present")
        record.edge("attaches", vid, key, "media", post_id=vid)


def _video(record: Record, value: dict[str, Any]) -> None:
    vid = required(value.get("id"), "video id", numeric=False)
    snippet, status, details = obj(value.get("snippet")), obj(value.get("status")), obj(value.get("contentDetails"))
    owner = some(snippet.get("channelId"))
    age = dig(details, "contentRating", "ytRating")
    recorded = obj(dig(value, "recordingDetails", "location")) or some(
        dig(value, "recordingDetails", "locationDescription")
    )
    record.add(
        "posts", id=vid, id_is_derived=False, kind="video", account_id=owner,
        author_name=some(snippet.get("channelTitle")), **created(moment(snippet.get("publishedAt"))),
        text=_title_text(snippet), text_truncated=False,
        lang=some(snippet.get("defaultAudioLanguage")) or some(snippet.get("defaultLanguage")),
        visibility=_VISIBILITY.get(words(status.get("privacyStatus")) or ""), place=compact(recorded),
        sensitive=True if age == "ytAgeRestricted" else None,
    )  # fmt: skip
    _channel_rows(record, owner, display_name=some(snippet.get("channelTitle")))
    record.text_edges(owner, _title_text(snippet), post_id=vid, at=moment(snippet.get("publishedAt"))[0])
    stats = obj(value.get("statistics"))
    if stats:
        dislikes = count(stats.get("dislikeCount"))
        record.snapshot(
            "post_snapshots", None, post_id=vid, likes=count(stats.get("likeCount")),
            replies=count(stats.get("commentCount")), views=count(stats.get("viewCount")),
            reactions=None if dislikes is None else compact({"dislike": dislikes}),
        )  # fmt: skip
    _video_media(record, vid, snippet, details)
    blocked = [c for c in map(some, seq(dig(details, "regionRestriction", "blocked"))) if c]
    if blocked:
        record.observe("post", vid, "withheld", "regionRestriction.blocked", jurisdiction=",".join(blocked))
    state = _UPLOAD.get(words(status.get("uploadStatus")) or "")
    if state:
        why = some(status.get("rejectionReason")) or some(status.get("uploadStatus"))
        record.observe("post", vid, state, why)


def _plain(value: Any) -> str | None:
    """Text that the API shows as HTML, as plain text."""
    found = words(value)
    return None if found is None else html.unescape(_TAG.sub("", _BREAK.sub("\n", found)))


def _comment(record: Record, value: dict[str, Any], video: str | None = None) -> None:
    cid = required(value.get("id"), "comment id", numeric=False)
    snippet = obj(value.get("snippet"))
    video = some(snippet.get("videoId")) or video
    parent = some(snippet.get("parentId"))
    owner, when = some(dig(snippet, "authorChannelId", "value")), moment(snippet.get("publishedAt"))
    name, shown = some(snippet.get("authorDisplayName")), words(snippet.get("textDisplay"))
    text = words(snippet.get("textOriginal"))
    text = _plain(shown) if text is None else text
    edited = moment(snippet.get("updatedAt"))[0]
    record.add(
        "posts", id=cid, id_is_derived=False, kind="comment", account_id=owner, author_name=name, **created(when),
        edited_at=edited if edited != when[0] else None, text=text,
        text_raw=shown if snippet.get("textOriginal") is None and shown != text else None, text_truncated=False,
        thread_id=video or some(snippet.get("channelId")), in_reply_to_id=parent or video, visibility="public",
    )  # fmt: skip
    _channel_rows(
        record, owner, display_name=name, username=name if name and name.startswith("@") else None,
        avatar=some(snippet.get("authorProfileImageUrl")), url=some(snippet.get("authorChannelUrl")),
    )  # fmt: skip
    replies = count(value.get("_replies"))
    record.snapshot("post_snapshots", None, post_id=cid, likes=count(snippet.get("likeCount")), replies=replies)
    record.edge("replies", owner, parent or video, "post", post_id=cid, at=when[0])
    record.text_edges(owner, text, post_id=cid, at=when[0])


def _thread(record: Record, value: dict[str, Any]) -> None:
    """A top-level comment and the replies that the API gives with it."""
    snippet = obj(value.get("snippet"))
    top = obj(snippet.get("topLevelComment"))
    video = some(snippet.get("videoId"))
    answers = objs(dig(value, "replies", "comments"))
    if not top and not answers:
        raise Unreadable("a comment thread without its comments")
    if top:
        _comment(record, top | {"_replies": snippet.get("totalReplyCount")}, video)
    for answer in answers:
        _comment(record, answer, video)


def _search(record: Record, value: dict[str, Any]) -> None:
    """A search result: a video, channel or playlist in brief; its ``id`` is an object."""
    found, snippet = obj(value.get("id")), obj(value.get("snippet"))
    raw = _title_text(snippet)
    snippet = snippet | {key: html.unescape(words(snippet.get(key)) or "") for key in ("title", "description")}
    owner, title = some(snippet.get("channelId")), some(snippet.get("channelTitle"))
    if found.get("videoId"):
        vid = required(found["videoId"], "video id", numeric=False)
        text = _title_text(snippet)
        record.add(
            "posts", id=vid, id_is_derived=False, kind="video", account_id=owner, author_name=title,
            **created(moment(snippet.get("publishedAt"))), text=text, text_raw=raw if raw != text else None,
            text_truncated=(words(snippet.get("description")) or "").endswith("..."), visibility="public",
        )  # fmt: skip
        _channel_rows(record, owner, display_name=title)
        _video_media(record, vid, snippet, {})
    elif found.get("channelId"):
        _channel(record, {"id": found["channelId"], "snippet": snippet})
    elif found.get("playlistId"):
        _playlist(record, {"id": found["playlistId"], "snippet": snippet})
    else:
        raise Unreadable("a search result without an id")


def _subscription(record: Record, value: dict[str, Any]) -> None:
    """Who follows whom. The title is that of the channel followed."""
    snippet, subscriber = obj(value.get("snippet")), obj(value.get("subscriberSnippet"))
    src = some(snippet.get("channelId")) or some(subscriber.get("channelId"))
    dst = required(dig(snippet, "resourceId", "channelId"), "channel subscribed to", numeric=False)
    _channel_rows(
        record, dst, display_name=words(snippet.get("title")), bio=words(snippet.get("description")),
        avatar=_thumbnail(snippet)[0],
    )  # fmt: skip
    _channel_rows(
        record, src, display_name=some(subscriber.get("title")), bio=some(subscriber.get("description")),
        avatar=_thumbnail(subscriber)[0],
    )  # fmt: skip
    record.edge("follows", src, dst, "account", at=moment(snippet.get("publishedAt"))[0])


def _playlist(record: Record, value: dict[str, Any]) -> None:
    snippet = obj(value.get("snippet"))
    pid = required(value.get("id"), "playlist id", numeric=False)
    record.add(
        "threads", id=pid, title=words(snippet.get("title")), type="playlist",
        private=False,
    )  # fmt: skip
    _channel_rows(record, some(snippet.get("channelId")), display_name=some(snippet.get("channelTitle")))


def _playlist_item(record: Record, value: dict[str, Any]) -> None:
    """A video in a playlist. ``publishedAt`` and ``channelId`` are those of the adding, not of the video."""
    snippet, details = obj(value.get("snippet")), obj(value.get("contentDetails"))
    found = some(dig(snippet, "resourceId", "videoId")) or some(details.get("videoId"))
    vid = required(found, "video id", numeric=False)
    playlist = some(snippet.get("playlistId"))
    if playlist and record.first("thread", playlist):
        record.add("threads", id=playlist, type="playlist", private=False)
    _channel_rows(record, some(snippet.get("channelId")), display_name=some(snippet.get("channelTitle")))
    owner, title = some(snippet.get("videoOwnerChannelId")), some(snippet.get("videoOwnerChannelTitle"))
    told = (words(snippet.get("title")) or "", words(snippet.get("description")) or "")
    if owner is None and told in _GONE:
        record.observe("post", vid, _GONE[told], told[0])
        return
    _channel_rows(record, owner, display_name=title)
    record.add(
        "posts", id=vid, id_is_derived=False, kind="video", account_id=owner, author_name=title,
        **created(moment(details.get("videoPublishedAt"))), text=_title_text(snippet), text_truncated=False,
        thread_id=playlist, visibility=_VISIBILITY.get(words(dig(value, "status", "privacyStatus")) or ""),
    )  # fmt: skip
    _video_media(record, vid, snippet, {})


def _activity(record: Record, value: dict[str, Any]) -> None:
    """What a channel did; of its kinds, an upload states a post."""
    snippet = obj(value.get("snippet"))
    uploaded = some(dig(value, "contentDetails", "upload", "videoId"))
    if uploaded:
        _video(record, {"id": uploaded, "snippet": snippet})
    else:
        _channel_rows(record, some(snippet.get("channelId")), display_name=some(snippet.get("channelTitle")))
        record.sink.note(f"an activity of type {some(snippet.get('type'))} states no post")


def _live(record: Record, value: dict[str, Any]) -> None:
    """A message in the public chat of a live stream, or the notice that one was deleted."""
    snippet, author = obj(value.get("snippet")), obj(value.get("authorDetails"))
    kind, when = some(snippet.get("type")), moment(snippet.get("publishedAt"))
    gone = some(dig(snippet, "messageDeletedDetails", "deletedMessageId"))
    if gone or kind == "tombstone":
        target = gone or required(value.get("id"), "message id", numeric=False)
        record.observe("post", target, "deleted", kind, state_since=when[0])
        return
    mid, chat = required(value.get("id"), "message id", numeric=False), some(snippet.get("liveChatId"))
    owner, name = some(snippet.get("authorChannelId")) or some(author.get("channelId")), some(author.get("displayName"))
    text = some(dig(snippet, "textMessageDetails", "messageText")) or some(snippet.get("displayMessage"))
    record.add(
        "posts", id=mid, id_is_derived=False, kind="message" if text else "event", account_id=owner, author_name=name,
        **created(when), text=text, text_truncated=False, thread_id=chat, visibility="public",
    )  # fmt: skip
    if chat:
        record.add("threads", id=chat, type="channel", private=False)
    _channel_rows(
        record, owner, display_name=name, avatar=some(author.get("profileImageUrl")), url=some(author.get("channelUrl"))
    )
    record.text_edges(owner, text, post_id=mid, at=when[0])


_REFERENCE = {
    "videoCategory", "guideCategory", "i18nLanguage", "i18nRegion", "videoAbuseReportReason", "channelSection",
    "caption", "membershipsLevel", "channelBanner", "watermark",
}  # fmt: skip
_KINDS = {
    "activity": _activity, "liveChatMessage": _live,
    "video": _video, "channel": _channel, "comment": _comment, "commentThread": _thread, "searchResult": _search,
    "subscription": _subscription, "playlist": _playlist, "playlistItem": _playlist_item,
}  # fmt: skip

READER = YouTubeApi()
