"""Ids of posts as each platform makes them, and the chats and videos in which messages and comments stand."""

from __future__ import annotations

import random

from tecolote.demo.world import TAGS, TOWNS, Account, Post, World, snowflake

_B32 = "234567abcdefghijklmnopqrstuvwxyz"
_B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def number_posts(world: World) -> None:
    """Sort the posts by time and give each its id; Telegram numbers them per chat, YouTube splits off comments."""
    world.posts.sort(key=lambda p: (p.at, p.platform, p.text))
    groups = _supergroups(world)
    counters: dict[str, int] = {}
    videos: dict[str, list[Post]] = {"youtube": [], "tiktok": []}
    for post in world.posts:
        if post.platform == "telegram":
            _telegram(post, groups, counters, world.rng)
        elif post.platform in videos:
            _video(post, videos[post.platform], world.rng)
        else:
            post.id = _id(post, world.rng)


def _supergroups(world: World) -> list[Account]:
    """Public groups in which people write; they are chats, not accounts."""
    rng = world.rng
    found = []
    for number, theme in enumerate(("Vecinos", "Compra y venta", "Empleos", "Rolas y corridos")):
        town = TOWNS[number]
        chat = Account(-1 - number, "telegram", "supergroup", "", id=str(rng.randrange(10**9, 2 * 10**9)))
        chat.name, chat.town, chat.handle = f"{theme} {town}", town, f"grupo{TAGS[town].lower()}"
        found.append(chat)
    return found


def _telegram(post: Post, groups: list[Account], counters: dict[str, int], rng: random.Random) -> None:
    assert post.account is not None
    own = post.account.id.startswith("channel")
    post.chat = post.account if own else groups[(post.account.key + rng.randrange(2)) % len(groups)]
    number = counters.get(post.chat.id, 1) + 1 + (rng.random() < 0.1)
    counters[post.chat.id] = number
    post.id = f"{post.chat.id.removeprefix('channel')}/{number}"


def _video(post: Post, videos: list[Post], rng: random.Random) -> None:
    """A video of a channel, or a comment on an earlier one; TikTok hides who wrote a comment."""
    assert post.account is not None
    tiktok = post.platform == "tiktok"
    maker = post.account.kind in ("newsroom", "crew", "official", "ring") or not videos
    comment = post.act in ("reply", "counter") if tiktok else not (maker or rng.random() < 0.3)
    seen = [v for v in videos[-60:] if v.account and v.account.dark_at is None] if comment else []
    if seen:
        post.media, post.reply_to = "comment", rng.choice(seen)
        if tiktok:
            post.account = None
    else:
        post.media = "video"
        videos.append(post)
    if tiktok:
        post.id = str((int(post.at.timestamp()) << 32) | rng.randrange(1 << 32))
    elif post.media == "video":
        post.id = "".join(rng.choices(_B64, k=10)) + rng.choice("AEIMQUYcgkosw048")
    else:
        post.id = "Ug" + "".join(rng.choices(_B64, k=16)) + "4AaABAg"


def _id(post: Post, rng: random.Random) -> str:
    if post.platform == "x":
        return str(snowflake(post.at, rng.randrange(1 << 22)))
    if post.platform == "instagram":
        return str(((int(post.at.timestamp() * 1000) - 1314220021721) << 23) | rng.randrange(1 << 23))
    if post.platform == "bluesky":
        assert post.account is not None
        kind = "repost" if post.repost_of else "post"
        return f"at://{post.account.id}/app.bsky.feed.{kind}/{tid(post, rng)}"
    return f"{post.account.id if post.account else ''}_{rng.randrange(10**14, 10**15)}"


def tid(post: Post, rng: random.Random) -> str:
    """A record key of Bluesky: microseconds and a clock id in 13 sortable digits of base 32 (AT Protocol, TID)."""
    value = (int(post.at.timestamp() * 1e6) << 10) | rng.randrange(1024)
    return "".join(_B32[(value >> shift) & 31] for shift in range(60, -1, -5))


def shortcode(number: str) -> str:
    """The short code of an Instagram id: base 64 of the number."""
    value, out = int(number), ""
    while value:
        value, digit = divmod(value, 64)
        out = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[digit] + out
    return out
