"""Events that name what goes: their payload is destroyed, and what is left of it is read in its place."""

from __future__ import annotations

import re
from typing import Any

from tecolote.evidence import Evidence
from tecolote.evidence.canon import canonical

#: A shorter id is searched for only as a whole value: "12" stands in many texts by chance.
_LEAST = 5
ERASED = "[erased]"
#: Events whose payload names no record.
_SILENT = ("tables", "analysis", "case.created", "key.rotated")


def scrub_events(evidence: Evidence, needles: set[str], but: set[int]) -> dict[int, dict[str, Any]]:
    """Leaf to payload without ``needles``, for every event that holds one and is not in ``but``."""
    if not needles:
        return {}
    wanted = [(canonical(needle)[1:-1], needle) for needle in needles]
    found = {}
    for number in range(evidence.size):
        if number in but:
            continue
        event = evidence.event(number)
        if event.type in _SILENT:
            continue
        raw = canonical(event.payload)
        held = {needle for inside, needle in wanted if inside in raw}
        if held:
            left = _scrubbed(event.payload, held)
            if left != event.payload:
                found[number] = left
    return found


def blank(payload: dict[str, Any], status: str) -> dict[str, Any]:
    """What is read in the place of the payload of a file that was erased whole: nothing that tells of it."""
    empty: dict[str, Any] = {
        "name": ERASED, "shown_as": ERASED, "sha256": "", "blob": None, "container": None, "chain": [],
        "records_blob": None, "quarantine": [], "quarantined": 0, "notes": [], "rows": {}, "first": None, "last": None,
        "beside": {}, "source": None, "status": "erased", "reason": status,
    }  # fmt: skip
    told = {name: empty.get(name, value) for name, value in payload.items()}
    if isinstance(told.get("settings"), dict):
        told["settings"] = told["settings"] | {"reader": None, "givers": []}
    return told


def _scrubbed(value: Any, needles: set[str]) -> Any:
    if isinstance(value, dict):
        return {_scrubbed(key, needles): _scrubbed(inner, needles) for key, inner in value.items()}
    if isinstance(value, list):
        return [_scrubbed(inner, needles) for inner in value]
    if isinstance(value, str):
        if value in needles:
            return ERASED
        for needle in sorted(needles, key=len, reverse=True):
            if len(needle) >= _LEAST and needle in value:
                value = re.sub(rf"(?<!\w){re.escape(needle)}(?!\w)", ERASED, value)
    return value
