"""Meta Content Library: CSV files of Facebook and Instagram posts. Unproven: no redistributable file exists.

Ids are the library's own numbers, not the platforms'. ``post_owner.*`` is who posted, ``surface.*`` where (another
name in a group). Reshares carry ``shared_post_id``. Times are UTC; counts of views may be days old
(``view_date_last_refreshed``).
"""

from __future__ import annotations

from typing import ClassVar

from tecolote.sources.csv_reader import Cells, CsvReader, Profiles
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import compact
from tecolote.sources.text_edges import edges_of

_REACTIONS = ("love", "wow", "haha", "sad", "angry", "care")


class ContentLibrary(CsvReader):
    """Reader of the library's CSV files."""

    name = "mcl"
    version = "2"
    title = "Meta Content Library (CSV)"
    obtained = "Meta Content Library: a search's download, where your access allows one"
    proven = False
    needles = (b"post_owner.", b"statistics.", b"creation_time")
    marks: ClassVar[frozenset[str]] = frozenset({"id", "creation_time"})

    def row(self, record: Record, cells: Cells, profiles: Profiles) -> None:
        """Rows of one post."""
        record.platform = _platform(cells)
        post = cells.ident("id")
        if post is None:
            raise Unreadable("no post id")
        account = cells.ident("post_owner.id")
        when, changed = cells.moment("creation_time"), cells.moment("modified_time")[0]
        surface = cells.ident("surface.id")
        thread = surface if surface != account else None
        text, name = cells.words("text"), cells.words("post_owner.username")
        record.add(
            "posts", id=post, id_is_derived=False, kind="post", account_id=account,
            author_name=name or cells.words("post_owner.name"), **created(when),
            edited_at=changed if changed and when[0] and changed > when[0] else None, text=text,
            lang=cells.words("lang"), thread_id=thread, visibility="public", url=cells.words("url", "mcl_url"),
        )  # fmt: skip
        if thread is not None:
            kind = "group" if (cells.words("surface.type") or "").lower() == "group" else "channel"
            record.add("threads", id=thread, title=cells.words("surface.name"), type=kind, private=False)
        reactions = {r: n for r in _REACTIONS if (n := cells.count(f"statistics.{r}_count")) is not None}
        record.snapshot(
            "post_snapshots", None, post_id=post, likes=cells.count("statistics.like_count"),
            reposts=cells.count("statistics.share_count"), replies=cells.count("statistics.comment_count"),
            views=cells.count("statistics.views", "statistics.view_count"), reactions=compact(reactions),
        )  # fmt: skip
        if account is not None:
            profiles.add(
                record, account, "native", username=name, display_name=cells.words("post_owner.name"),
            )  # fmt: skip
        found = dict.fromkeys(("hashtag", tag.lstrip("#").lower(), "hashtag") for tag in cells.items("hashtags"))
        link = cells.words("link_attachment.link", "link")
        found |= {("links_to", link, "link"): None} if link else {}
        found |= dict.fromkeys(edges_of(text or ""))
        shared = cells.ident("shared_post_id")
        found |= {("reposts", shared, "post"): None} if shared else {}
        for kind, target, target_kind in found:
            record.edge(kind, account, target, target_kind, post_id=post, at=when[0])


def _platform(cells: Cells) -> str:
    stated = f"{cells.words('url') or ''} {cells.words('mcl_url') or ''} {cells.words('platform') or ''}".lower()
    if "instagram" in stated:
        return "instagram"
    return "threads" if "threads" in stated else "facebook"


READER = ContentLibrary()
