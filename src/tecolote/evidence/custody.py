"""The chain of custody: who held the material, in what state, where and when.

Source: Código Nacional de Procedimientos Penales (Mexico), article 227: the record of custody states identity,
original state, conditions of collection, preservation, packaging and transfer, places and dates of each
stay, changes made in each, and everyone who was in contact. Article 228: a change alone does not void
evidence; so changes are written down, never hidden.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tecolote.errors import UsageError
from tecolote.evidence.reader import Event, Reading
from tecolote.evidence.store import Evidence

TYPE = "custody"


@dataclass(frozen=True)
class Stay:
    """A stay of the material: place, first and last moment (ISO 8601 with zone; no last while it goes on)."""

    place: str
    since: str
    until: str | None = None


@dataclass(frozen=True)
class Custody:
    """What article 227 asks to be recorded. Where something does not apply, the field says so and why.

    Attributes:
        identity: what the material is: names, hashes, leaves.
        original_state: the state in which it was found.
        collection: how and under what conditions it was collected.
        preservation: how it is kept.
        packaging: in what it is kept or handed over.
        transfer: from whom to whom, by what way.
        stays: places and dates of each stay, in order.
        changes: what was changed in each stay, copying included.
        persons: names of everyone who was in contact with it.
    """

    identity: str
    original_state: str
    collection: str
    preservation: str
    packaging: str
    transfer: str
    stays: tuple[Stay, ...]
    changes: str
    persons: tuple[str, ...]

    def check(self) -> None:
        """Refuse a record with a gap.

        Raises:
            UsageError: a field is empty, or a moment is not ISO 8601 with a zone.
        """
        for name, value in vars(self).items():
            if not value or (isinstance(value, str) and not value.strip()):
                raise UsageError(f"the custody record has no '{name}'", "Fill it in, or write why it does not apply")
        if not all(person.strip() for person in self.persons):
            raise UsageError("the custody record has a person without a name", "Name everyone who was in contact")
        for stay in self.stays:
            if not stay.place.strip():
                raise UsageError("the custody record has a stay without a place", "Name the place")
            for moment in (stay.since, stay.until):
                if moment is not None and not _is_moment(moment):
                    raise UsageError(f"'{moment}' is no moment with a zone", "Write it like 2026-03-01T09:30:00-06:00")


def record_custody(evidence: Evidence, custody: Custody, *, about: tuple[int, ...] = ()) -> int:
    """Log a custody event; the number of its leaf. Durable at the next commit.

    Args:
        evidence: open for writing.
        custody: the record; names stay in the payload, not in the leaf.
        about: leaves of the material; none means all of the case.

    Raises:
        UsageError: the record has a gap, or ``about`` names a leaf that does not exist.
    """
    custody.check()
    if not all(0 <= leaf < evidence.size for leaf in about):
        raise UsageError(f"no such leaf among {list(about)}", f"The log has {evidence.size}")
    return evidence.append(TYPE, payload=asdict(custody), public={"about": sorted(set(about))})


def custody_history(evidence: Reading, leaf: int | None = None) -> list[Event]:
    """Custody events in order: all, or those about ``leaf`` (events about the whole case included)."""
    events = list(evidence.events(TYPE))
    return [e for e in events if leaf is None or not e.public["about"] or leaf in e.public["about"]]


def custody_from(path: Path) -> tuple[Custody, tuple[int, ...]]:
    """A custody record from TOML, and the leaves it is about (``about = [3, 4]``; none means all of the case).

    The file has the fields of `Custody`; ``stays`` are tables ``[[stays]]`` with place, since and until.

    Raises:
        UsageError: it cannot be read, or a field is missing or unknown.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
        about = tuple(int(leaf) for leaf in told.pop("about", ()))
        stays = tuple(Stay(**{n: _moment_text(v) for n, v in stay.items()}) for stay in told.pop("stays", ()))
        persons = tuple(str(person) for person in told.pop("persons", ()))
        record = Custody(**{n: str(v) for n, v in told.items()}, stays=stays, persons=persons)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        fields = ", ".join(Custody.__dataclass_fields__)
        raise UsageError(f"{path} is no custody record: {error}", f"It needs: {fields}") from None
    record.check()
    return record, about


def history(evidence: Reading, leaf: int | None = None) -> list[dict[str, Any]]:
    """Every event of the log, or those about ``leaf``, as leaf, at, actor, type, and one line of what and why."""
    found = []
    for event in evidence.events():
        about = event.public.get("about")
        if leaf is not None and event.index != leaf and (about is None or (about and leaf not in about)):
            continue
        line = {"leaf": event.index, "at": event.at, "actor": event.actor, "type": event.type}
        found.append(line | {"what": _what(event)})
    return found


def _what(event: Event) -> str:
    said = event.payload
    if event.type == "packet":
        to = f" ({said['recipient']})" if said["recipient"] else ""
        return f"{said['records']} records to {said['for']}{to}: {said['purpose']}"
    if event.type == TYPE:
        return f"{said['transfer']}; changes: {said['changes']}; persons: {', '.join(said['persons'])}"
    if event.type == "consent":
        return f"by {said['giver']} until {said['until']}: {said['purpose']}"
    if event.type == "import.file":
        return f"{said.get('shown_as') or said.get('name')}: {event.public.get('records', 0)} records"
    return str(said.get("name", ""))


def _moment_text(value: Any) -> str:
    """A moment as text; TOML has a type for it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
