"""Verbs of what goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tecolote.case import Case

if TYPE_CHECKING:
    from tecolote.publish.packet import Order, Packet
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
