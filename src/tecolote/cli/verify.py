"""``tecolote verify``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import json_option, print_json, progress_bar, say
from tecolote.evidence.fault import Fault


@click.command("verify", epilog="Example: tecolote verify my-case/published/factsheet.en.pdf")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@json_option
def command(path: Path, as_json: bool) -> None:
    """Check a case (every byte, leaf, signature, table), a packet (every file, proof) or a fact sheet (every number).

    Exit 1 names the first thing that does not hold and counts the others. What was erased cannot be recomputed and is
    said, but is no fault.
    """
    from tecolote import verbs

    with progress_bar("Verifying") as progress:
        remarks: list[Fault] = []
        faults = verbs.verify(path, progress=progress, remarks=remarks)
    if as_json:
        told = {"faults": faults, "remarks": remarks}
        print_json({"holds": not faults} | {name: [vars(f) for f in found] for name, found in told.items()})
    elif not faults:
        say(f"{path}: everything holds")
        for remark in remarks:
            say(f"  {remark}")
    else:
        more = f" (and {len(faults) - 1} more; --json lists them)" if len(faults) > 1 else ""
        say(f"tecolote: does not hold: {faults[0].where}: {faults[0].what}{more}")
    if faults:
        raise click.exceptions.Exit(1)
