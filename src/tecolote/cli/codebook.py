"""``tecolote codebook``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import case_option, json_option, print_json, progress_bar, say, visible

_SHOWN = 20
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("codebook", epilog="Example: tecolote codebook diff field-terms.yaml --case my-case")
def command() -> None:
    """Check groups and terms of your own before they are switched on (with `analyze --codebook`)."""


@command.command("check", epilog="Example: tecolote codebook check field-terms.yaml")
@_file
@json_option
def check(file: Path, as_json: bool) -> None:
    """Validate FILE, and name entries that are valid and yet likely to mislead."""
    from tecolote import verbs

    found = verbs.codebook_check(file)
    if as_json:
        print_json(found)
        return
    for row in found["remarks"]:
        say(f"{visible(row['entry'])}: {visible(row['what'])}. {row['hint']}.")
    say(f"{found['groups']:,} groups, {found['terms']:,} terms, {len(found['remarks']):,} remarks: {file} is valid")


@command.command("diff", epilog="Example: tecolote codebook diff field-terms.yaml --case my-case --out changes.jsonl")
@_file
@case_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Every change, as JSON Lines.")
@json_option
def diff(file: Path, case_dir: Path, out: Path | None, as_json: bool) -> None:
    """What FILE would flag and unflag over everything imported; nothing in the case is changed."""
    from tecolote import verbs

    with progress_bar("Reading twice") as progress:
        found = verbs.codebook_diff(case_dir, file, out, progress)
    if as_json:
        print_json(found)
        return
    rows = [
        [c["kind"], c["voice"], f"{c['platform']}:{c['post_id']}", ", ".join(c["terms"]), c["text"][:90]]
        for c in found["changes"][:_SHOWN]
    ]
    _table(["change", "voice", "post", "because of", "text"], rows)
    counts = found["counts"]
    say(
        f"{found['posts']:,} posts: {counts['flag']:,} more flagged, {counts['unflag']:,} no longer, "
        f"{counts['groups']:,} with other groups, {counts['abstain']:,} with another abstention. "
        f"Newly flagged that may be reporters or victims: {found['protected']:,}"
        + (" (shown first: read these before you switch the file on)" if found["protected"] else "")
    )


@command.command("try", epilog="Example: tecolote codebook try field-terms.yaml --case my-case")
@_file
@case_option
@json_option
def attempt(file: Path, case_dir: Path, as_json: bool) -> None:
    """Where each term of FILE is met in the case: dead, out of date, noisy or in use."""
    from tecolote import verbs

    with progress_bar("Looking up") as progress:
        found = verbs.codebook_try(case_dir, file, progress)
    if as_json:
        print_json({"terms": found})
        return
    names = ["verdict", "posts", "authors", "flagged", "protected", "not_perpetrator", "outside_dates", "first", "last"]
    _table(
        ["term", *(n.replace("_", " ") for n in names)],
        [[row["term"], *("" if row[n] is None else str(row[n]) for n in names)] for row in found],
    )


def _table(heads: list[str], rows: list[list[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(visible(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)
