"""CrowdTangle's CSV files of Facebook (40 columns) and Instagram posts. Unproven: no file was at hand.

Times end in a zone's letters ("EDT"), which are read; the name of the score's column holds its weights; numbers are
grouped ("1,234"). The columns are those that the tools reading such files name.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from tecolote.sources.crowdtangle import REACTIONS, edges
from tecolote.sources.csv_reader import Cells, CsvReader, Profiles
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.meta_download import derived_id
from tecolote.sources.shapes import Moment, compact, moment, some

_ZONES = {
    "UTC": 0, "GMT": 0, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
    "AKDT": -8, "AKST": -9, "HST": -10, "BST": 1, "CET": 1, "CEST": 2, "WET": 0, "WEST": 1, "EET": 2, "EEST": 3,
}  # fmt: skip
_ZONED = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) ([A-Z]{3,4})")
_PATH_ID = re.compile(r"/(?:posts|videos|photos|permalink|p|reel|tv)/(?:[^?#]*/)?([\w-]+)/*(?:[?#]|$)")


class CrowdTangleCsv(CsvReader):
    """Reader of CrowdTangle's Historical Data files."""

    name = "crowdtangle_csv"
    version = "2"
    title = "CrowdTangle (CSV)"
    obtained = "CrowdTangle's Historical Data or Saved Searches, before it closed in August 2024"
    proven = False
    needles = (b"User Name", b"Likes", b"Comments", b"URL")
    marks: ClassVar[frozenset[str]] = frozenset({"user_name", "type", "likes", "comments", "url"})

    def sniff(self, head: bytes, name: str) -> float:
        """As `CsvReader.sniff`, with one of the columns that only CrowdTangle writes."""
        own = (b"Followers at Posting", b"Likes at Posting", b"Overperforming Score", b"Total Interactions")
        start = head[:16384].replace(b"\0", b"")
        return super().sniff(head, name) if any(mark in start for mark in own) else 0.0

    def row(self, record: Record, cells: Cells, profiles: Profiles) -> None:
        """Rows of one post."""
        url = cells.words("url")
        facebook = "facebook_id" in cells.cells or "message" in cells.cells
        record.platform = "facebook" if facebook else "instagram"
        if url is None:
            raise Unreadable("no address in the column URL, which holds the post's id")
        found = _PATH_ID.search(url)
        native, name = cells.ident("facebook_id"), cells.words("user_name")
        account = native or name
        # The API and this file name one post by the same id: the page's, then the post's.
        key = found[1] if found else derived_id(None, url, [])
        pid = f"{native}_{key}" if facebook and native and key.isdigit() else key
        when = zoned(cells.get("post_created", "created"))
        text = cells.words("message") if facebook else cells.words("description")
        record.add(
            "posts", id=pid, id_is_derived=found is None, kind="post", account_id=account,
            author_name=name or cells.words("page_name", "group_name", "account"), **created(when), text=text,
            visibility="public", url=url,
        )  # fmt: skip
        reactions = {r: n for r in REACTIONS if (n := cells.count(r)) is not None}
        record.snapshot(
            "post_snapshots", None, post_id=pid, likes=cells.count("likes"), reposts=cells.count("shares"),
            replies=cells.count("comments"),
            views=cells.count("total_views_for_all_crossposts", "total_views", "post_views", "views"),
            reactions=compact(reactions),
        )  # fmt: skip
        if account is not None:
            profiles.add(
                record, account, "native" if native else "username", zoned(cells.get("page_created"))[0], username=name,
                display_name=cells.words("page_name", "group_name", "account"), bio=cells.words("page_description"),
            )  # fmt: skip
            followers = cells.count("followers_at_posting")
            if followers is not None and when[0] is not None:
                record.snapshot("account_snapshots", when[0], account_id=account, username=name, followers=followers)
        picture = cells.words("photo")
        if picture is not None:
            record.add("media", id=f"{pid}/0", post_id=pid, type="image", url=picture, status="present")
            record.edge("attaches", pid, f"{pid}/0", "media", post_id=pid, at=when[0])
        link = cells.words("final_link", "link")
        edges(record, pid, account, when[0], text, [link if link != url else None])


def zoned(cell: str | None) -> Moment:
    """'2020-10-29 10:56:05 EDT' as UTC; letters of a zone that is not known leave the time unknown."""
    raw = some((cell or "").strip())
    found = _ZONED.fullmatch(raw or "")
    if raw is None or found is None:
        return moment(raw)
    hours = _ZONES.get(found[2])
    if hours is None:
        return None, raw, "unknown"
    try:
        local = datetime.fromisoformat(found[1]).replace(tzinfo=timezone(timedelta(hours=hours)))
    except ValueError:
        return None, raw, "unknown"
    at, _, basis = moment(local.isoformat())
    return at, raw, basis


READER = CrowdTangleCsv()
