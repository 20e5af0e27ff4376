"""Redactions: names, other text, and attachments that are withheld from whatever leaves the case, and stay in evidence.

A redaction is an event, so the log says who withheld what, when and why. Text is matched whatever the case of its
letters; a record whose bytes hold it is disclosed by its commitment alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tecolote.errors import UsageError
from tecolote.evidence.reader import Reading
from tecolote.evidence.store import Evidence

EVENT = "redacted"
LIFTED = "redaction.lifted"
MASK = "[redacted]"
_SHA256 = re.compile("[0-9a-f]{64}")
_LEAST = 2


@dataclass(frozen=True)
class Redaction:
    """What is withheld.

    Attributes:
        kind: ``text`` (as it stands), ``regex`` (RE2), or ``media`` (SHA-256 of an attachment, hex).
        value: the text, the expression or the hash.
        reason: why.
        by: who decided it.
    """

    kind: str
    value: str
    reason: str
    by: str

    def check(self) -> None:
        """Refuse a redaction with a gap.

        Raises:
            UsageError: reason or name is empty, or the value does not fit its kind.
        """
        if not self.reason.strip() or not self.by.strip():
            raise UsageError("a redaction needs a reason and a name", "Say --reason and --by")
        if self.kind == "media" and not _SHA256.fullmatch(self.value):
            raise UsageError(f"'{self.value}' is no SHA-256", "tecolote export media lists the attachments")
        if self.kind == "text" and len(self.value.strip()) < _LEAST:
            raise UsageError("the text to withhold is too short", "It would be withheld everywhere")
        if self.kind == "regex" and _compiled(self.value).search("") is not None:
            raise UsageError("the expression also fits nothing", "It would be withheld everywhere")


def redact(evidence: Evidence, redaction: Redaction) -> int:
    """Log a redaction; its leaf. Durable at the next commit.

    Raises:
        UsageError: it has a gap.
    """
    redaction.check()
    return evidence.append(EVENT, vars(redaction), {"kind": redaction.kind})


def lift(evidence: Evidence, leaf: int, reason: str, by: str) -> int:
    """Log that the redaction at ``leaf`` ends; the leaf of that event.

    Raises:
        UsageError: none in force has that leaf, or reason or name is empty.
    """
    if leaf not in in_force(evidence):
        raise UsageError(f"leaf {leaf} is no redaction in force", "tecolote redact lists them")
    if not reason.strip() or not by.strip():
        raise UsageError("lifting a redaction needs a reason and a name", "Say --reason and --by")
    return evidence.append(LIFTED, {"reason": reason, "by": by}, {"lifts": leaf})


def in_force(evidence: Reading) -> dict[int, Redaction]:
    """The redactions in force, by leaf."""
    ended = {event.public["lifts"] for event in evidence.events(LIFTED)}
    return {e.index: Redaction(**e.payload) for e in evidence.events(EVENT) if e.index not in ended}


class Redactions:
    """The redactions of a case, applied."""

    def __init__(self, evidence: Reading) -> None:
        every = in_force(evidence).values()
        texts = sorted({r.value.strip() for r in every if r.kind == "text"}, key=len, reverse=True)
        self._media = {r.value for r in every if r.kind == "media"}
        self._texts = [_compiled("|".join(map(re.escape, texts)))] if texts else []
        self._texts += [_compiled(r.value) for r in every if r.kind == "regex"]

    def __bool__(self) -> bool:
        return bool(self._media or self._texts)

    def mask(self, text: str | None) -> str | None:
        """``text`` with what is withheld masked."""
        for pattern in self._texts if text else ():
            text = pattern.sub(MASK, text)
        return text

    def hides(self, sha256: str | None) -> bool:
        """Whether the attachment with that hash (hex) is withheld."""
        return sha256 in self._media

    def inside(self, raw: bytes) -> bool:
        """Whether raw bytes hold text that is withheld, as they stand or behind JSON's escapes."""
        text = raw.decode("utf-8", "replace")
        plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
        forms = {text, plain, raw.decode("utf-16", "replace")}
        return any(pattern.search(form) is not None for pattern in self._texts for form in forms)

    def table(self, data: pa.Table) -> pa.Table:
        """``data`` with every text masked, and without hash, address and path of attachments that are withheld."""
        if not self:
            return data
        if "sha256" in data.schema.names and self._media:
            hidden = [self.hides(sha) for sha in data["sha256"].to_pylist()]
            for name in ("sha256", "url", "local_path"):
                data = _changed(
                    data, name, [None if h else v for h, v in zip(hidden, _values(data, name), strict=True)]
                )
        for field in data.schema if self._texts else ():
            change = self._changer(field.type)
            if change is not None:
                data = _changed(data, field.name, [change(value) for value in _values(data, field.name)])
        return data

    def _changer(self, kind: pa.DataType) -> Callable[[Any], Any] | None:
        """What masks a value of that type; None where it holds no text."""
        if pa.types.is_string(kind):
            return self.mask
        if pa.types.is_list(kind):
            inner = self._changer(kind.value_type)
            return None if inner is None else lambda values: None if values is None else [inner(v) for v in values]
        if pa.types.is_struct(kind):
            fields = {field.name: self._changer(field.type) for field in kind}
            return lambda value: (
                None if value is None else {n: f(value[n]) if f is not None else value[n] for n, f in fields.items()}
            )
        return None


def _values(data: pa.Table, name: str) -> list[Any]:
    found: list[Any] = data[name].to_pylist()
    return found


def _changed(data: pa.Table, name: str, values: list[Any]) -> pa.Table:
    field = data.schema.field(name)
    return data.set_column(data.schema.get_field_index(name), field, pa.array(values, field.type))


def _compiled(expression: str) -> Any:
    """An expression of RE2, which takes time in proportion to the text alone.

    Raises:
        UsageError: it is none.
    """
    import re2

    try:
        return re2.compile(f"(?i)(?:{expression})")
    except re2.error as error:
        raise UsageError(f"the expression cannot be read: {error}", "Write it in the syntax of RE2") from None
