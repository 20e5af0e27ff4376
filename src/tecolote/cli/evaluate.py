"""``tecolote evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import codebooks_option, json_option, model_option, print_json, visible

_SHOWN = 15


@click.command("evaluate", epilog="Example: tecolote evaluate coded-posts.jsonl --plot calibration.svg")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@codebooks_option
@model_option
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Calibration plot to write (SVG).")
@json_option
def command(file: Path, codebooks: tuple[Path, ...], model: Path | None, plot: Path | None, as_json: bool) -> None:
    """Measure the reader of posts on FILE: JSON Lines with text, voice and, if known, must_flag and themes.

    Shares have 95 % Wilson intervals. Wrong flags on reporters and victims come first.
    """
    from tecolote import verbs
    from tecolote.signals.card import FIGURES

    found = verbs.evaluate(file, list(codebooks), plot, model)
    if as_json:
        print_json(found)
        return
    _print([["figure", "value"], *([name, str(found[name])] for name in FIGURES)])
    _print([["functionality, worst first", "right"], *([n, share] for n, share in found["functionalities"].items())])
    said = sorted({voice for row in found["voices"].values() for voice in row})
    rows = [[right, *(str(row.get(voice, 0)) for voice in said)] for right, row in found["voices"].items()]
    _print([["voice, read as", *said], *rows])
    bins = [[f"{c['cases']:.0f}", f"{c['said']:.2f}", f"{c['so']:.2f} [{c['low']:.2f}, {c['high']:.2f}]"]
            for c in found["calibration"]]  # fmt: skip
    _print([["cases", "probability said", "share that is so"], *bins])
    wrong = [[r["voice"], f"{r['probability']:.2f}", r["id"], "; ".join(r["because"]), r["text"][:100]]
             for r in found["false flags"][:_SHOWN]]  # fmt: skip
    _print([["wrongly flagged", "p", "id", "because", "text"], *wrong])


def _print(rows: list[list[Any]]) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in rows[0]:
        table.add_column(head, overflow="fold")
    for row in rows[1:]:
        table.add_row(*(visible(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)
    console.print(table)
    console.print()
