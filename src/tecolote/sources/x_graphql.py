"""X as its web pages receive it (GraphQL): captures by Zeeschuimer, scrapers and browsers' developer tools.

Until 2023 search answers ("adaptive") held posts and accounts of v1.1 side by side; Zeeschuimer put the account beside
its post, as ``user``. In 2024 and 2026 names, counts, bio and picture of an account left ``legacy`` for fields of their
own. Every field is looked for in its newer place first, so that a shape between two versions is read too. An id is
``rest_id``, else ``legacy.id_str``; never ``item_id`` or ``data.id``, which Zeeschuimer rounds in its reply branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tecolote.sources import x_legacy
from tecolote.sources.base import Chat, Source
from tecolote.sources.json_reader import JsonReader, Record
from tecolote.sources.jsonbytes import Unreadable, glimpse, keys_of
from tecolote.sources.shapes import MISSHAPEN, dig, epoch, flag, ident, obj, objs, reason, required, seq, some
from tecolote.sources.x_gone import GONE_ACCOUNTS, GONE_POSTS, said_of, state_of

_TYPED = re.compile(
    rb'"__typename"\s*:\s*"(?:Tweet|TweetWithVisibilityResults|TweetTombstone|TweetUnavailable|User|UserUnavailable'
    rb'|TweetPreviewDisplay|Timeline\w*|ContextualTweetTombstone)"'
)
_OF_X = re.compile(rb'"(?:rest_id|full_text|screen_name)"\s*:|"(?:UserUnavailable|TweetTombstone|TweetUnavailable)"')
_FROM_X = re.compile(rb'"source_platform"\s*:\s*"(?:www\.)?(?:twitter|x)\.com"')
_MESSAGES = {"inbox_initial_state", "conversation_timeline", "user_events", "user_inbox"}
_ENTRY = re.compile(r"(?:^|-)(tweet|tombstone|user)-(\d{1,20})$")
#: What stands for a post that only subscribers see whole.
_PREVIEW = "TweetPreviewDisplay"
_LIMIT = 200_000


class XGraphQL(JsonReader):
    """Reader of X's GraphQL answers, bare or in Zeeschuimer's envelope."""

    name = "x_graphql"
    version = "3"
    title = "X web captures (GraphQL JSON, Zeeschuimer NDJSON)"
    obtained = "Zeeschuimer in Firefox, twscrape's raw answers, or answers saved from a browser's developer tools"
    proven = True
    platform = "x"

    def sniff(self, head: bytes, name: str) -> float:
        """0.95 for Zeeschuimer's envelope of X, 0.9 for a GraphQL answer of X, private messages included."""
        keys = glimpse(head)
        bare = {key.removeprefix("[].") for key in keys}
        if {"item_id", "source_platform"} <= bare or {"nav_index", "source_platform"} <= bare:
            return 0.95 if _FROM_X.search(head) else 0.0
        if bare & _MESSAGES:
            return 0.9
        if {"rest_id", "legacy.full_text"} <= bare:
            return 0.9
        answer = any(key.startswith(("data.", "__typename", "tweet_results", "user_results")) for key in bare)
        return 0.9 if answer and _TYPED.search(head) and _OF_X.search(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Direct messages, if the file is an answer with some; posts are public."""
        if keys_of(source.head) & _MESSAGES:
            return [Chat("direct messages", "X direct messages", private=True)]
        return []

    def rows(self, record: Record, value: Any) -> None:
        """Rows of every post, account and notice of absence in one capture or answer."""
        if not isinstance(value, dict):
            raise Unreadable("not an answer of X")
        if value.keys() & _MESSAGES:
            raise Unreadable("direct messages: private, not read; import posts")
        wrapped = "source_platform" in value
        about = value if wrapped else obj(value.get("__import_meta"))
        record.captured = epoch(about.get("timestamp_collected"), 1000)[0]
        body = value.get("data") if wrapped else value
        things = list(_things(body))
        if not things:
            raise Unreadable("an answer without posts or accounts")
        for pointer, thing, hint in things:
            if len(things) == 1 or wrapped:
                _thing(record, thing, hint)
            else:
                _alone(record, pointer, thing, hint)


def _alone(record: Record, pointer: str, thing: dict[str, Any], hint: str | None) -> None:
    """One thing of a page: if it cannot be read, the others still are."""
    sink = record.sink
    before = {table: len(rows) for table, rows in sink.rows.items()}
    try:
        _thing(record, thing, hint)
    except MISSHAPEN as bad:
        for table, count in before.items():
            del sink.rows[table][count:]
        sink.quarantine(f"{record.piece.locator} {pointer}".strip(), reason(bad))


def _things(value: Any) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """Pointer, object and id hinted by the entry around it, of every outermost post, account and absence.

    What stands inside a post (its author, the post it quotes) is read with that post.
    """
    stack: list[tuple[str, Any, str | None]] = [("", value, None)]
    for _ in range(_LIMIT):
        if not stack:
            return
        pointer, here, hint = stack.pop()
        if isinstance(here, list):
            stack.extend((f"{pointer}/{i}", v, hint) for i, v in reversed(list(enumerate(here))))
        elif isinstance(here, dict):
            if _is_thing(here):
                yield pointer, here, hint
                here = {key: here[key] for key in ("timeline_v2", "timeline") if key in here}
            found = _ENTRY.search(some(here.get("entryId")) or "")
            hint = found[2] if found else hint
            stack.extend((f"{pointer}/{k}", v, hint) for k, v in reversed(here.items()))
    raise Unreadable(f"more than {_LIMIT} objects in one answer")


def _is_thing(value: dict[str, Any]) -> bool:
    kind = value.get("__typename")
    if kind in ("Tweet", "TweetWithVisibilityResults", _PREVIEW) or kind in GONE_POSTS or kind in GONE_ACCOUNTS:
        return True
    if kind == "User":  # around a timeline stands a user of whom nothing is said
        return "rest_id" in value or "legacy" in value
    if value.get("type") == "adaptive" and "full_text" in obj(value.get("legacy")):
        return True
    return kind is None and "rest_id" in value and ("legacy" in value or "core" in value)


def _thing(record: Record, value: dict[str, Any], hint: str | None) -> None:
    kind = value.get("__typename")
    if kind in GONE_POSTS:
        _gone(record, "post", ident(value.get("rest_id")) or hint, value)
    elif kind in GONE_ACCOUNTS:
        _gone(record, "account", ident(value.get("rest_id")) or hint, value)
    elif kind == "User" or (kind is None and not _is_post(value)):
        x_legacy.user(record, _user(value))
    elif kind == _PREVIEW:
        x_legacy.post(record, _lowered(record, _preview(record, obj(value.get("tweet")))))
    else:
        whole = _lowered(record, value)
        x_legacy.post(record, whole)
        for card in objs(dig(value, "card", "legacy", "user_refs_results")):
            other = obj(card.get("result"))
            if other.get("rest_id"):
                x_legacy.user(record, _user(other))


def _is_post(value: dict[str, Any]) -> bool:
    """Whether an object that does not say its type is a post: it has a text, or names its author."""
    inside = {"user_results", "user_result"} & obj(value.get("core")).keys()
    return bool(inside) or "tweet" in value or "full_text" in obj(value.get("legacy"))


def _preview(record: Record, value: dict[str, Any]) -> dict[str, Any]:
    """The beginning of a post for subscribers, with its fields where other posts have them."""
    record.observe("post", required(value.get("rest_id"), "post id"), "restricted", _PREVIEW)
    old = {key: held for key, held in value.items() if key not in ("rest_id", "core", "text", "view_count")}
    views = value.get("view_count")
    return {
        "rest_id": value.get("rest_id"), "core": value.get("core"),
        "views": views if isinstance(views, dict) else {"count": views},
        "legacy": old | {"full_text": value.get("text"), "truncated": True},
    }  # fmt: skip


def _gone(record: Record, kind: str, target: str | None, value: dict[str, Any]) -> None:
    """The observation that a post or account is not shown; a missing reason is 'unknown', not "suspended"."""
    said = said_of(value)
    if target is None:
        record.sink.note(f"the answer does not say which {kind} is meant: the observation has no target")
    record.add(
        "observations", target_kind=kind, target_id=target, state=state_of(said), reason=said,
        observed_by="export", observed_at=record.captured or record.options.observed_at,
    )  # fmt: skip


def _lowered(record: Record, value: dict[str, Any]) -> dict[str, Any]:
    """A post in the form of v1.1, with the posts inside it."""
    inner = obj(value.get("tweet"))
    if inner:
        pid = ident(inner.get("rest_id"))
        shown = dig(value, "tweetInterstitial", "text", "text") or dig(value, "tweetInterstitial", "displayType")
        if pid and some(shown):
            record.observe("post", pid, "restricted", some(shown))
        value = inner
    old = obj(value.get("legacy"))
    out = dict(old)
    out["id_str"] = ident(value.get("rest_id")) or ident(old.get("id_str"))
    out["source"] = value.get("source", old.get("source"))
    out["view_count"] = dig(value, "views", "count") or dig(old, "ext_views", "count")
    control = obj(value.get("edit_control"))
    first = obj(control.get("edit_control_initial")) or control
    out["edit_history"] = {"edit_tweet_ids": seq(first.get("edit_tweet_ids"))}
    out["user"] = _author(record, value, old)
    _note(out, value, old)
    for key in ("retweeted_status", "quoted_status"):
        result = obj(dig(old, f"{key}_result", "result")) or obj(dig(value, f"{key}_result", "result"))
        if result.get("__typename") in GONE_POSTS:
            _gone(record, "post", ident(old.get(f"{key}_id_str")), result)
        elif result:
            out[key] = _lowered(record, result)
    return out


def _author(record: Record, value: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """The author in the form of v1.1; one that is not shown is an observation and an id."""
    result = obj(dig(value, "core", "user_results", "result")) or obj(dig(value, "core", "user_result", "result"))
    known = ident(old.get("user_id_str"))
    if result.get("__typename") in GONE_ACCOUNTS:
        _gone(record, "account", ident(result.get("rest_id")) or known, result)
        return {"id_str": known}
    return _user(result) if result.get("rest_id") else obj(value.get("user")) or {"id_str": known}


def _note(out: dict[str, Any], value: dict[str, Any], old: dict[str, Any]) -> None:
    """The whole text of a long post; without it the post is known to be cut."""
    long = obj(dig(value, "note_tweet", "note_tweet_results", "result"))
    if some(long.get("text")):
        entities = obj(long.get("entity_set")) or obj(old.get("entities"))
        out["extended_tweet"] = {
            "full_text": long["text"],
            "entities": {k: v for k, v in entities.items() if k != "media"} | {"media": dig(old, "entities", "media")},
            "extended_entities": old.get("extended_entities"),
        }
    elif dig(value, "note_tweet", "is_expandable") is True:
        out["truncated"] = True


def _user(value: dict[str, Any]) -> dict[str, Any]:
    """An account of any of the three shapes in the form of v1.1."""
    old, core, seen = obj(value.get("legacy")), obj(value.get("core")), obj(value.get("verification"))
    bio, links, posts = obj(value.get("profile_bio")), obj(value.get("relationship_counts")), value.get("tweet_counts")
    blue = flag(value.get("is_blue_verified"))
    marks = [v for v in (flag(seen.get("verified")), flag(old.get("verified")), blue) if v is not None]
    stated = some(seen.get("verified_type")) or some(old.get("verified_type"))
    place = value.get("location")
    return old | {
        "id_str": ident(value.get("rest_id")) or ident(old.get("id_str")),
        "status": None,
        "screen_name": _first(core.get("screen_name"), old.get("screen_name")),
        "name": _first(core.get("name"), old.get("name")),
        "created_at": _first(core.get("created_at"), old.get("created_at")),
        "description": _first(bio.get("description"), old.get("description")),
        "location": _first(dig(place, "location"), place if isinstance(place, str) else None, old.get("location")),
        "url": _first(dig(value, "website", "url"), old.get("url")),
        "entities": _first(bio.get("entities"), old.get("entities")),
        "profile_image_url_https": _first(dig(value, "avatar", "image_url"), old.get("profile_image_url_https")),
        "verified": any(marks) if marks else None,
        "verified_type": stated or ("blue" if blue else None),
        "protected": _first(dig(value, "privacy", "protected"), old.get("protected")),
        "followers_count": _first(links.get("followers"), old.get("followers_count")),
        "friends_count": _first(links.get("following"), old.get("friends_count")),
        "statuses_count": _first(dig(posts, "tweets"), old.get("statuses_count")),
        "favourites_count": _first(dig(value, "action_counts", "favorites_count"), old.get("favourites_count")),
    }


def _first(*values: Any) -> Any:
    return next((v for v in values if v is not None), None)


READER = XGraphQL()
