"""The evidence: bytes kept once in encrypted packs, events in a signed log, and the proof of both."""

from tecolote.evidence.reader import Blob, Checkpoint, Event
from tecolote.evidence.recordset import RecordSet
from tecolote.evidence.store import Evidence

__all__ = ["Blob", "Checkpoint", "Event", "Evidence", "RecordSet"]
