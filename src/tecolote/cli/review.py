"""``tecolote review``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import case_option, json_option, print_json, say, visible

_SHOWN = 100


@click.command("review", epilog='Example: tecolote review --case my-case --sheet coded.csv --by "A. Name"')
@case_option
@click.option("--by", default="", help="Who codes; the queue then lists what this person has not read.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="New sheet (CSV) to code the queue on.")
@click.option(
    "--sheet", type=click.Path(exists=True, path_type=Path, dir_okay=False), help="Log the codes of a filled sheet."
)
@click.option("--settle", is_flag=True, help="The codes of --sheet are rulings: they stand where coders differ.")
@click.option("--most", type=click.IntRange(0), default=100, show_default=True, help="Posts of the queue.")
@click.option("--sample", type=click.IntRange(0), default=0, help="And so many that nothing speaks for.")
@click.option("--agreement", is_flag=True, help="How far coders agree, per field, and where they differ.")
@json_option
def command(
    case_dir: Path,
    by: str,
    out: Path | None,
    sheet: Path | None,
    settle: bool,
    most: int,
    sample: int,
    agreement: bool,
    as_json: bool,
) -> None:
    """List the posts that a person should read next; with --out as a sheet to code, with --sheet take it back.

    First come posts of which the second reader says something else (tecolote second-read), then flags, the gravest
    first, then what the reader is unsure of. A sheet does not say what the machine thinks: coders are blind to it.
    """
    from tecolote import verbs

    if agreement:
        _show_agreement(verbs.agreement(case_dir), verbs.disputed(case_dir), as_json)
    elif sheet is not None:
        counts = verbs.code_sheet(case_dir, sheet, by, settles=settle)
        if as_json:
            print_json(counts)
        else:
            say(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    elif out is not None:
        many = verbs.review_sheet(case_dir, out, by, most, sample)
        print_json({"posts": many, "out": str(out)}) if as_json else say(f"{many:,} posts: {out}")
    else:
        _show_queue(verbs.review(case_dir, by, most, sample), as_json)


def _show_queue(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"posts": rows})
        return
    for row in rows:
        text = visible(" ".join((row["text"] or "")[:_SHOWN].split()))
        click.echo(f"{row['platform']:<10} {visible(row['post_id']):<22} {visible(row['why'])}\n    {text}")
    if not rows:
        say("Nothing waits: every flagged or unsure post is decided (tecolote analyze reads new ones).")


def _show_agreement(rows: list[dict[str, Any]], open_: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"agreement": rows, "disputed": open_})
        return
    if not rows:
        say("No post has two coders. Each codes a sheet of their own: tecolote review --by NAME --out SHEET.csv")
        return
    click.echo(f"{'field':<18}{'posts':>6}  {'alpha [95 %]':<21}{'kappa':>7}{'AC1':>7}{'agreed':>8}{'share':>7}  gate")
    for row in rows:
        alpha = "-" if row["alpha"] is None else f"{row['alpha']:.2f}"
        if row["low"] is not None:
            alpha += f" [{row['low']:.2f}, {row['high']:.2f}]"
        kappa, ac1 = (f"{row[name]:.2f}" if row[name] is not None else "-" for name in ("kappa", "ac1"))
        click.echo(
            f"{row['field']:<18}{row['posts']:>6}  {alpha:<21}{kappa:>7}{ac1:>7}{row['agreed']:>8.2f}"
            f"{row['prevalence']:>7.2f}  {row['gate']}"
        )
    for item in open_:
        said = "; ".join(f"{visible(c['by'])}: {' '.join([c['voice'], *c['themes']])}" for c in item["codes"])
        click.echo(f"{item['platform']} {visible(item['post_id'])}  {said}")
    if open_:
        say(f"{len(open_):,} posts need a ruling: code them on a sheet, then --sheet SHEET.csv --settle --by NAME")
