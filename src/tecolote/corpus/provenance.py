"""What the material says of its own origin: content credentials (C2PA) and OpenTimestamps proofs, read and logged.

Each finding is an event ``provenance``: what the file says, and what of it holds. It is a statement of whoever made
the file, never a finding of fact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

from tecolote.case import Case
from tecolote.corpus.files import live_files, open_evidence
from tecolote.errors import SourceRefused, TecoloteError
from tecolote.evidence import Evidence
from tecolote.sources import c2pa, opentimestamps

EVENT = "provenance"
_MAX_PROOF = 1 << 20


def read_provenance(stream: BinaryIO) -> dict[str, Any] | None:
    """What a file says of its origin, as JSON values with its ``kind``; None where it says nothing.

    A statement that cannot be read gives ``unreadable``: why.
    """
    stream.seek(0)
    kind = "opentimestamps" if stream.read(len(opentimestamps.MAGIC)) == opentimestamps.MAGIC else "c2pa"
    stream.seek(0)
    try:
        if kind == "opentimestamps":
            return {"kind": kind} | opentimestamps.read(stream.read(_MAX_PROOF + 1)).as_payload()
        found = c2pa.read(stream)
        return None if found is None else {"kind": kind} | found.as_payload()
    except SourceRefused as error:
        return {"kind": kind, "unreadable": error.what}


def log_provenance(case: Case, progress: Callable[[int, int, str], None] | None = None) -> list[dict[str, Any]]:
    """Read every file of the case that was not read before, log what it says; everything said so far.

    Raises:
        CaseLocked: another process writes to the case.
    """
    with case.writing(), Evidence.open(case, write=True) as evidence:
        files = live_files(evidence)
        known = {event.payload["sha256"] for event in evidence.events(EVENT)}
        by_hash = {event.payload["sha256"]: event.index for event in files}
        for done, event in enumerate(files):
            said = event.payload
            if progress is not None:
                progress(done, len(files), said["shown_as"])
            found = None if said["sha256"] in known else _of(evidence, said)
            if found is None:
                continue
            known.add(said["sha256"])
            about = [event.index]
            if found["kind"] == "opentimestamps" and found.get("digest") in by_hash:
                found["stamped_leaf"] = by_hash[found["digest"]]
                about.append(by_hash[found["digest"]])
            payload = {"name": said["shown_as"], "sha256": said["sha256"], **found}
            evidence.append(EVENT, payload=payload, public={"about": sorted(set(about))})
        evidence.commit()
        return [{"leaf": event.index, **event.payload} for event in evidence.events(EVENT)]


def _of(evidence: Evidence, said: dict[str, Any]) -> dict[str, Any] | None:
    """What one file says; nothing of a file that was erased or cannot be opened."""
    try:
        return read_provenance(open_evidence(evidence, said))
    except TecoloteError:
        return None


def in_words(found: dict[str, Any]) -> str:
    """A finding in one line."""
    if "unreadable" in found:
        return f"{found['kind']}: {found['unreadable']}"
    if found["kind"] == "opentimestamps":
        ends = [f"{a['kind']} {a['height'] or a['calendar']}".strip() for a in found["attestations"]]
        return (
            f"OpenTimestamps proof about {found['algorithm']} {found['digest'][:16]}…: {', '.join(ends)}; not checked"
        )
    checks = f"signature {found['signature']}, references {found['references']}, bytes {found['content']}"
    who = f"signed as {found['signer'] or '?'}, who is not vouched for"
    return f"C2PA: made with {found['generator'] or '?'}; {checks}; {who}"
