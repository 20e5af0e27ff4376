"""``tecolote provenance``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import json_option, print_json, progress_bar, say, visible


@click.command("provenance", epilog="Example: tecolote provenance photo.jpg photo.jpg.ots")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--case", "case_dir", type=click.Path(file_okay=False, path_type=Path), help="All files of a case; logged there."
)
@json_option
def command(files: tuple[Path, ...], case_dir: Path | None, as_json: bool) -> None:
    """Read what files say of their origin: content credentials (C2PA) in JPEG, PNG, MP4; OpenTimestamps proofs.

    Nothing is fetched. A credential says who would answer for it, not that it is true; to have none means nothing.
    """
    from tecolote import verbs

    if bool(files) is (case_dir is not None):
        raise click.UsageError("Name files, or a case with --case.")
    with progress_bar("Reading") as progress:
        found = verbs.provenance(case_dir, list(files), progress)
    if as_json:
        print_json({"provenance": [entry for entry, _ in found]})
        return
    for entry, words in found:
        click.echo(f"{visible(str(entry['name']))}: {visible(words)}")
    if not found:
        say("No file says anything of its origin.")
