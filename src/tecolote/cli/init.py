"""``tecolote init``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tecolote.cli.common import case_option, say


@click.command("init", epilog='Example: tecolote init --case my-case --title "Threats in the port" --purpose research')
@case_option
@click.option("--title", default="Untitled case", show_default=True, help="One line, printed on every page.")
@click.option("--purpose", default="", help="Why the material is processed.")
@click.option("--lawful-basis", default="", help="On what legal ground.")
@click.option("--retention", type=click.DateTime(["%Y-%m-%d"]), help="Last day on which the case may be kept.")
@click.option("--zone", default="UTC", show_default=True, help="Zone in which days are counted.")
@click.option("--agency", default="", help="Public authority that keeps the case; leave it out if you are none.")
def command(
    case_dir: Path,
    title: str,
    purpose: str,
    lawful_basis: str,
    retention: datetime | None,
    zone: str,
    agency: str,
) -> None:
    """Make a new, empty case with its keys."""
    from tecolote import verbs

    verbs.init(
        case_dir,
        title=title,
        purpose=purpose,
        lawful_basis=lawful_basis,
        retention=retention.date() if retention else None,
        timezone=zone,
        agency=agency,
    )
    say(f"New case in {case_dir}. Next: tecolote import EXPORT... --case {case_dir}")
