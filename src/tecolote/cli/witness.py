"""``tecolote witness``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, say


@click.command("witness", epilog="Example: tecolote witness --case my-case --out witness.svg")
@case_option
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write: .txt, or .svg with a QR code."
)
@click.option(
    "--check",
    "page",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that comes back: does this case still begin with that history?",
)
@json_option
def command(case_dir: Path, out: Path | None, page: Path | None, as_json: bool) -> None:
    """Hand the state of the log to somebody else, or check one that comes back."""
    from tecolote import verbs

    if page is None:
        text = verbs.witness(case_dir, out)
        if as_json:
            print_json({"page": text})
        elif out is None:
            click.echo(text, nl=False)
        else:
            say(f"{out}: print it or send it to somebody who keeps it for you")
        return
    faults = verbs.check_witness(case_dir, page)
    if as_json:
        print_json({"holds": not faults, "faults": [vars(fault) for fault in faults]})
    else:
        say(f"tecolote: does not hold: {faults[0]}" if faults else f"{page}: the log still begins with this history")
    if faults:
        raise click.exceptions.Exit(1)
