"""Where the case came from: what was imported, how it was read, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from tecolote.records import RECORD_TABLES
from tecolote.web.library import Pin

if TYPE_CHECKING:
    from tecolote.evidence import Event

_SHOWN_QUARANTINE = 200


def imported(pin: Pin) -> list[Event]:
    """The ``import.file`` events in force, in the order of the log."""
    from tecolote.corpus.files import live_files

    return list(live_files(pin.evidence))


def shown_name(event: Event) -> str:
    """Name of an imported file as pages show it: never the title of a private chat."""
    return str(event.payload.get("shown_as") or event.payload["name"])


def sources(pin: Pin) -> dict[str, Any]:
    """Files with what each gave, containers, and the log's checkpoint."""
    files = []
    for event in imported(pin):
        told = event.payload
        files.append(
            {
                "leaf": event.index,
                "at": event.at,
                "name": shown_name(event),
                "sha256": told["sha256"],
                "bytes": event.public.get("bytes"),
                "reader": (told.get("settings") or {}).get("reader"),
                "reader_version": (told.get("settings") or {}).get("reader_version"),
                "status": told.get("status"),
                "reason": told.get("reason"),
                "rows": {t: n for t in RECORD_TABLES if (n := (told.get("rows") or {}).get(t))},
                "records": event.public.get("records"),
                "quarantined": told.get("quarantined") or 0,
                "quarantine": [list(q) for q in (told.get("quarantine") or [])[:_SHOWN_QUARANTINE]],
                "notes": list(told.get("notes") or []),
                "first": told.get("first"),
                "last": told.get("last"),
            }
        )
    containers = [
        {
            "leaf": event.index,
            "at": event.at,
            "name": event.payload["name"],
            "sha256": event.payload["sha256"],
            "bytes": event.public.get("bytes"),
            "kept": event.payload.get("kept"),
            "members": event.payload.get("members"),
            "left_out": event.payload.get("private_chats_left_out"),
        }
        for event in pin.evidence.events("import.container")
    ]
    events: dict[str, int] = {}
    for event in pin.evidence.events():
        events[event.type] = events.get(event.type, 0) + 1
    checkpoint = pin.evidence.checkpoint()
    return {
        "files": files,
        "containers": containers,
        "events": [{"type": kind, "n": n} for kind, n in sorted(events.items())],
        "log": {"size": checkpoint.size, "root": checkpoint.root, "note": checkpoint.note},
        "rows": sum(sum(f["rows"].values()) for f in files),
        "quarantined": sum(f["quarantined"] for f in files),
    }


def open_by_digest(pin: Pin, sha256: str) -> BinaryIO | None:
    """Bytes of an imported file by its SHA-256, from the packs or out of the container that holds it."""
    from tecolote.corpus.files import open_evidence

    for event in imported(pin):
        if event.payload["sha256"] == sha256:
            return open_evidence(pin.evidence, event.payload)
    return pin.evidence.read(sha256) if pin.evidence.has(sha256) else None
