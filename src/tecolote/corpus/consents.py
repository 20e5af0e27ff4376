"""Consent in a case: logged when private chats are taken, renewed by a newer record, and honoured to its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tecolote.corpus.files import live_files
from tecolote.evidence import Evidence
from tecolote.sources.consent import Consent


@dataclass(frozen=True)
class Ended:
    """A giver whose consent has ended while private chats taken under it are still kept.

    Attributes:
        giver: the name in the newest record.
        until: the last day on which it held.
        contact: how the giver can be reached.
        leaves: leaves of the files, as ``tecolote erase --file`` takes them.
        names: the files' names, in the order of ``leaves``.
    """

    giver: str
    until: date
    contact: str
    leaves: tuple[int, ...]
    names: tuple[str, ...]


class ConsentLog:
    """Writes the consent record of one import into the log: before the first file that it lets in, and for kept files.

    A ``consent`` event speaks for the files behind it, up to the next one, and for those whose leaves it ``renews``.

    Args:
        evidence: open for writing.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._events = [(event.index, event.payload) for event in evidence.events("consent")]
        self._taking = ""
        self._renewed: list[int] = []

    def takes(self, consent: Consent) -> None:
        """Log that what follows is taken under ``consent``."""
        if self._taking != consent.record_sha256:
            self._taking = consent.record_sha256
            self._write(consent.as_payload())

    def renews(self, consent: Consent, leaf: int) -> bool:
        """Take up that the file kept at ``leaf`` is under ``consent`` now; False if the log says so already."""
        said = [payload for index, payload in self._events if leaf in payload.get("renews", ())]
        said += [payload for index, payload in self._events if index < leaf][-1:]
        if any(payload["record_sha256"] == consent.record_sha256 for payload in said):
            return False
        self._renewed.append(leaf)
        return True

    def settle(self, consent: Consent | None) -> None:
        """Log what was renewed since the last time, in one event."""
        if consent is not None and self._renewed:
            self._taking = consent.record_sha256
            self._write(consent.as_payload() | {"renews": self._renewed})
            self._renewed = []

    def _write(self, payload: dict[str, Any]) -> None:
        self._events.append((self._evidence.append("consent", payload=payload, public={}), payload))


def ended(evidence: Evidence, today: date) -> list[Ended]:
    """The consents that ended before ``today`` (a day in the case's zone) and were not renewed; see `Ended`.

    The newest ``until`` of a giver counts, whichever record was logged last: a file names its givers, and a record
    that names one of them speaks for it.
    """
    records = [event.payload for event in evidence.events("consent")]
    if not any(date.fromisoformat(said["until"]) < today for said in records):
        return []
    erased = evidence.erasures().files
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in live_files(evidence):
        givers = set(event.payload["settings"]["givers"])
        speaking = [said for said in records if givers & {said["giver"], *said["names"]}]
        if not event.payload["private"] or event.index in erased or not speaking:
            continue
        last = max(speaking, key=lambda said: said["until"])
        if date.fromisoformat(last["until"]) < today:
            key = last["giver"], last["until"]
            newest[key] = last
            found.setdefault(key, []).append((event.index, event.payload["name"]))
    return [
        Ended(giver, date.fromisoformat(until), newest[giver, until]["contact"], *zip(*files, strict=True))
        for (giver, until), files in sorted(found.items())
    ]
