"""``tecolote score``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import codebooks_option, model_option, progress_bar, say


@click.command("score", epilog='Example: tecolote score posts.jsonl --out scored.jsonl   ({"id": "1", "text": "..."})')
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="JSON Lines to write.")
@codebooks_option
@model_option
@click.option("--encoder", help="Ask this encoder too: use, or MODULE:NAME[=ARGUMENT], which is imported and called.")
def command(file: Path, out: Path, codebooks: tuple[Path, ...], model: Path | None, encoder: str | None) -> None:
    """Read the posts of FILE (JSON Lines with id, text and, if known, lang); no case needed."""
    from tecolote import verbs

    with progress_bar("Scoring") as progress:
        counts = verbs.score(file, out, list(codebooks), progress=progress, model=model, encoder=encoder)
    say(
        f"{counts['posts']:,} posts, {counts['flagged']:,} flagged, {counts['abstained']:,} abstained from, "
        f"{counts['errors']:,} lines that cannot be read: {out}"
    )
