"""``tecolote preserve``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, lang_option, print_json, say


@click.command(
    "preserve",
    epilog='Example: tecolote preserve --items "flag platform=x" --reference "carpeta 12/2026" --case my-case '
    "--out annex",
)
@case_option
@click.option("--items", default="", help="Posts of one platform (a query as for packets).")
@click.option("--reference", default="", help="File number of the proceeding.")
@click.option("--out", type=click.Path(path_type=Path), help="New folder for the annex.")
@click.option("--sent", type=click.IntRange(0), metavar="LEAF", help="Note that this annex was sent, or asked again.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Day of sending, in the case's zone; by default today.")
@click.option("--by", default="", help="Who sent it.")
@lang_option
@json_option
def command(
    case_dir: Path,
    items: str,
    reference: str,
    out: Path | None,
    sent: int | None,
    on: datetime | None,
    by: str,
    lang: str,
    as_json: bool,
) -> None:
    """List the clocks of what platforms were asked to preserve; with --items draw up the annex of a request.

    Only a public authority can ask; the case's settings must name it (tecolote init --agency, or case.toml). The annex
    lists accounts and posts; the request itself is the authority's. --sent starts the clock, and renews it.
    """
    from tecolote import verbs

    if sent is not None:
        verbs.preservation_sent(case_dir, sent, on.date() if on else None, by)
    elif items or reference or out:
        if not items or out is None:
            raise click.UsageError("An annex needs --items, --reference and --out")
        made = verbs.preserve(case_dir, items, reference, out, lang)
        if as_json:
            print_json(vars(made))
            return
        left = "".join(f"; left out {count} {why}" for why, count in made.left_out.items())
        say(f"{made.path}: {made.accounts} accounts and {made.posts} posts of {made.platform}{left}")
        say(f"When the authority has sent it: tecolote preserve --sent {made.leaf} --by NAME --case {case_dir}")
        return
    _show(verbs.preservation_clocks(case_dir), as_json)


def _show(found: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print_json({"clocks": found})
        return
    for clock in found:
        ends = f"until {clock['until']}, {clock['days_left']} days left" if clock["until"] else ""
        again = ", can be asked for again" if clock["state"] in ("running", "soon") and clock["renewals"] else ""
        line = f"{clock['leaf']:>6}  {clock['platform']}  {clock['reference']}: {clock['state']} {ends}{again}"
        click.echo(line.rstrip())
    if not found:
        say("No annex has been drawn up")
