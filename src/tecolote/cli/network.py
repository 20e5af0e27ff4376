"""``tecolote network``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import json_option, print_json, progress_bar, say
from tecolote.cli.ties import COMMANDS


@click.group("network")
def command() -> None:
    """Who acts together, who is connected, who matters, and what changes."""


for _question in COMMANDS:
    command.add_command(_question)


class _Window(click.ParamType[int | None]):
    """Seconds, or ``auto``."""

    name = "seconds|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value == "auto":
            return None
        found: int = click.IntRange(0).convert(value, param, ctx)
        return found


@command.command("coaction", epilog="Example: tecolote network coaction events.csv --window 60 --out edges.parquet")
@click.argument("file")
@click.option("--profile", type=click.Choice(["distinct", "coortweet", "qut"]), default="distinct", show_default=True)
@click.option(
    "--window", required=True, type=_Window(), help="Within how many seconds a share is joint; auto: out of the data."
)
@click.option("--min-repetition", default=2, show_default=True, type=click.IntRange(1), help="Least weight of an edge.")
@click.option(
    "--min-participation", default=2, show_default=True, type=click.IntRange(0), help="coortweet: least shares."
)
@click.option(
    "--edge-quantile", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="coortweet: threshold."
)
@click.option("--fast-window", type=click.IntRange(0), help="coortweet: window of the fast subgraph, in seconds.")
@click.option("--keep-loops", is_flag=True, help="Keep accounts that repeat themselves.")
@click.option("--object", "objects", help="Kinds to use, as link,hashtag,text,media,reply,repost.")
@click.option(
    "--engine", default="kernel", show_default=True, help="kernel, duckdb, spark-local, spark or spark://HOST:PORT."
)
@click.option(
    "--chance/--no-chance",
    default=None,
    help="Compare with what chance would give.  [default: up to 2 million events]",
)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Parquet or CSV to write.")
@json_option
def coaction(file: str, out: Path, as_json: bool, objects: str | None, **how: Any) -> None:
    """Find accounts that share the same objects within a time window; no case needed.

    FILE: Parquet or CSV with object_id, account_id, content_id, timestamp_share (seconds, UTC), the folder
    of a case, or with --engine spark://... a folder or an address of Parquet that the cluster reads.

    A Parquet file of more than 40 million events is counted in passes that need little memory and some disk
    (TMPDIR).

    Compared with chance, each edge has the weight that chance would give it (expected), its p-value (p), and the
    share of chance among the edges with a p-value no larger (q): of the edges with q up to 0.05, and of the
    accounts in them, at most about one in twenty is by chance.
    """
    from tecolote import verbs

    with progress_bar("Counting") as progress:
        facts = verbs.coaction(file, out, objects=objects.split(",") if objects else None, progress=progress, **how)
    if as_json:
        print_json(facts)
        return
    if facts["window_suggested"]:
        say(f"Window suggested by the data: {facts['window']} seconds")
    if not facts["exact"]:
        say("Not exact: weights are lower bounds, because the largest objects were left out")
    for thing in facts.get("too_popular_to_be_evidence", [])[:5]:
        say(f"Too popular to be evidence: {thing['object_id']}, shared by {thing['accounts']:,} accounts")
    say(f"{facts['edges']:,} edges: {out}")
    _say_chance(facts["chance"])
    say(f"Plain explanations to rule out first: {'; '.join(facts['plain_explanations'])}")


def _say_chance(chance: dict[str, Any]) -> None:
    """What chance would give, and the largest clusters that it would not."""
    if not chance["compared"]:
        say(f"Not compared with chance: {chance['why']}")
        return
    sure = chance["edges_at_5_percent_false_discovery"]
    say(
        f"Not by chance: {sure:,} edges (5 % false discovery), {chance['clusters_at_5_percent']:,} clusters (p <= 0.05)"
    )
    if chance["edges_by_chance_mean"] is not None:
        say(f"Chance gives {chance['edges_by_chance_mean']:,} edges on average; {chance['null']}")
    for cluster in [one for one in chance["clusters"] if one["p"] <= 0.05][:5]:
        say(f"  {cluster['accounts']:,} accounts, p = {cluster['p']:.2g}: {', '.join(cluster['members'][:5])}")
