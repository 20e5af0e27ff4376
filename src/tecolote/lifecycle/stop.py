"""The verb `stop`: suspected abuse material that a person found in a case is destroyed, and never taken again."""

from __future__ import annotations

import re

from tecolote.case import Case
from tecolote.corpus.stops import CASE_LIST, Stop, add_to_case_list, log_stop
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.lifecycle.erase import Erased, Grounds, Progress, erase
from tecolote.lifecycle.plan import Wish

#: The legal basis of the erasure, if nothing closer is said.
BASIS = "suspected child-abuse material, which may not be kept"


def stop(case: Case, item: str, grounds: Grounds, progress: Progress | None = None) -> Erased:
    """Put a file's hash on the case's stop list, then destroy the file as `tecolote.lifecycle.erase.erase` does.

    The list comes first, so that what is stopped half-way is not taken in again.

    Args:
        case: the case; its lock is taken.
        item: SHA-256 in hex of a file, of a member of a container, or of a container.
        grounds: why, and the two persons.
        progress: as for `erase`.

    Raises:
        UsageError: no file of the case has that hash, the grounds have a gap, or a legal hold forbids it.
    """
    digest = item.strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise UsageError(f"'{item}' is no SHA-256", "Give the 64 hex digits that the page of the file shows")
    grounds.check()
    with case.writing():
        with Evidence.open(case) as evidence:
            gone = evidence.erasures().files
            kinds = ("import.file", "import.container")
            events = [event for kind in kinds for event in evidence.events(kind) if event.index not in gone]
            leaves = tuple(event.index for event in events if event.payload["sha256"] == digest)
        if not leaves:
            raise UsageError("no file of the case has that SHA-256", "For records: tecolote erase --items or --record")
        add_to_case_list(case.root, digest)
        done = erase(case, Wish(files=leaves), grounds, with_neighbours=True, progress=progress)
        with Evidence.open(case, write=True) as evidence:
            log_stop(evidence, Stop("sha256", digest, CASE_LIST))
            evidence.commit()
    return done
