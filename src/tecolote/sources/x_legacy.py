"""Posts and accounts in the form of X API v1.1, which X's archives and its web pages' answers still carry inside.

The text is the whole one: ``extended_tweet.full_text``, ``full_text``, then ``text``, which may be cut.
Ids are read from ``id_str``, else from the JSON integer, exactly.
"""

from __future__ import annotations

import re
from typing import Any

from tecolote.sources.json_reader import Record, created
from tecolote.sources.shapes import (
    compact,
    count,
    dig,
    epoch,
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

_MEDIA = {"photo": "image", "video": "video", "animated_gif": "animation"}
_TAG = re.compile(r"<[^>]*>")


def ident_of(value: dict[str, Any], key: str = "id") -> str | None:
    """The id under ``key``, by its text form first."""
    return ident(value.get(f"{key}_str")) or ident(value.get(key))


def post(record: Record, value: dict[str, Any], author: dict[str, Any] | None = None, name: str | None = None) -> None:
    """A post with its author and the posts inside it.

    Args:
        record: the record that states it.
        value: the post.
        author: its author, where the post does not carry one.
        name: the author's name, where nothing else has it.

    Raises:
        Unreadable: it has no id, or one that lost digits.
    """
    pid = required(ident_of(value), "post id")
    if not record.first("post", pid):
        return
    owner = obj(value.get("user")) or author or {}
    account = ident_of(owner) or ident_of(value, "user_id")
    long = obj(value.get("extended_tweet"))
    whole = long or value
    when = moment(value.get("created_at"))
    reposted, quoted = obj(value.get("retweeted_status")), obj(value.get("quoted_status"))
    text, raw = unescaped(reposted or value)
    history = [ident(i) for i in seq(dig(value, "edit_history", "edit_tweet_ids"))]
    revision = history.index(pid) if pid in history else None
    protected = flag(owner.get("protected"))
    place = {k: value[k] for k in ("place", "coordinates") if value.get(k)}
    thread = ident_of(value, "conversation_id") or ident_of(value, "community_id")
    record.add(
        "posts", id=pid, id_is_derived=False, kind="post", account_id=account,
        author_name=some(owner.get("screen_name")) or some(owner.get("name")) or name, **created(when),
        edited_at=when[0] if revision else None, version_of=history[0] if revision else None, revision=revision,
        text=text, text_raw=raw, text_truncated=_truncated(reposted or value), lang=some(value.get("lang")),
        thread_id=thread,
        in_reply_to_id=ident_of(value, "in_reply_to_status_id"),
        visibility=None if protected is None else "followers" if protected else "public",
        source_app=some(_TAG.sub("", words(value.get("source")) or "")), place=compact(place),
        sensitive=flag(value.get("possibly_sensitive")),
    )  # fmt: skip
    record.snapshot(
        "post_snapshots", None, post_id=pid, likes=count(value.get("favorite_count")),
        reposts=count(value.get("retweet_count")), replies=count(value.get("reply_count")),
        quotes=count(value.get("quote_count")), views=count(value.get("view_count")),
        bookmarks=count(value.get("bookmark_count")),
    )  # fmt: skip
    if thread is not None and thread != pid:
        kind = "conversation" if ident_of(value, "conversation_id") else "group"
        record.add("threads", id=thread, type=kind, private=False)
    _references(record, value, account, when[0])
    entities(record, obj(whole.get("entities")), account, pid, when[0])
    media(record, whole, pid, when[0])
    withheld(record, value, "post", pid)
    if ident_of(owner) and ("screen_name" in owner or "name" in owner):
        user(record, owner)
    for inner in (reposted, quoted):
        if inner:
            post(record, inner)


def unescaped(value: dict[str, Any]) -> tuple[str | None, str | None]:
    """Whole text with X's three escapes undone, and the text as found where that differs."""
    found = words(dig(value, "extended_tweet", "full_text")) or words(value.get("full_text"))
    found = found if found is not None else words(value.get("text"))
    if found is None or "&" not in found:
        return found, None
    clean = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return clean, found if clean != found else None


def _truncated(value: dict[str, Any]) -> bool:
    if "retweeted_status_id_str" in value and not value.get("retweeted_status"):
        return (words(value.get("full_text")) or "").endswith("…")  # the post reposted is only referred to
    return value.get("truncated") is True and not obj(value.get("extended_tweet"))


def _references(record: Record, value: dict[str, Any], account: str | None, at: Any) -> None:
    """Edges to the post answered, reposted and quoted. What a reposted post quotes, its reposter does not quote."""
    pid = ident_of(value)
    answered, whom = ident_of(value, "in_reply_to_status_id"), ident_of(value, "in_reply_to_user_id")
    if answered:
        record.edge("replies", account, answered, "post", post_id=pid, dst_account_id=whom, at=at)
    elif whom:
        record.edge("replies", account, whom, "account", post_id=pid, at=at)
    reposted, quoted = obj(value.get("retweeted_status")), obj(value.get("quoted_status"))
    original = ident_of(reposted) or ident_of(value, "retweeted_status_id")
    if original:
        owner = ident_of(obj(reposted.get("user"))) or ident_of(reposted, "user_id")
        record.edge("reposts", account, original, "post", post_id=pid, dst_account_id=owner, at=at)
    else:
        owner = ident_of(obj(quoted.get("user")))
        target = ident_of(value, "quoted_status_id") or ident_of(quoted)
        record.edge("quotes", account, target, "post", post_id=pid, dst_account_id=owner, at=at)


def entities(record: Record, stated: dict[str, Any], account: str | None, pid: str, at: Any) -> None:
    """Edges to accounts, hashtags and links, each once a post; not the link by which a cut text points at itself."""
    found: dict[tuple[str, str | None, str], None] = {}
    for m in objs(stated.get("user_mentions")):
        known = ident_of(m)
        found["mentions", known or some(m.get("screen_name")), "account" if known else "account_name"] = None
    for h in objs(stated.get("hashtags")):
        found["hashtag", (some(h.get("text")) or "").lower() or None, "hashtag"] = None
    for u in objs(stated.get("urls")):
        link = some(u.get("expanded_url")) or some(u.get("url"))
        if link is None or not link.endswith(f"/i/web/status/{pid}"):
            found["links_to", link, "link"] = None
    for kind, target, target_kind in found:
        record.edge(kind, account, target, target_kind, post_id=pid, at=at)


def media(record: Record, whole: dict[str, Any], pid: str, at: Any) -> None:
    """Media of a post: ``extended_entities`` has all of them, ``entities`` only the first."""
    for m in objs(dig(whole, "extended_entities", "media")) or objs(dig(whole, "entities", "media")):
        key = required(ident_of(m), "media id")
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


def withheld(record: Record, value: dict[str, Any], kind: str, target: str) -> None:
    """The observation that a post or account is withheld in countries."""
    where = value.get("withheld_in_countries")
    codes = [c for c in map(some, where if isinstance(where, list) else (some(where) or "").split(",")) if c]
    if codes:
        reason = "copyright" if value.get("withheld_copyright") is True else some(value.get("withheld_scope"))
        record.observe(kind, target, "withheld", reason, jurisdiction=",".join(c.strip() for c in codes))


def user(record: Record, value: dict[str, Any]) -> None:
    """An account and its profile; a user object may carry the account's last post."""
    uid = required(ident_of(value), "account id")
    if record.first("account", uid):
        urls = objs(dig(value, "entities", "url", "urls"))
        address = some(urls[0].get("expanded_url")) if urls else None
        since = moment(value.get("created_at"))[0] or epoch(value.get("created_timestamp"), 1000)[0]
        record.add("accounts", id=uid, id_kind="native", created_at=since)
        record.snapshot(
            "account_snapshots", None, account_id=uid, username=some(value.get("screen_name")),
            display_name=words(value.get("name")), bio=words(value.get("description")),
            location=words(value.get("location")), url=address or some(value.get("url")),
            avatar=some(value.get("profile_image_url_https")) or some(value.get("profile_image_url")),
            verified=flag(value.get("verified")), verified_type=some(value.get("verified_type")),
            protected=flag(value.get("protected")), followers=count(value.get("followers_count")),
            following=count(value.get("friends_count")), posts=count(value.get("statuses_count")),
            likes=count(value.get("favourites_count")),
        )  # fmt: skip
        withheld(record, value, "account", uid)
    status = obj(value.get("status"))
    if status and ("text" in status or "full_text" in status):
        post(record, status, author=value)
