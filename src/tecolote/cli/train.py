"""``tecolote train``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import codebooks_option, json_option, print_json, progress_bar, say


@click.command("train", epilog="Example: tecolote train --case my-case --out my-model")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--case", "case_dir", type=click.Path(path_type=Path, file_okay=False), help="Learn from what people decided in it."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder: weights and card.")
@codebooks_option
@click.option("--even-if-worse", is_flag=True, help="Write them although more reporters or victims would be flagged.")
@json_option
def command(
    files: tuple[Path, ...],
    case_dir: Path | None,
    out: Path,
    codebooks: tuple[Path, ...],
    even_if_worse: bool,
    as_json: bool,
) -> None:
    """Teach the reader on what people decided in a case (tecolote review), or on FILES of labelled posts, or on both.

    FILES are as for evaluate (text, voice, pair and themes if known). What is erased, withheld, private or disputed
    teaches nothing.

    It goes on from the package's weights and keeps what they know. Figures are those of posts that the weights tried
    on them had not seen. Then: tecolote analyze --model my-model, or score and evaluate.
    """
    from tecolote import verbs
    from tecolote.errors import UsageError

    if not files and case_dir is None:
        raise UsageError("nothing to learn from", "Name a case with --case, or files of labelled posts")

    with progress_bar("Learning") as progress:
        made = verbs.train(list(files), out, list(codebooks), even_if_worse, progress, case_dir)
    if as_json:
        print_json({"before": made.before, "after": made.after, "calibrated": made.calibrated, "out": str(out)})
        return
    for name in ("reporter and victim specificity", "specificity", "recall", "calibration error"):
        say(f"{name}: {made.before[name]}  ->  {made.after[name]}")
    say(f"{out}: voice.json, words.bin, themes.bin and card.md")
