"""``tecolote second-read``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, progress_bar, say, visible

_SHOWN = 20


@click.command(
    "second-read", epilog="Example: tecolote second-read --case my-case --endpoint http://127.0.0.1:8080/v1 --model m"
)
@case_option
@click.option("--endpoint", "url", required=True, help="OpenAI-compatible address, up to /v1.")
@click.option("--model", required=True, help="Name of the model there.")
@click.option("--most", type=click.IntRange(1), default=1000, show_default=True, help="Posts to ask about in this run.")
@click.option("--seconds", type=click.FloatRange(0.1, 3600), default=60, show_default=True, help="For one answer.")
@click.option(
    "--posts-may-leave-this-machine",
    "may_leave",
    is_flag=True,
    help="Let posts go to another machine (https); private messages and what is redacted never do.",
)
@json_option
def command(case_dir: Path, url: str, model: str, most: int, seconds: float, may_leave: bool, as_json: bool) -> None:
    """Ask a language model on this machine about the posts, and put those of which it says otherwise before a person.

    It decides nothing: assessments stay as they are, and tecolote review lists the differences first. Stop it at any
    time; the next run goes on.
    """
    from tecolote import verbs
    from tecolote.signals.second import Endpoint

    with progress_bar("Second reader") as progress:
        done = verbs.second_read(case_dir, Endpoint(url, model, seconds, may_leave), most, progress)
    if as_json:
        print_json(done)
        return
    for row in done["differences"][:_SHOWN]:
        click.echo(f"{row['platform']:<10} {visible(row['post_id']):<22} {row['kind']:<10} {visible(row['why'])}")
    say(
        f"{done['asked']:,} posts asked about, {done['answered']:,} answers of use; it differs on "
        f"{len(done['differences']):,} posts of the case: tecolote review --case {case_dir}"
    )
