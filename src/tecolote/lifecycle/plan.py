"""What an erasure takes: every record that tells of the posts or the account chosen, and what cannot stay without it.

A record goes as a whole: another post in the same bytes goes with it, and so does a record whose bytes overlap. These
are the neighbours; a person is asked before they go.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Event, Evidence
from tecolote.publish.packet_query import parse

_POSTS = """
SELECT DISTINCT p.platform, p.id FROM posts p
LEFT JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id WHERE {where}
"""
_OF_ACCOUNT = """
SELECT DISTINCT platform, id FROM posts_rows
WHERE platform = $platform AND (account_id = $account OR lower(author_name) = lower($account))
"""
_RECORDS = """
SELECT r.leaf_index, r.record_index FROM posts_rows r JOIN going g ON r.platform = g.platform AND r.id = g.id
UNION SELECT r.leaf_index, r.record_index FROM post_snapshots_rows r
  JOIN going g ON r.platform = g.platform AND r.post_id = g.id
UNION SELECT r.leaf_index, r.record_index FROM media_rows r
  JOIN going g ON r.platform = g.platform AND r.post_id = g.id
UNION SELECT r.leaf_index, r.record_index FROM edges_rows r
  JOIN going g ON r.platform = g.platform AND r.post_id = g.id
UNION SELECT r.leaf_index, r.record_index FROM observations_rows r
  JOIN going g ON r.platform = g.platform AND r.target_id = g.id AND r.target_kind = 'post'
"""
_PROFILES = """
SELECT leaf_index, record_index FROM accounts_rows WHERE platform = $platform AND id = $account
UNION SELECT leaf_index, record_index FROM account_snapshots_rows
  WHERE platform = $platform AND (account_id = $account OR lower(username) = lower($account))
UNION SELECT leaf_index, record_index FROM observations_rows
  WHERE platform = $platform AND target_id = $account AND target_kind = 'account'
"""
_HERE = """
SELECT DISTINCT r.platform, r.id, coalesce(r.text_raw, r.text) AS text FROM posts_rows r
JOIN erased e ON r.leaf_index = e.leaf AND (e.record IS NULL OR r.record_index = e.record)
"""
_ATTACHED = """
SELECT r.sha256 FROM media_rows r
LEFT JOIN erased e ON r.leaf_index = e.leaf AND (e.record IS NULL OR r.record_index = e.record)
WHERE r.sha256 IS NOT NULL GROUP BY r.sha256 HAVING count(*) = count(e.leaf)
"""
_MENTIONS = """
SELECT count(DISTINCT (r.leaf_index, r.record_index)) AS n FROM edges_rows r
JOIN going g ON r.platform = g.platform AND r.dst = g.id
LEFT JOIN erased e ON r.leaf_index = e.leaf AND (e.record IS NULL OR r.record_index = e.record) WHERE e.leaf IS NULL
"""


@dataclass(frozen=True)
class Wish:
    """What a person wants erased; each part adds to the others.

    Attributes:
        items: a query as for packets; "" for none.
        account: ``platform:id`` of an account, with its posts and profiles; "" for none.
        files: leaves of files, or of containers with all in them.
        records: leaf and record of single records.
    """

    items: str = ""
    account: str = ""
    files: tuple[int, ...] = ()
    records: tuple[tuple[int, int], ...] = ()


@dataclass
class Plan:
    """What goes.

    Attributes:
        records: leaf of a file to the records that go from it.
        files: leaves of files that go whole.
        containers: leaves of containers that go whole.
        posts: platform and id of the posts asked for.
        neighbours: platform and id of other posts that go with them.
        needles: ids and texts that may not remain.
        mentions: records that stay and name one of the posts, such as answers.
    """

    records: dict[int, set[int]] = field(default_factory=dict)
    files: set[int] = field(default_factory=set)
    containers: set[int] = field(default_factory=set)
    posts: set[tuple[str, str]] = field(default_factory=set)
    neighbours: set[tuple[str, str]] = field(default_factory=set)
    needles: set[str] = field(default_factory=set)
    mentions: int = 0

    @property
    def leaves(self) -> set[int]:
        """Every leaf from which something goes."""
        return set(self.records) | self.files | self.containers

    @property
    def count(self) -> int:
        """Records that go."""
        return sum(map(len, self.records.values()))


def make_plan(case: Case, corpus: Corpus, evidence: Evidence, wish: Wish) -> Plan:
    """What goes if ``wish`` is granted.

    Raises:
        UsageError: it cannot be read, or names nothing that is there.
    """
    return _Planning(case, corpus, evidence).make(wish)


class _Planning:
    def __init__(self, case: Case, corpus: Corpus, evidence: Evidence) -> None:
        self._case, self._corpus, self._evidence = case, corpus, evidence
        gone = evidence.erasures().files
        self._files = {e.index: e for e in evidence.events("import.file") if e.index not in gone}
        self._by_hash: dict[str, list[int]] = {}
        for leaf, event in self._files.items():
            self._by_hash.setdefault(event.payload["sha256"], []).append(leaf)
        self._plan = Plan()

    def make(self, wish: Wish) -> Plan:
        plan = self._plan
        seeds = set(wish.records)
        if wish.items:
            query = parse(wish.items, self._case.settings.zone)
            plan.posts |= self._two(_POSTS.format(where=query.where), query.parameters)
        if wish.account:
            platform, _, account = wish.account.partition(":")
            who = {"platform": platform, "account": account}
            plan.posts |= self._two(_OF_ACCOUNT, who)
            seeds |= self._two(_PROFILES, who)
            plan.needles.add(account)
        self._register("going", plan.posts, ("platform", "id"), (pa.string(), pa.string()))
        seeds |= self._two(_RECORDS)
        for leaf in wish.files:
            self._whole(leaf)
        for leaf, record in seeds:
            if leaf not in self._files or not 0 <= record < int(self._files[leaf].public["records"]):
                raise UsageError(f"leaf {leaf} has no record {record}", "tecolote custody lists the leaves")
            plan.records.setdefault(leaf, set()).add(record)
        if not plan.leaves:
            raise UsageError("nothing is there to erase", "Widen the items, or name --account, --file or --record")
        self._close()
        self._attachments()
        self._tell(asked=bool(wish.items or wish.account))
        return plan

    def _two(self, sql: str, parameters: dict[str, Any] | None = None) -> set[tuple[Any, Any]]:
        """The rows of a query with two columns."""
        found = (tuple(row.values()) for row in self._corpus.rows(sql, parameters))
        return {(first, second) for first, second in found}

    def _register(self, name: str, rows: Iterable[tuple[Any, ...]], names: Any, kinds: Any) -> None:
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
        connection = self._corpus.connect()
        connection.register(f"{name}_incoming", pa.table(dict(zip(names, arrays, strict=True))))
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name}_incoming")
        connection.unregister(f"{name}_incoming")

    def _whole(self, leaf: int) -> None:
        """A file, or a container with all its members."""
        if leaf in self._files:
            self._plan.files.update(self._by_hash[self._files[leaf].payload["sha256"]])
            return
        event = self._evidence.event(leaf) if 0 <= leaf < self._evidence.size else None
        if event is None or event.type != "import.container":
            raise UsageError(f"leaf {leaf} is no file", "tecolote custody lists the leaves of files")
        self._plan.containers.add(leaf)
        for member, said in self._files.items():
            if said.payload["container"] == event.payload["sha256"]:
                self._whole(member)

    def _close(self) -> None:
        """Take in every record of the same bytes, by whatever reading, that overlaps one that goes."""
        plan = self._plan
        for digest in {self._files[leaf].payload["sha256"] for leaf in plan.records}:
            leaves = [leaf for leaf in self._by_hash[digest] if self._files[leaf].public["records"]]
            spans = {leaf: _spans(self._evidence, self._files[leaf]) for leaf in leaves}
            going = {leaf: plan.records.get(leaf, set()) for leaf in leaves}
            while True:
                ranges = _merged(spans[leaf][record] for leaf in leaves for record in going[leaf])
                fresh = {leaf: _touching(spans[leaf], ranges) | going[leaf] for leaf in leaves}
                if fresh == going:
                    break
                going = fresh
            for leaf in leaves:
                if len(going[leaf]) == len(spans[leaf]):
                    plan.files.update(self._by_hash[digest])
                if going[leaf]:
                    plan.records[leaf] = going[leaf]
        for leaf in plan.files:
            plan.records[leaf] = set(range(int(self._files[leaf].public["records"])))

    def _attachments(self) -> None:
        """Files that only records name which go."""
        self._mark()
        for row in self._corpus.rows(_ATTACHED):
            for leaf in self._by_hash.get(row["sha256"], ()):
                self._plan.files.add(leaf)
                self._plan.records[leaf] = set(range(int(self._files[leaf].public["records"])))

    def _mark(self) -> None:
        """The table ``erased``: a leaf and a record, or no record for a whole file."""
        plan = self._plan
        rows: list[tuple[int, int | None]] = [(leaf, None) for leaf in plan.files]
        rows += [(leaf, r) for leaf, records in plan.records.items() if leaf not in plan.files for r in records]
        self._register("erased", rows, ("leaf", "record"), (pa.int64(), pa.int64()))

    def _tell(self, *, asked: bool) -> None:
        """Neighbours of the posts ``asked`` for, what may not remain, and who still speaks of it."""
        plan = self._plan
        self._mark()
        for row in self._corpus.rows(_HERE):
            post = (row["platform"], row["id"])
            plan.needles |= {row["id"], row["text"] or ""}
            if asked and post not in plan.posts:
                plan.neighbours.add(post)
        if not asked:
            plan.posts = {(row["platform"], row["id"]) for row in self._corpus.rows(_HERE)}
            self._register("going", plan.posts, ("platform", "id"), (pa.string(), pa.string()))
        plan.needles.discard("")
        plan.mentions = self._corpus.rows(_MENTIONS)[0]["n"]


def _spans(evidence: Evidence, event: Event) -> list[tuple[int, int]]:
    records = evidence.records(event.index)
    return [records.span(number) for number in range(records.count)]


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Start and end of the ranges that ``spans`` (start, length) cover together."""
    found: list[tuple[int, int]] = []
    for start, length in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], start + length))
        else:
            found.append((start, start + length))
    return found


def _touching(spans: list[tuple[int, int]], ranges: list[tuple[int, int]]) -> set[int]:
    """Numbers of the spans that share a byte with a range."""
    starts = [start for start, _ in ranges]
    found = set()
    for number, (start, length) in enumerate(spans):
        at = bisect_right(starts, start + length - 1) - 1
        if length and at >= 0 and ranges[at][1] > start:
            found.add(number)
    return found


def leaves_of(case: Case, corpus: Corpus, items: str) -> set[int]:
    """Leaves of the files in which posts of a query stand.

    Raises:
        UsageError: the query cannot be read.
    """
    query = parse(items, case.settings.zone)
    posts = _POSTS.format(where=query.where)
    sql = (
        f"SELECT DISTINCT r.leaf_index AS leaf FROM posts_rows r "
        f"JOIN ({posts}) g ON r.platform = g.platform AND r.id = g.id"
    )
    return {row["leaf"] for row in corpus.rows(sql, query.parameters)}
