"""X API v2 as twarc2 saves it: weekly searches, later look-ups with errors, users, followers and compliance files.

A search holds what could be seen on the Sunday night of its week. A later look-up of watched posts shows grown
counts, and says in ``errors`` which posts can no longer be seen. One look-up is flattened, as ``twarc2 flatten`` does.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tecolote.demo.formats.common import MENTION, TAG, URL, counts, dump, iso, token, write
from tecolote.demo.world import END, START, Account, Post, World

#: Moments of the later look-ups.
LOOKUPS = tuple(START + timedelta(weeks=w, hours=15) for w in (26, 52, 78, 104))
_PROBLEM = "https://api.twitter.com/2/problems/"


def write_x(world: World, folder: Path) -> None:
    """Write every X file below ``folder``."""
    posts = [p for p in world.posts if p.platform == "x"]
    people = {a.handle: a for a in world.on("x")} | {a.old_handle: a for a in world.on("x") if a.old_handle}
    maker = _Maker(people)
    _searches(posts, folder, maker)
    _lookups(posts, folder, maker)
    _users(world, folder, maker)
    _followers(world, folder, maker)
    _compliance(world, posts, folder)


class _Maker:
    """Turns accounts and posts into the objects of the API."""

    def __init__(self, people: dict[str, Account]) -> None:
        self.people = people
        self.versions: dict[str, list[str]] = {}

    def learn(self, posts: list[Post]) -> None:
        for post in posts:
            if post.edit_of:
                self.versions[post.id] = self.versions[post.edit_of.id] = [post.edit_of.id, post.id]

    def user(self, account: Account, at: datetime) -> dict[str, Any]:
        age = max(0.0, (at - START).days / 730)
        return {
            "public_metrics": {
                "followers_count": int(account.followers * (0.7 + 0.4 * age)),
                "following_count": account.following,
                "tweet_count": int(account.weight * 300 * (1 + age)),
                "listed_count": account.followers // 400,
            },
            "profile_image_url": f"https://pbs.twimg.com/profile_images/{account.id}/{token(account.id)}_normal.jpg",
            "verified": account.verified,
            "description": account.bio,
            "id": account.id,
            "created_at": iso(account.created),
            "url": "",
            "name": account.name_at(at),
            "protected": account.dark_state == "protected" and not account.alive(at),
            "username": account.handle_at(at),
            **({"location": account.town} if account.key % 3 else {}),
        }

    def text(self, post: Post) -> tuple[str, dict[str, Any]]:
        """Text with shortened links, and its entities in code points."""
        prefix = ""
        if post.repost_of and post.repost_of.account:
            prefix = f"RT @{post.repost_of.account.handle_at(post.at)}: "
        elif post.reply_to and post.reply_to.account:
            prefix = f"@{post.reply_to.account.handle_at(post.at)} "
        links: list[str] = []

        def shorten(found: Any) -> str:
            links.append(found[0])
            return f"https://t.co/{token('t.co', found[0])}"

        text = prefix + URL.sub(shorten, post.text)
        if post.quote_of and post.quote_of.account:
            address = f"https://twitter.com/{post.quote_of.account.handle_at(post.at)}/status/{post.quote_of.id}"
            links.append(address)
            text += f" https://t.co/{token('t.co', address)}"
        if post.repost_of and len(text) > 140:
            text = text[:139] + "…"
            links = []
        return text, self._entities(text, links)

    def _entities(self, text: str, links: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        spans = [m.span() for m in URL.finditer(text)] if links else []
        urls = [
            {"start": a, "end": b, "url": text[a:b], "expanded_url": link, "display_url": link.split("//")[1][:26]}
            for (a, b), link in zip(spans, links, strict=False)
        ]
        if urls:
            found["urls"] = urls
        tags = [{"start": m.start(), "end": m.end(), "tag": m[1]} for m in TAG.finditer(text)]
        if tags:
            found["hashtags"] = tags
        mentions = []
        for m in MENTION.finditer(text):
            known = self.people.get(m[1])
            mentions.append(
                {"start": m.start(), "end": m.end(), "username": m[1], **({"id": known.id} if known else {})}
            )
        if mentions:
            found["mentions"] = mentions
        return found

    def post(self, post: Post, at: datetime) -> dict[str, Any]:
        assert post.account is not None
        text, entities = self.text(post)
        likes, reposts, replies, _ = counts(post, at)
        other = [("retweeted", post.repost_of), ("replied_to", post.reply_to), ("quoted", post.quote_of)]
        referenced = [{"type": kind, "id": p.id} for kind, p in other if p]
        versions = self.versions.get(post.id, [post.id])
        if post.repost_of:
            likes = reposts = replies = 0
        answered = post.reply_to.account if post.reply_to else None
        return {
            **({"entities": entities} if entities else {}),
            "lang": post.lang,
            "created_at": iso(post.at),
            "text": text,
            "id": post.id,
            "public_metrics": {
                "retweet_count": reposts, "reply_count": replies, "like_count": likes, "quote_count": reposts // 8,
            },
            "reply_settings": "everyone",
            **({"in_reply_to_user_id": answered.id} if answered else {}),
            **({"referenced_tweets": referenced} if referenced else {}),
            "source": post.source_app,
            "author_id": post.account.id,
            "possibly_sensitive": post.voice == "perpetrator" and post.act in ("graphic_violence", "weapons_display"),
            "edit_history_tweet_ids": versions,
            "conversation_id": post.reply_to.id if post.reply_to else post.id,
        }  # fmt: skip

    def page(self, posts: list[Post], at: datetime, url: str) -> dict[str, Any]:
        others = [q for p in posts for q in (p.repost_of, p.reply_to, p.quote_of) if q and q.seen_at(at)]
        had = {p.id for p in posts}
        extra = list({q.id: q for q in others if q.id not in had}.values())
        users = {p.account.key: p.account for p in posts + extra if p.account}
        return {
            "data": [self.post(p, at) for p in posts],
            "includes": {
                "users": [self.user(a, at) for a in users.values()],
                **({"tweets": [self.post(p, at) for p in extra]} if extra else {}),
            },
            "meta": {
                "newest_id": max((p.id for p in posts), key=int), "oldest_id": min((p.id for p in posts), key=int),
                "result_count": len(posts),
            },
            "__twarc": _twarc(url, at),
        }  # fmt: skip


def _twarc(url: str, at: datetime) -> dict[str, str]:
    return {
        "url": f"https://api.twitter.com/2/{url}",
        "version": "2.14.0",
        "retrieved_at": f"{at:%Y-%m-%dT%H:%M:%S}+00:00",
    }


def _searches(posts: list[Post], folder: Path, maker: _Maker) -> None:
    """One page after another, week by week, in a file per half year."""
    maker.learn(posts)
    files: dict[str, list[str]] = {}
    for week, found in itertools.groupby(posts, key=lambda p: (p.at - START).days // 7):
        at = START + timedelta(weeks=week + 1, hours=4)
        half = f"{at.year}-h{1 if at.month < 7 else 2}"
        seen = sorted((p for p in found if p.seen_at(at)), key=lambda p: -int(p.id))
        for page in range(0, len(seen), 100):
            url = f"tweets/search/recent?max_results=100&query={quote('place_list:demo lang:es OR lang:en')}"
            files.setdefault(half, []).append(dump(maker.page(seen[page : page + 100], at, url)))
    for half, lines in files.items():
        write(folder / f"search_{half}.jsonl", "\n".join(lines) + "\n")


def _watched(posts: list[Post], before: datetime) -> list[Post]:
    """Posts that are looked up again: those of members and citizen reporters, and some of everybody's."""
    since = before - timedelta(weeks=34)
    found = [p for p in posts if since <= p.at < before - timedelta(days=9) and not p.repost_of and p.account]
    kinds = ("member", "ring", "alert", "victim")
    return [p for p in found if (p.account and p.account.kind in kinds) or int(p.id[-3:]) < 90]


def _lookups(posts: list[Post], folder: Path, maker: _Maker) -> None:
    for number, at in enumerate(LOOKUPS):
        lines = []
        watched = _watched(posts, at)
        for start in range(0, len(watched), 100):
            asked = watched[start : start + 100]
            seen = [p for p in asked if p.seen_at(at)]
            page = maker.page(seen, at, "tweets?ids=" + ",".join(p.id for p in asked)) if seen else {}
            if number == 2:
                lines += [dump(_flat(post, page)) for post in page.get("data", [])]
                continue
            page["errors"] = [_post_error(p, at) for p in asked if not p.seen_at(at)]
            lines.append(dump({k: v for k, v in page.items() if v and k != "meta"} | {"__twarc": _twarc("tweets", at)}))
        name = f"lookup_{at:%Y-%m-%d}{'_flat' if number == 2 else ''}.jsonl"
        if lines:
            write(folder / name, "\n".join(lines) + "\n")


def _flat(post: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
    """A post with its author inside, as ``twarc2 flatten`` writes it."""
    users = {u["id"]: u for u in page["includes"]["users"]}
    answered = users.get(post.get("in_reply_to_user_id"))
    return {
        **post,
        "author": users[post["author_id"]],
        **({"in_reply_to_user": answered} if answered else {}),
        "__twarc": page["__twarc"],
    }


def _post_error(post: Post, at: datetime) -> dict[str, Any]:
    """What the API answers for a post that cannot be seen."""
    hidden = post.account is not None and not post.account.alive(at) and post.account.dark_state != "deactivated"
    detail = (
        f"Sorry, you are not authorized to see the Tweet with ids: [{post.id}]."
        if hidden
        else f"Could not find tweet with ids: [{post.id}]."
    )
    return {
        "value": post.id, "detail": detail, "title": "Authorization Error" if hidden else "Not Found Error",
        "resource_type": "tweet", "parameter": "ids", "resource_id": post.id,
        "type": _PROBLEM + ("not-authorized-for-resource" if hidden else "resource-not-found"),
    }  # fmt: skip


def _user_error(account: Account) -> dict[str, Any]:
    suspended = account.dark_state == "suspended"
    says = "User has been suspended" if suspended else "Could not find user with ids"
    return {
        "value": account.id,
        "detail": f"{says}: [{account.id}].",
        "title": "Forbidden" if suspended else "Not Found Error", "resource_type": "user", "parameter": "ids",
        "resource_id": account.id, "type": _PROBLEM + "resource-not-found",
    }  # fmt: skip


def _users(world: World, folder: Path, maker: _Maker) -> None:
    """Profiles of all accounts at each look-up, with errors for those that are gone."""
    lines = []
    for at in LOOKUPS:
        people = [a for a in world.on("x") if a.created < at]
        for start in range(0, len(people), 100):
            asked = people[start : start + 100]
            seen = [a for a in asked if a.alive(at) or a.dark_state == "protected"]
            page: dict[str, Any] = {"data": [maker.user(a, at) for a in seen]}
            gone = [_user_error(a) for a in asked if a not in seen]
            if gone:
                page["errors"] = gone
            lines.append(dump(page | {"__twarc": _twarc("users?ids=" + ",".join(a.id for a in asked), at)}))
    write(folder / "users.jsonl", "\n".join(lines) + "\n")


def _followers(world: World, folder: Path, maker: _Maker) -> None:
    """Follower lists of the hubs; the owner stands in the address of the request, as twarc2 writes it."""
    lines = []
    for account in world.on("x"):
        at = min(LOOKUPS[2], account.dark_at - timedelta(days=1)) if account.dark_at else LOOKUPS[2]
        found = [a for a in world.follows.get(account.key, ()) if a.alive(at) and a.created < at]
        if account.created < at and found:
            page = {"data": [maker.user(a, at) for a in found], "meta": {"result_count": len(found)}}
            lines.append(dump(page | {"__twarc": _twarc(f"users/{account.id}/followers?max_results=1000", at)}))
    write(folder / "followers.jsonl", "\n".join(lines) + "\n")


def _compliance(world: World, posts: list[Post], folder: Path) -> None:
    """Batch compliance of posts (with the time of the deletion) and of accounts (without), and account events."""
    rows = []
    for post in posts:
        assert post.account is not None
        gone, why = post.gone_at, "deleted"
        if post.account.dark_at and (gone is None or post.account.dark_at < gone):
            gone, why = post.account.dark_at, post.account.dark_state or "suspended"
        if gone and gone < END:
            rows.append(
                dump(
                    {
                        "id": post.id,
                        "action": "delete",
                        "created_at": iso(post.at),
                        "redacted_at": iso(gone),
                        "reason": why,
                    }
                )
            )
    write(folder / "tweets_compliance.jsonl", "\n".join(rows) + "\n")
    dark = sorted((a for a in world.on("x") if a.dark_at), key=lambda a: (a.dark_at or END, a.key))
    users = [
        dump(
            {
                "id": a.id,
                "action": "delete",
                "created_at": f"{a.created:%Y-%m-%dT%H:%M:%S}+00:00",
                "reason": a.dark_state,
            }
        )
        for a in dark
    ]
    write(folder / "users_compliance.jsonl", "\n".join(users) + "\n")
    event = {"suspended": "user_suspend", "deactivated": "user_delete", "protected": "user_protect"}
    events = [
        dump({"data": {event[a.dark_state or "suspended"]: {"user": {"id": a.id}, "event_at": iso(a.dark_at or END)}}})
        for a in dark
    ]
    write(folder / "users_compliance_stream.jsonl", "\n".join(events) + "\n")
