"""Verbs of what goes out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tecolote.case import Case

if TYPE_CHECKING:
    from tecolote.publish.packet import Order, Packet
    from tecolote.publish.preservation import Annex
    from tecolote.verbs.progress import Progress


def report(case_dir: Path, lang: str = "en", progress: Progress | None = None) -> dict[str, Path]:
    """Write the report and the fact sheet; their paths by name."""
    from tecolote.publish.report import report as write

    paths = write(Case.open(case_dir), lang, progress)
    return {name: Path(path) for name, path in vars(paths).items() if path is not None}


def packet(case_dir: Path, order: Order, out: Path) -> Packet:
    """Write a sealed packet into the new folder ``out`` and log that it went out."""
    from tecolote.publish.packet import build

    return build(Case.open(case_dir), order, out)


def export(case_dir: Path, table: str, form: str, out: Path | None) -> None:
    """Write one table of the case in a format for others."""
    from tecolote.publish.tables import export_table

    export_table(Case.open(case_dir), table, form, out)


def preserve(case_dir: Path, items: str, reference: str, out: Path, lang: str = "en") -> Annex:
    """Write the annex of a preservation request into the new folder ``out``; see `tecolote.publish.preservation`."""
    from tecolote.publish.preservation import Request, build

    return build(Case.open(case_dir), Request(items, reference, lang), out)


def preservation_sent(case_dir: Path, leaf: int, on: date | None, by: str) -> int:
    """Log that the annex at ``leaf`` was sent, by default today in the case's zone; the leaf of that event."""
    from tecolote.evidence import Evidence
    from tecolote.publish.preservation import record_sent

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        made = record_sent(evidence, case, leaf, on or datetime.now(case.settings.zone).date(), by)
        evidence.commit()
    return made


def preservation_clocks(case_dir: Path) -> list[dict[str, Any]]:
    """How long platforms keep what they were asked to keep, as of today in the case's zone."""
    from tecolote.evidence import Evidence
    from tecolote.publish.preservation import clocks

    case = Case.open(case_dir)
    with Evidence.open(case) as evidence:
        return [asdict(clock) for clock in clocks(evidence, case, datetime.now(case.settings.zone).date())]
