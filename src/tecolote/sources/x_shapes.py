"""Typed shapes of the X API v2: what we read of each object; keys that are not named here are skipped.

Source: the data dictionary of the X API v2 (posts, users, media, places) and ``twarc.expansions.flatten``,
which puts author, mentioned users, media and referenced posts inside the post.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)]


class Metrics(msgspec.Struct, gc=False):
    """``public_metrics`` of a post, a user or a medium."""

    retweet_count: Count | None = None
    reply_count: Count | None = None
    like_count: Count | None = None
    quote_count: Count | None = None
    bookmark_count: Count | None = None
    impression_count: Count | None = None
    followers_count: Count | None = None
    following_count: Count | None = None
    tweet_count: Count | None = None


class Url(msgspec.Struct, gc=False):
    """A link in a text; one with a ``media_key`` stands for a picture."""

    url: str | None = None
    expanded_url: str | None = None
    display_url: str | None = None
    media_key: str | None = None


class Tag(msgspec.Struct, gc=False):
    """A hashtag."""

    tag: str | None = None


class UrlList(msgspec.Struct, gc=False):
    """Links of a user's address field."""

    urls: list[Url] | None = None


class UserEntities(msgspec.Struct, gc=False):
    """What X found in a profile."""

    url: UrlList | None = None


class Withheld(msgspec.Struct, gc=False):
    """Where a post or user is withheld, and whether for copyright."""

    country_codes: list[str] | None = None
    scope: str | None = None
    copyright: bool | None = None


class User(msgspec.Struct, gc=False):
    """A user object, or a mention, which has at least ``username``."""

    id: str | None = None
    username: str | None = None
    name: str | None = None
    created_at: str | None = None
    description: str | None = None
    location: str | None = None
    url: str | None = None
    profile_image_url: str | None = None
    verified: bool | None = None
    verified_type: str | None = None
    protected: bool | None = None
    public_metrics: Metrics | None = None
    entities: UserEntities | None = None
    withheld: Withheld | None = None


class Variant(msgspec.Struct, gc=False):
    """One encoding of a video."""

    bit_rate: Count | None = None
    content_type: str | None = None
    url: str | None = None


class Media(msgspec.Struct, gc=False):
    """A media object."""

    media_key: str | None = None
    type: str | None = None
    url: str | None = None
    preview_image_url: str | None = None
    width: Pixels | None = None
    height: Pixels | None = None
    duration_ms: Count | None = None
    alt_text: str | None = None
    variants: list[Variant] | None = None


class Attachments(msgspec.Struct, gc=False):
    """Keys of the media of a post; flattened records hold the media too."""

    media_keys: list[str] | None = None
    media: list[Media] | None = None


class Entities(msgspec.Struct, gc=False):
    """What X found in a text. ``url`` is there when the object is a user."""

    urls: list[Url] | None = None
    mentions: list[User] | None = None
    hashtags: list[Tag] | None = None
    url: UrlList | None = None


class Long(msgspec.Struct, gc=False):
    """``note_tweet``: the whole text of a long post, of which ``text`` is the beginning."""

    text: str | None = None
    entities: Entities | None = None


class Post(msgspec.Struct, gc=False):
    """A post; flattened ones hold their author and the posts they refer to."""

    id: str | None = None
    text: str | None = None
    author_id: str | None = None
    created_at: str | None = None
    conversation_id: str | None = None
    in_reply_to_user_id: str | None = None
    lang: str | None = None
    source: str | None = None
    possibly_sensitive: bool | None = None
    public_metrics: Metrics | None = None
    referenced_tweets: list[Reference] | None = None
    entities: Entities | None = None
    attachments: Attachments | None = None
    geo: msgspec.Raw = msgspec.Raw()
    edit_history_tweet_ids: list[str] | None = None
    withheld: Withheld | None = None
    note_tweet: Long | None = None
    author: User | None = None
    in_reply_to_user: User | None = None


class Reference(Post, gc=False):
    """A post that another one answers, quotes or reposts; only flattened ones hold more than the id."""

    type: str | None = None


class Thing(Post, gc=False):
    """Whatever stands in ``data``: a post, a user, a list, a count, a message."""

    username: str | None = None
    name: str | None = None
    description: str | None = None
    location: str | None = None
    url: str | None = None
    profile_image_url: str | None = None
    verified: bool | None = None
    verified_type: str | None = None
    protected: bool | None = None
    tweet_count: Count | None = None
    member_count: Count | None = None
    owner_id: str | None = None
    dm_conversation_id: str | None = None
    action: str | None = None
    reason: str | None = None
    redacted_at: str | None = None


class Includes(msgspec.Struct, gc=False):
    """Objects that the posts of a page refer to."""

    users: list[User] | None = None
    tweets: list[Post] | None = None
    media: list[Media] | None = None
    places: list[msgspec.Raw] | None = None


class Problem(msgspec.Struct, gc=False):
    """One partial error of a response."""

    title: str | None = None
    detail: str | None = None
    type: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    value: str | None = None
    parameter: str | None = None


class Retrieved(msgspec.Struct, gc=False):
    """What twarc says of the request."""

    retrieved_at: str | None = None
    url: str | None = None


class Info(msgspec.Struct, gc=False):
    """``meta`` of a page."""

    result_count: Count | None = None


class Line(Thing, gc=False):
    """One line: a page, a stream item, a flattened post or user, or a row of a compliance job."""

    data: list[Thing] | Thing | None = None
    includes: Includes | None = None
    errors: list[Problem] | None = None
    meta: Info | None = None
    twarc: Retrieved | None = msgspec.field(default=None, name="__twarc")
