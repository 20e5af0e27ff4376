"""Reddit: comments and submissions as dumps (JSON Lines, ``.zst``), API listings and threads.

Ids are full names (``t1_...`` comment, ``t3_...`` submission), because the bare id of a comment may be that of a
submission too. An account is its username, which never changes on Reddit; ``[deleted]`` is nobody's.

``score`` is votes for less votes against and stands as ``likes``; one below zero has no place there and is kept in
``reactions``. A hidden score is null. ``[deleted]`` (by its author) and ``[removed]`` (by moderators or the site) are
observations and never the text. Dumps and the API escape ``&``, ``<`` and ``>`` unless asked not to (``raw_json=1``);
whether they did is seen in ``body_html``.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tecolote.sources.base import Options, Sink, Source
from tecolote.sources.chat_state import read_pieces
from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Piece, Unreadable, by_lines, glimpse
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
)

_COMMENT = {"body", "link_id", "parent_id"}
_SUBMISSION = {"title", "selftext", "is_self", "num_comments", "over_18", "domain"}
#: Deeper than a glimpse reaches: a thread of the API is a list of listings.
_DEEP = re.compile(rb'"subreddit(?:_id)?"\s*:')
_USER = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})(?![\w-])")
_NOBODY = {"[deleted]", "[deleted by user]", "[removed]"}
#: As Reddit writes them, to the letter: what a person types in capitals is a text.
_MARK = re.compile(r"\[(?:(deleted|removed)(?: by user)?| ?Removed by [Rr]eddit(?: [^\[\]]{1,120}?)? ?)\]")
_ESCAPES = re.compile("&(amp|lt|gt);")
_ANIMATED = {"AnimatedImage": "animation", "RedditVideo": "video"}
_PLAIN = {"amp": "&", "lt": "<", "gt": ">"}
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp)$", re.IGNORECASE)


class Reddit(JsonReader):
    """Reader of Reddit's comments and submissions; see the module's words."""

    name = "reddit"
    version = "2"
    title = "Reddit comments and submissions (JSON Lines, .zst dumps, API)"
    obtained = "monthly dumps (Pushshift, Arctic Shift), their search, or the API (listings, threads, PRAW)"
    proven = True
    platform = "reddit"
    into: ClassVar[frozenset[str]] = frozenset({"data", "children"})

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where a comment or submission names its subreddit."""
        keys = set()
        for key in glimpse(head):
            key = key.removeprefix("[].")
            keys.add(key)
            keys.add(key.removeprefix("data.").removeprefix("[].").removeprefix("children[].data."))
        if "data.children[].kind" in keys and _DEEP.search(head):
            return 0.9
        if not keys & {"subreddit", "subreddit_id"}:
            return 0.0
        return 0.9 if len(keys & _COMMENT) > 1 or len(keys & _SUBMISSION) > 1 else 0.0

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records; the lines of a dump are records as they are and are not looked through for lists."""
        head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if head.startswith(b"[") or b'"children"' in head or not by_lines(source):
            super().read(source, sink, options)
            return
        for number, start, line in source.lines():
            raw = line.removeprefix(b"\xef\xbb\xbf").lstrip()
            piece = Piece(start + len(line) - len(raw), raw.rstrip(), f"line {number}", "", {})
            if piece.raw:
                read_pieces([piece], sink, options, self.platform, self.rows)

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a comment, a submission or a listing of them."""
        if not isinstance(value, dict):
            raise Unreadable("neither a comment nor a submission")
        _thing(record, value)


def _thing(record: Record, value: dict[str, Any]) -> None:
    """What the API wraps into ``kind`` and ``data``, or the object itself."""
    kind, data = value.get("kind"), obj(value.get("data"))
    if kind == "Listing":
        for child in objs(data.get("children")):
            _thing(record, child)
        return
    if kind == "more":
        record.sink.note("comments that a listing leaves out ('more') are not in the file")
        return
    inner = data if kind in ("t1", "t3") else value
    if "body" in inner or str(inner.get("name")).startswith("t1_"):
        _comment(record, inner)
    elif "title" in inner or "selftext" in inner:
        _submission(record, inner)
    else:
        raise Unreadable("neither a comment nor a submission")


def _full(value: dict[str, Any], prefix: str) -> str:
    """The full name."""
    name = ident(value.get("name"), numeric=False)
    if name and name.startswith(prefix):
        return name
    bare = required(_text_id(value.get("id")), "id", numeric=False)
    return bare if bare.startswith(prefix) else prefix + bare


def _text_id(value: Any) -> str | None:
    """An id as Reddit writes it, in base 36.

    Raises:
        Unreadable: a number. Of base 10 or of digits that a program took for a number: nobody can tell.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        raise Unreadable(f"id {str(value)[:40]} is a number and not Reddit's text: export ids as text")
    return ident(value, numeric=False)


def _base36(number: int) -> str:
    """The same number as Reddit writes it.

    Raises:
        Unreadable: no id can be so large, or below one.
    """
    if not 0 < number < 1 << 63:
        raise Unreadable("a number that can be no id")
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _comment(record: Record, value: dict[str, Any]) -> None:
    post = _full(value, "t1_")
    if not record.first("post", post):
        return
    link = _text_id(value.get("link_id"))
    link = f"t3_{link}" if link and not link.startswith("t3_") else link
    stated = value.get("parent_id")
    # Pushshift's API of 2022 and 2023 gave the comment answered as the number that its id writes in base 36.
    if isinstance(stated, int) and not isinstance(stated, bool):
        stated = f"t1_{_base36(stated)}"
    parent = _text_id(stated) or link
    at = _post(record, post, value, "comment", _text(value, value.get("body"), "body_html"), link, parent)
    author = _author(value)
    asked = some(value.get("link_author")) if parent == link else None
    record.edge(
        "replies", author, parent, "post", post_id=post, at=at, dst_account_id=None if asked in _NOBODY else asked
    )
    if link:
        record.add(
            "threads", id=link, title=_plain(value, some(value.get("link_title"))), type="conversation", private=False
        )
    answers = value.get("replies")
    if isinstance(answers, dict):
        _thing(record, answers)


def _submission(record: Record, value: dict[str, Any]) -> None:
    post = _full(value, "t3_")
    if not record.first("post", post):
        return
    title = _text(value, value.get("title"), "selftext_html")
    body = _text(value, value.get("selftext"), "selftext_html")
    text = tuple("\n\n".join(p for p in pair if p) or None for pair in zip(title, body, strict=True))
    at = _post(record, post, value, "post", (text[0], text[1]), post, None)
    author = _author(value)
    record.add("threads", id=post, title=title[0], type="conversation", private=False)
    url = _plain(value, some(value.get("url_overridden_by_dest")) or some(value.get("url")))
    if url and value.get("is_self") is not True and "://" in url and url not in (text[0] or ""):
        record.edge("links_to", author, url, "link", post_id=post, at=at)
    _media(record, post, value, url)
    origin = ident(value.get("crosspost_parent"), numeric=False)
    parents = objs(value.get("crosspost_parent_list"))
    if origin:
        owner = _author(parents[0]) if parents else None
        record.edge("reposts", author, origin, "post", post_id=post, at=at, dst_account_id=owner)
    for parent in parents:
        _submission(record, parent)


def _post(
    record: Record, post: str, value: dict[str, Any], kind: str, text: tuple[str | None, str | None],
    thread: str | None, parent: str | None,
) -> Any:  # fmt: skip
    """What comments and submissions share; the time of writing."""
    author, when = _author(value), epoch(value.get("created_utc"))
    seen = _seen(value)
    said, raw = text
    link = some(value.get("permalink"))
    if link and link.startswith("/"):
        link = "https://www.reddit.com" + link
    edited = value.get("edited")
    record.add(
        "posts", id=post, id_is_derived=False, kind=kind, account_id=author, author_name=some(value.get("author")),
        **created(when), edited_at=None if isinstance(edited, bool) else epoch(edited)[0], text=said,
        text_raw=None if said == raw else raw, thread_id=thread, in_reply_to_id=parent, visibility="public", url=link,
        sensitive=flag(value.get("over_18")),
    )  # fmt: skip
    if author:
        record.add("accounts", id=author, id_kind="username")
    score = None if value.get("score_hidden") is True or value.get("hide_score") is True else value.get("score")
    below = {"score": score} if isinstance(score, int) and score < 0 else None
    record.snapshot(
        "post_snapshots", seen, post_id=post, likes=count(score), replies=count(value.get("num_comments")),
        reposts=count(value.get("num_crossposts")), views=count(value.get("view_count")), reactions=compact(below),
    )  # fmt: skip
    group = ident(value.get("subreddit_id"), numeric=False)
    if group and record.first("thread", group):
        record.add("threads", id=group, title=some(value.get("subreddit")), type="subreddit", private=False)
    record.text_edges(author, said, post_id=post, at=when[0])
    for name in dict.fromkeys(_USER.findall(said or "")):
        record.edge("mentions", author, name, "account", post_id=post, at=when[0])
    _states(record, post, value, seen)
    return when[0]


def _author(value: dict[str, Any]) -> str | None:
    name = some(value.get("author"))
    return None if name in _NOBODY else name


def _seen(value: dict[str, Any]) -> Any:
    """When a dump took the record: first look, or the second where a dump updates its counts."""
    found = dig(value, "_meta", "retrieved_2nd_on") or value.get("retrieved_on") or value.get("retrieved_utc")
    return epoch(found)[0]


def _plain(value: dict[str, Any], text: str | None, html: str = "") -> str | None:
    """``text`` without the three escapes, unless the markup beside it shows that there are none."""
    shown = some(value.get(html)) or some(value.get("body_html")) or some(value.get("selftext_html")) or ""
    if text is None or "&" not in text or "<div" in shown:
        return text
    return _ESCAPES.sub(lambda found: _PLAIN[found[1]], text)


def _text(value: dict[str, Any], text: Any, html: str) -> tuple[str | None, str | None]:
    """Text and text as found; None for the marks of what is gone."""
    found = some(text)
    if found is None or _MARK.fullmatch(found.strip()):
        return None, None
    return _plain(value, found, html), found


def _states(record: Record, post: str, value: dict[str, Any], seen: Any) -> None:
    """Deleted by the author, removed by others: never the same, and in the platform's words."""
    by = some(value.get("removed_by_category")) or some(value.get("removal_reason"))
    marks = {
        mark[1] or "removed": str(text)
        for text in (value.get("body"), value.get("selftext"), value.get("title"))
        if isinstance(text, str) and (mark := _MARK.fullmatch(text.strip()))
    }
    at = {"observed_at": seen} if seen else {}
    if by == "deleted" or ("deleted" in marks and not by):
        record.observe("post", post, "deleted", by or marks["deleted"], **at)
    elif by or marks:
        record.observe("post", post, "restricted", by or next(iter(marks.values())), **at)


def _media(record: Record, post: str, value: dict[str, Any], url: str | None) -> None:
    video = obj(dig(value, "secure_media", "reddit_video")) or obj(dig(value, "media", "reddit_video"))
    gallery = obj(value.get("media_metadata"))
    if video:
        record.add(
            "media", id=f"{post}/0", post_id=post, type="animation" if video.get("is_gif") is True else "video",
            url=_plain(value, some(video.get("fallback_url"))), width=small(video.get("width")),
            height=small(video.get("height")), duration_ms=milliseconds(video.get("duration")), status="present",
        )  # fmt: skip
    elif url and (value.get("post_hint") == "image" or _IMAGE.search(_path(url))):
        record.add("media", id=f"{post}/0", post_id=post, type="image", url=url, status="present")
    for key, item in gallery.items():
        source = obj(obj(item).get("s"))
        address = some(source.get("u")) or some(source.get("gif"))
        record.add(
            "media", id=ident(key, numeric=False), post_id=post, url=_plain(value, address),
            mime=some(obj(item).get("m")), type=_ANIMATED.get(str(obj(item).get("e")), "image"),
            width=small(source.get("x")), height=small(source.get("y")), status="present" if address else "omitted",
        )  # fmt: skip


def _path(url: str) -> str:
    """The path of an address, '' if it has none that can be read."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


READER = Reddit()
