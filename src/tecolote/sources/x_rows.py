"""Rows of the X API v2: one post, one user, one medium at a time, straight into the sink's lists.

This is the hot path of an import: rows are positional tuples in the order of `tecolote.records.DATA_COLUMNS`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tecolote.sources.base import Row, Sink, clean_text
from tecolote.sources.shapes import compact, ident, moment, required
from tecolote.sources.x_shapes import Attachments, Entities, Media, Post, Thing, User, Withheld

_MEDIA = {"photo": "image", "video": "video", "animated_gif": "animation"}
_REFERENCES = {"replied_to": "replies", "quoted": "quotes", "retweeted": "reposts"}
_PICTURES = ("pic.twitter.com/", "pic.x.com/")
_SHOWN = {None: None, True: "followers", False: "public"}
_parse = datetime.fromisoformat


class Out:
    """The lists of a sink, and what is common to the rows of one record.

    Attributes:
        rec: the record.
        at: when it was captured, None if unknown; ``basis`` says on whose word.
        done: ids of the accounts that the record has given already.
        posts_by_id, media_by_key, places_by_id: what a page includes; empty for a flattened record.
        users_by_id: users that a page includes.
    """

    __slots__ = (
        "accounts", "at", "basis", "done", "edges", "media", "media_by_key", "observations", "places_by_id",
        "posts", "posts_by_id", "profiles", "rec", "snapshots", "threads", "users_by_id",
    )  # fmt: skip

    def __init__(self, sink: Sink) -> None:
        self.rec = 0
        self.at: datetime | None = None
        self.basis = "unknown"
        self.done: set[str] = set()
        self.posts_by_id: dict[str, Post] = {}
        self.users_by_id: dict[str, User] = {}
        self.media_by_key: dict[str, Media] = {}
        self.places_by_id: dict[str, Any] = {}
        self.bind(sink.rows)

    def bind(self, rows: dict[str, list[Row]]) -> None:
        """Take up the sink's lists, which a flush may have replaced."""
        self.posts, self.snapshots = rows["posts"], rows["post_snapshots"]
        self.accounts, self.profiles = rows["accounts"], rows["account_snapshots"]
        self.media, self.edges, self.threads = rows["media"], rows["edges"], rows["threads"]
        self.observations = rows["observations"]

    def post(self, t: Post, author: User | None) -> None:
        """Rows of one post: itself, its counts, its edges and media.

        Raises:
            Unreadable: it has no id, or one that lost digits.
        """
        rec, pid = self.rec, t.id
        account = t.author_id or (author.id if author is not None else None)
        if not pid or not f"{pid}{account or ''}".isdigit():
            pid, account = required(pid, "post id"), ident(account)
        raw_time: str | None = t.created_at
        if raw_time is not None and raw_time[-1:] == "Z":
            created, basis = utc(raw_time)
        else:
            created, raw_time, basis = moment(raw_time)
        text, truncated, answered, raw = _whole(t), False, None, None
        if t.referenced_tweets or t.in_reply_to_user_id:
            text, truncated, answered = self._refer(t, account, created, text)
        if account is not None:
            entities = t.entities if t.note_tweet is None else t.note_tweet.entities or t.entities
            if entities is not None:
                self._entities(entities, account, pid, created)
        if text is not None and ("&" in text or "\x00" in text):
            text, raw = _repaired(text)
        edited = first = revision = None
        history = t.edit_history_tweet_ids
        if history and pid in history:
            revision = history.index(pid)
            edited, first = (created, history[0]) if revision else (None, None)
        name, shown = (None, None) if author is None else (author.username or author.name, _SHOWN[author.protected])
        self.posts.append((
            rec, "x", pid, False, "post", account, name, created, raw_time, basis, edited, first, revision, text, raw,
            truncated, t.lang, t.conversation_id, answered, shown, None, t.source,
            self._place(t.geo) if t.geo else None, t.possibly_sensitive,
        ))  # fmt: skip
        m = t.public_metrics
        if m is not None:
            self.snapshots.append((
                rec, "x", pid, self.at, self.basis, m.like_count, m.retweet_count, m.reply_count, m.quote_count,
                m.impression_count, m.bookmark_count, None,
            ))  # fmt: skip
        if t.conversation_id is not None and t.conversation_id != pid:
            self.threads.append((rec, "x", t.conversation_id, None, "conversation", False, None))
        if t.attachments is not None:
            self._attach(t.attachments, pid, created)
        if t.withheld is not None:
            self._withheld(t.withheld, "post", pid)

    def _refer(
        self, t: Post, account: str | None, created: datetime | None, text: str | None
    ) -> tuple[str | None, bool, str | None]:
        """Edges to the posts that this one answers, quotes or reposts; full text, cut or not, post answered."""
        truncated, answered, pid = False, None, t.id
        for r in t.referenced_tweets or ():
            kind, target = _REFERENCES.get(r.type or ""), r.id
            if kind is None or target is None:
                continue
            if not target.isdigit():
                ident(target)
            other: Post | None = r if r.text is not None else self.posts_by_id.get(target)
            owner = other.author_id if other is not None else None
            if kind == "replies":
                answered, owner = target, owner or t.in_reply_to_user_id
            elif kind == "reposts":
                if other is not None and other.text is not None:
                    text = _whole(other)
                else:
                    truncated = text is not None and text.endswith("…")
            if account is not None:
                self.edges.append((self.rec, "x", account, target, kind, "post", pid, owner, created, self.at))
        if answered is None and t.in_reply_to_user_id and account is not None:
            self.edges.append(
                (self.rec, "x", account, t.in_reply_to_user_id, "replies", "account", pid, None, created, self.at)
            )
        return text, truncated, answered

    def flat(self, t: Post) -> None:
        """A flattened post with everything inside it: author, mentioned users, posts it refers to."""
        author = t.author
        self.post(t, author)
        if author is not None:
            self.user(author)
        if t.in_reply_to_user is not None:
            self.user(t.in_reply_to_user)
        if t.entities is not None and t.entities.mentions:
            for mentioned in t.entities.mentions:
                if mentioned.name is not None:
                    self.user(mentioned)
        if t.referenced_tweets:
            for r in t.referenced_tweets:
                if r.text is not None and r.id is not None:
                    self.flat(r)

    def user(self, u: User | Thing) -> None:
        """Rows of one account and its profile, once a record."""
        uid = u.id
        if not uid or uid in self.done:
            return
        if not uid.isdigit():
            ident(uid)
        self.done.add(uid)
        raw = u.created_at
        created = None if raw is None else utc(raw)[0] if raw[-1:] == "Z" else moment(raw)[0]
        m, url = u.public_metrics, u.url
        if u.entities is not None and u.entities.url is not None and u.entities.url.urls:
            url = u.entities.url.urls[0].expanded_url or url
        self.accounts.append((self.rec, "x", uid, "native", created))
        name, bio, place = u.name, u.description, u.location
        if "\x00" in f"{name}{bio}{place}":
            name, bio, place = clean_text(name), clean_text(bio), clean_text(place)
        followers = following = posts = likes = None
        if m is not None:
            followers, following, posts, likes = m.followers_count, m.following_count, m.tweet_count, m.like_count
        self.profiles.append((
            self.rec, "x", uid, self.at, self.basis, u.username, name, bio, place, url or None, u.profile_image_url,
            u.verified, u.verified_type, u.protected, followers, following, posts, likes,
        ))  # fmt: skip
        if u.withheld is not None:
            self._withheld(u.withheld, "account", uid)

    def follows(self, u: User | Thing, subject: str, following: bool) -> None:
        """The edge that a page of followers (or of accounts followed) of ``subject`` states."""
        src, dst = (subject, u.id) if following else (u.id, subject)
        self.edges.append((self.rec, "x", src, dst, "follows", "account", None, None, None, self.at))

    def _entities(self, entities: Entities, account: str, pid: str, created: datetime | None) -> None:
        """Edges to the accounts, hashtags and links that X found in the text, each once."""
        rec, at, add = self.rec, self.at, self.edges.append
        if entities.mentions:
            seen = set()
            for m in entities.mentions:
                target, kind = (m.id, "account") if m.id else (m.username, "account_name")
                if target and target not in seen:
                    seen.add(target)
                    add((rec, "x", account, target, "mentions", kind, pid, None, created, at))
        if entities.hashtags:
            for tag in {h.tag.lower(): None for h in entities.hashtags if h.tag}:
                add((rec, "x", account, tag, "hashtag", "hashtag", pid, None, created, at))
        if entities.urls:
            seen = set()
            for u in entities.urls:
                if u.media_key is not None or (u.display_url is not None and u.display_url.startswith(_PICTURES)):
                    continue
                link = u.expanded_url or u.url
                if link and link not in seen:
                    seen.add(link)
                    add((rec, "x", account, link, "links_to", "link", pid, None, created, at))

    def _attach(self, attached: Attachments, pid: str, created: datetime | None) -> None:
        """Media of a post, and an edge to each."""
        found = {m.media_key: m for m in attached.media or () if m.media_key}
        for key in {**dict.fromkeys(attached.media_keys or ()), **dict.fromkeys(found)}:
            self.edges.append((self.rec, "x", pid, key, "attaches", "media", pid, None, created, self.at))
            m = found.get(key) or self.media_by_key.get(key)
            if m is None:
                continue
            url, mime = m.url, None
            videos = [v for v in m.variants or () if v.url and v.bit_rate is not None]
            if url is None and videos:
                best = max(videos, key=lambda v: v.bit_rate or 0)
                url, mime = best.url, best.content_type
            url = url or m.preview_image_url
            self.media.append((
                self.rec, "x", key, pid, _MEDIA.get(m.type or "", m.type), url, None, None, mime, m.width, m.height,
                m.duration_ms, m.alt_text, "present" if url else "omitted",
            ))  # fmt: skip

    def _withheld(self, found: Withheld, kind: str, target: str) -> None:
        reason = "copyright" if found.copyright else found.scope
        countries = ",".join(found.country_codes or ()) or None
        self.observations.append((self.rec, "x", kind, target, "withheld", reason, countries, self.at, "export", None))

    def _place(self, geo: Any) -> str | None:
        """The stated place as JSON; a page states it beside its posts, by ``place_id``."""
        if not self.places_by_id:
            text = str(geo, "utf-8", "replace")
            return text if text.startswith("{") else None
        stated = json.loads(bytes(geo))
        return compact(stated | self.places_by_id.get(str(stated.get("place_id")), {}))


def utc(raw: str) -> tuple[datetime | None, str | None]:
    """A time that ends in Z."""
    try:
        return _parse(raw), "utc"
    except ValueError:
        return None, "unknown"


def _whole(t: Post) -> str | None:
    """The text of a post, the long form where there is one."""
    return t.note_tweet.text if t.note_tweet is not None and t.note_tweet.text else t.text


def _repaired(text: str) -> tuple[str | None, str | None]:
    """Text with X's three escapes undone and without NUL, and the text as found where that differs."""
    clean = clean_text(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return clean, clean_text(text) if clean != text else None
