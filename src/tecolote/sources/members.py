"""Names of the members of private chats, replaced by pseudonyms in the rows that tables and pages show.

The bytes kept as evidence are not touched. What is replaced:

- ids and names of accounts other than the giver's, wherever a column holds them; bio, place, address and picture of
  their profiles become null;
- in the lines that the app itself wrote (kind ``event``) and in titles, every member's name as a whole word, the
  longest first;
- in messages, ``@name`` of anybody but the giver, and the telephone numbers of members;
- the id of a chat between two people where the platform uses the partner's own id for it, or both ids.

A name that a message merely speaks of stays: it is what was said, and removing it needs a person's judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tecolote.records import DATA_COLUMNS
from tecolote.sources.base import Row, Sink

Pseudonym = Callable[[str, str], str]

_PHONE = re.compile("(?<![\\w-])\\+?\\d[\\d ().\u00a0\u2010\u2011-]{5,24}\\d(?![\\w-])")
_PERSONAL = ("bio", "location", "url", "avatar")
_ACCOUNT_PREFIX = re.compile(r"(?:user|PeerUser)(\d+)")
_ID_COLUMNS = {
    "posts": ("id", "thread_id", "in_reply_to_id", "version_of"),
    "post_snapshots": ("post_id",),
    "media": ("id", "post_id"),
    "edges": ("post_id",),
    "threads": ("id",),
    "observations": ("target_id",),
}
_MENTION = re.compile("(?<![\\w@/.])@(?:\u2068([^\u2068\u2069\\n]{1,100})\u2069|(\\w{2,64}))")


def pseudonymise(sink: Sink, pseudonym: Pseudonym, givers: Iterable[str]) -> None:
    """Replace members by pseudonyms in all rows that ``sink`` holds; see the module's words.

    Args:
        sink: what a reader wrote of a private chat, whole.
        pseudonym: platform and account id (or name, where no id is known) to the name shown instead.
        givers: names and ids that stay.
    """
    platforms = {row[1] for rows in sink.rows.values() for row in rows}
    for platform in sorted(p for p in platforms if p):
        _Platform(sink, platform, pseudonym, frozenset(givers)).rewrite()


@dataclass
class _Platform:
    """The members of one platform and how each is written from now on."""

    sink: Sink
    platform: str
    pseudonym: Pseudonym
    givers: frozenset[str]
    accounts: dict[str, set[str]] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)

    def rewrite(self) -> None:
        """Collect the members, then go through all tables once."""
        self._collect()
        self._spare_givers()
        for account, names in self.accounts.items():
            for name in names:
                shared = sum(name in other for other in self.accounts.values()) > 1
                self.by_name[name] = self.pseudonym(self.platform, name if shared else account)
        self._collect_threads()
        self._compile()
        changes = {
            "posts": self._posts, "accounts": self._accounts, "account_snapshots": self._account_snapshots,
            "edges": self._edges, "threads": self._titles, "observations": self._observations,
        }  # fmt: skip
        for table, rows in self.sink.rows.items():
            change = changes.get(table)
            rows[:] = [self._row(table, row, change) if row[1] == self.platform else row for row in rows]

    def shown(self, who: str | None) -> str | None:
        """What stands in the place of an id or name."""
        if not who or who in self.kept:
            return who
        return self.pseudonym(self.platform, who)

    # -- who the members are

    def _collect(self) -> None:
        for row in self._of("accounts"):
            self._member(row["id"])
        for row in self._of("account_snapshots"):
            self._member(row["account_id"], row["display_name"], row["username"])
        for row in self._of("posts"):
            self._member(row["account_id"] or row["author_name"], row["author_name"])
        for row in self._of("edges"):
            if row["type"] != "attaches" and row["src"]:
                self._member(row["src"])
        for row in self._of("threads"):
            # A chat between two has the other person's id and name, whether or not they ever wrote.
            if row["type"] == "direct" and row["private"] and str(row["id"]).isdigit():
                self._member(f"user{row['id']}", row["title"])

    def _member(self, account: str | None, *names: str | None) -> None:
        if account:
            known = self.accounts.setdefault(account, {account})
            known.update(n for n in names if n)

    def _spare_givers(self) -> None:
        spared = {a for a, names in self.accounts.items() if names & self.givers}
        self.kept = self.givers.union(spared, *(self.accounts[a] for a in spared))
        for account in spared:
            del self.accounts[account]

    def _collect_threads(self) -> None:
        for row in self._of("threads"):
            for account in self.accounts:
                bare = _ACCOUNT_PREFIX.fullmatch(account)
                if row["id"] == account or (bare and row["id"] == bare[1] and row["type"] == "direct"):
                    self.threads[row["id"]] = str(self.shown(account))
            pair = str(row["id"]).split("-")
            if row["type"] == "direct" and len(pair) == 2 and any(one in self.accounts for one in pair):
                self.threads[row["id"]] = "-".join(str(self.shown(one)) for one in pair)

    def _compile(self) -> None:
        names = sorted((n for n in self.by_name if n.strip()), key=len, reverse=True)
        joined = "|".join(map(re.escape, names))
        self._names = re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if names else None
        self._at_names = re.compile(f"@\u2068?({joined})\u2069?(?!\\w)") if names else None
        self._made = frozenset(self.by_name.values())
        self._digits = {re.sub(r"\D", "", n): self.by_name[n] for n in names if _PHONE.fullmatch(n)}

    def _of(self, table: str) -> Iterable[dict[str, Any]]:
        columns = DATA_COLUMNS[table]
        return (dict(zip(columns, row[1:], strict=True)) for row in self.sink.rows[table] if row[1] == self.platform)

    # -- texts

    def _in_event(self, text: str | None) -> str | None:
        """``text`` with every member's name replaced."""
        text = self._in_message(text)
        if text and self._names is not None:
            text = self._names.sub(lambda m: self.by_name[m[0]], text)
        return text

    def _in_message(self, text: str | None) -> str | None:
        """``text`` with mentions and members' telephone numbers replaced."""
        if not text:
            return text
        if "@" in text:
            if self._at_names is not None:
                text = self._at_names.sub(lambda m: f"@\u2068{self.by_name[m[1]]}\u2069", text)
            text = _MENTION.sub(self._mentioned, text)
        return _PHONE.sub(self._dialled, text) if self._digits else text

    def _dialled(self, found: re.Match[str]) -> str:
        return self._digits.get(re.sub(r"\D", "", found[0]), found[0])

    def _mentioned(self, found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return "@" + (name if name in self._made else self._name(name))

    def _name(self, name: str) -> str:
        """A name that may or may not be a known member's; a pseudonym already stays."""
        if name in self.kept:
            return name
        known = self.by_name.get(name) or self._digits.get(name)
        return known or str(self.shown(name))

    # -- rows

    def _row(self, table: str, row: Row, change: Callable[[dict[str, Any]], None] | None) -> Row:
        if change is None and not self.threads:
            return row
        columns = DATA_COLUMNS[table]
        values = dict(zip(columns, row[1:], strict=True))
        if change is not None:
            change(values)
        if self.threads:
            for column in _ID_COLUMNS.get(table, ()):
                values[column] = self._thread(values[column])
        return (row[0], *values.values())

    def _thread(self, value: str | None) -> str | None:
        if value is None:
            return None
        head, slash, tail = value.partition("/")
        return self.threads[head] + slash + tail if head in self.threads else value

    def _posts(self, row: dict[str, Any]) -> None:
        in_text = self._in_event if row["kind"] == "event" else self._in_message
        row["text"], row["text_raw"] = in_text(row["text"]), in_text(row["text_raw"])
        if row["account_id"] or row["author_name"]:
            if row["author_name"] is not None and row["author_name"] not in self.kept:
                row["author_name"] = self.shown(row["account_id"] or row["author_name"])
            row["account_id"] = self.shown(row["account_id"])

    def _accounts(self, row: dict[str, Any]) -> None:
        if row["id"] not in self.kept:
            row.update(id=self.shown(row["id"]), id_kind="pseudonym", created_at=None)

    def _account_snapshots(self, row: dict[str, Any]) -> None:
        if row["account_id"] not in self.kept:
            shown = self.shown(row["account_id"])
            row.update(account_id=shown, display_name=shown, username=None, **dict.fromkeys(_PERSONAL))

    def _edges(self, row: dict[str, Any]) -> None:
        if row["type"] != "attaches":
            row["src"] = self.shown(row["src"])
        row["dst_account_id"] = self.shown(row["dst_account_id"])
        kind = row["dst_kind"]
        if kind == "account" and not str(row["dst"]).startswith("channel"):
            row["dst"] = self.shown(row["dst"])
        elif kind == "account_name":
            row["dst"] = self._name(row["dst"])
        elif kind in ("post", "thread", "media"):
            row["dst"] = self._thread(row["dst"])

    def _titles(self, row: dict[str, Any]) -> None:
        row["title"] = self._in_event(row["title"])

    def _observations(self, row: dict[str, Any]) -> None:
        if row["target_kind"] == "account":
            row["target_id"] = self.shown(row["target_id"])
        row["reason"] = self._in_event(row["reason"])
