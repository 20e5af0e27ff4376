"""``tecolote import``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import (
    case_option,
    exports_argument,
    json_option,
    print_files,
    print_json,
    progress_bar,
    reading_options,
    say,
)
from tecolote.cli.questions import at_terminal


@click.command("import", epilog="Example: tecolote import chat.zip tweets.jsonl --case my-case --consent consent.toml")
@exports_argument
@case_option
@reading_options
@json_option
def command(exports: tuple[Path, ...], case_dir: Path, as_json: bool, **how: Any) -> None:
    """Keep the bytes of EXPORTS with proofs and read their records into tables.

    Files, folders and zips of any supported format, recognised by their bytes. The same bytes again
    add nothing.
    """
    from tecolote import verbs

    with progress_bar("Importing") as progress:
        ask = at_terminal(case_dir, progress.paused)
        result = verbs.import_exports(case_dir, list(exports), ask=ask, progress=progress, **how)
    if as_json:
        print_json(result.as_json())
    else:
        print_files(result.files)
        say(f"Checkpoint {result.size}, root {result.root}")
    verbs.fail_if_nothing_read(result)
