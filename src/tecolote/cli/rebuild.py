"""``tecolote rebuild``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, progress_bar, say


@click.command("rebuild", epilog="Example: tecolote rebuild --case my-case")
@case_option
def command(case_dir: Path) -> None:
    """Throw every table away and build it again from the evidence alone."""
    from tecolote import verbs

    with progress_bar("Rebuilding") as progress:
        files = verbs.rebuild(case_dir, progress=progress)
    say(f"{files:,} files read again from the evidence")
