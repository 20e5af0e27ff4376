"""``tecolote report``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, lang_option, print_json, progress_bar, say


@click.command("report", epilog="Example: tecolote report --case my-case --lang es")
@case_option
@lang_option
@json_option
def command(case_dir: Path, lang: str, as_json: bool) -> None:
    """Write the report (HTML) and the fact sheet (PDF with its data) into the case."""
    from tecolote import verbs

    with progress_bar("Reporting") as progress:
        paths = verbs.report(case_dir, lang, progress=progress)
    if as_json:
        print_json({name: str(path) for name, path in paths.items()})
    else:
        for name, path in paths.items():
            say(f"{name + ':':<12} {path}")
