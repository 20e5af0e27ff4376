"""``truth.json``: what was planted, in the ids of the platforms, for those posts and accounts that the exports hold.

The private chat is not in it: messages of WhatsApp have no ids of their own.
"""

from __future__ import annotations

from typing import Any

from tecolote.demo.formats.common import dump, iso
from tecolote.demo.world import Post, World

FORMAT = 1


def utterances(world: World) -> list[Post]:
    """The posts that the exports hold as posts: a repost of Bluesky is only a relation."""
    return [p for p in world.posts if not (p.platform == "bluesky" and p.repost_of)]


def truth_of(world: World) -> dict[str, Any]:
    """The truth as a JSON object."""
    posts = [_post(p) for p in utterances(world)]
    shown = {p.account.key for p in world.posts if p.account}
    accounts = [
        {
            "platform": a.platform,
            "id": a.id,
            "role": a.role,
            "group": a.group.id if a.group else None,
            "ring": a.ring,
            "cluster": a.cluster,
            "goes_dark": iso(a.dark_at) if a.dark_at else None,
            "dark_state": a.dark_state,
        }
        for a in world.accounts
        if a.key in shown
    ]
    clusters = [
        {"name": name, "platform": "x", "accounts": [a.id for a in members if a.key in shown]}
        for name, members in world.clusters.items()
    ]
    return {"format": FORMAT, "fictional": True, "posts": posts, "accounts": accounts, "clusters": clusters}


def _post(post: Post) -> dict[str, Any]:
    return {
        "platform": post.platform,
        "id": post.id,
        "voice": post.voice,
        "themes": list(post.themes),
        "group": post.group,
        "flag": post.flag,
    }


def truth_text(world: World) -> str:
    """`truth_of` as text, one post or account a line."""
    truth = truth_of(world)
    lines = []
    for key, value in truth.items():
        if isinstance(value, list):
            body = ",\n".join(dump(item) for item in value)
            lines.append(f'"{key}": [\n{body}\n]')
        else:
            lines.append(f'"{key}": {dump(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"
