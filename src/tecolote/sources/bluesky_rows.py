"""Rows of Bluesky posts and profiles, from the views of the API and from the records themselves.

Source: the lexicons ``app.bsky.feed.*``, ``app.bsky.embed.*``, ``app.bsky.richtext.facet``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import count, dig, moment, obj, objs, required, seq, small, some, words

POST = "app.bsky.feed.post"
_SENSITIVE = {"porn", "sexual", "nudity", "graphic-media", "gore", "nsfl"}
_REMOVED = {"!takedown": "restricted", "!suspend": "suspended", "!hide": "restricted"}


@dataclass(frozen=True)
class Stored:
    """A record of a repository: whose, in which collection, its key, its value, and when it was seen."""

    did: str
    collection: str
    key: str
    value: dict[str, Any]
    at: datetime | None

    @property
    def uri(self) -> str:
        """Its AT-URI."""
        return f"at://{self.did}/{self.collection}/{self.key}"


def parts(uri: str) -> tuple[str, str, str]:
    """Authority, collection and key of an AT-URI.

    Raises:
        Unreadable: it has other parts.
    """
    found = uri.removeprefix("at://").split("/")
    if not uri.startswith("at://") or len(found) != 3:
        raise Unreadable(f"'{uri[:80]}' is no AT-URI of a record")
    return found[0], found[1], found[2]


def owner(uri: str | None) -> str | None:
    """The DID in an AT-URI."""
    did = (uri or "").removeprefix("at://").split("/")[0]
    return did if did.startswith("did:") else None


def handle(actor: dict[str, Any]) -> str | None:
    """The handle; ``handle.invalid`` says that the account has none that resolves."""
    found = some(actor.get("handle"))
    return None if found == "handle.invalid" else found


def view(record: Record, value: dict[str, Any]) -> None:
    """A post view, a quoted post, a profile, or the placeholder of a post that is gone."""
    if gone(record, value):
        return
    body = value.get("record") if isinstance(value.get("record"), dict) else value.get("value")
    if isinstance(body, dict) and isinstance(value.get("author"), dict):
        _post_view(record, value, body)
    elif "did" in value:
        profile(record, value)
    else:
        raise Unreadable("neither a post, a profile nor an event of the network")


def gone(record: Record, value: dict[str, Any]) -> bool:
    """Take up the placeholder of a post that is not shown; False for anything else.

    Not found is an observation, so is blocked (for the account that collected). A quote that the quoted author
    has detached says nothing of the quoted post itself.
    """
    kind = (words(value.get("$type")) or "").rpartition("#")[2]
    target = some(value.get("uri"))
    if target is None or "record" in value or ("author" in value and "value" in value):
        return False
    if "NotFound" in kind or kind == "notFoundPost" or value.get("notFound") is True:
        state = "not_found"
    elif "Blocked" in kind or kind == "blockedPost" or value.get("blocked") is True:
        state = "restricted"
    else:
        return "Detached" in kind or value.get("detached") is True
    if record.first("gone", target):
        record.observe("post", target, state, kind or state)
    return True


def _post_view(record: Record, value: dict[str, Any], body: dict[str, Any]) -> None:
    author = obj(value.get("author"))
    did = required(author.get("did"), "author's did", numeric=False)
    _, collection, key = parts(required(value.get("uri"), "uri", numeric=False))
    uri = f"at://{did}/{collection}/{key}"
    if not record.first("post", uri):
        return
    profile(record, author)
    if collection != POST:
        record.sink.note(f"a view of {collection} is not mapped")
        return
    shown = obj(value.get("embed")) or next(iter(objs(value.get("embeds"))), {})
    own = objs(dig(body, "labels", "values")) + [v for v in objs(value.get("labels")) if v.get("neg") is not True]
    body = body | {"labels": {"values": own}}
    post(record, Stored(did, collection, key, body, None), author, shown)
    record.snapshot(
        "post_snapshots", None, post_id=uri, likes=count(value.get("likeCount")),
        reposts=count(value.get("repostCount")), replies=count(value.get("replyCount")),
        quotes=count(value.get("quoteCount")), bookmarks=count(value.get("bookmarkCount")),
    )  # fmt: skip
    _labels(record, value, "post", uri)
    inner = obj(shown.get("record"))
    quoted = inner if "uri" in inner else obj(inner.get("record"))
    if quoted.get("uri") and ("author" in quoted or not gone(record, quoted)) and "value" in quoted:
        view(record, quoted)


def stored(record: Record, found: Stored) -> None:
    """Rows of a record of a repository, by its collection; what has no table is noted."""
    value, at = found.value, found.at
    if not value:
        raise Unreadable("a record without its value")
    record.add("accounts", id=found.did, id_kind="did")
    when = moment(value.get("createdAt"))[0]
    if found.collection == POST:
        post(record, found, {}, {})
    elif found.collection == "app.bsky.feed.repost":
        target = some(dig(value, "subject", "uri"))
        record.edge(
            "reposts", found.did, target, "post", post_id=found.uri, dst_account_id=owner(target), at=when,
            observed_at=at,
        )  # fmt: skip
    elif found.collection == "app.bsky.graph.follow":
        record.edge("follows", found.did, some(value.get("subject")), "account", at=when, observed_at=at)
    elif found.collection == "app.bsky.actor.profile":
        record.snapshot(
            "account_snapshots", at, account_id=found.did, display_name=words(value.get("displayName")),
            bio=words(value.get("description")),
        )  # fmt: skip
    else:
        record.sink.note(f"records of {found.collection} have no table: their accounts are kept")


def post(record: Record, found: Stored, author: dict[str, Any], shown: dict[str, Any]) -> None:
    """One post with its edges and media.

    Args:
        record: the record under way.
        found: the post as its author's repository holds it.
        author: the author's profile, {} if the file does not hold it.
        shown: the embed as the API shows it, with addresses; {} if the file does not hold it.
    """
    value, uri = found.value, found.uri
    when = moment(value.get("createdAt"))
    langs = [lang for lang in map(some, seq(value.get("langs"))) if lang]
    own = {words(v.get("val")) for v in objs(dig(value, "labels", "values"))}
    reply = obj(value.get("reply"))
    parent = some(dig(reply, "parent", "uri"))
    record.add(
        "posts", id=uri, id_is_derived=False, kind="post", account_id=found.did,
        author_name=handle(author) or some(author.get("displayName")), **created(when),
        text=words(value.get("text")), text_truncated=False, lang=langs[0] if langs else None,
        thread_id=some(dig(reply, "root", "uri")), in_reply_to_id=parent, visibility="public",
        url=some(value.get("bridgyOriginalUrl")), source_app=some(value.get("via")),
        sensitive=True if own & _SENSITIVE else None,
    )  # fmt: skip
    ends = {"post_id": uri, "at": when[0], "observed_at": found.at}
    record.edge("replies", found.did, parent, "post", dst_account_id=owner(parent), **ends)
    _facets(record, value, found.did, ends)
    embed = obj(value.get("embed"))
    media = obj(embed.get("media")) or embed
    inner = obj(embed.get("record"))
    quoted = some(inner.get("uri")) or some(dig(inner, "record", "uri"))
    if quoted and f"/{POST}/" in quoted:
        record.edge("quotes", found.did, quoted, "post", dst_account_id=owner(quoted), **ends)
    _media(record, media, obj(shown.get("media")) or shown, ends)
    link = some(dig(media, "external", "uri"))
    if link and not record.first("link", f"{uri} {link}"):
        link = None
    record.edge("links_to", found.did, link, "link", **ends)


def _facets(record: Record, value: dict[str, Any], did: str, ends: dict[str, Any]) -> None:
    """Edges that the author marked in the text, each once; tags may stand beside the text too."""
    found: dict[tuple[str, str | None, str], None] = {}
    for facet in objs(value.get("facets")):
        for feature in objs(facet.get("features")):
            kind = (words(feature.get("$type")) or "").rpartition("#")[2]
            if kind == "mention":
                found["mentions", some(feature.get("did")), "account"] = None
            elif kind == "tag":
                found["hashtag", (some(feature.get("tag")) or "").lower() or None, "hashtag"] = None
            elif kind == "link":
                found["links_to", some(feature.get("uri")), "link"] = None
    for tag in seq(value.get("tags")):
        found["hashtag", (some(tag) or "").lower() or None, "hashtag"] = None
    for kind, target, target_kind in found:
        if kind == "links_to":
            record.first("link", f"{ends['post_id']} {target}")
        record.edge(kind, did, target, target_kind, **ends)


def _blob(value: Any) -> str | None:
    """CID of a blob, in its present or its first form."""
    return some(dig(value, "ref", "$link")) or some(dig(value, "ref", "/")) or some(dig(value, "cid"))


def _media(record: Record, embed: dict[str, Any], shown: dict[str, Any], ends: dict[str, Any]) -> None:
    """Pictures, video or link preview of a post; addresses stand only in the API's view."""
    uri = ends["post_id"]
    views = objs(shown.get("images"))
    for number, image in enumerate(objs(embed.get("images"))):
        seen = views[number] if number < len(views) else {}
        _medium(
            record, ends, (obj(image.get("image")), f"{uri}#{number}"), image, ("image", some(seen.get("fullsize")))
        )
    video = obj(embed.get("video"))
    if video:
        _medium(record, ends, (video, f"{uri}#video"), embed, ("video", some(shown.get("playlist"))))
    external = obj(embed.get("external"))
    if external:
        thumb = some(dig(shown, "external", "thumb"))
        described = {"alt": external.get("title")}
        _medium(record, ends, (obj(external.get("thumb")), f"{uri}#link"), described, ("link_preview", thumb))


def _medium(
    record: Record, ends: dict[str, Any], blob: tuple[dict[str, Any], str], around: dict[str, Any],
    kind: tuple[str, str | None],
) -> None:  # fmt: skip
    """One medium: its blob (and the id to use without one), what stands around it, its type and address."""
    key = _blob(blob[0]) or blob[1]
    record.add(
        "media", id=key, post_id=ends["post_id"], type=kind[0], url=kind[1], mime=some(blob[0].get("mimeType")),
        width=small(dig(around, "aspectRatio", "width")), height=small(dig(around, "aspectRatio", "height")),
        alt_text=some(around.get("alt")), status="present" if kind[1] or blob[0] else "omitted",
    )  # fmt: skip
    record.edge("attaches", ends["post_id"], key, "media", **ends)


def _labels(record: Record, value: dict[str, Any], kind: str, target: str) -> None:
    """Labels by which a moderation service removed or hid something."""
    for label in objs(value.get("labels")):
        state = _REMOVED.get(words(label.get("val")) or "")
        if state and label.get("neg") is not True:
            record.observe(
                kind, target, state, f"label {label['val']} by {some(label.get('src'))}",
                state_since=moment(label.get("cts"))[0],
            )  # fmt: skip


def profile(record: Record, actor: dict[str, Any]) -> None:
    """An account and its profile, once a record.

    Raises:
        Unreadable: it has no DID.
    """
    did = required(actor.get("did"), "did", numeric=False)
    if not record.first("account", did):
        return
    record.add("accounts", id=did, id_kind="did", created_at=moment(actor.get("createdAt"))[0])
    status = some(dig(actor, "verification", "verifiedStatus"))
    record.snapshot(
        "account_snapshots", None, account_id=did, username=handle(actor), display_name=words(actor.get("displayName")),
        bio=words(actor.get("description")), avatar=some(actor.get("avatar")), url=some(actor.get("website")),
        verified=None if status is None else status == "valid", followers=count(actor.get("followersCount")),
        following=count(actor.get("followsCount")), posts=count(actor.get("postsCount")),
    )  # fmt: skip
    _labels(record, actor, "account", did)
