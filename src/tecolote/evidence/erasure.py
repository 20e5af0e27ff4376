"""What has been erased, as the log tells it: the tombstones, and what they mean for those who read.

A tombstone is an ``erased`` event. In public it names the segments that were destroyed, so that the index can be
built and the packs checked without its payload; the payload says which records and files went, on what basis,
by whom and with whose consent, and what is to be read in the place of payloads that no longer stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

#: Type of the event.
TYPE = "erased"


@dataclass
class Erasures:
    """All tombstones together.

    Attributes:
        segments: numbers of the segments that are destroyed.
        records: leaf of a file to its erased records, each with the tombstone that says so.
        files: leaf of a file erased whole to its tombstone.
        changed: SHA-256 (hex) of kept bytes that lost a part, to the tombstone: they no longer match their hash.
        gone: leaves whose payload was destroyed, to the tombstone.
        overlay: leaf to fields that are read in the place of those of its payload.
        replaced: leaf to what is read in the place of its whole payload.
        rows: leaf of a file to the tables (name to SHA-256 of Parquet bytes) of the rows that remain of it.
    """

    segments: set[int] = field(default_factory=set)
    records: dict[int, dict[int, int]] = field(default_factory=dict)
    files: dict[int, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    overlay: dict[int, dict[str, Any]] = field(default_factory=dict)
    replaced: dict[int, dict[str, Any]] = field(default_factory=dict)
    rows: dict[int, dict[str, str]] = field(default_factory=dict)

    def add(self, leaf: int, payload: dict[str, Any]) -> None:
        """Take up the tombstone at ``leaf``; to be called in the order of the log."""
        for key, runs in payload["records"].items():
            told = self.records.setdefault(int(key), {})
            for first, last in runs:
                for record in range(first, last + 1):
                    told.setdefault(record, leaf)
        for number in payload["files"]:
            self.files.setdefault(number, leaf)
            self.rows.pop(number, None)
        self.changed |= dict.fromkeys(payload["changed"], leaf)
        for number in payload["gone"]:
            self.gone.setdefault(number, leaf)
        self.overlay |= {int(key): fields for key, fields in payload["overlay"].items()}
        self.replaced |= {int(key): fields for key, fields in payload["replaced"].items()}
        self.rows |= {int(key): tables for key, tables in payload["rows"].items()}

    def said(self, leaf: int, payload: dict[str, Any]) -> dict[str, Any]:
        """What is read as the payload of ``leaf``."""
        return payload | self.overlay.get(leaf, {})

    def remark(self, leaf: int, payload: dict[str, Any]) -> str | None:
        """What the verifier says of a file from which something was erased; None if nothing was."""
        if leaf in self.files:
            return f"not recomputable: the file was erased under leaf {self.files[leaf]}"
        told: dict[int, int] = {}
        for tombstone in self.records.get(leaf, {}).values():
            told[tombstone] = told.get(tombstone, 0) + 1
        if told:
            counts = ", ".join(f"{n} record{'s' * (n != 1)} erased under leaf {t}" for t, n in sorted(told.items()))
            return f"the file's own hash is not recomputable: {counts}"
        if payload.get("sha256") in self.changed:
            return f"its hash is not recomputable: a part was erased under leaf {self.changed[payload['sha256']]}"
        return None


def gather(tombstones: Iterable[int], read: Callable[[int], dict[str, Any] | None]) -> Erasures:
    """The tombstones at these leaves together.

    The latest is read first: it may say what is to be read in the place of an earlier one, which lost its payload.

    Args:
        tombstones: leaves, in order.
        read: gives the payload of a tombstone as it was logged; None if it cannot be read.
    """
    payloads: dict[int, dict[str, Any]] = {}
    replaced: dict[int, dict[str, Any]] = {}
    for leaf in sorted(tombstones, reverse=True):
        said = replaced[leaf] if leaf in replaced else read(leaf)
        if said is not None:
            payloads[leaf] = said
            replaced = {int(key): fields for key, fields in said["replaced"].items()} | replaced
    found = Erasures()
    for leaf in sorted(payloads):
        found.add(leaf, payloads[leaf])
    return found


def dead_segments(leaves: Iterable[dict[str, Any]]) -> set[int]:
    """Numbers of the segments that tombstones among ``leaves`` (as parsed) name in public."""
    found: set[int] = set()
    for leaf in leaves:
        if leaf["type"] == TYPE:
            for first, last in leaf["segments"]:
                found |= set(range(first, last + 1))
    return found


def runs(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as runs, each by its first and last."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
