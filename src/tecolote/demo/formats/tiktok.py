"""TikTok Research API: pages of video queries at two moments, and pages of comments, whose authors it hides."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tecolote.demo.formats.common import TAG, counts, dump, token, write
from tecolote.demo.world import END, START, Post, World

#: The second query goes over the whole period, so that what is gone is missing from it.
_QUERIES = (START + timedelta(weeks=52, hours=18), END + timedelta(hours=18))


def write_tiktok(world: World, folder: Path) -> None:
    """Write the pages below ``folder``: the first query live, so it holds what later goes dark."""
    posts = [p for p in world.posts if p.platform == "tiktok"]
    videos = [p for p in posts if p.media == "video"]
    for at in _QUERIES:
        early = at != _QUERIES[-1]
        found = [p for p in videos if p.at < at and (early or p.seen_at(at))]
        _pages(folder / f"videos_{at:%Y-%m-%d}", "videos", [_video(p, at) for p in found], at)
    # What was posted after the first query by accounts that are gone at the second: caught in weekly queries.
    caught = [p for p in videos if p.at >= _QUERIES[0] and not p.seen_at(_QUERIES[1])]
    _pages(folder / "videos_weekly", "videos", [_video(p, p.at + timedelta(days=3)) for p in caught], _QUERIES[1])
    comments = [_comment(p) for p in posts if p.media == "comment"]
    _pages(folder / "comments", "comments", comments, _QUERIES[1])


def _pages(stem: Path, key: str, items: list[dict[str, Any]], at: datetime) -> None:
    for number, start in enumerate(range(0, len(items), 100), 1):
        body: dict[str, Any] = {
            key: items[start : start + 100],
            "cursor": min(start + 100, len(items)),
            "has_more": start + 100 < len(items),
        }
        if key == "videos":
            body["search_id"] = str(int(at.timestamp()) << 32)
        log = f"{at:%Y%m%d%H%M%S}{token(stem.name, number, size=20).upper()}"
        page = {"data": body, "error": {"code": "ok", "message": "", "log_id": log}}
        write(stem.with_name(f"{stem.name}_p{number:02}.json"), dump(page, 1) + "\n")


def _video(post: Post, at: datetime) -> dict[str, Any]:
    assert post.account is not None
    likes, shares, replies, views = counts(post, at)
    return {
        "id": int(post.id),
        "video_description": post.text,
        "create_time": int(post.at.timestamp()),
        "region_code": "MX" if post.account.lang != "en" else "US",
        "share_count": shares,
        "view_count": views * 4,
        "like_count": likes * 3,
        "comment_count": replies * 2,
        "music_id": 7000000000000000000 + post.account.key,
        "hashtag_names": [m[1].lower() for m in TAG.finditer(post.text)],
        "username": post.account.id,
        "effect_ids": [],
        "video_duration": 9 + int(post.id) % 50,
        "voice_to_text": "",
    }


def _comment(post: Post) -> dict[str, Any]:
    assert post.reply_to is not None
    return {
        "id": int(post.id),
        "video_id": int(post.reply_to.id),
        "parent_comment_id": int(post.reply_to.id),
        "text": post.text,
        "like_count": int(post.size * 3),
        "reply_count": 0,
        "create_time": int(post.at.timestamp()),
    }
