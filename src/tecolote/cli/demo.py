"""``tecolote demo``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import lang_option, print_formats, progress_bar, say


@click.command("demo", epilog="Example: tecolote demo --out demo && tecolote serve --case demo/case")
@click.option(
    "--out",
    default="demo",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="New folder for the exports and the case.",
)
@click.option("--seed", default=1, show_default=True, help="Another seed, another story.")
@click.option("--hostile", is_flag=True, help="Perpetrators write like reporters; newsrooms post within seconds.")
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0.02, 5), help="Size of the story.")
@lang_option
def command(out: Path, seed: int, hostile: bool, scale: float, lang: str) -> None:
    """Write a fictional set of exports and do the whole job on them."""
    from tecolote import verbs

    timer = verbs.StepTimer(say)
    with timer("write the exports"):
        made = verbs.write_demo(out, seed, hostile, scale)
    with timer("import"), progress_bar("Importing") as progress:
        result = verbs.import_demo(made, out / "case", progress=progress)
    with timer("analyze"), progress_bar("Analysing") as progress:
        verbs.analyze(out / "case", [made.codebook], progress=progress)
    with timer("report"), progress_bar("Reporting") as progress:
        paths = verbs.report(out / "case", lang, progress=progress)
    print_formats(result.files)
    for name, path in paths.items():
        say(f"{name + ':':<12} {path}")
