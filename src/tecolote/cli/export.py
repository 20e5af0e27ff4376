"""``tecolote export``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option


@click.command("export", epilog="Example: tecolote export posts --case my-case --format csv --out posts.csv")
@click.argument("table")
@case_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet", "gexf", "graphml"]),
    default="jsonl",
    show_default=True,
    help="gexf and graphml for edges and coaction_edges only.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else standard output.")
def command(table: str, case_dir: Path, form: str, out: Path | None) -> None:
    """Write one TABLE of the case: posts, accounts, edges, findings, assessments, ..."""
    from tecolote import verbs

    verbs.export(case_dir, table, form, out)
