"""CrowdTangle (closed in August 2024): answers of its API.

Times are UTC. ``updated`` is when the counts were taken. A post's id is the platform's (``platformId``);
``account.id`` is CrowdTangle's own and not used. How many followed a page when it posted is a snapshot of that moment.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, keys_of
from tecolote.sources.shapes import Moment, compact, count, flag, ident, moment, obj, objs, required, small, some
from tecolote.sources.text_edges import edges_of

#: Reactions of Facebook beside the like.
REACTIONS = ("love", "wow", "haha", "sad", "angry", "thankful", "care")
_VIEWS = ("videoTotalViewCount", "videoAllCrosspostsViewCount", "videoPostViewCount", "viewCount")
_POST = {"platformId", "postUrl", "statistics.actual.likeCount", "statistics.actual.favoriteCount", "subscriberCount"}


class CrowdTangle(JsonReader):
    """Reader of CrowdTangle's API answers."""

    name = "crowdtangle"
    version = "2"
    title = "CrowdTangle API (JSON)"
    obtained = "CrowdTangle's API, before it closed in August 2024"
    proven = True
    platform = "facebook"
    into: ClassVar[frozenset[str]] = frozenset({"result", "posts"})

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for posts with CrowdTangle's ids and statistics."""
        keys = keys_of(head)
        places = ("", "result.posts[].", "posts[].")
        return 0.9 if any(len({f"{at}{mark}" for mark in _POST} & keys) > 2 for at in places) else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of one post of the API."""
        if not isinstance(value, dict) or "platformId" not in value:
            raise Unreadable("not a post of CrowdTangle")
        record.platform = (some(value.get("platform")) or "facebook").lower()
        _post(record, value)


def _time(value: Any) -> Moment:
    """A time of the API, which is UTC without saying so."""
    stated = some(value)
    if stated is None:
        return None, None, None
    at, _, basis = moment(stated if re.search(r"Z$|[+-]\d\d:?\d\d$", stated) else f"{stated}+00:00")
    return at, stated, basis


def _post(record: Record, value: dict[str, Any]) -> None:
    pid = required(ident(value.get("platformId"), numeric=False), "post id")
    if record.platform == "instagram":
        pid = pid.split("_", 1)[0]  # behind it stands the owner; other exports of Instagram call the post so
    owner = obj(value.get("account"))
    account = ident(owner.get("platformId"))
    when, taken = _time(value.get("date")), _time(value.get("updated"))
    # Instagram's caption is the description; on Facebook that is the preview of a link.
    text = some(value.get("message")) or (some(value.get("description")) if record.platform != "facebook" else None)
    record.add(
        "posts", id=pid, id_is_derived=False, kind="post", account_id=account,
        author_name=some(owner.get("handle")) or some(owner.get("name")), **created(when), text=text,
        text_truncated=False, lang=some(value.get("languageCode")), visibility="public",
        url=some(value.get("postUrl")) or some(value.get("link")),
    )  # fmt: skip
    _counts(record, pid, obj(obj(value.get("statistics")).get("actual")), taken[0], value)
    for step in objs(value.get("history")):
        _counts(record, pid, obj(step.get("actual")), _time(step.get("date"))[0], {})
    if account is not None:
        _account(record, account, owner, count(value.get("subscriberCount")), when[0])
    for number, item in enumerate(objs(value.get("media"))):
        key = f"{pid}/{number}"
        url, kind = some(item.get("full")) or some(item.get("url")), some(item.get("type"))
        record.add(
            "media", id=key, post_id=pid, type={"photo": "image"}.get(kind or "", kind), url=url,
            width=small(item.get("width")), height=small(item.get("height")), status="present" if url else "omitted",
            duration_ms=count(value.get("videoLengthMS")) if kind == "video" else None,
        )  # fmt: skip
        record.edge("attaches", pid, key, "media", post_id=pid, at=when[0])
    links = [some(link.get("expanded")) or some(link.get("original")) for link in objs(value.get("expandedLinks"))]
    links += [some(link.get("expanded")) for link in objs(value.get("expandedLiks"))]
    edges(record, pid, account, when[0], text, [*links, some(value.get("link"))])


def edges(
    record: Record, pid: str, account: str | None, at: datetime | None, text: str | None, links: list[str | None]
) -> None:
    """Links that are stated, and links, hashtags and mentions in the text, each once."""
    found = dict.fromkeys(("links_to", link, "link") for link in links if link)
    found |= dict.fromkeys(edges_of(text or ""))
    for kind, target, target_kind in found:
        record.edge(kind, account, target, target_kind, post_id=pid, at=at)


def _counts(record: Record, pid: str, actual: dict[str, Any], at: datetime | None, value: dict[str, Any]) -> None:
    if not actual:
        return
    views = (count(actual.get(k, value.get(k))) for k in _VIEWS)
    likes = count(actual.get("likeCount"))
    reactions = {r: n for r in REACTIONS if (n := count(actual.get(f"{r}Count"))) is not None}
    record.snapshot(
        "post_snapshots", at, post_id=pid, likes=count(actual.get("favoriteCount")) if likes is None else likes,
        reposts=count(actual.get("shareCount")), replies=count(actual.get("commentCount")),
        views=next((n for n in views if n is not None), None), reactions=compact(reactions),
    )  # fmt: skip


def _account(
    record: Record, account: str, owner: dict[str, Any], at_posting: int | None, when: datetime | None
) -> None:
    """The page or group now, and how many followed it when it posted."""
    record.add("accounts", id=account, id_kind="native")
    name = some(owner.get("handle"))
    record.snapshot(
        "account_snapshots", None, account_id=account, username=name, display_name=some(owner.get("name")),
        url=some(owner.get("url")), avatar=some(owner.get("profileImage")), verified=flag(owner.get("verified")),
        followers=count(owner.get("subscriberCount")),
    )  # fmt: skip
    if at_posting is not None and when is not None:
        record.snapshot("account_snapshots", when, account_id=account, username=name, followers=at_posting)


READER = CrowdTangle()
