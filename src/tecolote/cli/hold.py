"""``tecolote hold``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, say


@click.command("hold", epilog='Example: tecolote hold --reason "carpeta 12/2026" --by "A. Name" --case my-case')
@case_option
@click.option("--reason", default="", help="Why a hold is placed or released.")
@click.option("--by", default="", help="Who places or releases it.")
@click.option("--items", default="", help="Hold the files in which these posts stand (a query as for packets).")
@click.option("--file", "files", type=click.IntRange(0), multiple=True, help="Hold the file of this leaf; repeat.")
@click.option("--release", type=click.IntRange(0), metavar="LEAF", help="End the hold of this leaf.")
@json_option
def command(
    case_dir: Path, reason: str, by: str, items: str, files: tuple[int, ...], release: int | None, as_json: bool
) -> None:
    """List the legal holds in force; with --reason place one on the case, or on files of it; with --release end one.

    While a hold is in force nothing that it covers can be erased.
    """
    from tecolote import verbs

    if release is not None:
        leaf = verbs.release(case_dir, release, reason, by)
        print_json({"leaf": leaf}) if as_json else say(f"Released: leaf {leaf}")
    elif reason or by or items or files:
        leaf = verbs.hold(case_dir, reason, by, items, files)
        print_json({"leaf": leaf}) if as_json else say(f"Held: leaf {leaf}")
    else:
        found = verbs.holds(case_dir)
        if as_json:
            print_json({"holds": found})
        for hold in [] if as_json else found:
            files_held = ", ".join(map(str, hold["about"])) or "the whole case"
            click.echo(f"{hold['leaf']:>6}  {hold['at'][:19]}  {hold['by']}: {hold['reason']} ({files_held})")
