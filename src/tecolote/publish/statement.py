"""The statement: numbers, definitions, queries, denominators and rows, bound to the evidence log.

Five events say what is published, one for each part (``report.rows``, ``report.numbers``,
``report.definitions``, ``report.queries``, ``report.denominators``). The public field ``root`` of each is
SHA-256 over the sorted JSON of ``{item: SHA-256 of the item's sorted JSON}``. The data file holds the parts, the
five leaves, the leaf of every file with the commitments of all its records, inclusion proofs (RFC 6962) and the
signed checkpoint, so that it is checked without the case.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tecolote.case import Case
from tecolote.codebook import Codebook
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.publish import reach
from tecolote.publish.disclose import COLUMNS, RECORDS, Disclosure, disclose
from tecolote.publish.figures import figures
from tecolote.publish.numbers import Number
from tecolote.publish.sheet import PRELUDE, Sheet, keep, prepare
from tecolote.publish.survival import lifetimes
from tecolote.publish.texts import LANGUAGES, texts

FORMAT = "tecolote-factsheet-1"
PARTS = ("rows", "numbers", "definitions", "queries", "denominators")
#: Numbers on the two pages of the fact sheet beside the headline ones, per family, at most.
_FACE_HEAD = (
    "posts",
    "accounts",
    "files",
    "quarantined",
    "first",
    "last",
    "flagged",
    "urgent",
    "false_flags",
    "voice.reporter",
    "voice.victim",
    "voice.fan",
    "suspected",
    "coaction.clusters",
    "coaction.accounts",
    "coaction.ties",
)
_FACE_FAMILIES = {
    "posts.": 8,
    "flagged.theme.": 8,
    "flagged.group.": 5,
    "flagged.severity.": 4,
    "state.": 8,
    "survival.": 8,
    "reach.": 9,
}


@dataclass(frozen=True)
class Statement:
    """All numbers of a report and what binds them.

    Attributes:
        case: whose.
        sheet: the exact tables.
        numbers: all numbers; those with ``public`` go into the fact sheet.
        disclosure: the rows that leave the case.
        parts: the five parts of the data file, by name.
        face: ids of the numbers printed on the fact sheet, in the order of their marks, counted from 1.
    """

    case: Case
    sheet: Sheet
    numbers: list[Number]
    disclosure: Disclosure
    parts: dict[str, dict[str, Any]]
    face: list[str]

    def number(self, id: str) -> Number | None:
        """The number with that id, if there is one."""
        return next((n for n in self.numbers if n.id == id), None)


@dataclass(frozen=True)
class Binding:
    """Where the parts stand in the log: leaf by part, and the checkpoint that covers them."""

    leaves: dict[str, int]
    size: int
    root: str
    note: str
    vkey: str


def build(case: Case, corpus: Corpus, evidence: Evidence, book: Codebook) -> Statement:
    """Count everything. Nothing is written; the words are there in every language."""
    sheet = prepare(corpus, evidence)
    keep(corpus, "lifetimes", lifetimes(corpus))
    corpus.connect().execute(reach.TABLE)
    disclosure = disclose(sheet)
    numbers = figures(sheet, book)
    public = [n for n in numbers if n.public]
    face = _face(public)
    marks = {id: at for at, id in enumerate(face, 1)}
    parts: dict[str, dict[str, Any]] = {
        "rows": {t: {"columns": list(COLUMNS[t]), "rows": disclosure.tables[t]} for t in COLUMNS},
        "numbers": {n.id: _number(n, marks.get(n.id)) for n in public},
        "definitions": {n.id: {"label": n.label, "definition": n.definition} for n in public}
        | {"sheet": _about(case, disclosure, sheet)},
        "queries": {n.id: {"sql": n.query, "parameters": n.parameters, "spec": n.spec} for n in public}
        | {
            "prelude": {
                "sql": f"{PRELUDE}\n{reach.TABLE}".strip(),
                "parameters": {"zone": case.settings.timezone},
                "spec": {},
            }
        },
        "denominators": {
            n.id: {"value": n.denominator.value, "words": n.denominator.words, "spec": n.denominator.spec}
            for n in public
        },
    }
    return Statement(case, sheet, numbers, disclosure, parts, face)


def _face(public: list[Number]) -> list[str]:
    there = {n.id for n in public}
    chosen = [id for id in _FACE_HEAD if id in there]
    for family, most in _FACE_FAMILIES.items():
        chosen += [n.id for n in public if n.id.startswith(family)][:most]
    return chosen


def _number(number: Number, mark: int | None) -> dict[str, Any]:
    low, high = number.interval or (None, None)
    least = number.disclosed is not None
    value = number.disclosed if least else number.value
    return {
        "value": value,
        "at_least": least,
        "kind": number.kind,
        "date": number.date,
        "low": low,
        "high": high,
        "mark": mark,
    }


def _about(case: Case, disclosure: Disclosure, sheet: Sheet) -> dict[str, Any]:
    notes = {lang: [texts(lang)["coarse"][note] for note in disclosure.notes] for lang in LANGUAGES}
    settings = case.settings
    return {
        "title": settings.title,
        "purpose": settings.purpose,
        "fictional": settings.fictional,
        "timezone": settings.timezone,
        "date": sheet.day,
        "coarse": notes,
    }


def compact(value: Any) -> bytes:
    """Sorted JSON without spaces: the form in which items are hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def hashes(part: dict[str, Any]) -> dict[str, str]:
    """SHA-256 (hex) of each item of a part."""
    return {name: hashlib.sha256(compact(item)).hexdigest() for name, item in part.items()}


def bind(statement: Statement, evidence: Evidence) -> Binding:
    """Log the five parts and sign; where the log already ends with the same parts, nothing is added."""
    from tecolote.evidence.keys import signer

    roots = {part: hashlib.sha256(compact(hashes(statement.parts[part]))).hexdigest() for part in PARTS}
    leaves: dict[str, int] = {}
    for part in PARTS:
        last = None
        for event in evidence.events(f"report.{part}"):
            last = event
        if last is not None and last.public.get("root") == roots[part]:
            leaves[part] = last.index
    if len(leaves) < len(PARTS):
        for part in PARTS:
            items = len(statement.parts[part])
            leaves[part] = evidence.append(
                f"report.{part}",
                payload={"items": sorted(statement.parts[part])},
                public={"root": roots[part], "items": items},
            )
        evidence.commit()
    checkpoint = evidence.checkpoint()
    root = checkpoint.root if isinstance(checkpoint.root, str) else checkpoint.root.hex()
    return Binding(leaves, checkpoint.size, root, checkpoint.note, signer(statement.case).verifier.vkey)


def data_file(statement: Statement, binding: Binding, evidence: Evidence) -> dict[str, Any]:
    """What stands beside the fact sheet and inside its PDF, but for ``lang``, the language of that sheet."""
    return {
        "format": FORMAT,
        "hashes": {part: hashes(statement.parts[part]) for part in PARTS},
        "log": {
            "checkpoint": binding.note,
            "key": binding.vkey,
            "leaves": {f"report.{part}": _leaf(evidence, binding.leaves[part], binding.size) for part in PARTS},
            "files": [_file(evidence, f, binding.size) for f in _disclosed_files(statement)],
        },
        **statement.parts,
    }


def _disclosed_files(statement: Statement) -> list[int]:
    """Leaves that disclosed rows point to."""
    tables = statement.disclosure.tables
    named = {row[0] for table in ("files", *RECORDS) for row in tables[table] if row[0] is not None}
    return sorted(named)


def _leaf(evidence: Evidence, index: int, size: int) -> dict[str, Any]:
    proof = [part.hex() for part in evidence.inclusion(index, size)]
    return {"index": index, "leaf": evidence.leaf_bytes(index).decode(), "proof": proof}


def _file(evidence: Evidence, index: int, size: int) -> dict[str, Any]:
    """The leaf of a file with the commitments of its records, from which its records root follows."""
    found = _leaf(evidence, index, size)
    commitments = b""
    if json.loads(found["leaf"]).get("records"):
        records = evidence.records(index)
        commitments = b"".join(records.commitment(i) for i in range(records.count))
    return found | {"commitments": base64.b64encode(commitments).decode()}
