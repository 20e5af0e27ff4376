"""Instagram as instaloader saves it: one JSON per post (some compressed with xz), one per profile, all in a zip."""

from __future__ import annotations

import lzma
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tecolote.demo.formats.common import counts, dump, token, zip_files
from tecolote.demo.ids import shortcode
from tecolote.demo.world import END, Account, Post, World

_SEEN = END + timedelta(hours=20)


def write_instagram(world: World, folder: Path) -> None:
    """Write ``instagram.zip``."""
    members: list[tuple[str, bytes, datetime]] = []
    people = {p.account.key: p.account for p in world.posts if p.platform == "instagram" and p.account}
    for account in people.values():
        members.append((f"{account.handle}/{account.handle}_{account.id}.json.xz", _xz(_profile(account)), _SEEN))
    for post in world.posts:
        if post.platform == "instagram" and post.account:
            name = f"{post.account.handle}/{post.at:%Y-%m-%d_%H-%M-%S}_UTC.json"
            if int(post.id) % 3:
                members.append((name, dump(_post(post)).encode(), _SEEN))
            else:
                members.append((name + ".xz", _xz(_post(post)), _SEEN))
    zip_files(folder / "instagram.zip", members)


def _xz(value: Any) -> bytes:
    return lzma.compress(dump(value).encode(), preset=1)


def _post(post: Post) -> dict[str, Any]:
    assert post.account is not None
    likes, _, replies, views = counts(post, _SEEN)
    video = int(post.id) % 4 == 0
    code = shortcode(post.id)
    node: dict[str, Any] = {
        "__typename": "GraphVideo" if video else "GraphImage",
        "id": post.id,
        "shortcode": code,
        "dimensions": {"height": 1350, "width": 1080},
        "display_url": f"https://scontent.cdninstagram.com/v/t51.2885-15/{token(post.id)}_n.jpg",
        "is_video": video,
        "owner": {
            "id": post.account.id, "username": post.account.handle.lower(), "full_name": post.account.name,
            "is_private": False, "is_verified": post.account.verified,
            "profile_pic_url": f"https://scontent.cdninstagram.com/v/t51.2885-19/{token(post.account.id)}_n.jpg",
        },
        "edge_media_to_caption": {"edges": [{"node": {"text": post.text}}]},
        "edge_media_to_comment": {"count": replies},
        "comments_disabled": False,
        "taken_at_timestamp": int(post.at.timestamp()),
        "edge_media_preview_like": {"count": -1 if int(post.id) % 11 == 0 else likes},
        "edge_media_to_tagged_user": {"edges": []},
        "accessibility_caption": None,
        "location": None,
    }  # fmt: skip
    if video:
        node |= {"video_url": f"https://scontent.cdninstagram.com/v/t50.2886-16/{token(code)}_n.mp4",
                 "video_view_count": views, "video_duration": 14.5}  # fmt: skip
    return {"node": node, "instaloader": {"version": "4.14", "node_type": "Post"}}


def _profile(account: Account) -> dict[str, Any]:
    return {
        "node": {
            "id": account.id, "username": account.handle.lower(), "full_name": account.name, "biography": account.bio,
            "is_private": False, "is_verified": account.verified, "external_url": None,
            "profile_pic_url": f"https://scontent.cdninstagram.com/v/t51.2885-19/{token(account.id)}_n.jpg",
            "edge_followed_by": {"count": account.followers}, "edge_follow": {"count": account.following},
            "edge_owner_to_timeline_media": {"count": int(account.weight * 60)},
        },
        "instaloader": {"version": "4.14", "node_type": "Profile"},
    }  # fmt: skip
