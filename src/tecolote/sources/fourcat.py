"""Datasets of 4CAT: the mapped items of any datasource as CSV, or as JSON Lines with the same names.

The columns differ by datasource; these are common: ``id, thread_id, body, author, timestamp``. ``timestamp`` is UTC
without saying so and ``unix_timestamp`` the same moment; lists are joined by commas, truth values are yes and no, a
hidden count is empty or -1. The raw items of 4CAT (``__import_meta``) are read by the readers of their platforms.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tecolote.sources.base import Options, Sink, Source
from tecolote.sources.csv_columns import platform_of
from tecolote.sources.csv_reader import Cells, CsvReader, Profiles
from tecolote.sources.csv_values import Values
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Piece, Unreadable, glimpse, pieces
from tecolote.sources.shapes import compact, each
from tecolote.sources.text_edges import edges_of

_QUOTED = ("quote_tweet_id", "quoted_id")
_LINK = ("link", "url", "tiktok_url", "comment_url", "post_url", "permalink")
#: A column that only one platform's datasources have.
_OF_PLATFORM = (
    ("retweet_count", "x"), ("is_retweet", "x"), ("tiktok_url", "tiktok"), ("is_duet", "tiktok"),
    ("num_media", "instagram"), ("author_is_bot", "telegram"), ("subreddit", "reddit"), ("page_id", "facebook"),
)  # fmt: skip
_COUNTS = {
    "likes": ("like_count", "num_likes", "likes_count", "likes"),
    "reposts": ("retweet_count", "repost_count", "reposts", "shares", "forwards"),
    "replies": ("reply_count", "num_comments", "comments", "replies", "num_replies"),
    "quotes": ("quote_count", "quotes"),
    "views": ("impression_count", "plays", "views", "view_count", "viewed", "views_post"),
    "bookmarks": ("bookmark_count", "bookmarks", "collects"),
}
_REACTION = re.compile(r"likes_(love|wow|haha|sad|angry|care)")


class FourCat(CsvReader):
    """Reader of 4CAT's datasets."""

    name = "fourcat"
    version = "2"
    title = "4CAT dataset (CSV, mapped JSON Lines)"
    obtained = "4CAT: a dataset's result page, Download as CSV"
    proven = True
    needles = (b"thread_id", b"body", b"author", b"timestamp")
    marks: ClassVar[frozenset[str]] = frozenset({"id", "thread_id", "body", "author", "timestamp"})

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for a table, 0.85 for JSON Lines, with the columns of 4CAT."""
        keys = glimpse(head)
        if keys:
            return 0.85 if self.marks | {"unix_timestamp"} <= {key.removeprefix("[].") for key in keys} else 0.0
        return super().sniff(head, name)

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all rows; see `tecolote.sources.base.Reader`."""
        if not glimpse(source.head):
            super().read(source, sink, options)
            return
        values, profiles = Values(options, sink.note), Profiles()
        for piece in pieces(source, sink, frozenset()):

            def rows(rec: int, value: Any, piece: Piece = piece) -> None:
                if not isinstance(value, dict):
                    raise Unreadable("not an item of 4CAT")
                self.row(Record(sink, options, piece, rec, ""), Cells.of_json(value, values), profiles)

            each(piece, sink, rows)

    def row(self, record: Record, cells: Cells, profiles: Profiles) -> None:
        """Rows of one item."""
        record.platform = _platform(cells)
        post = cells.ident("id")
        if post is None:
            raise Unreadable("no post id")
        account = _account(record, cells, profiles)
        at = cells.moment("unix_timestamp", "timestamp")
        edited = cells.moment("unix_timestamp_edited", "timestamp_edited")[0]
        thread, url, text = cells.ident("thread_id"), cells.words(*_LINK), cells.words("body")
        answered = _answered(record.platform, cells, post, thread)
        place = {k: v for k in ("place_name", "long_lat", "location_name", "location_city") if (v := cells.words(k))}
        comment = answered is not None and record.platform in ("tiktok", "reddit", "youtube", "instagram")
        record.add(
            "posts", id=post, id_is_derived=False, kind="comment" if comment else "post", account_id=account,
            author_name=cells.words("author_username", "author", "author_name"), **created(at), edited_at=edited,
            text=text, lang=cells.words("language_guess", "lang", "language"), thread_id=thread,
            in_reply_to_id=answered, url=url, source_app=cells.words("source"), place=compact(place),
            sensitive=cells.flag("possibly_sensitive", "is_sensitive"),
        )  # fmt: skip
        if thread is not None and thread != post:
            kind = {"telegram": "channel", "reddit": "conversation"}.get(record.platform, "conversation")
            record.add("threads", id=thread, type=kind, private=False)
        _counts(record, cells, post)
        _media(record, cells, post, at[0])
        _edges(record, cells, post, account, at[0], answered, text)
        if cells.flag("is_withheld"):
            record.observe("post", post, "withheld", None)
        quoted = cells.ident(*_QUOTED)
        if quoted is not None and cells.flag("is_quote_withheld"):
            record.observe("post", quoted, "withheld", None)


def _platform(cells: Cells) -> str:
    found = platform_of(cells.words(*_LINK) or "") or platform_of(cells.get("collected_from_url") or "")
    return found or next((name for column, name in _OF_PLATFORM if column in cells.cells), "unknown")


def _account(record: Record, cells: Cells, profiles: Profiles) -> str | None:
    """The author: by id, else by name."""
    stated, author = cells.ident("author_id", "page_id"), cells.words("author")
    native = stated or (author if record.platform == "telegram" and author and author.isdigit() else None)
    account = native or author
    if account is None:
        return None
    kind = "did" if account.startswith("did:") else "native" if native else "username"
    profiles.add(
        record, account, kind, username=cells.words("author_username") or (None if author == native else author),
        display_name=cells.words("author_fullname", "author_full", "author_name", "page_name"),
        bio=cells.words("author_description", "author_bio", "page_description"),
        avatar=cells.words("author_avatar_url", "author_avatar"), verified=cells.flag("verified", "author_verified"),
        followers=cells.count("author_followers", "page_followers"), posts=cells.count("author_videos"),
        likes=cells.count("author_likes"),
    )  # fmt: skip
    return account


def _answered(platform: str, cells: Cells, post: str, thread: str | None) -> str | None:
    """The post that this one answers, where a column names it."""
    stated = cells.ident("in_reply_to_id", "reply_to", "post_id", "replied_to_id")
    if stated is None or stated == post:
        return None
    if platform == "telegram" and stated.isdigit() and "-" in post:
        return f"{post.rsplit('-', 1)[0]}-{stated}"
    return stated


def _counts(record: Record, cells: Cells, post: str) -> None:
    counts: dict[str, Any] = {name: cells.count(*columns) for name, columns in _COUNTS.items()}
    reactions = {
        found[1]: number
        for name in cells.cells
        if (found := _REACTION.fullmatch(name)) and (number := cells.count(name)) is not None
    }
    if reactions or any(value is not None for value in counts.values()):
        record.snapshot("post_snapshots", None, post_id=post, **counts, reactions=compact(reactions))


def _media(record: Record, cells: Cells, post: str, at: Any) -> None:
    stated = [("image", url) for url in cells.items("images")] + [("video", url) for url in cells.items("videos")]
    if not stated:
        video = cells.words("video_url") or (cells.words("media_url") if cells.words("type") == "video" else None)
        image = cells.words("media_url", "image_url", "thumbnail_url") if video is None else None
        stated = [("video", video)] if video else [("image", image)] if image else []
    for number, (kind, url) in enumerate(stated):
        key = f"{post}/{number}"
        record.add("media", id=key, post_id=post, type=kind, url=url, status="present")
        record.edge("attaches", post, key, "media", post_id=post, at=at)


def _edges(
    record: Record, cells: Cells, post: str, account: str | None, at: Any, answered: str | None, text: str | None
) -> None:
    """What the columns state of other accounts, posts, links and hashtags, each once."""
    found: dict[tuple[str, str, str], str | None] = {}
    names = [n.lstrip("@") for n in cells.items("replied_author")]
    if answered is not None:
        found["replies", answered, "post"] = None
    elif cells.flag("is_reply") is not False:
        found |= {("replies", name, "account_name"): None for name in names}
    for name in cells.items("retweeted_user") if cells.flag("is_retweet") is not False else []:
        found["reposts", name.lstrip("@"), "account_name"] = None
    quoted = cells.ident(*_QUOTED)
    if quoted is not None:
        found["quotes", quoted, "post"] = None
    forwarded = cells.ident("author_forwarded_from_id") or cells.words("author_forwarded_from_username")
    if forwarded is not None:
        found["forwards", forwarded, "account" if forwarded.lstrip("-").isdigit() else "account_name"] = None
    for name in cells.items("mentions", "mentioned", "usertags", "entities_mentioned"):
        found["mentions", name.lstrip("@"), "account_name"] = None
    for tag in cells.items("hashtags"):
        found["hashtag", tag.lstrip("#").lower(), "hashtag"] = None
    for link in cells.items("urls", "all_links", "entities_linked", "link_attached"):
        found["links_to", link, "link"] = None
    for (kind, target, target_kind), owner in found.items():
        record.edge(kind, account, target, target_kind, post_id=post, dst_account_id=owner, at=at)
    if record.platform != "x":
        stated = {kind for kind, _, _ in found}
        for kind, target, target_kind in edges_of(text or ""):
            if kind not in stated:
                record.edge(kind, account, target, target_kind, post_id=post, at=at)


READER = FourCat()
