"""Legal holds: while one is in force, nothing that it covers is erased."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tecolote.errors import UsageError
from tecolote.evidence.reader import Reading
from tecolote.evidence.store import Evidence

TYPE = "hold"
RELEASED = "hold.released"


@dataclass(frozen=True)
class Hold:
    """A hold in force.

    Attributes:
        leaf: its leaf, by which it is released.
        at: when it was placed, ISO 8601 in UTC.
        reason: why: the proceeding, the order.
        by: who placed it.
        about: leaves of the files that it covers; none means the whole case.
    """

    leaf: int
    at: str
    reason: str
    by: str
    about: tuple[int, ...]


def place_hold(evidence: Evidence, reason: str, by: str, about: Iterable[int] = ()) -> int:
    """Log a hold on files, or without any on the whole case; its leaf. Durable at the next commit.

    Raises:
        UsageError: reason or name is empty, or a leaf does not exist.
    """
    leaves = sorted(set(about))
    _need(reason, "reason")
    _need(by, "name of who places it")
    if not all(0 <= leaf < evidence.size for leaf in leaves):
        raise UsageError(f"no such leaf among {leaves}", f"The log has {evidence.size}")
    return evidence.append(TYPE, {"reason": reason, "by": by}, {"about": leaves})


def release_hold(evidence: Evidence, leaf: int, reason: str, by: str) -> int:
    """Log that the hold at ``leaf`` ends; the leaf of that event.

    Raises:
        UsageError: no hold in force has that leaf, or reason or name is empty.
    """
    _need(reason, "reason")
    _need(by, "name of who releases it")
    held = {hold.leaf: hold for hold in holds(evidence)}
    if leaf not in held:
        listed = ", ".join(map(str, held)) or "none"
        raise UsageError(f"leaf {leaf} is no hold in force", f"In force: {listed}")
    public = {"about": list(held[leaf].about), "releases": leaf}
    return evidence.append(RELEASED, {"reason": reason, "by": by}, public)


def holds(evidence: Reading) -> list[Hold]:
    """The holds in force, in the order in which they were placed."""
    ended = {event.public["releases"] for event in evidence.events(RELEASED)}
    return [
        Hold(e.index, e.at, e.payload["reason"], e.payload["by"], tuple(e.public["about"]))
        for e in evidence.events(TYPE)
        if e.index not in ended
    ]


def forbid_while_held(evidence: Reading, leaves: Iterable[int], what: str) -> None:
    """Refuse ``what`` while a hold covers one of ``leaves``.

    Raises:
        UsageError: one does.
    """
    wanted = set(leaves)
    for hold in holds(evidence):
        if not hold.about or not wanted.isdisjoint(hold.about):
            raise UsageError(
                f"a legal hold forbids {what}: {hold.reason} (leaf {hold.leaf}, {hold.by}, {hold.at[:10]})",
                f"If it has ended: tecolote hold --release {hold.leaf}",
            )


def _need(text: str, what: str) -> None:
    if not text.strip():
        raise UsageError(f"a hold needs the {what}", "Say it with --reason and --by")
