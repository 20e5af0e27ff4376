"""``tecolote custody``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json


@click.command("custody", epilog="Example: tecolote custody --case my-case --leaf 3")
@case_option
@click.option("--leaf", type=click.IntRange(0), help="Only what is about this leaf.")
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Log a stay first (TOML with the fields of CNPP article 227).",
)
@json_option
def command(case_dir: Path, leaf: int | None, record: Path | None, as_json: bool) -> None:
    """Show who did what with the material, when and why; with --record log a stay."""
    from tecolote import verbs

    events = verbs.custody(case_dir, leaf, record)
    if as_json:
        print_json({"events": events})
        return
    for event in events:
        click.echo(
            f"{event['leaf']:>6}  {event['at'][:19]}  {event['actor']:<15}  {event['type']:<16}  {event['what']}"
        )
