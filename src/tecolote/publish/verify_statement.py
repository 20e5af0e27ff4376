"""Check a fact sheet without the case: every row, number, definition, query and denominator.

A second implementation. It shares with the report neither a query nor a line of code: the numbers are counted
again in plain Python over the disclosed rows. Only the proofs of the log are checked by the room that defines
them (RFC 6962 inclusion, C2SP signed notes).
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import json
import math
import re
from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import Any

from tecolote.errors import EvidenceError, TecoloteError
from tecolote.evidence.fault import Fault
from tecolote.evidence.notes import Note, Verifier, parse_checkpoint
from tecolote.evidence.tree import Tree, leaf_hash, verify_inclusion

_FORMAT = "tecolote-factsheet-1"
_MAX_BYTES = 256 << 20
_PARTS = ("rows", "numbers", "definitions", "queries", "denominators")
_RECORD_TABLES = ("posts", "accounts", "observations")
_TOLERANCE = 2e-6
#: Two ways to the same maximum stop a little apart.
_TOLERANCE_CURVE = 2e-3
_ROUNDS, _GAP = 20_000, 1e-7

_CHANGED = {
    "rows": "a row was changed, added or removed: the table does not have the hash that the sheet states",
    "numbers": "the number was changed: it does not have the hash that the sheet states",
    "definitions": "the definition was changed: its text does not have the hash that the sheet states",
    "queries": "the query was changed: its text does not have the hash that the sheet states",
    "denominators": "the denominator was changed: it does not have the hash that the sheet states",
}
_FORGED = {
    "rows": "the rows are not those that were logged: their leaf does not lead to the signed checkpoint",
    "numbers": "the numbers are not those that were logged: their leaf does not lead to the signed checkpoint",
    "definitions": "the definitions are not those that were logged: their leaf does not lead to the signed checkpoint",
    "queries": "the query texts are not those that were logged: their leaf does not lead to the signed checkpoint",
    "denominators": "the denominators are not those that were logged: their leaf leads to no signed checkpoint",
}


def verify_statement(path: str | Path, key: str | None = None) -> list[Fault]:
    """Check a fact sheet (PDF) or its data file (JSON).

    Args:
        path: the file.
        key: the signer's public key as text (``name+id+base64``), obtained from the signer; without it the key
            inside the sheet is used, which shows that the sheet is whole but not who signed it.

    Returns:
        What does not hold, the cause before its consequences; empty when everything holds.

    Raises:
        EvidenceError: the file is no fact sheet.
    """
    path = Path(path)
    raw, face = open_statement(path)
    try:
        data = json.loads(raw)
        if data["format"] != _FORMAT:
            raise EvidenceError(f"{path} has the format {data['format']!r}", "Install a newer tecolote")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EvidenceError(f"{path} holds no data of a fact sheet", "Name factsheet.<lang>.pdf or its .json") from None
    try:
        faults = _check(data, key)
        if face is not None:
            faults += _check_face(data, face)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        return [Fault("data file", f"it is incomplete or malformed ({type(error).__name__}: {error})")]
    return faults


def open_statement(path: Path) -> tuple[bytes, str | None]:
    """The data file, and the text on the pages if ``path`` is a PDF."""
    if path.stat().st_size > _MAX_BYTES:
        raise EvidenceError(f"{path} is larger than a fact sheet can be", "Name factsheet.<lang>.pdf or its .json")
    raw = path.read_bytes()
    if not raw.startswith(b"%PDF"):
        return raw, None
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        attached = [data for name, found in reader.attachments.items() if name.endswith(".json") for data in found]
        if len(attached) != 1:
            raise EvidenceError(f"{path} has {len(attached)} data files attached", "A fact sheet has exactly one")
        return attached[0], "\n".join(page.extract_text() for page in reader.pages)
    except (PyPdfError, ValueError, KeyError) as error:
        raise EvidenceError(f"{path} cannot be read as a PDF ({error})", "Fetch it again from its publisher") from None


def _check(data: dict[str, Any], key: str | None) -> list[Fault]:
    faults = [fault for part in _PARTS for fault in _check_hashes(data, part)]
    log = _Log(data["log"], key)
    faults += log.faults
    for part in _PARTS:
        faults += _check_leaf(data, part, log)
    faults += _check_files(data, log)
    if not any(fault.where.startswith("rows") for fault in faults):
        faults += _check_pointers(data)
    return faults + _check_numbers(data)


def _sorted_json(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _sha(value: Any) -> str:
    return hashlib.sha256(_sorted_json(value)).hexdigest()


def _check_hashes(data: dict[str, Any], part: str) -> list[Fault]:
    items, stated = data[part], data["hashes"][part]
    faults = [Fault(f"{part}: {name}", _CHANGED[part]) for name in items if _sha(items[name]) != stated.get(name)]
    missing = sorted(set(stated) - set(items))
    return faults + [Fault(f"{part}: {name}", "the sheet states its hash but does not hold it") for name in missing]


class _Log:
    """The signed checkpoint: what leads to its root was logged before it was signed."""

    def __init__(self, log: dict[str, Any], key: str | None) -> None:
        self.faults: list[Fault] = []
        self.leaves, self.files = log["leaves"], log["files"]
        self.size, self.root = 0, b""
        try:
            verifier = Verifier.parse(key or log["key"])
            note = Note.parse(log["checkpoint"].encode())
            note.signers([verifier])
            origin, self.size, self.root = parse_checkpoint(note.text)
            if origin != verifier.name:
                self.faults.append(Fault("checkpoint", "it is signed for another log"))
        except (EvidenceError, TecoloteError) as error:
            self.faults.append(Fault("checkpoint", error.what))

    def holds(self, entry: dict[str, Any]) -> bool:
        """Whether a leaf leads to the root of the checkpoint."""
        try:
            proof = [bytes.fromhex(part) for part in entry["proof"]]
        except ValueError:
            return False
        return verify_inclusion(leaf_hash(entry["leaf"].encode()), int(entry["index"]), self.size, proof, self.root)


def _check_leaf(data: dict[str, Any], part: str, log: _Log) -> list[Fault]:
    entry = log.leaves[f"report.{part}"]
    leaf = json.loads(entry["leaf"])
    if leaf.get("type") != f"report.{part}":
        return [Fault(f"log: report.{part}", "the leaf is of another type")]
    if not log.holds(entry):
        return [Fault(f"log: report.{part}", _FORGED[part])]
    if leaf.get("root") != _sha(data["hashes"][part]):
        return [Fault(f"log: report.{part}", f"the hashes of the {part} are not those that were logged")]
    return []


def _check_files(data: dict[str, Any], log: _Log) -> list[Fault]:
    """Each file's leaf is in the log and its records are those whose commitments are disclosed."""
    faults = []
    for entry in log.files:
        where = f"log: file {entry['index']}"
        leaf = json.loads(entry["leaf"])
        try:
            raw = base64.b64decode(entry["commitments"], validate=True)
        except binascii.Error:
            faults.append(Fault(where, "the commitments of its records cannot be read"))
            continue
        root = Tree.of(raw[i : i + 32] for i in range(0, len(raw), 32)).root()
        if leaf.get("type") != "import.file" or not log.holds(entry):
            faults.append(Fault(where, "its leaf does not lead to the signed checkpoint"))
        elif leaf["records"] * 32 != len(raw) or leaf["records_root"] != root.hex():
            faults.append(Fault(where, "the commitments of its records do not give the records root in its leaf"))
    return faults


def _check_pointers(data: dict[str, Any]) -> list[Fault]:
    """Each row stands for a record that a proven file has."""
    records = {e["index"]: len(e["commitments"]) * 3 // 4 // 32 for e in data["log"]["files"]}
    faults = []
    for name in _RECORD_TABLES:
        table = data["rows"][name]
        leaf, record = table["columns"].index("leaf_index"), table["columns"].index("record_index")
        for at, row in enumerate(table["rows"]):
            if row[leaf] is None or not 0 <= (row[record] or 0) < records.get(row[leaf], 0):
                faults.append(Fault(f"rows: {name}", f"row {at} points to a record that no proven file has"))
                break
    return faults


# -- the numbers, counted again


def _check_numbers(data: dict[str, Any]) -> list[Fault]:
    tables = Rows(
        {name: [dict(zip(t["columns"], row, strict=True)) for row in t["rows"]] for name, t in data["rows"].items()}
    )
    faults = []
    for id, said in data["numbers"].items():
        if id not in data["definitions"] or id not in data["queries"] or id not in data["denominators"]:
            faults.append(Fault(f"numbers: {id}", "it lacks its definition, query or denominator"))
            continue
        spec = data["queries"][id]["spec"]
        near = _TOLERANCE_CURVE if spec["op"] == "survival" else _TOLERANCE
        value, interval = _count(tables, spec)
        if not _same(value, said["value"], near):
            faults.append(Fault(f"numbers: {id}", f"the sheet says {said['value']}, its rows give {value}"))
        elif interval and not all(
            _same(a, b, near) for a, b in zip(interval, (said["low"], said["high"]), strict=True)
        ):
            faults.append(Fault(f"numbers: {id}", "its interval does not follow from the rows"))
        denominator = data["denominators"][id]
        value, _ = _count(tables, denominator["spec"])
        if value != denominator["value"]:
            faults.append(
                Fault(f"denominators: {id}", f"the sheet divides by {denominator['value']}, its rows give {value}")
            )
    return faults


def _same(a: Any, b: Any, near: float) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and abs(a - b) <= near
    return bool(a == b)


class Rows:
    """The disclosed rows, chosen by conditions; many numbers begin with the same conditions."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        self._tables = tables
        self._chosen: dict[str, list[dict[str, Any]]] = {}

    def chosen(self, table: str, where: list[list[Any]]) -> list[dict[str, Any]]:
        """The rows of ``table`` to which every condition applies."""
        if not where:
            return self._tables[table]
        key = json.dumps([table, where])
        if key not in self._chosen:
            column, operator, value = where[-1]
            rows = self.chosen(table, where[:-1])
            if operator == "is":
                self._chosen[key] = [row for row in rows if row[column] == value]
            elif operator == "has":
                self._chosen[key] = [row for row in rows if value in row[column]]
            else:
                raise ValueError(f"unknown condition {operator!r}")
        return self._chosen[key]


def _count(tables: Rows, spec: dict[str, Any]) -> tuple[Any, tuple[float, float] | None]:
    """Value and interval of a recipe."""
    rows = tables.chosen(spec["table"], spec["where"])
    op = spec["op"]
    if op == "count":
        return len(rows), None
    if op == "sum":
        return sum(row[spec["column"]] or 0 for row in rows), None
    if op == "distinct":
        return len({row[c] for row in rows for c in spec["columns"]}), None
    if op in ("min", "max"):
        values = [row[spec["column"]] for row in rows if row[spec["column"]] is not None]
        return ((min if op == "min" else max)(values) if values else None), None
    if op == "share":
        hits, of = len(tables.chosen(spec["table"], spec["where"] + spec["hit"])), len(rows)
        return hits / of, _score_interval(hits, of)
    if op == "survival":
        return _online_after(tuple((row["low"], row["high"]) for row in rows), spec["day"])
    raise ValueError(f"unknown recipe {op!r}")


def _score_interval(hits: float, of: int) -> tuple[float, float]:
    """Wilson (1927): the shares p for which |hits/of - p| is 1.96 standard errors of p, by bisection."""
    z = 1.959963984540054

    def outside(p: float) -> bool:
        return abs(hits / of - p) > z * math.sqrt(p * (1 - p) / of)

    def edge(inside: float, far: float) -> float:
        for _ in range(80):
            middle = (inside + far) / 2
            inside, far = (inside, middle) if outside(middle) else (middle, far)
        return inside

    if of == 0:
        return 0.0, 1.0
    share = hits / of
    return edge(share, 0.0) if share > 0 else 0.0, edge(share, 1.0) if share < 1 else 1.0


@functools.lru_cache(64)  # The sheets of one report, one per language, ask for the same.
def _online_after(lives: tuple[tuple[int, int | None], ...], day: int) -> tuple[float, tuple[float, float]]:
    """Share still there at ``day``, by self-consistency over single days (Turnbull 1976), and its interval.

    Mass lies on the days 1, 2, ... and on "never": ``(low, high]`` covers the days low + 1 to high, a stated day
    (``low == high``) only itself. Days that the same lives cover keep equal mass, so each step is spread evenly.
    """
    gone = max((high for _, high in lives if high is not None), default=0)
    end = max(gone, *(low for low, _ in lives), day)
    never = end + 1
    kinds = Counter(
        (low if low == high else min(low + 1, never), never if high is None else high) for low, high in lives
    )
    # Behind the last day on which anything was seen gone there is only "never".
    mass = [1 / (gone + 2)] * (gone + 1) + [0.0] * (end - gone) + [1 / (gone + 2)]
    for _ in range(_ROUNDS):
        upto = list(accumulate(mass, initial=0.0))
        change = [0.0] * (never + 2)
        for (first, last), many in kinds.items():
            share = many / (upto[last + 1] - upto[first]) / len(lives)
            change[first] += share
            change[last + 1] -= share
        gain = list(accumulate(change))[: never + 1]
        mass = [m * g for m, g in zip(mass, gain, strict=True)]
        if max(gain) < 1 + _GAP:
            break
    known = sum(1 for low, high in lives if low >= day or (high is not None and high <= day))
    least, most = _allowed(lives, mass, day, never)
    low, high = _score_interval(least * known, known)[0], _score_interval(most * known, known)[1]
    return 1 - sum(mass[: day + 1]), (low, high)


def _allowed(lives: tuple[tuple[int, int | None], ...], mass: list[float], day: int, never: int) -> tuple[float, float]:
    """Smallest and largest share at ``day``: the mass of the step around it counted as gone, or as still there.

    A step is the run of days between two ends of lives; within it the checks cannot tell one day from another.
    """
    ends = sorted({0, never} | {low for low, _ in lives} | {high for _, high in lives if high is not None})
    ends += [low - 1 for low, high in lives if low == high]
    begin = max((e for e in ends if e <= day), default=0)
    stop = min((e for e in ends if e >= day), default=never)
    return 1 - sum(mass[: stop + 1]), 1 - sum(mass[: begin + 1])


# -- the pages of the PDF


def _check_face(data: dict[str, Any], text: str) -> list[Fault]:
    """The numbers printed with a mark are those of the data file, and none is missing."""
    plain = re.sub(r"\s+", "", text)
    printed = {int(mark): value for value, mark in re.findall(r"(≥?[0-9][0-9.,%–-]*|[^0-9\[\]])\[([0-9]+)\]", plain)}
    faults = []
    for id, said in data["numbers"].items():
        if said["mark"] is None:
            continue
        expected = re.sub(r"\s+", "", _printed(said, data["lang"]))
        if not re.search(rf"(?<![0-9≥.,]){re.escape(expected)}\[{said['mark']}\]", plain):
            shown = printed.get(said["mark"], "nothing")
            faults.append(Fault(f"page: {id}", f"the page prints {shown} where the data file has {expected}"))
    return faults


def _printed(said: dict[str, Any], lang: str) -> str:
    value = said["value"]
    if said["kind"] == "share":
        text = f"{value * 100:.2f}%" if 0 < value < 0.01 else f"{value * 100:.1f}%"
        return text.replace(".", ",") if lang == "es" else text
    if said["kind"] == "count":
        shown = f"{value:,}" if lang == "en" else f"{value:,}".replace(",", "")
        return f"≥{shown}" if said["at_least"] else shown
    return str(value)
