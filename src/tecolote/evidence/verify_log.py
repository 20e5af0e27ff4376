"""Checking the log: every entry in the chain, every leaf, every checkpoint and its signature."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tecolote.case import Case, is_temporary
from tecolote.errors import EvidenceError, TecoloteError
from tecolote.evidence import keys, log, notes, segments
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.fault import Fault
from tecolote.evidence.segments import Row
from tecolote.evidence.store import FIRST_KEY, ROTATED
from tecolote.evidence.tree import Tree, leaf_hash

LOG = "evidence/log/entries"


@dataclass
class LogState:
    """What the acknowledged part of the log says.

    Attributes:
        leaves: each leaf as parsed; None where it is damaged.
        rows: the rows of segments by their number.
        roots: root by size, of the checkpoints that hold.
        whole: False when the log could not be followed to its end.
        end: offset behind the last checkpoint.
    """

    leaves: list[dict[str, Any] | None] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    whole: bool = True
    end: int = log.HEADER_BYTES


@dataclass(frozen=True)
class _Bad:
    """An entry that breaks the chain; ``resumed`` says whether the one behind it could be found."""

    kind: int
    body: bytes
    offset: int
    end: int
    resumed: bool


class _LogCheck:
    """One walk through the log."""

    def __init__(self, case: Case, faults: list[Fault]) -> None:
        self._faults = faults
        self._origin = keys.origin(case)
        self._keys = first_keys(case, faults)
        self._tree = Tree()
        self._roots_hold = True
        self._group: list[dict[str, Any] | None] = []
        self._rows: list[Row] = []
        self.state = LogState()

    def take(self, entry: log.Found | _Bad) -> None:
        """Check one entry."""
        if isinstance(entry, _Bad):
            self._faults.append(
                Fault(self._place(entry), "the entry has changed, or the one before it is not what it was")
            )
            if not entry.resumed:
                self._faults.append(
                    Fault(f"{LOG} from byte {entry.offset}", "cannot be followed; what is there was not checked")
                )
                self.state.whole = False
                return
        if entry.kind == log.LEAF:
            self._leaf(entry)
        elif entry.kind == log.SEGMENTS:
            try:
                self._rows += Row.unpack_rows(entry.body)
            except EvidenceError as error:
                self._faults.append(Fault(self._place(entry), error.what))
        elif entry.kind == log.CHECKPOINT:
            self._checkpoint(entry)
        elif not isinstance(entry, _Bad):
            self._faults.append(Fault(self._place(entry), f"no entry has kind {entry.kind}"))

    def _signed(self, note: notes.Note, rotated: list[str]) -> None:
        """The key in force must have signed, and where an event introduces another, that one too."""
        fresh = [notes.Verifier.parse(vkey) for vkey in rotated]
        needed = [*self._keys[-1:], *fresh]
        found = note.signers(needed)
        if any(key not in found for key in needed) or any(key.name != self._origin for key in fresh):
            raise EvidenceError("a key that must have signed it has not")
        self._keys += fresh

    @property
    def known(self) -> list[notes.Verifier]:
        """The keys that signed, in order."""
        return self._keys

    def _place(self, entry: log.Found | _Bad) -> str:
        end = entry.end if isinstance(entry, _Bad) else entry.place.end
        count = len(self.state.leaves) + len(self._group)
        name = {log.LEAF: f"leaf {count}", log.SEGMENTS: "segments", log.CHECKPOINT: f"checkpoint at size {count}"}
        return f"{LOG}, {name.get(entry.kind, 'an entry')}, bytes {entry.offset}-{end - 1}"

    def _leaf(self, entry: log.Found | _Bad) -> None:
        parsed: Any = None
        try:
            parsed = parse_canonical(entry.body)
            texts = [parsed[name] for name in ("type", "at", "actor", "tool", "payload")]
            if parsed["v"] != 1 or not all(isinstance(text, str) for text in texts) or len(texts[-1]) != 64:
                raise EvidenceError("the leaf is not one of this version")
            bytes.fromhex(texts[-1])
        except (TecoloteError, KeyError, TypeError, ValueError):
            if not isinstance(entry, _Bad):
                self._faults.append(Fault(self._place(entry), "the leaf is not canonical JSON of an event"))
            parsed = None
        self._tree.extend([leaf_hash(entry.body)])
        self._group.append(parsed)

    def _checkpoint(self, entry: log.Found | _Bad) -> None:
        place = self._place(entry)
        rotated = [str(leaf.get("key")) for leaf in self._group if leaf and leaf["type"] == ROTATED]
        self.state.leaves += self._group
        self.state.rows |= {row.segment: row for row in self._rows}
        self._group, self._rows = [], []
        self.state.end = entry.end if isinstance(entry, _Bad) else entry.place.end
        try:
            note = notes.Note.parse(entry.body)
            origin, size, root = notes.parse_checkpoint(note.text)
            self._signed(note, rotated)
            if origin != self._origin:
                self._faults.append(Fault(place, f"it is of the log {origin!r}, not of this one"))
            if size != self._tree.size:
                self._faults.append(Fault(place, f"it says size {size} where the log has {self._tree.size} leaves"))
            elif root != self._tree.root() and self._roots_hold:
                self._roots_hold = False
                what = "its root is not that of the leaves before it, and so with every later one"
                self._faults.append(Fault(place, what))
            else:
                self.state.roots[size] = root
        except EvidenceError as error:
            self._faults.append(Fault(place, error.what))


def first_keys(case: Case, faults: list[Fault]) -> list[notes.Verifier]:
    """The public key under which the first checkpoints must be signed; empty where nothing tells it."""
    try:
        return [_key_file(case, FIRST_KEY)]
    except EvidenceError as error:
        faults.append(Fault(f"evidence/keys/{FIRST_KEY}", error.what))
        return _own_keys(case)[-1:]


def _key_file(case: Case, name: str) -> notes.Verifier:
    path = case.evidence_folder / "keys" / name
    text = path.read_bytes().decode("ascii", "replace") if path.is_file() else ""
    key = notes.Verifier.parse(text.removesuffix("\n"))
    if f"{key.vkey}\n" != text or key.name != keys.origin(case):
        raise EvidenceError("the file does not hold a key of this case")
    return key


def _own_keys(case: Case) -> list[notes.Verifier]:
    """Public halves of the keys in the user's key folder: the one that waits, and the one that signs."""
    try:
        waiting = keys.waiting_signer(case)
        return [s.verifier for s in (waiting, keys.signer(case)) if s is not None]
    except TecoloteError:
        return []


def _check_keys(case: Case, known: list[notes.Verifier], faults: list[Fault]) -> None:
    """The key files against the keys that the log introduces, and the last of them against the one that signs."""
    own = _own_keys(case)
    folder = case.evidence_folder / "keys"
    expected = {f"{number:04d}.vkey": key for number, key in enumerate(known, 1)}
    if known and own and known[-1] not in own:
        faults.append(Fault(f"evidence/keys/{max(expected)}", "this is not the key that signs the case"))
    for name in sorted(expected.keys() | {path.name for path in folder.glob("*") if not is_temporary(path)}):
        where = f"evidence/keys/{name}"
        if name not in expected:
            faults.append(Fault(where, "no event of the log introduces this key"))
        elif name != FIRST_KEY and not (len(own) > 1 and expected[name] == own[0]):
            try:
                if _key_file(case, name) != expected[name]:
                    raise EvidenceError("it is not the key that the log introduces")
            except EvidenceError as error:
                faults.append(Fault(where, error.what))


def check_log(case: Case, faults: list[Fault]) -> LogState:
    """Walk through the log and add what does not hold to ``faults``."""
    path = log.log_path(case.evidence_folder)
    if not path.exists():
        faults.append(Fault(LOG, "the log is missing"))
        return LogState(whole=False)
    tag = segments.case_tag(case.settings.id)
    with open(path, "rb") as raw:
        if raw.read(log.HEADER_BYTES) != log.header(tag):
            faults.append(Fault(f"{LOG}, bytes 0-{log.HEADER_BYTES - 1}", "the header is not that of this case's log"))
    check, mark = _LogCheck(case, faults), keys.read_mark(case.keys)
    for entry in _entries(path, log.start(tag)):
        if isinstance(entry, _Bad) and mark is not None and entry.offset >= mark.end:
            break  # a write that was interrupted before it was acknowledged
        check.take(entry)
    state = check.state
    _check_keys(case, check.known, faults)
    if mark is not None and mark.end > state.end:
        what = f"{mark.size} leaves were acknowledged up to byte {mark.end}; here they end at byte {state.end}"
        faults.append(Fault(f"{LOG} from byte {state.end}", what))
        state.whole = False
    elif mark is not None and not log.stands_at(path, log.Place(mark.end, mark.chain)) and not faults:
        faults.append(Fault(f"{LOG} up to byte {mark.end}", "the entries are not those that were acknowledged"))
    elif state.end == log.HEADER_BYTES:
        faults.append(Fault(LOG, "the log holds no checkpoint"))
    return state


def _entries(path: Path, place: log.Place) -> Iterator[log.Found | _Bad]:
    """All entries; behind one that breaks the chain the next is looked for."""
    size = path.stat().st_size
    while True:
        for found in log.scan(path, place):
            place = found.place
            yield found
        if place.end >= size:
            return
        bad, following = _bad(path, place, size)
        if bad is None or following is None:
            if bad is not None:
                yield bad
            return
        yield bad
        place = following


def _bad(path: Path, place: log.Place, size: int) -> tuple[_Bad | None, log.Place | None]:
    """The entry at ``place``, which does not hold, and where to go on; None for a piece of an entry."""
    kind, body, stored = log.raw_entry(path, place.end)
    if stored is None:
        return _Bad(kind, body, place.end, size, resumed=False), None
    end = place.end + log.FRAME_BYTES + len(body)
    computed = hashlib.sha256(place.chain + log.head(kind, body) + body).digest()
    for chain in (stored, computed):
        onward = log.Place(end, chain)
        if end == size or next(log.scan(path, onward), None) is not None:
            return _Bad(_guess(kind, body), body, place.end, end, resumed=True), onward
    return _Bad(kind, body, place.end, size, resumed=False), None


def _guess(kind: int, body: bytes) -> int:
    """What an entry was, judged by its body, so that one changed byte is not taken for a missing leaf."""
    if body.startswith((b'{"', b'"')):
        return log.LEAF
    return log.CHECKPOINT if b"\n\n\xe2\x80\x94 " in body else kind
