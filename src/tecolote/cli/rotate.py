"""``tecolote rotate``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, say


@click.command("rotate", epilog="Example: tecolote rotate --case my-case")
@case_option
@json_option
def command(case_dir: Path, as_json: bool) -> None:
    """Sign with a new key from now on: an event signed by both keys says so, and the old key is destroyed."""
    from tecolote import verbs

    key = verbs.rotate(case_dir)
    if as_json:
        print_json({"key": key})
    else:
        say(f"The case is signed from now on by {key}")
