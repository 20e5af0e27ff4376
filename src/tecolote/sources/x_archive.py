"""Files of an archive that X gives an account's owner: ``window.YTD.<name>.part<N> = [...]``.

Posts do not say whose they are: the archive's account stands in ``account.js`` and ``manifest.js`` alone. An import of
the archive's folder or zip looks there first (`owner`); an archive joined into one JSON document holds it, and is read
with it. Of a file by itself ``--map account_id==ID`` names the owner; without it a post's author and the source of its
edges stay null, and lists of followers state accounts only.
E-mail addresses are never read. Direct messages, contacts and devices are private.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tecolote.sources import x_legacy
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Piece, Unreadable, decode, documents, glimpse
from tecolote.sources.shapes import dig, each, ident, moment, obj, objs, required, seq, some, words
from tecolote.sources.x_gone import state_of
from tecolote.sources.x_messages import conversation_id, message_rows

_BEGIN = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*window\.YTD\.(\w{1,80})\.part(\d{1,6})\s*=\s*")
_MANIFEST = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*window\.__THAR_CONFIG\s*=\s*")
#: Lists of an archive whose files were joined into one JSON document, as the Community Archive does.
_JOINED = frozenset({
    "tweets", "note-tweet", "community-tweet", "follower", "following", "account", "profile", "like",
})  # fmt: skip
#: Sections about other people or about the owner's devices and addresses, which nobody gave with the posts.
_PRIVATE = re.compile(
    r"direct_message|grok_chat|email|ip_audit|contact|phone_number|device|ageinfo|\Aad_|personali[sz]ation|sso|key_reg"
)
_SHORT_LINK = re.compile(r"https?://(?:twitter|x)\.com/(\w{1,15})/status/(\d+)/")
_SMALL = 65536
_REPOST = re.compile(r"RT @(\w{1,15}): ")


class XArchive:
    """Reader of the JavaScript files of X archives, alone or as members of the archive's zip."""

    name = "x_archive"
    version = "3"
    title = "X archive (tweets.js, follower.js and the like)"
    obtained = "X: Settings, Your account, Download an archive of your data; --map account_id==ID names the owner"
    proven = True
    platform = "x"

    def sniff(self, head: bytes, name: str) -> float:
        """0.95 for a file that begins as X's archives do, 0.85 for its list with that beginning cut off, or joined."""
        if _BEGIN.match(head) or _MANIFEST.match(head):
            return 0.95
        keys = glimpse(head)
        if keys & {"tweets[].tweet.full_text", "account[].account.accountId", "follower[].follower.accountId"}:
            return 0.85
        bare = {"[].tweet.full_text", "[].noteTweet.noteTweetId", "[].follower.userLink", "[].following.userLink"}
        return 0.85 if keys & (bare | {"[].dmConversation.conversationId", "[].like.tweetId"}) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Every conversation of direct messages with its bytes; another private section counts as one."""
        section = _section(source.head)
        if section.startswith("direct_message") or b'"dmConversation"' in source.head:
            found = [
                Chat(conversation_id(piece.raw), f"X direct messages {conversation_id(piece.raw)}", True)
                for piece in _pieces(source, Sink())
            ]
            return found or [Chat("direct messages", "X direct messages", True)]
        if _PRIVATE.search(section):
            return [Chat(section, f"X archive: {section.replace('_', ' ')}", True)]
        return []

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records; see `tecolote.sources.base.Reader`."""
        section = _section(source.head)
        found: Iterable[Piece] = _pieces(source, sink)
        if not section and options.owner is None:
            found = list(found)
            owner = _owner(found)
            options = replace(options, mapping={**options.mapping, "account_id": f"={owner}"}) if owner else options
        for piece in found:
            if b'"dmConversation"' in piece.raw:
                _conversation(piece, sink, options)
                continue

            def rows(rec: int, value: Any, piece: Piece = piece) -> None:
                _rows(Record(sink, options, piece, rec, self.platform), value, section)

            each(piece, sink, rows)


def _section(head: bytes) -> str:
    found = _BEGIN.match(head)
    return found[1].decode() if found else ""


def _pieces(source: Source, sink: Sink) -> Iterator[Piece]:
    """The items of the list behind the assignment, with their places in the file."""
    raw = source.read_all()
    found = _BEGIN.match(raw) or _MANIFEST.match(raw)
    skip = found.end() if found else 0
    body = raw[skip:].rstrip()
    body = body[:-1] if body.endswith(b";") else body
    for piece in documents(Source(source.name, io.BytesIO(body), len(body)), sink, _JOINED):
        yield replace(piece, start=piece.start + skip)


def owner(source: Source) -> str | None:
    """The account whose archive this is, if ``source`` is the file of the archive that says so."""
    if _section(source.head) != "account" and not _MANIFEST.match(source.head):
        return None
    for piece in _pieces(source, Sink()):
        try:
            value = decode(piece.raw, lambda words: None)
            return ident(dig(value, "account", "accountId")) or ident(dig(value, "userInfo", "accountId"))
        except Unreadable:
            continue
    return None


def _owner(found: list[Piece]) -> str | None:
    """The archive's own account, where one document holds it beside the rest."""
    for piece in found:
        if piece.pointer.startswith("/account/") and len(piece.raw) < _SMALL:
            try:
                return ident(dig(decode(piece.raw, lambda words: None), "account", "accountId"))
            except Unreadable:
                return None
    return None


def _conversation(piece: Piece, sink: Sink, options: Options) -> None:
    """The messages of one conversation, each a record of its own."""
    thread = conversation_id(piece.raw)
    inner = Source("", io.BytesIO(piece.raw), len(piece.raw))
    for part in documents(inner, sink, frozenset({"dmConversation", "messages"})):
        here = replace(part, start=part.start + piece.start, locator=f"{piece.locator}{part.pointer}")

        def rows(rec: int, value: Any, here: Piece = here) -> None:
            message_rows(Record(sink, options, here, rec, "x"), value, thread)

        each(here, sink, rows)


def _rows(record: Record, value: Any, section: str) -> None:
    """Rows of one item, by the key under which it stands."""
    item = obj(value)
    key = next(iter(item), "") if len(item) == 1 else ""
    body = obj(item.get(key)) if key else item
    if key == "tweet" or "full_text" in body:
        _post(record, body)
    elif key == "noteTweet":
        _note(record, body)
    elif key in ("follower", "following"):
        _follow(record, body, key)
    elif key == "account":
        _account(record, body)
    elif "userInfo" in item:
        _account(record, obj(item["userInfo"]))
    elif key == "profile":
        _profile(record, body)
    elif key == "like":
        _like(record, body)
    elif key == "screenNameChange":
        _renamed(record, body)
    elif key == "accountSuspension":
        _suspended(record, body)
    else:
        record.sink.note(f"'{section or key or 'this'}' of an X archive holds neither posts nor accounts; it is kept")


def _post(record: Record, body: dict[str, Any]) -> None:
    """A post of the owner, also one that the owner has deleted since."""
    if "full_text" not in body and "text" not in body:
        _header(record, body)
        return
    first = obj(dig(body, "edit_info", "initial")) or obj(dig(body, "edit_info", "edit", "editControlInitial"))
    pid = required(x_legacy.ident_of(body), "post id")
    text = words(body.get("full_text")) or words(body.get("text")) or ""
    repost = _REPOST.match(text)
    whole = body | {"edit_history": {"edit_tweet_ids": seq(first.get("editTweetIds"))}, "retweeted_status": None}
    whole["truncated"] = body.get("truncated") is True or bool(repost and text.endswith("…"))
    x_legacy.post(record, whole, author={"id_str": record.options.owner}, name=_names_itself(body, pid))
    if repost:
        _reposted(record, body, pid, repost[1])
    gone = moment(body.get("deleted_at"))
    if gone[1] is not None:
        record.observe("post", pid, "deleted", "deleted by its author", state_since=gone[0])


def _names_itself(body: dict[str, Any], pid: str) -> str | None:
    """The owner's name at the time, where the address of a picture in the post has it."""
    for medium in objs(dig(body, "extended_entities", "media")) + objs(dig(body, "entities", "media")):
        found = _SHORT_LINK.match(some(medium.get("expanded_url")) or "")
        if found and found[2] == pid:
            return found[1]
    return None


def _reposted(record: Record, body: dict[str, Any], pid: str, name: str) -> None:
    """A repost: the archive keeps its first words and whose it was, the post's id only where it has a picture."""
    at = moment(body.get("created_at"))[0]
    mentions = objs(dig(body, "entities", "user_mentions"))
    whose = next((m for m in mentions if (some(m.get("screen_name")) or "").lower() == name.lower()), {})
    known = x_legacy.ident_of(whose)
    for medium in objs(dig(body, "extended_entities", "media")) + objs(dig(body, "entities", "media")):
        post = x_legacy.ident_of(medium, "source_status_id")
        if post is not None:
            record.edge("reposts", record.options.owner, post, "post", post_id=pid, dst_account_id=known, at=at)
            return
    target, kind = (known, "account") if known else (name, "account_name")
    record.edge("reposts", record.options.owner, target, kind, post_id=pid, at=at)


def _header(record: Record, body: dict[str, Any]) -> None:
    """A line of ``tweet-headers``: the id, author and time of a post whose text stands in another file."""
    pid = required(ident(body.get("tweet_id")), "post id")
    author = ident(body.get("user_id"))
    if author and record.first("account", author):
        record.add("accounts", id=author, id_kind="native")
    gone = moment(body.get("deleted_at"))
    if gone[1] is not None:
        record.observe("post", pid, "deleted", "deleted by its author", state_since=gone[0])


def _note(record: Record, body: dict[str, Any]) -> None:
    """The whole text of a long post. Newer archives do not say of which post: then the note's own id stands for it."""
    inner = obj(body.get("noteTweetResults")) or obj(body.get("core"))
    stated = ident(body.get("tweetId"))
    pid = stated or required(ident(body.get("noteTweetId")), "note id")
    if stated is None:
        record.sink.note("long posts stand under ids of their own: the archive does not say which post each belongs to")
    when = moment(body.get("createdAt"))
    text = words(inner.get("text"))
    record.add(
        "posts", id=pid, id_is_derived=stated is None, kind="post", account_id=record.options.owner,
        **created(when), text=text, text_truncated=False,
    )  # fmt: skip
    entities = obj(inner.get("entitySet")) or inner
    found: dict[tuple[str, str | None, str], None] = {}
    for m in objs(entities.get("userMentions")) + objs(entities.get("mentions")):
        known = ident(m.get("id_str")) or ident(m.get("id"))
        name = some(m.get("screenName")) or some(m.get("screen_name"))
        found["mentions", known or name, "account" if known else "account_name"] = None
    for h in objs(entities.get("hashtags")):
        found["hashtag", (some(h.get("text")) or "").lower() or None, "hashtag"] = None
    for u in objs(entities.get("urls")):
        link = some(u.get("expandedUrl")) or some(u.get("expanded_url")) or some(u.get("url"))
        found["links_to", link, "link"] = None
    for kind, target, target_kind in found:
        record.edge(kind, record.options.owner, target, target_kind, post_id=pid, at=when[0])


def _follow(record: Record, body: dict[str, Any], key: str) -> None:
    """An account that follows the owner, or that the owner follows."""
    other = required(ident(body.get("accountId")), "account id")
    record.add("accounts", id=other, id_kind="native")
    if record.options.owner is None:
        record.sink.note("the file does not say whose followers these are: no follows edges; --map account_id==ID says")
        return
    src, dst = (other, record.options.owner) if key == "follower" else (record.options.owner, other)
    record.edge("follows", src, dst, "account")


def _account(record: Record, body: dict[str, Any]) -> None:
    """The archive's own account; its e-mail address and telephone number are not read."""
    uid = required(ident(body.get("accountId")), "account id")
    record.add("accounts", id=uid, id_kind="native", created_at=moment(body.get("createdAt"))[0])
    record.snapshot(
        "account_snapshots", None, account_id=uid,
        username=some(body.get("username")) or some(body.get("userName")),
        display_name=words(body.get("accountDisplayName")) or words(body.get("displayName")),
    )  # fmt: skip


def _profile(record: Record, body: dict[str, Any]) -> None:
    if record.options.owner is None:
        record.sink.note("the profile does not say whose it is: --map account_id==ID says (account.js has it)")
        return
    about = obj(body.get("description"))
    record.add("accounts", id=record.options.owner, id_kind="native")
    record.snapshot(
        "account_snapshots", None, account_id=record.options.owner, bio=words(about.get("bio")),
        location=words(about.get("location")), url=some(about.get("website")), avatar=some(body.get("avatarMediaUrl")),
    )  # fmt: skip


def _like(record: Record, body: dict[str, Any]) -> None:
    """A post of somebody else that the owner liked; the archive does not say whose or when."""
    pid = required(ident(body.get("tweetId")), "post id")
    text = words(body.get("fullText"))
    if (
        text is not None
        and state_of(text) != "unknown"
        and text.startswith(("You’re unable", "You're unable", "This "))
    ):
        record.observe("post", pid, state_of(text), text)
        return
    clean = text and text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    record.add(
        "posts", id=pid, id_is_derived=False, kind="post", text=clean, text_raw=text if clean != text else None,
        url=some(body.get("expandedUrl")),
    )  # fmt: skip


def _renamed(record: Record, body: dict[str, Any]) -> None:
    uid = required(ident(body.get("accountId")), "account id")
    change = obj(body.get("screenNameChange"))
    record.add("accounts", id=uid, id_kind="native")
    record.snapshot(
        "account_snapshots", moment(change.get("changedAt"))[0], account_id=uid, username=some(change.get("changedTo"))
    )


def _suspended(record: Record, body: dict[str, Any]) -> None:
    """A suspension of the owner, or its end."""
    said = some(body.get("action"))
    state = {"suspension": "suspended", "unsuspension": "live"}.get((said or "").lower(), "unknown")
    record.add(
        "observations", target_kind="account", target_id=record.options.owner, state=state, reason=said,
        observed_by="export", observed_at=record.options.observed_at, state_since=moment(body.get("timeStamp"))[0],
    )  # fmt: skip


READER = XArchive()
