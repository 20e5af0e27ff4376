"""``tecolote census``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json


@click.command("census", epilog="Example: tecolote census --case my-case")
@case_option
@json_option
def command(case_dir: Path, as_json: bool) -> None:
    """Count accounts, followers and connected accounts of each group, with the definitions."""
    from tecolote import verbs

    rows = verbs.census(case_dir)
    if as_json:
        print_json({"census": rows})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    names = [n for n in (rows[0] if rows else {}) if n != "definitions"]
    for name in names:
        table.add_column(name.replace("_", " "), justify="left" if name in ("group", "platform") else "right")
    for row in rows:
        table.add_row(*["-" if row[n] is None else str(row[n]) for n in names])
    console = Console(highlight=False, markup=False)
    console.print(table)
    for name, words in (rows[0].get("definitions", {}) if rows else {}).items():
        console.print(f"{name}: {words}")
