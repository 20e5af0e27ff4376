"""``tecolote verify``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import json_option, print_json, progress_bar, say


@click.command("verify", epilog="Example: tecolote verify my-case/published/factsheet.en.pdf")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@json_option
def command(path: Path, as_json: bool) -> None:
    """Check a case (every byte, leaf, signature, table), a packet (every file, proof) or a fact sheet (every number).

    Exit 1 names the first thing that does not hold and counts the others.
    """
    from tecolote import verbs

    with progress_bar("Verifying") as progress:
        faults = verbs.verify(path, progress=progress)
    if as_json:
        print_json({"holds": not faults, "faults": [{"where": f.where, "what": f.what} for f in faults]})
    elif not faults:
        say(f"{path}: everything holds")
    else:
        more = f" (and {len(faults) - 1} more; --json lists them)" if len(faults) > 1 else ""
        say(f"tecolote: does not hold: {faults[0].where}: {faults[0].what}{more}")
    if faults:
        raise click.exceptions.Exit(1)
