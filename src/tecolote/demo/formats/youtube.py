"""YouTube: answers of the Data API v3 (videos, comment threads, channels, subscriptions) and some yt-dlp info files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tecolote.demo.formats.common import TAG, counts, dump, iso, token, write
from tecolote.demo.world import END, Account, Post, World

_SEEN = END + timedelta(hours=21)


def write_youtube(world: World, folder: Path) -> None:
    """Write the answers below ``folder``."""
    posts = [p for p in world.posts if p.platform == "youtube"]
    videos = [p for p in posts if p.media == "video"]
    saved = {p.id for p in videos if int(token(p.id, "yt-dlp", size=4), 36) % 10 == 0}
    _pages(folder / "videos", "youtube#videoListResponse", [_video(p) for p in videos if p.id not in saved])
    _pages(folder / "comment_threads", "youtube#commentThreadListResponse",
           [_thread(p) for p in posts if p.media == "comment"])  # fmt: skip
    people = world.on("youtube")
    _pages(folder / "channels", "youtube#channelListResponse", [_channel(a) for a in people])
    subscriptions = [_subscription(follower, hub) for hub in people for follower in world.follows.get(hub.key, ())]
    _pages(folder / "subscriptions", "youtube#subscriptionListResponse", subscriptions)
    for post in videos:
        if post.id in saved:
            write(folder / "yt-dlp" / f"video [{post.id}].info.json", dump(_info(post)) + "\n")


def _pages(stem: Path, kind: str, items: list[dict[str, Any]]) -> None:
    for number, start in enumerate(range(0, len(items), 50), 1):
        page = {
            "kind": kind, "etag": token(stem.name, number, size=27),
            "pageInfo": {"totalResults": len(items), "resultsPerPage": 50}, "items": items[start : start + 50],
        }  # fmt: skip
        write(stem.with_name(f"{stem.name}_p{number:02}.json"), dump(page, 1) + "\n")


def _thumbnails(video: str) -> dict[str, Any]:
    return {"default": {"url": f"https://i.ytimg.com/vi/{video}/default.jpg", "width": 120, "height": 90}}


def title_of(post: Post) -> str:
    """A title of at most 90 characters: the beginning of the text."""
    return post.text if len(post.text) <= 90 else post.text[:90].rsplit(" ", 1)[0]


def _rest(post: Post) -> str:
    """The description: what the title leaves out."""
    return post.text[len(title_of(post)) :].strip()


def _video(post: Post) -> dict[str, Any]:
    assert post.account is not None
    likes, _, replies, views = counts(post, _SEEN)
    return {
        "kind": "youtube#video",
        "etag": token(post.id, size=27),
        "id": post.id,
        "snippet": {
            "publishedAt": f"{post.at:%Y-%m-%dT%H:%M:%SZ}",
            "channelId": post.account.id,
            "title": title_of(post),
            "description": _rest(post),
            "thumbnails": _thumbnails(post.id),
            "channelTitle": post.account.name,
            "tags": [m[1] for m in TAG.finditer(post.text)],
            "categoryId": "22",
            "liveBroadcastContent": "none",
            "defaultAudioLanguage": "es-419",
        },
        "contentDetails": {"duration": f"PT{2 + len(post.text) % 9}M{10 + len(post.text) % 49}S", "definition": "hd"},
        "statistics": {
            "viewCount": str(views),
            "likeCount": str(likes),
            "favoriteCount": "0",
            "commentCount": str(replies),
        },
    }


def _thread(post: Post) -> dict[str, Any]:
    assert post.account is not None and post.reply_to is not None
    snippet = {
        "channelId": post.reply_to.account.id if post.reply_to.account else "",
        "videoId": post.reply_to.id,
        "textDisplay": post.text,
        "textOriginal": post.text,
        "authorDisplayName": f"@{post.account.handle}",
        "authorProfileImageUrl": f"https://yt3.ggpht.com/ytc/{token(post.account.id)}=s48-c-k-c0x00ffffff-no-rj",
        "authorChannelUrl": f"http://www.youtube.com/channel/{post.account.id}",
        "authorChannelId": {"value": post.account.id},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": int(post.size * 4),
        "publishedAt": f"{post.at:%Y-%m-%dT%H:%M:%SZ}",
        "updatedAt": f"{post.at:%Y-%m-%dT%H:%M:%SZ}",
    }
    comment = {"kind": "youtube#comment", "etag": token(post.id, "c", size=27), "id": post.id, "snippet": snippet}
    return {
        "kind": "youtube#commentThread",
        "etag": token(post.id, size=27),
        "id": post.id,
        "snippet": {
            "channelId": snippet["channelId"], "videoId": post.reply_to.id, "topLevelComment": comment,
            "canReply": True, "totalReplyCount": 0, "isPublic": True,
        },
    }  # fmt: skip


def _channel(account: Account) -> dict[str, Any]:
    picture = {"url": f"https://yt3.ggpht.com/ytc/{token(account.id)}=s88", "width": 88, "height": 88}
    return {
        "kind": "youtube#channel",
        "etag": token(account.id, size=27),
        "id": account.id,
        "snippet": {
            "title": account.name, "description": account.bio, "customUrl": f"@{account.handle.lower()}",
            "publishedAt": f"{account.created:%Y-%m-%dT%H:%M:%SZ}",
            "thumbnails": {"default": picture},
        },
        "statistics": {
            "viewCount": str(account.followers * 50), "subscriberCount": str(account.followers),
            "hiddenSubscriberCount": False, "videoCount": str(int(account.weight * 20)),
        },
    }  # fmt: skip


def _subscription(follower: Account, hub: Account) -> dict[str, Any]:
    at = max(follower.created, hub.created) + timedelta(days=1 + (follower.key * 7 + hub.key) % 90)
    return {
        "kind": "youtube#subscription",
        "etag": token(follower.id, hub.id, size=27),
        "id": token(hub.id, follower.id, size=43),
        "snippet": {
            "publishedAt": iso(at), "title": hub.name, "description": hub.bio,
            "resourceId": {"kind": "youtube#channel", "channelId": hub.id}, "channelId": follower.id,
            "thumbnails": {"default": {"url": f"https://yt3.ggpht.com/{token(hub.id)}/photo.jpg"}},
        },
    }  # fmt: skip


def _info(post: Post) -> dict[str, Any]:
    """What yt-dlp writes beside a download."""
    assert post.account is not None
    likes, _, replies, views = counts(post, _SEEN)
    channel = f"https://www.youtube.com/channel/{post.account.id}"
    address = f"https://www.youtube.com/watch?v={post.id}"
    seconds = 130 + len(post.text) % 400
    return {
        "id": post.id, "title": title_of(post), "thumbnail": f"https://i.ytimg.com/vi/{post.id}/maxresdefault.jpg",
        "description": _rest(post), "channel_id": post.account.id, "channel_url": channel, "duration": seconds,
        "view_count": views, "average_rating": None, "age_limit": 0, "webpage_url": address,
        "categories": ["People & Blogs"], "tags": [m[1] for m in TAG.finditer(post.text)], "playable_in_embed": True,
        "live_status": "not_live", "release_timestamp": None, "comment_count": replies, "chapters": None,
        "heatmap": None, "like_count": likes, "channel": post.account.name,
        "channel_follower_count": post.account.followers, "uploader": post.account.name,
        "uploader_id": f"@{post.account.handle}", "uploader_url": f"https://www.youtube.com/@{post.account.handle}",
        "upload_date": f"{post.at:%Y%m%d}", "timestamp": int(post.at.timestamp()), "availability": "public",
        "original_url": address, "webpage_url_basename": "watch", "webpage_url_domain": "youtube.com",
        "extractor": "youtube", "extractor_key": "Youtube", "playlist": None, "playlist_index": None,
        "display_id": post.id, "fulltitle": title_of(post), "duration_string": f"{seconds // 60}:{seconds % 60:02}",
        "is_live": False, "was_live": False, "epoch": int(_SEEN.timestamp()), "ext": "mp4", "width": 1280,
        "height": 720, "fps": 30, "_type": "video",
        "_version": {"version": "2025.02.19", "current_git_head": None, "repository": "yt-dlp/yt-dlp"},
    }  # fmt: skip
