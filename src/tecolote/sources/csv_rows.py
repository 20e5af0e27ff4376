"""Rows of the record tables from the rows of a table whose columns are known."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import Any

from tecolote.sources import shapes
from tecolote.sources.base import Sink
from tecolote.sources.csv_columns import Columns, is_accounts, platform_of
from tecolote.sources.csv_values import Values
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.text_edges import edges_of

_COUNTS = ("likes", "reposts", "replies", "quotes", "views", "bookmarks")
_X_STATUS = re.compile(r"(?:twitter|x)\.com/[^/\s]+/status(?:es)?/(\d{1,20})", re.IGNORECASE)
#: What minet's attrition report says of a post (or, with 'user', of its author too). An answer 'not found' is no
#: proof of a deletion.
_STATES = {
    "available_tweet": "live", "suspended_user": "suspended", "deactivated_user": "deactivated",
    "deactivated_or_renamed_user": "not_found", "protected_user": "protected", "censored_tweet": "withheld",
    "blocked_by_tweet_author": "restricted", "unavailable_tweet": "not_found", "unavailable_retweet": "not_found",
    "unavailable_retweeted_tweet": "not_found", "censored_retweeted_tweet": "withheld",
    "protected_retweeted_user": "protected", "suspended_retweeted_user": "suspended",
    "blocked_by_original_tweet_author": "restricted",
}  # fmt: skip
_OF_ACCOUNT = {"suspended_user", "deactivated_user", "deactivated_or_renamed_user", "protected_user"}
_LISTS = {"hashtag": "hashtags", "links_to": "links", "mentions": "mentions"}
_DST_KIND = {"hashtag": "hashtag", "links_to": "link", "mentions": "account_name"}
_KNOWN_ACCOUNTS = 500_000
_ROUNDED_SHARE = 0.5


class Rows:
    """Turns cells into rows.

    Args:
        columns: our columns and the places of theirs.
        fixed: values that hold for every row.
        values: reads the cells.
        sink: takes the rows.
        times_are_utc: times without a zone are UTC, by the convention of the tool that wrote the table.
    """

    def __init__(
        self, columns: Columns, fixed: dict[str, str], values: Values, sink: Sink, times_are_utc: bool
    ) -> None:
        self.columns = columns
        self.fixed = fixed
        self.values = values
        self.sink = sink
        self.times_are_utc = times_are_utc
        self.accounts_only = is_accounts(columns)
        self.known: dict[tuple[str, str], int] = {}
        self.equals: dict[bytes, int] = {}
        self.long_ids = self.rounded_ids = 0
        self._cells: list[str] = []
        self._rec = 0
        self._platform = ""

    def add(self, rec: int, cells: list[str]) -> None:
        """All rows that one row of the table states.

        Raises:
            Unreadable: an id that a spreadsheet has rounded, or nothing to identify the row by.
        """
        self._cells, self._rec = cells, rec
        url = self._get("url")
        platform = (self._get("platform") or "").strip().lower() or platform_of(url or "") or "unknown"
        self._platform = {"twitter": "x"}.get(platform, platform)
        account = self._account()
        if self.accounts_only:
            if account is None:
                raise Unreadable("no account id and no user name")
            self._withheld("account", account)
        elif "status" in self.columns:
            self._availability(account)
        else:
            self._post(account)

    def forget(self) -> None:
        """Take back which accounts are known, after the rows of a record were removed."""
        self.known.clear()

    def finish(self) -> None:
        """Say what only the whole table shows."""
        if self.long_ids > 20 and self.rounded_ids > self.long_ids * _ROUNDED_SHARE:
            self.sink.note(
                f"{self.rounded_ids} of {self.long_ids} long ids end in zeros behind the fifteenth digit: a "
                "spreadsheet has rounded them; do not look posts up by these ids"
            )

    # -- cells

    def _get(self, name: str) -> str | None:
        if name in self.fixed:
            return self.fixed[name]
        place = self.columns.get(name)
        return self._cells[place] if place is not None else None

    def _ident(self, name: str) -> str | None:
        found = self.values.ident(self._get(name))
        if found is not None and len(found) > 15 and found.isdigit():
            self.long_ids += 1
            self.rounded_ids += not found[15:].strip("0")
        return found

    def _words(self, name: str) -> str | None:
        return self.values.words(self._get(name))

    def _count(self, name: str) -> int | None:
        return self.values.count(self._get(name))

    def _moment(self, name: str) -> shapes.Moment:
        return self.values.moment(self._get(name), is_utc=self.times_are_utc)

    def _row(self, table: str, **values: Any) -> None:
        self.sink.add(table, self._rec, platform=self._platform, **values)

    def _seen(self) -> tuple[datetime | None, str]:
        return shapes.seen(self._moment("observed_at")[0], self.values.options)

    # -- rows

    def _post(self, account: str | None) -> None:
        url, text = self._words("url"), self._words("text")
        at, raw, basis = self._moment("created_at")
        post = self._ident("id")
        if post is None and self._platform == "x" and url and (found := _X_STATUS.search(url)):
            post = found[1]
        derived = post is None
        if post is None:
            if not (text or url):
                raise Unreadable("neither id nor text nor address")
            post = self._derived(url, account, raw, text)
        reply = self._ident("in_reply_to_id")
        self._row(
            "posts", id=post, id_is_derived=derived, kind="comment" if reply and self._platform == "reddit" else "post",
            account_id=account, author_name=self._words("username") or self._words("author_name"), created_at=at,
            created_at_raw=raw, tz_basis=basis, text=text, lang=self._words("lang"),
            thread_id=self._ident("thread_id"), in_reply_to_id=reply, url=url, source_app=self._words("source_app"),
            sensitive=self.values.flag(self._get("sensitive")),
        )  # fmt: skip
        counts = {name: self._count(name) for name in _COUNTS}
        if any(value is not None for value in counts.values()):
            seen, seen_basis = self._seen()
            self._row("post_snapshots", post_id=post, observed_at=seen, observed_basis=seen_basis, **counts)
        self._withheld("post", post)
        self._media(post)
        self._edges(post, account, at, text, reply)

    def _derived(self, url: str | None, account: str | None, raw: str | None, text: str | None) -> str:
        """An id from what the row says, with its number among equal rows."""
        whole = f"{self._platform}\0{url}\0{account}\0{raw}\0{text}"
        key = sha256(whole.encode("utf-8", "surrogatepass")).digest()[:12]
        again = self.equals.get(key, 0)
        self.equals[key] = again + 1
        return f"{key.hex()}-{again}" if again else key.hex()

    def _account(self) -> str | None:
        """The author's id, else user name; with its rows."""
        native, username = self._ident("account_id"), self._words("username")
        account = native or username
        if account is None:
            return None
        made = self._moment("account_created_at")[0]
        key = (self._platform, account)
        if len(self.known) > _KNOWN_ACCOUNTS:
            self.known.clear()
        before = self.known.get(key)
        if before is None:
            self._row("accounts", id=account, id_kind="native" if native else "username", created_at=made)
        profile = {
            "username": username, "display_name": self._words("author_name"), "bio": self._words("bio"),
            "location": self._words("location"), "url": self._words("profile_url"), "avatar": self._words("avatar"),
            "verified": self.values.flag(self._get("verified")),
            "protected": self.values.flag(self._get("protected")), "followers": self._count("followers"),
            "following": self._count("following"), "posts": self._count("account_posts"),
            "likes": self._count("account_likes"),
        }  # fmt: skip
        state = hash((*profile.values(), self._get("observed_at")))
        if before != state:
            self.known[key] = state
            seen, basis = self._seen()
            self._row("account_snapshots", account_id=account, observed_at=seen, observed_basis=basis, **profile)
        return account

    def _availability(self, account: str | None) -> None:
        said, post = self._words("status"), self._ident("id")
        if said is None or post is None:
            raise Unreadable("no id or no state")
        state = _STATES.get(said, "unknown")
        seen = self._moment("observed_at")[0] or self.values.options.observed_at
        about = {"state": state, "reason": said, "observed_at": seen, "observed_by": "export"}
        self._row("observations", target_kind="post", target_id=post, **about)
        if said in _OF_ACCOUNT and account is not None:
            self._row("observations", target_kind="account", target_id=account, **about)

    def _withheld(self, kind: str, target: str) -> None:
        countries = self.values.items(self._get("withheld_in"))
        if countries:
            self._row(
                "observations", target_kind=kind, target_id=target, state="withheld",
                jurisdiction=",".join(countries), observed_at=self._seen()[0], observed_by="export",
            )  # fmt: skip

    def _media(self, post: str) -> None:
        listed = [("image", u) for u in self.values.items(self._get("images"))]
        listed += [("video", u) for u in self.values.items(self._get("videos"))]
        types = self.values.items(self._get("media_types"))
        for place, url in enumerate(self.values.items(self._get("media"))):
            stated = types[place] if place < len(types) else ""
            listed.append(({"photo": "image", "animated_gif": "animation"}.get(stated, stated or "image"), url))
        for number, (kind, url) in enumerate(listed):
            self._row("media", id=f"{post}/{number}", post_id=post, type=kind, url=url)

    def _edges(self, post: str, account: str | None, at: datetime | None, text: str | None, reply: str | None) -> None:
        if account is None:
            return
        found: dict[tuple[str, str, str], str | None] = {}
        for type_, id_, person, name in (
            ("replies", reply, "in_reply_to_account", ""),
            ("reposts", self._ident("reposted_id"), "reposted_account", "reposted_username"),
            ("quotes", self._ident("quoted_id"), "quoted_account", "quoted_username"),
        ):
            author = self._ident(person)
            if id_ is not None:
                found[type_, id_, "post"] = author
            elif author is not None:
                found[type_, author, "account"] = None
            elif name and (username := self._words(name)):
                found[type_, username.lstrip("@"), "account_name"] = None
        for type_, column in _LISTS.items():
            for item in self.values.items(self._get(column)):
                target = item.lstrip("#").lower() if type_ == "hashtag" else item.lstrip("@")
                found[type_, target, _DST_KIND[type_]] = None
        for edge in edges_of(text or ""):
            if _LISTS[edge[0]] not in self.columns:
                found.setdefault(edge, None)
        for (type_, target, kind), author in found.items():
            self._row(
                "edges", src=account, dst=target, type=type_, dst_kind=kind, post_id=post, dst_account_id=author, at=at
            )
