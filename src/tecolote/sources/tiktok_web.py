"""TikTok as its web pages receive it: Zeeschuimer and 4CAT NDJSON of posts and comments, bare answers with lists.

An item has ``id``, ``desc``, ``createTime``, ``author`` (an object; a name where it was embedded in a page, with
``authorId`` and ``nickname`` beside it), ``stats`` and, newer and with digits as text, ``statsV2``. An account is known
by its username, as in TikTok's other exports; its number stays in the bytes. A comment (``cid``, ``aweme_id``) has
``reply_id`` "0" where it answers the post itself.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse
from tecolote.sources.shapes import (
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

_FROM_TIKTOK = re.compile(rb'"source_platform"\s*:\s*"(?:www\.)?tiktok(?:-comments|\.com)[^"]{0,40}"')
_ITEM = {"desc", "createTime", "author", "stats", "statsV2", "music", "video", "textExtra", "challenges"}
_COMMENT = {"cid", "aweme_id", "digg_count", "create_time", "reply_id", "reply_comment_total"}
_LISTS = ("itemList", "item_list", "comments")


class TikTokWeb(JsonReader):
    """Reader of captures of TikTok's pages; see the module's words."""

    name = "tiktok_web"
    version = "1"
    title = "TikTok web captures (Zeeschuimer NDJSON, itemList answers)"
    obtained = "Zeeschuimer in Firefox, 4CAT's NDJSON, or answers saved from a browser's developer tools"
    proven = False
    platform = "tiktok"
    into: ClassVar[frozenset[str]] = frozenset(_LISTS)

    def sniff(self, head: bytes, name: str) -> float:
        """0.95 for Zeeschuimer's envelope of TikTok, 0.9 for its items or comments alone or in a list."""
        keys = glimpse(head)
        bare = {key.removeprefix("[].") for key in keys}
        if {"item_id", "source_platform"} <= bare or {"nav_index", "source_platform"} <= bare:
            return 0.95 if _FROM_TIKTOK.search(head) else 0.0
        for at in ("", *(f"{name}[]." for name in _LISTS)):
            if f"{at}createTime" in bare and len({f"{at}{mark}" for mark in _ITEM} & bare) > 3:
                return 0.9
            if f"{at}cid" in bare and len({f"{at}{mark}" for mark in _COMMENT} & bare) > 3:
                return 0.9
        return 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post or a comment."""
        if not isinstance(value, dict):
            raise Unreadable("not an object of TikTok")
        wrapped = "source_platform" in value
        envelope = value if wrapped else obj(value.get("__import_meta"))
        record.captured = epoch(envelope.get("timestamp_collected"), 1000)[0]
        body = obj(value.get("data")) if wrapped else value
        if "cid" in body:
            _comment(record, body, None)
        elif "createTime" in body:
            _post(record, body)
        else:
            raise Unreadable("neither a post nor a comment")


def _post(record: Record, value: dict[str, Any]) -> None:
    pid = required(ident(value.get("id")), "post id")
    author = value.get("author")
    owner = obj(author) or {"uniqueId": author, "nickname": value.get("nickname")}
    name = some(owner.get("uniqueId"))
    when, text = epoch(value.get("createTime")), words(value.get("desc"))
    private = flag(owner.get("privateAccount"))
    record.add(
        "posts", id=pid, id_is_derived=False, kind="video", account_id=name, author_name=name, **created(when),
        text=text, text_truncated=False, lang=some(value.get("textLanguage")),
        visibility="private" if value.get("privateItem") is True else "followers" if private else "public",
        url=f"https://www.tiktok.com/@{name}/video/{pid}" if name else None,
        place=_place(value), sensitive=None if value.get("maskType") is None else value["maskType"] in (3, 4),
    )  # fmt: skip
    _counts(record, value, pid)
    if name:
        _account(record, name, owner, obj(value.get("authorStatsV2")) or obj(value.get("authorStats")))
    _media(record, value, pid, when[0])
    tags = [some(extra.get("hashtagName")) for extra in objs(value.get("textExtra"))]
    tags += [some(challenge.get("title")) for challenge in objs(value.get("challenges"))]
    for tag in dict.fromkeys(tag.lower() for tag in tags if tag):
        record.edge("hashtag", name, tag, "hashtag", post_id=pid, at=when[0])
    people = [some(extra.get("userUniqueId")) for extra in objs(value.get("textExtra"))]
    for person in dict.fromkeys(person for person in people if person):
        record.edge("mentions", name, person, "account", post_id=pid, at=when[0])
    source = ident(dig(value, "duetInfo", "duetFromId"))
    if source and source != "0":
        record.edge("quotes", name, source, "post", post_id=pid, at=when[0])


def _place(value: dict[str, Any]) -> str | None:
    """Country where the post was made, as a JSON text."""
    country = some(value.get("locationCreated"))
    return f'{{"country": "{country}"}}' if country and country.isalpha() else None


def _counts(record: Record, value: dict[str, Any], pid: str) -> None:
    """The counts: exact where ``statsV2`` stands, else as ``stats`` says."""
    new, old = obj(value.get("statsV2")), obj(value.get("stats"))

    def stated(key: str) -> int | None:
        found = count(new.get(key))
        return found if found is not None else count(old.get(key))

    record.snapshot(
        "post_snapshots", None, post_id=pid, likes=stated("diggCount"), reposts=stated("shareCount"),
        replies=stated("commentCount"), views=stated("playCount"), bookmarks=stated("collectCount"),
    )  # fmt: skip


def _account(record: Record, name: str, owner: dict[str, Any], stats: dict[str, Any]) -> None:
    if not record.first("account", name):
        return
    record.add("accounts", id=name, id_kind="username", created_at=epoch(owner.get("createTime"))[0])
    record.snapshot(
        "account_snapshots", None, account_id=name, username=name, display_name=words(owner.get("nickname")),
        bio=words(owner.get("signature")), avatar=some(owner.get("avatarLarger")) or some(owner.get("avatarThumb")),
        verified=flag(owner.get("verified")), protected=flag(owner.get("privateAccount")),
        followers=count(stats.get("followerCount")), following=count(stats.get("followingCount")),
        posts=count(stats.get("videoCount")), likes=count(stats.get("heartCount")),
    )  # fmt: skip


def _media(record: Record, value: dict[str, Any], pid: str, at: Any) -> None:
    """The video, or the pictures of a post of pictures."""
    pictures = objs(dig(value, "imagePost", "images"))
    for number, picture in enumerate(pictures):
        urls = dig(picture, "imageURL", "urlList")
        url = some(urls[0]) if isinstance(urls, list) and urls else None
        record.add(
            "media", id=f"{pid}/{number}", post_id=pid, type="image", url=url,
            width=small(picture.get("imageWidth")), height=small(picture.get("imageHeight")),
            status="present" if url else "omitted",
        )  # fmt: skip
        record.edge("attaches", pid, f"{pid}/{number}", "media", post_id=pid, at=at)
    video = obj(value.get("video"))
    if video and not pictures:
        url = some(video.get("playAddr")) or some(video.get("downloadAddr"))
        record.add(
            "media", id=pid, post_id=pid, type="video", url=url, width=small(video.get("width")),
            height=small(video.get("height")), duration_ms=milliseconds(video.get("duration")),
            status="present" if url else "omitted",
        )  # fmt: skip
        record.edge("attaches", pid, pid, "media", post_id=pid, at=at)


def _comment(record: Record, value: dict[str, Any], parent: str | None) -> None:
    cid = required(ident(value.get("cid")), "comment id")
    if not record.first("comment", cid):
        return
    owner, video = obj(value.get("user")), ident(value.get("aweme_id"))
    name, reply = some(owner.get("unique_id")), ident(value.get("reply_id"))
    target = parent or (reply if reply and reply != "0" else video)
    when, text = epoch(value.get("create_time")), words(value.get("text"))
    record.add(
        "posts", id=cid, id_is_derived=False, kind="comment", account_id=name, author_name=name, **created(when),
        text=text, text_truncated=False, lang=some(value.get("comment_language")), thread_id=video,
        in_reply_to_id=target, visibility="public",
    )  # fmt: skip
    record.snapshot(
        "post_snapshots", None, post_id=cid, likes=count(value.get("digg_count")),
        replies=count(value.get("reply_comment_total")),
    )  # fmt: skip
    record.edge("replies", name, target, "post", post_id=cid, at=when[0])
    record.text_edges(name, text, post_id=cid, at=when[0])
    if name and record.first("account", name):
        avatars = dig(owner, "avatar_thumb", "url_list")
        record.add("accounts", id=name, id_kind="username")
        record.snapshot(
            "account_snapshots", None, account_id=name, username=name, display_name=words(owner.get("nickname")),
            bio=words(owner.get("signature")),
            avatar=some(avatars[0]) if isinstance(avatars, list) and avatars else None,
        )  # fmt: skip
    for answer in objs(value.get("reply_comment")):
        _comment(record, answer, cid)


READER = TikTokWeb()
