"""Facebook's "Download your information" (JSON): own posts, posts in groups, comments. Unproven: no file was at hand.

Nothing says whose download it is; ``--map account_id==NAME`` names the owner. A post has no id, except in the newest
form, which has ``fbid``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, glimpse
from tecolote.sources.meta_download import add_media, derived_id, file_name, fixed, repaired
from tecolote.sources.shapes import compact, dig, epoch, ident, obj, objs, some

_LISTS = (
    "status_updates", "status_updates_v2", "your_posts", "posts_v2", "group_posts_v2", "group_posts",
    "comments", "comments_v2", "group_comments_v2",
)  # fmt: skip
_POST = ("data[].post", "attachments[].data", "data[].update_timestamp", "data[].comment")
_TEXT_LABELS = frozenset({"Text", "Texto", "Message", "Mensaje"})


class FacebookPosts(JsonReader):
    """Reader of posts and comments in a Facebook download."""

    name = "facebook_posts"
    version = "1"
    title = "Facebook posts and comments (download, JSON)"
    obtained = "Facebook: Accounts Centre, Download your information, Posts and Comments, format JSON"
    proven = False
    platform = "facebook"
    into: ClassVar[frozenset[str]] = frozenset(_LISTS)

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for entries with a time and Facebook's lists of data or attachments."""
        keys = glimpse(head)
        for at in ("[].", *(f"{name}[]." for name in _LISTS)):
            if f"{at}timestamp" in keys and any(f"{at}{mark}" in keys for mark in _POST):
                return 0.9
            if {f"{at}timestamp", f"{at}fbid", f"{at}label_values[].label"} <= keys:
                return 0.9
        return 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post or a comment."""
        if not isinstance(value, dict) or "timestamp" not in value:
            raise Unreadable("not a post of a download")
        said = [item for item in objs(value.get("data")) if isinstance(item.get("comment"), dict)]
        if said:
            _comment(record, value, obj(said[0]["comment"]))
        else:
            _post(record, value)


def _parts(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for entry in objs(value.get("attachments")) for part in objs(entry.get("data"))]


def _text(value: dict[str, Any], parts: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """The post's own words, else those of its picture; not the line that Facebook writes above a post."""
    stated = [item.get("post") for item in objs(value.get("data"))]
    stated += [v.get("value") for v in objs(value.get("label_values")) if some(v.get("label")) in _TEXT_LABELS]
    stated += [dig(part, "media", "description") for part in parts]
    return next((pair for pair in map(repaired, stated) if pair[0]), (None, None))


def _post(record: Record, value: dict[str, Any]) -> None:
    parts, owner = _parts(value), record.options.owner
    text, raw = _text(value, parts)
    when = epoch(value.get("timestamp"))
    changed = next((t for item in objs(value.get("data")) if (t := item.get("update_timestamp"))), None)
    media = [obj(part["media"]) for part in parts if isinstance(part.get("media"), dict)] + objs(value.get("media"))
    stated = ident(value.get("fbid"))
    post = stated or derived_id(when[1], text, [file_name(item.get("uri")) for item in media])
    place = next((obj(part.get("place")) for part in parts if part.get("place")), {})
    record.add(
        "posts", id=post, id_is_derived=stated is None, kind="post", account_id=owner, **created(when),
        edited_at=epoch(changed)[0], text=text, text_raw=raw, text_truncated=False,
        place=compact({k: fixed(v) if isinstance(v, str) else v for k, v in place.items()}),
    )  # fmt: skip
    add_media(record, post, media, when[0])
    record.text_edges(owner, text, post_id=post, at=when[0])
    links = dict.fromkeys(some(dig(part, "external_context", "url")) for part in parts)
    for link in links:
        if link is not None and link not in (text or ""):
            record.edge("links_to", owner, link, "link", post_id=post, at=when[0])
    for tag in objs(value.get("tags")):
        record.edge("mentions", owner, fixed(tag.get("name")), "account_name", post_id=post, at=when[0])


def _comment(record: Record, value: dict[str, Any], comment: dict[str, Any]) -> None:
    text, raw = repaired(comment.get("comment"))
    author = fixed(comment.get("author"))
    when = epoch(comment.get("timestamp", value.get("timestamp")))
    media = [obj(part["media"]) for part in _parts(value) if isinstance(part.get("media"), dict)]
    post = derived_id(when[1], f"{author}\0{text}", [])
    account, group = record.options.owner or author, fixed(comment.get("group"))
    record.add(
        "posts", id=post, id_is_derived=True, kind="comment", account_id=account, author_name=author, **created(when),
        text=text, text_raw=raw, text_truncated=False, thread_id=group,
    )  # fmt: skip
    if account is not None and account == author:
        record.add("accounts", id=account, id_kind="display_name")
    if group is not None:
        record.add("threads", id=group, title=group, type="group", private=False)
    add_media(record, post, media, when[0])
    record.text_edges(account, text, post_id=post, at=when[0])


READER = FacebookPosts()
