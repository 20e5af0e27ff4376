"""``tecolote run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import (
    case_option,
    exports_argument,
    json_option,
    lang_option,
    print_files,
    print_json,
    progress_bar,
    reading_options,
    say,
)
from tecolote.cli.questions import at_terminal


@click.command("run", epilog="Example: tecolote run exports/ --case my-case --consent consent.toml")
@exports_argument
@case_option
@reading_options
@click.option(
    "--codebook",
    "codebooks",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Groups and terms that this case adds (YAML); kept in the case.",
)
@lang_option
@json_option
def command(
    exports: tuple[Path, ...], case_dir: Path, codebooks: tuple[Path, ...], lang: str, as_json: bool, **how: Any
) -> None:
    """Import EXPORTS, analyze them, and write the report: the whole job in one go."""
    from tecolote import verbs

    with progress_bar("Importing") as progress:
        ask = at_terminal(case_dir, progress.paused)
        result = verbs.import_exports(case_dir, list(exports), ask=ask, progress=progress, **how)
    if not as_json:
        print_files(result.files)
    verbs.fail_if_nothing_read(result)
    with progress_bar("Analysing") as progress:
        done = verbs.analyze(case_dir, list(codebooks), progress=progress)
    with progress_bar("Reporting") as progress:
        paths = verbs.report(case_dir, lang, progress=progress)
    if as_json:
        print_json({**result.as_json(), "analysis": done, "paths": {n: str(p) for n, p in paths.items()}})
        return
    for name, path in paths.items():
        say(f"{name + ':':<12} {path}")
    say(f"Next: tecolote serve --case {case_dir}")
