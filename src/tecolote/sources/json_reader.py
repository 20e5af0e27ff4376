"""What the readers of JSON formats share: each record is decoded and mapped for itself, or quarantined for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.jsonbytes import Piece, pieces
from tecolote.sources.shapes import Moment, each, seen
from tecolote.sources.text_edges import edges_of


@dataclass
class Record:
    """One record while it is mapped.

    Attributes:
        sink: where rows go.
        options: what the user said.
        piece: span, place and envelope of the record.
        rec: its index.
        platform: platform id of its rows.
        done: ids that the record has given rows for already.
        captured: when the record was captured, where it says.
    """

    sink: Sink
    options: Options
    piece: Piece
    rec: int
    platform: str
    done: set[tuple[str, str]] = field(default_factory=set)
    captured: datetime | None = None

    def add(self, table: str, **values: Any) -> None:
        """Add a row of this record's platform."""
        self.sink.add(table, self.rec, platform=self.platform, **values)

    def first(self, kind: str, key: str) -> bool:
        """True the first time that the record speaks of ``key``."""
        known = (kind, key) in self.done
        self.done.add((kind, key))
        return not known

    def snapshot(self, table: str, stated: datetime | None, **values: Any) -> None:
        """Add a snapshot seen at the ``stated`` time, else when captured, else at the user's, else unknown time."""
        at, basis = seen(stated or self.captured, self.options)
        self.add(table, observed_at=at, observed_basis=basis, **values)

    def edge(self, kind: str, src: str | None, dst: str | None, dst_kind: str, **values: Any) -> None:
        """Add an edge, if both ends are known; the post that states it stands for a source that nobody names."""
        if dst is not None and (src is not None or values.get("post_id") is not None):
            self.add("edges", src=src, dst=dst, type=kind, dst_kind=dst_kind, **{"observed_at": self.captured} | values)

    def text_edges(self, src: str | None, text: str | None, **values: Any) -> None:
        """Add the links, hashtags and mentions that stand in a text which the format does not take apart."""
        for kind, target, target_kind in edges_of(text or ""):
            self.edge(kind, src, target, target_kind, **values)

    def observe(self, kind: str, target: str, state: str, reason: str | None, **values: Any) -> None:
        """Add an observation of availability."""
        self.add(
            "observations", target_kind=kind, target_id=target, state=state, reason=reason,
            **{"observed_by": "export", "observed_at": self.captured or self.options.observed_at} | values,
        )  # fmt: skip


def created(when: Moment) -> dict[str, Any]:
    """A time as the three columns of `posts`."""
    return {"created_at": when[0], "created_at_raw": when[1], "tz_basis": when[2]}


class JsonReader:
    """A reader of a JSON format; a subclass says where the records are and what they state.

    Attributes:
        into: keys under which a document keeps its list of records.
    """

    platform = ""
    into: ClassVar[frozenset[str]] = frozenset()

    def chats(self, source: Source) -> list[Chat]:
        """None: the format holds public material only."""
        return []

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records; see `tecolote.sources.base.Reader`."""
        for piece in pieces(source, sink, self.into):

            def rows(rec: int, value: Any, piece: Piece = piece) -> None:
                self.rows(Record(sink, options, piece, rec, self.platform), value)

            each(piece, sink, rows)

    def rows(self, record: Record, value: Any) -> None:
        """Add the rows that one record states.

        Raises:
            Unreadable: it is not a record of this format; any of `tecolote.sources.shapes.MISSHAPEN`.
        """
        raise NotImplementedError
