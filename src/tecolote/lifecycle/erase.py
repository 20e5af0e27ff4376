"""The verb `erase`: records and files are destroyed in the evidence, and then in everything made from it.

One commit decides. Before it nothing has gone; behind it `finish` brings tables, caches and publications up to what
the tombstones say, and can be called again as often as it is stopped. A mark in the case says that it is under way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tecolote.analysis import assess_again
from tecolote.case import Case, sync_folder, write_durably
from tecolote.corpus.commit import publish_tables
from tecolote.corpus.importer import import_exports
from tecolote.corpus.store import Corpus, Writing, encode
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.erase import erase as destroy
from tecolote.evidence.erasure import Erasures, runs
from tecolote.evidence.hold import forbid_while_held
from tecolote.evidence.verify import ERASING
from tecolote.lifecycle.mentions import blank, scrub_events
from tecolote.lifecycle.places import place
from tecolote.lifecycle.plan import Plan, Wish, make_plan
from tecolote.records import RECORD_TABLES

Progress = Callable[[int, int, str], None]
#: Most leaves that a tombstone names in public.
_MAX_ABOUT = 1000
#: What a published fact sheet is made of: counted fields and salted commitments, no text and no id.
_KEPT_PUBLISHED = ("factsheet.*.pdf", "factsheet.*.json")


@dataclass(frozen=True)
class Grounds:
    """Why something is erased: the legal basis, who does it, and the second person who agrees."""

    basis: str
    by: str
    second: str

    def check(self) -> None:
        """Refuse grounds with a gap.

        Raises:
            UsageError: the basis is empty, or there are not two persons.
        """
        if not self.basis.strip():
            raise UsageError("an erasure needs a legal basis", 'Say it: --basis "GDPR art. 17(1)(d)"')
        if not self.by.strip() or not self.second.strip():
            raise UsageError("an erasure needs two persons", "Name them: --by NAME --second NAME")
        if self.by.strip().casefold() == self.second.strip().casefold():
            raise UsageError("the second person is the first", "Somebody else must agree: --second NAME")


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes:
        leaf: the tombstone.
        records: records destroyed.
        files: files destroyed whole.
        posts: posts that went, those beside them included.
        mentions: records that stay and name one of these posts, such as answers to it.
        packets: earlier packets made from these files: leaf, addressee, day. What they hold cannot be erased.
        events: other events whose payload named what went and was destroyed.
    """

    leaf: int
    records: int
    files: int
    posts: int
    mentions: int
    packets: list[dict[str, Any]]
    events: int


def plan(case: Case, wish: Wish) -> Plan:
    """What an erasure would take, without doing it.

    Raises:
        UsageError: nothing is there to erase, or the wish cannot be read.
    """
    with Evidence.open(case) as evidence:
        return make_plan(case, Corpus(case), evidence, wish)


def erase(
    case: Case, wish: Wish, grounds: Grounds, *, with_neighbours: bool = False, progress: Progress | None = None
) -> Erased:
    """Destroy what ``wish`` names, in the evidence and in everything that was made from it.

    Args:
        case: the case; its lock is taken.
        wish: what goes.
        grounds: why, and the two persons.
        with_neighbours: also other posts that stand in the same records.
        progress: called with steps done, steps in all, and what is being done.

    Raises:
        UsageError: grounds with a gap, nothing to erase, a legal hold, or neighbours that were not agreed to.
    """
    grounds.check()
    tell = progress or (lambda done, of, what: None)
    with case.writing():
        finish(case)
        import_exports(case, [])  # rows that an interrupted import left out
        with Evidence.open(case, write=True) as evidence:
            tell(0, 4, "looking for what goes")
            corpus = Corpus(case)
            made = make_plan(case, corpus, evidence, wish)
            forbid_while_held(evidence, made.leaves, "this erasure")
            if made.neighbours and not with_neighbours:
                raise UsageError(
                    f"{len(made.neighbours)} other posts stand in the same records and would go with them",
                    "If they are to go too: --with-neighbours",
                )
            _mark(case)
            tell(1, 4, "destroying it in the evidence")
            done = _destroy(case, corpus, evidence, made, grounds)
        tell(2, 4, "removing it from tables and caches")
        finish(case)
        tell(4, 4, "")
    return done


def finish(case: Case) -> bool:
    """Bring tables, caches and publications up to what the tombstones say; whether an erasure was waiting for it."""
    if not (case.evidence_folder / ERASING).exists():
        return False
    with case.writing():
        with Evidence.open(case, write=True) as evidence:
            erasures = evidence.erasures()
            if erasures.records or erasures.files:
                _drop_rows(case, evidence, erasures)
        shutil.rmtree(case.caches, ignore_errors=True)
        _clear_published(case)
        (case.evidence_folder / ERASING).unlink()
        sync_folder(case.evidence_folder)
    return True


def _mark(case: Case) -> None:
    words = b"An erasure is under way. If it was stopped: tecolote erase --finish\n"
    write_durably(case.evidence_folder / ERASING, words)


# -- the evidence


def _destroy(case: Case, corpus: Corpus, evidence: Evidence, made: Plan, grounds: Grounds) -> Erased:
    placing = place(evidence, made)
    whole = made.files | made.containers
    tombstone = f"erased: {grounds.basis}"
    replaced = {leaf: blank(evidence.event(leaf).payload, tombstone) for leaf in whole}
    scrubbed = scrub_events(evidence, made.needles, whole)
    placing.removal.payloads |= set(scrubbed)
    placing.removal.blobs |= _old_rows(evidence, made.leaves)
    packets = _packets(evidence, made.leaves)
    told = {
        "basis": grounds.basis,
        "by": grounds.by,
        "second": grounds.second,
        "records": {str(leaf): runs(records) for leaf, records in made.records.items() if records},
        "files": sorted(whole),
        "overlay": {str(leaf): fields for leaf, fields in placing.overlay.items()},
        "replaced": {str(leaf): fields for leaf, fields in (scrubbed | replaced).items()},
        "rows": {str(leaf): tables for leaf, tables in _remaining_rows(corpus, evidence, made).items()},
        "packets": [packet["leaf"] for packet in packets],
    }
    about = sorted(made.leaves)
    public = {
        "records": made.count,
        "files": len(whole),
        "about": about if len(about) <= _MAX_ABOUT else [],
    }
    leaf = destroy(evidence, placing.removal, told, public)
    posts = len(made.posts | made.neighbours)
    return Erased(leaf, made.count, len(whole), posts, made.mentions, packets, len(scrubbed))


def _packets(evidence: Evidence, leaves: set[int]) -> list[dict[str, Any]]:
    """Packets that were made from one of the files."""
    return [
        {"leaf": e.index, "for": e.payload["for"], "recipient": e.payload["recipient"], "at": e.at[:10]}
        for e in evidence.events("packet")
        if not e.public["about"] or not leaves.isdisjoint(e.public["about"])
    ]


def _old_rows(evidence: Evidence, leaves: set[int]) -> set[str]:
    """Tables that an earlier erasure kept of the same files: what goes now is in them."""
    rows = evidence.erasures().rows
    return {sha for leaf in leaves for sha in rows.get(leaf, {}).values()}


def _remaining_rows(corpus: Corpus, evidence: Evidence, made: Plan) -> dict[int, dict[str, str]]:
    """Keep the rows that stay of each file: nobody can read them from its bytes again. Table to SHA-256 by leaf."""
    kept: dict[int, dict[str, str]] = {}
    for leaf, records in made.records.items():
        if leaf in made.files or not evidence.event(leaf).payload["source"]:
            continue
        kept[leaf] = {}
        for table in RECORD_TABLES:
            rows = [pq.read_table(path, filters=[("leaf_index", "=", leaf)]) for path in corpus.files(table)]
            if rows:
                left = _without(pa.concat_tables(rows), {leaf: records}, set())
                if left.num_rows:
                    kept[leaf][table] = evidence.put([encode(table, left)]).sha256
    return kept


# -- everything made from it


def _without(data: pa.Table, records: dict[int, set[int]], files: set[int]) -> pa.Table:
    """``data`` without the rows of erased files and records."""
    gone = pc.is_in(data["leaf_index"], pa.array(sorted(files), pa.int64()))
    for leaf, numbers in records.items():
        here = pc.and_(
            pc.equal(data["leaf_index"], leaf), pc.is_in(data["record_index"], pa.array(sorted(numbers), pa.int64()))
        )
        gone = pc.or_(gone, here)
    return data.filter(pc.invert(pc.fill_null(gone, False)))


def _drop_rows(case: Case, evidence: Evidence, erasures: Erasures) -> None:
    """Leave out what the tombstones name, then what was derived from it."""
    writing = Writing(case)
    records = {leaf: set(numbers) for leaf, numbers in erasures.records.items()}
    touched = set(records) | set(erasures.files)
    for file in [f for f in writing.files if f.leaves]:
        first, last = file.leaves or (0, 0)
        here = {leaf for leaf in touched if first <= leaf <= last}
        if here:
            data = pq.read_table(case.root / file.path)
            left = _without(data, {n: records[n] for n in here & set(records)}, here & set(erasures.files))
            if left.num_rows < data.num_rows:
                writing.replace(file, left)
    publish_tables(evidence, writing)
    if _drop_derived(case, evidence):
        assess_again(case, evidence)
    # The manifest may stand while files that it no longer names do not: an earlier stop left them.
    Writing(case).sweep()


def _drop_derived(case: Case, evidence: Evidence) -> bool:
    """Leave out findings and assessments of posts that are no more; whether there are any derived rows."""
    corpus, writing = Corpus(case), Writing(case)
    for table, key, kind in (("assessments", "post_id", "true"), ("findings", "target_id", "t.target_kind = 'post'")):
        there = f"EXISTS (SELECT 1 FROM posts p WHERE p.platform = t.platform AND p.id = t.{key})"
        gone = corpus.query(f"SELECT DISTINCT platform, {key} AS id FROM {table}_rows t WHERE {kind} AND NOT {there}")
        if gone.num_rows:
            lost = set(zip(gone["platform"].to_pylist(), gone["id"].to_pylist(), strict=True))
            for file in [f for f in writing.files if f.table == table]:
                data = pq.read_table(case.root / file.path)
                pairs = zip(data["platform"].to_pylist(), data[key].to_pylist(), strict=True)
                keep = pa.array([pair not in lost for pair in pairs], pa.bool_())
                writing.replace(file, data.filter(keep))
    publish_tables(evidence, writing)
    return any(f.table in ("account_assessments", "coaction_edges", "assessments") for f in writing.files)


def _clear_published(case: Case) -> None:
    """Remove what was published but the fact sheets: pages and rows hold texts and ids; `report` makes them anew."""
    folder = case.published_folder
    if not folder.is_dir():
        return
    kept = {path for pattern in _KEPT_PUBLISHED for path in folder.glob(pattern)}
    for path in folder.iterdir():
        if path in kept:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    sync_folder(folder)


def as_json_object(done: Erased) -> dict[str, Any]:
    """The object that ``tecolote erase --json`` prints."""
    told: dict[str, Any] = json.loads(json.dumps(vars(done)))
    return told
