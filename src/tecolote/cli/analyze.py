"""``tecolote analyze``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, progress_bar, say


@click.command("analyze", epilog="Example: tecolote analyze --case my-case --codebook field-terms.yaml")
@case_option
@click.option(
    "--codebook",
    "codebooks",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Groups and terms that this case adds (YAML); kept in the case.",
)
@click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of weights (tecolote train) that this case reads with from now on; kept in the case.",
)
@json_option
def command(case_dir: Path, codebooks: tuple[Path, ...], model: Path | None, as_json: bool) -> None:
    """Read every post: voice, themes, groups, severity, flag; then who acts together."""
    from tecolote import verbs

    with progress_bar("Analysing") as progress:
        done = verbs.analyze(case_dir, list(codebooks), progress=progress, model=model)
    if as_json:
        print_json(done)
    else:
        say(f"{done['posts']:,} posts read, {done['flagged']:,} flagged, {done['coaction_edges']:,} coaction edges")
