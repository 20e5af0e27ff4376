"""``tecolote sources``."""

from __future__ import annotations

import click

from tecolote.cli.common import json_option, print_json


@click.command("sources", epilog="Example: tecolote sources --json")
@json_option
def command(as_json: bool) -> None:
    """List the export formats that are read, and how each is obtained."""
    from tecolote import verbs

    rows = verbs.sources()
    if as_json:
        print_json({"sources": rows})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "format", "proven on real files", "how to obtain it"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row["name"], row["title"], "yes" if row["proven"] else "unproven", row["obtained"])
    Console(highlight=False, markup=False).print(table)
