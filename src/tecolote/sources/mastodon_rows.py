"""Rows of Mastodon's statuses and accounts; the ids are explained in `mastodon`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tecolote.sources.html_text import MAX_HTML, plain
from tecolote.sources.json_reader import Record, created
from tecolote.sources.shapes import (
    compact,
    count,
    dig,
    flag,
    ident,
    milliseconds,
    moment,
    obj,
    objs,
    required,
    small,
    some,
    words,
)

VISIBILITY = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "private"}
_MEDIA = {"image": "image", "video": "video", "gifv": "animation", "audio": "audio"}
Parent = Callable[[dict[str, Any]], str | None]


def said(record: Record, html: Any, warning: Any = None) -> tuple[str | None, str | None]:
    """Text and text as found: the warning, then what the HTML says."""
    found = words(html) or ""
    if len(found) > MAX_HTML:
        record.sink.note("HTML longer than any post is cut")
    text = "\n\n".join(part for part in (some(warning), plain(found)[0]) if part) or None
    return text, None if text == found else found or None


def account(record: Record, value: dict[str, Any]) -> str:
    """An account with its profile; its id.

    Raises:
        Unreadable: it has neither ``uri`` nor ``url``.
    """
    key = required(value.get("uri") or value.get("url"), "address of the account", numeric=False)
    if not record.first("account", key):
        return key
    record.add("accounts", id=key, id_kind="actor_uri", created_at=moment(value.get("created_at"))[0])
    record.snapshot(
        "account_snapshots", None, account_id=key, username=some(value.get("acct")) or some(value.get("username")),
        display_name=some(value.get("display_name")), bio=plain(words(value.get("note")) or "")[0],
        url=some(value.get("url")), avatar=some(value.get("avatar")), protected=flag(value.get("locked")),
        followers=count(value.get("followers_count")), following=count(value.get("following_count")),
        posts=count(value.get("statuses_count")), verified_type="bot" if value.get("bot") is True else None,
    )  # fmt: skip
    if value.get("suspended") is True:
        record.observe("account", key, "suspended", "suspended")
    if value.get("limited") is True:
        record.observe("account", key, "restricted", "limited")
    return key


def status(record: Record, value: dict[str, Any], parent: Parent, accounts: dict[str, str]) -> str:
    """A status with everything it states; its id."""
    post = required(value.get("uri") or value.get("url"), "address of the status", numeric=False)
    who = obj(value.get("account"))
    if not who.get("uri") and "/statuses/" in post:
        # Servers before 4.2 do not state it; the address of a post begins with its author's.
        who = who | {"uri": post.partition("/statuses/")[0]}
    author = account(record, who)
    if not record.first("post", post):
        return post
    when = moment(value.get("created_at"))
    origin = obj(value.get("reblog"))
    text, raw = (None, None) if origin else said(record, value.get("content"), value.get("spoiler_text"))
    answered = parent(value)
    record.add(
        "posts", id=post, id_is_derived=False, kind="post", account_id=author,
        author_name=some(dig(value, "account", "acct")), **created(when), edited_at=moment(value.get("edited_at"))[0],
        text=text, text_raw=raw, lang=some(value.get("language")), in_reply_to_id=answered,
        visibility=VISIBILITY.get(str(value.get("visibility"))), url=some(value.get("url")),
        source_app=some(dig(value, "application", "name")), sensitive=flag(value.get("sensitive")),
    )  # fmt: skip
    if origin:
        boosted(record, author, origin, value.get("created_at"), post)
        status(record, origin, parent, accounts)
        return post
    _counts(record, post, value)
    _media(record, post, value)
    _edges(record, post, value, author, when[0], accounts)
    if answered:
        target = ident(value.get("in_reply_to_account_id"))
        record.edge(
            "replies", author, answered, "post", post_id=post, at=when[0], dst_account_id=accounts.get(target or "")
        )
    quoted = obj(value.get("quote"))
    quoted = obj(quoted.get("quoted_status")) or (quoted if "content" in quoted else {})
    if quoted:
        target = status(record, quoted, parent, accounts)
        owner = some(dig(quoted, "account", "uri"))
        record.edge("quotes", author, target, "post", post_id=post, at=when[0], dst_account_id=owner)
    return post


def boosted(record: Record, who: str, origin: dict[str, Any], at: Any, post: str | None = None) -> None:
    """That ``who`` reposted a status."""
    record.edge(
        "reposts", who, some(origin.get("uri")) or some(origin.get("url")), "post", post_id=post, at=moment(at)[0],
        dst_account_id=some(dig(origin, "account", "uri")),
    )  # fmt: skip


def version(record: Record, value: dict[str, Any], chain: str, number: int) -> None:
    """A version of an edited status: ``created_at`` is when this version was written."""
    author = account(record, obj(value.get("account")))
    when = moment(value.get("created_at"))
    text, raw = said(record, value.get("content"), value.get("spoiler_text"))
    post = f"{chain}/{number}"
    record.add(
        "posts", id=post, id_is_derived=True, kind="post", account_id=author,
        author_name=some(dig(value, "account", "acct")), **created(when), edited_at=when[0] if number else None,
        version_of=f"{chain}/0", revision=number, text=text, text_raw=raw, sensitive=flag(value.get("sensitive")),
    )  # fmt: skip
    _media(record, post, value)
    _edges(record, post, value, author, when[0], {})


def _counts(record: Record, post: str, value: dict[str, Any]) -> None:
    votes = {
        str(option.get("title")): number
        for option in objs(dig(value, "poll", "options"))
        if (number := count(option.get("votes_count"))) is not None
    }
    record.snapshot(
        "post_snapshots", None, post_id=post, likes=count(value.get("favourites_count")),
        reposts=count(value.get("reblogs_count")), replies=count(value.get("replies_count")),
        quotes=count(value.get("quotes_count")), reactions=compact(votes),
    )  # fmt: skip


def _media(record: Record, post: str, value: dict[str, Any]) -> None:
    for number, item in enumerate(objs(value.get("media_attachments"))):
        size = obj(dig(item, "meta", "original"))
        url = some(item.get("url")) or some(item.get("remote_url"))
        record.add(
            "media", id=f"{post}/{ident(item.get('id')) or number}", post_id=post,
            type=_MEDIA.get(str(item.get("type")), "document"), url=url, width=small(size.get("width")),
            height=small(size.get("height")), duration_ms=milliseconds(size.get("duration")),
            alt_text=some(item.get("description")), status="present" if url else "unavailable",
        )  # fmt: skip


def _edges(
    record: Record, post: str, value: dict[str, Any], author: str, at: datetime | None, accounts: dict[str, str]
) -> None:
    for mention in objs(value.get("mentions")):
        known = accounts.get(str(mention.get("id")))
        name = some(mention.get("acct")) or some(mention.get("username"))
        record.edge("mentions", author, known or name, "account" if known else "account_name", post_id=post, at=at)
    for tag in objs(value.get("tags")):
        name = some(tag.get("name"))
        record.edge("hashtag", author, name and name.lower(), "hashtag", post_id=post, at=at)
    links = [a.href for a in plain(words(value.get("content")) or "")[1] if not a.classes & {"mention", "hashtag"}]
    card = some(dig(value, "card", "url"))
    quoted = some(dig(value, "quote", "quoted_status", "url"))
    for link in dict.fromkeys([*links, *([card] if card else [])]):
        if link != quoted:
            record.edge("links_to", author, link, "link", post_id=post, at=at)
