"""TikTok's own download (``user_data.json``): followers, videos, comments and direct messages of one account.

*Unproven*: no file that may be passed on was found; written from descriptions. Sections were renamed over the years
(Activity, Your Activity, Likes and Favorites ...), so lists are known by their own names, wherever they stand. ``Date``
has no zone unless it says ``UTC``; without one a time is read only in a zone that the user gives.

The file is the private record of the account's owner (messages, history of viewing, address), and as a whole needs
consent. History, searches, likes and the profile's contact data are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tecolote.sources.base import Chat, Options, Sink, Source, clean_text
from tecolote.sources.chat_state import Said, local_moment, objects, read_pieces
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Piece, Unreadable, glimpse, pieces
from tecolote.sources.shapes import Moment, count, required, some

_WITH = re.compile(rb'"(Chat History [Ww]ith (?:[^"\\]|\\.){1,400})"\s*:')
_PREFIX = re.compile(r"Chat History [Ww]ith ")
_LISTS = {"Following", "FansList", "CommentsList", "VideoList"}
_SECTIONS = {
    "Activity", "Your Activity", "Profile And Settings", "Followers", "Follower", "Follower List", "Following List",
    "Comment", "Comments", "Direct Message", "Direct Messages", "ChatHistory", "Chat History", "Video", "Videos",
    "Post", "Posts",
}  # fmt: skip
_TOP = _SECTIONS | {"Profile", "App Settings", "Ads and data", "Tiktok Shopping", "TikTok Shop", "Likes and Favorites"}
#: Names that no other format has: a person may ask TikTok for one section alone.
_OWN = {"FansList", "CommentsList", "ItemFavoriteList", "ProfileMap", "ChatHistory"}
_VIDEO = re.compile(r"/video/(\d{5,25})")


class TikTokDownload:
    """Reader of TikTok's data download; see the module's words."""

    name = "tiktok_download"
    version = "2"
    title = "TikTok data download (JSON)"
    obtained = "TikTok: Settings, Account, Download your data, format JSON"
    proven = False
    platform = "tiktok"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where a chat is named as TikTok names it, or several sections of the download stand together."""
        keys = glimpse(head)
        if _WITH.search(head) and keys:
            return 0.9
        top = {key for key in keys if "." not in key}
        inner = {key.split(".")[-1] for key in keys}
        return 0.9 if (top & _TOP and inner & _OWN) or (len(top & _TOP) > 1 and inner & _LISTS) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """The whole download is private."""
        return [Chat("tiktok-download", "TikTok download of one account", True)]

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read followers, videos, comments and messages; see `Reader.read`."""
        found = list(pieces(source, sink, frozenset(_LISTS | _SECTIONS | set(_named_chats(source)))))
        envelope = found[0].envelope if found else {}
        rows = _Rows(_owner(envelope), options)
        known = [piece for piece in found if _list_of(piece) in _LISTS or _PREFIX.match(_list_of(piece))]
        read_pieces(known, sink, options, self.platform, rows.add)
        if found:
            sink.note("history, searches, likes and settings of the download are not read")


def _named_chats(source: Source) -> Iterator[str]:
    """Keys that name a chat by its other member."""
    for found in _WITH.finditer(source.read_all()):
        try:
            yield str(json.loads(b'"' + found[1] + b'"', strict=False))
        except ValueError:
            continue


def _owner(envelope: dict[str, Any]) -> str | None:
    for found in objects(envelope):
        name = some(found.get("userName"))
        if name:
            return name
    return None


def _list_of(piece: Piece) -> str:
    """The key of the list in which a record stands; names of people may hold a slash."""
    found = _PREFIX.search(piece.pointer)
    path = piece.pointer.rpartition("/")[0]
    return path[found.start() :] if found else path.rpartition("/")[2]


class _Rows:
    """Turns the records of one download into rows."""

    def __init__(self, owner: str | None, options: Options) -> None:
        self.owner = owner
        self.options = options
        self.said = Said()

    def add(self, record: Record, value: Any) -> None:
        """All rows that a record states.

        Raises:
            Unreadable: it is not what its list holds.
        """
        if not isinstance(value, dict):
            raise Unreadable("not a record of the download")
        kind = _list_of(record.piece)
        at = self._when(value.get("Date", value.get("date")))
        if kind in ("Following", "FansList"):
            other = self._account(record, required(value.get("UserName"), "user name", numeric=False))
            pair = (self._account(record, self.owner), other)
            src, dst = pair if kind == "Following" else pair[::-1]
            record.edge("follows", src, dst, "account", at=at[0])
        elif kind == "CommentsList":
            text = some(value.get("comment")) or some(value.get("Comment"))
            post = self.said.derived("comment", self.owner, at[1], text)
            self._post(record, post, True, "comment", self.owner, at, text, None)
        elif kind == "VideoList":
            self._video(record, value, at)
        else:
            self._message(record, value, kind, at)
        self.said.commit(record)

    def _when(self, value: Any) -> Moment:
        raw = some(value)
        return local_moment(raw.removesuffix(" UTC") + "+00:00" if raw and raw.endswith(" UTC") else raw, self.options)

    def _account(self, record: Record, name: str | None) -> str | None:
        if name and self.said.first(record, "account", name):
            record.add("accounts", id=name, id_kind="username")
        return name

    def _post(
        self, record: Record, post: str, derived: bool, kind: str, author: str | None, at: Moment, text: str | None,
        thread: str | None, **more: Any,
    ) -> None:  # fmt: skip
        record.add(
            "posts", id=post, id_is_derived=derived, kind=kind, account_id=self._account(record, author),
            author_name=author, **created(at), text=text, thread_id=thread,
            visibility="private" if kind == "message" else None, **more,
        )  # fmt: skip
        record.text_edges(author, text, post_id=post, at=at[0])

    def _video(self, record: Record, value: dict[str, Any], at: Moment) -> None:
        """A video of the owner's; a list of the same name without likes is the history of viewing."""
        link = some(value.get("Link"))
        if not value.keys() & {"Likes", "WhoCanView", "likes"}:
            return
        found = _VIDEO.search(link or "")
        post = found[1] if found else self.said.derived("video", self.owner, at[1], link)
        self._post(record, post, not found, "video", self.owner, at, some(value.get("Title")), None, url=link)
        likes = count(value.get("Likes", value.get("likes")))
        if likes is not None:
            record.snapshot("post_snapshots", None, post_id=post, likes=likes)

    def _message(self, record: Record, value: dict[str, Any], kind: str, at: Moment) -> None:
        partner = clean_text(_PREFIX.sub("", kind, count=1).rstrip(":")) or ""
        text, author = some(value.get("Content")), some(value.get("From"))
        post = self.said.derived("message", partner, at[1], author, text)
        self._post(record, post, True, "message", author, at, text, partner)
        self._account(record, partner)
        if self.said.first(record, "thread", partner):
            record.add("threads", id=partner, title=partner, type="direct", private=True)


READER = TikTokDownload()
