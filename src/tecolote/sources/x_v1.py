"""X API v1.1: posts (search, timelines, streams), users, lists of follower ids, stream notices.

The text is the whole one: ``extended_tweet.full_text``, ``full_text``, then ``text``, which may be cut.
Ids are read from ``id_str``, else from the JSON integer, exactly.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tecolote.sources.base import Chat, Source
from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse
from tecolote.sources.shapes import (
    compact,
    count,
    dig,
    flag,
    ident,
    moment,
    obj,
    objs,
    required,
    seq,
    small,
    some,
    words,
)
from tecolote.sources.x_observe import notice

_MEDIA = {"photo": "image", "video": "video", "animated_gif": "animation"}
_TAG = re.compile(r"<[^>]*>")
_ID_LIST = re.compile(rb'"ids"\s*:\s*\[\s*(?:"?\d|\])')
_ID_PAGE = {
    "ids", "next_cursor", "next_cursor_str", "previous_cursor", "previous_cursor_str", "total_count",
}  # fmt: skip
_MESSAGES = {
    "recipient_id", "[].recipient_id", "recipient.screen_name", "[].recipient.screen_name", "events[].message_create",
    "event.message_create", "message_create", "[].message_create", "direct_message.recipient_id",
}  # fmt: skip
_NOTICES = ("limit", "warning", "disconnect", "friends", "friends_str", "event", "scrub_geo", "control")


class XApiV1(JsonReader):
    """Reader of X API v1.1 data as saved by twarc 1, tweepy, stream captures and scripts."""

    name = "x_api_v1"
    version = "1"
    title = "X API v1.1 (JSON, JSON Lines)"
    obtained = "twarc 1, tweepy, or the API's own responses saved as files, before the API closed in 2023"
    proven = True
    platform = "x"
    into: ClassVar[frozenset[str]] = frozenset({"statuses", "users"})

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for posts, users, pages of them and lists of ids, as v1.1 writes them."""
        keys = glimpse(head)
        if _MESSAGES & keys:
            return 0.9
        for at in ("", "[].", "statuses[].", "users[]."):
            ided = {f"{at}id_str", f"{at}id"} & keys
            if ided and f"{at}screen_name" in keys:
                return 0.9
            text = {f"{at}text", f"{at}full_text", f"{at}extended_tweet.full_text"} & keys
            if ided and text and ({f"{at}user.screen_name", f"{at}user.id_str", f"{at}in_reply_to_status_id"} & keys):
                return 0.9
        if "ids" in keys and keys <= _ID_PAGE and _ID_LIST.search(head):
            return 0.9
        return (
            0.9
            if keys & {"delete.status.id_str", "delete.status.id", "status_withheld.id", "search_metadata.count"}
            else 0.0
        )

    def chats(self, source: Source) -> list[Chat]:
        """Direct messages, if the file holds some; posts are public."""
        if _MESSAGES & glimpse(source.head):
            return [Chat("direct messages", "X direct messages", private=True)]
        return []

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post, a user, a page of ids or a stream notice."""
        if not isinstance(value, dict):
            raise Unreadable("neither a post nor a user")
        if "message_create" in value or "recipient_id" in value or "recipient" in value or "events" in value:
            raise Unreadable("a direct message: private, not read; import posts")
        if "text" in value or "full_text" in value or "extended_tweet" in value:
            _post(record, value)
        elif "screen_name" in value:
            _user(record, value)
        elif "ids" in value:
            _ids(record, value)
        elif not _notice(record, value):
            raise Unreadable("neither a post, a user, a list of ids nor a stream notice")


def _notice(record: Record, value: dict[str, Any]) -> bool:
    if any(notice(record.sink, record.rec, key, obj(body), record.options) for key, body in value.items()):
        return True
    told = next((key for key in _NOTICES if key in value), None)
    if told is not None:
        record.sink.note(f"a stream notice without a post: {told}")
    return told is not None


def _ids(record: Record, value: dict[str, Any]) -> None:
    """A page of followers/ids or friends/ids: it does not say whose they are, so it states accounts only."""
    for found in seq(value["ids"]):
        record.add("accounts", id=required(found, "account id"), id_kind="native")
    record.sink.note("the file does not say whose followers or friends these ids are: no follows edges")


def _id(value: dict[str, Any], key: str = "id") -> str | None:
    return ident(value.get(f"{key}_str")) or ident(value.get(key))


def _post(record: Record, value: dict[str, Any], author: dict[str, Any] | None = None) -> None:
    """A post with its author and the posts inside it."""
    pid = required(_id(value), "post id")
    if not record.first("post", pid):
        return
    user = obj(value.get("user")) or author or {}
    account = _id(user)
    long = obj(value.get("extended_tweet"))
    whole = long or value
    when = moment(value.get("created_at"))
    reposted, quoted = obj(value.get("retweeted_status")), obj(value.get("quoted_status"))
    text, raw = _text(reposted or value)
    history = [ident(i) for i in seq(dig(value, "edit_history", "edit_tweet_ids"))]
    revision = history.index(pid) if pid in history else None
    protected = flag(user.get("protected"))
    place = {k: value[k] for k in ("place", "coordinates") if value.get(k)}
    record.add(
        "posts", id=pid, id_is_derived=False, kind="post", account_id=account,
        author_name=some(user.get("screen_name")) or some(user.get("name")), **created(when),
        edited_at=when[0] if revision else None, version_of=history[0] if revision else None, revision=revision,
        text=text, text_raw=raw, text_truncated=_truncated(reposted or value), lang=some(value.get("lang")),
        in_reply_to_id=_id(value, "in_reply_to_status_id"),
        visibility=None if protected is None else "followers" if protected else "public",
        source_app=some(_TAG.sub("", words(value.get("source")) or "")), place=compact(place),
        sensitive=flag(value.get("possibly_sensitive")),
    )  # fmt: skip
    record.snapshot(
        "post_snapshots", None, post_id=pid, likes=count(value.get("favorite_count")),
        reposts=count(value.get("retweet_count")), replies=count(value.get("reply_count")),
        quotes=count(value.get("quote_count")),
    )  # fmt: skip
    _references(record, value, account, when[0])
    _entities(record, obj(whole.get("entities")), account, pid, when[0])
    _media(record, whole, pid, when[0])
    _withheld(record, value, "post", pid)
    if user and account and ("screen_name" in user or "name" in user):
        _user(record, user)
    for inner in (reposted, quoted):
        if inner:
            _post(record, inner)


def _text(value: dict[str, Any]) -> tuple[str | None, str | None]:
    """Whole text with X's three escapes undone, and the text as found where that differs."""
    found = words(dig(value, "extended_tweet", "full_text")) or words(value.get("full_text"))
    found = found if found is not None else words(value.get("text"))
    if found is None or "&" not in found:
        return found, None
    clean = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return clean, found if clean != found else None


def _truncated(value: dict[str, Any]) -> bool:
    return value.get("truncated") is True and not obj(value.get("extended_tweet"))


def _references(record: Record, value: dict[str, Any], account: str | None, at: Any) -> None:
    """Edges to the post answered, reposted and quoted. What a reposted post quotes, its reposter does not quote."""
    pid = _id(value)
    answered, whom = _id(value, "in_reply_to_status_id"), _id(value, "in_reply_to_user_id")
    if answered:
        record.edge("replies", account, answered, "post", post_id=pid, dst_account_id=whom, at=at)
    elif whom:
        record.edge("replies", account, whom, "account", post_id=pid, at=at)
    reposted, quoted = obj(value.get("retweeted_status")), obj(value.get("quoted_status"))
    if reposted:
        owner = _id(obj(reposted.get("user")))
        record.edge("reposts", account, _id(reposted), "post", post_id=pid, dst_account_id=owner, at=at)
    else:
        owner = _id(obj(quoted.get("user")))
        target = _id(value, "quoted_status_id") or _id(quoted)
        record.edge("quotes", account, target, "post", post_id=pid, dst_account_id=owner, at=at)


def _entities(record: Record, entities: dict[str, Any], account: str | None, pid: str, at: Any) -> None:
    """Edges to accounts, hashtags and links, each once a post; not the link by which a cut text points at itself."""
    found: dict[tuple[str, str | None, str], None] = {}
    for m in objs(entities.get("user_mentions")):
        known = _id(m)
        found["mentions", known or some(m.get("screen_name")), "account" if known else "account_name"] = None
    for h in objs(entities.get("hashtags")):
        found["hashtag", (some(h.get("text")) or "").lower() or None, "hashtag"] = None
    for u in objs(entities.get("urls")):
        link = some(u.get("expanded_url")) or some(u.get("url"))
        if link is None or not link.endswith(f"/i/web/status/{pid}"):
            found["links_to", link, "link"] = None
    for kind, target, target_kind in found:
        record.edge(kind, account, target, target_kind, post_id=pid, at=at)


def _media(record: Record, whole: dict[str, Any], pid: str, at: Any) -> None:
    """Media of a post: ``extended_entities`` has all of them, ``entities`` only the first."""
    for m in objs(dig(whole, "extended_entities", "media")) or objs(dig(whole, "entities", "media")):
        key = required(_id(m), "media id")
        videos = [v for v in objs(dig(m, "video_info", "variants")) if some(v.get("url"))]
        best = max(videos, key=lambda v: count(v.get("bitrate")) or -1, default={})
        size = obj(m.get("original_info")) or obj(dig(m, "sizes", "large"))
        address = some(best.get("url")) or some(m.get("media_url_https")) or some(m.get("media_url"))
        kind = some(m.get("type")) or "photo"
        record.add(
            "media", id=key, post_id=pid, type=_MEDIA.get(kind, kind), url=address,
            mime=some(best.get("content_type")), width=small(size.get("width", size.get("w"))),
            height=small(size.get("height", size.get("h"))),
            duration_ms=count(dig(m, "video_info", "duration_millis")), alt_text=some(m.get("ext_alt_text")),
            status="present" if address else "omitted",
        )  # fmt: skip
        record.edge("attaches", pid, key, "media", post_id=pid, at=at)


def _withheld(record: Record, value: dict[str, Any], kind: str, target: str) -> None:
    where = value.get("withheld_in_countries")
    codes = [c for c in map(some, where if isinstance(where, list) else str(where or "").split(",")) if c]
    if codes:
        reason = "copyright" if value.get("withheld_copyright") is True else some(value.get("withheld_scope"))
        record.observe(kind, target, "withheld", reason, jurisdiction=",".join(c.strip() for c in codes))


def _user(record: Record, user: dict[str, Any]) -> None:
    """An account and its profile; a user object may carry the account's last post."""
    uid = required(_id(user), "account id")
    if record.first("account", uid):
        urls = objs(dig(user, "entities", "url", "urls"))
        address = some(urls[0].get("expanded_url")) if urls else None
        record.add("accounts", id=uid, id_kind="native", created_at=moment(user.get("created_at"))[0])
        record.snapshot(
            "account_snapshots", None, account_id=uid, username=some(user.get("screen_name")),
            display_name=words(user.get("name")), bio=words(user.get("description")),
            location=words(user.get("location")), url=address or some(user.get("url")),
            avatar=some(user.get("profile_image_url_https")) or some(user.get("profile_image_url")),
            verified=flag(user.get("verified")), verified_type=some(user.get("verified_type")),
            protected=flag(user.get("protected")), followers=count(user.get("followers_count")),
            following=count(user.get("friends_count")), posts=count(user.get("statuses_count")),
            likes=count(user.get("favourites_count")),
        )  # fmt: skip
        _withheld(record, user, "account", uid)
    status = obj(user.get("status"))
    if status and ("text" in status or "full_text" in status):
        _post(record, status, author=user)


READER = XApiV1()
