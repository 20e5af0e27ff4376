"""X's archive of information operations: CSV with 31 columns. Unproven: its licence lets nobody pass a file on.

``userid`` and names of accounts with fewer than 5,000 followers are hashes that may hold ``+ / =``; they are
pseudonyms of X's making. Ids in copies that went through a spreadsheet (``1.01421E+18``) are refused. Times are
UTC to the minute; the older days with month first.
"""

from __future__ import annotations

import re
from typing import ClassVar

from tecolote.sources.csv_reader import Cells, CsvReader, Profiles
from tecolote.sources.json_reader import Record, created
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import compact

_HASH = re.compile(r"(?=.*[^\d])[\w+/=-]{40,90}")


class InformationOperations(CsvReader):
    """Reader of the tweets files of the archive; a file of users has the first ten columns only."""

    name = "x_io"
    version = "2"
    title = "X archive of information operations (CSV)"
    obtained = "X's transparency centre or the Moderation Research Consortium, on application"
    proven = False
    platform = "x"
    needles = (b"userid", b"user_screen_name", b"account_creation_date", b"user_profile_description")
    marks: ClassVar[frozenset[str]] = frozenset({"userid", "user_screen_name", "account_creation_date"})
    date_order: ClassVar[str | None] = "mdy"

    def row(self, record: Record, cells: Cells, profiles: Profiles) -> None:
        """Rows of one post, or of an account where the table has no posts."""
        account, name = cells.ident("userid"), cells.words("user_screen_name")
        if account is None:
            raise Unreadable("no account id")
        hashed = _HASH.fullmatch(account) is not None
        profiles.add(
            record, account, "pseudonym" if hashed else "native", cells.moment("account_creation_date")[0],
            username=None if name == account else name,
            display_name=None if cells.words("user_display_name") == account else cells.words("user_display_name"),
            location=cells.words("user_reported_location"), bio=cells.words("user_profile_description"),
            url=cells.words("user_profile_url"), followers=cells.count("follower_count"),
            following=cells.count("following_count"),
        )  # fmt: skip
        if "tweetid" in cells.cells:
            self._post(record, cells, account, name)

    def _post(self, record: Record, cells: Cells, account: str, name: str | None) -> None:
        post = cells.ident("tweetid")
        if post is None:
            raise Unreadable("no post id")
        at, raw, basis = cells.moment("tweet_time")
        answered, reposted = cells.ident("in_reply_to_tweetid", "in_reply_to_statusid"), cells.ident("retweet_tweetid")
        text = cells.words("tweet_text")
        place = {k: v for k in ("latitude", "longitude") if (v := cells.words(k)) and v not in ("absent", "present")}
        repost = cells.flag("is_retweet")
        record.add(
            "posts", id=post, id_is_derived=False, kind="post", account_id=account, author_name=name,
            **created((at, raw, basis)), text=text,
            text_truncated=bool(repost and (text or "").endswith(("…", "..."))), lang=cells.words("tweet_language"),
            in_reply_to_id=answered, source_app=cells.words("tweet_client_name"), place=compact(place),
        )  # fmt: skip
        record.snapshot(
            "post_snapshots", None, post_id=post, likes=cells.count("like_count"),
            reposts=cells.count("retweet_count"), replies=cells.count("reply_count"), quotes=cells.count("quote_count"),
        )  # fmt: skip
        whom, whose = cells.ident("in_reply_to_userid"), cells.ident("retweet_userid")
        found: dict[tuple[str, str | None, str], str | None] = {
            ("replies", answered or whom, "post" if answered else "account"): whom if answered else None,
            ("reposts", reposted or whose, "post" if reposted else "account"): whose if reposted else None,
            ("quotes", cells.ident("quoted_tweet_tweetid"), "post"): None,
        }
        found |= {("mentions", who, "account"): None for who in _listed(cells, "user_mentions")}
        found |= {("hashtag", tag.lstrip("#").lower(), "hashtag"): None for tag in _listed(cells, "hashtags")}
        found |= {("links_to", link, "link"): None for link in _listed(cells, "urls")}
        for (kind, target, target_kind), owner in found.items():
            record.edge(kind, account, target, target_kind, post_id=post, dst_account_id=owner, at=at)


def _listed(cells: Cells, name: str) -> list[str]:
    """Entries of ``[a, b]``, which the archive writes with and without quotation marks."""
    text = (cells.get(name) or "").strip()
    if text.startswith("[") and text.endswith("]") and "'" not in text and '"' not in text:
        return [entry for part in text[1:-1].split(",") if (entry := part.strip())]
    return cells.items(name)


READER = InformationOperations()
