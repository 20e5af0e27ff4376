"""``tecolote network``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import json_option, print_json, say


@click.group("network")
def command() -> None:
    """Who acts together: networks from files of events."""


@command.command("coaction", epilog="Example: tecolote network coaction events.csv --window 60 --out edges.parquet")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", type=click.Choice(["distinct", "coortweet", "qut"]), default="distinct", show_default=True)
@click.option("--window", required=True, type=click.IntRange(0), help="Seconds within which a share counts as joint.")
@click.option("--min-repetition", default=2, show_default=True, type=click.IntRange(1), help="Least weight of an edge.")
@click.option(
    "--min-participation", default=2, show_default=True, type=click.IntRange(0), help="coortweet: least shares."
)
@click.option(
    "--edge-quantile", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="coortweet: threshold."
)
@click.option("--fast-window", type=click.IntRange(0), help="coortweet: window of the fast subgraph, in seconds.")
@click.option("--keep-loops", is_flag=True, help="Keep accounts that repeat themselves.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Parquet or CSV to write.")
@json_option
def coaction(file: Path, out: Path, as_json: bool, **how: Any) -> None:
    """Find accounts that share the same objects within a time window; no case needed.

    FILE: Parquet or CSV with object_id, account_id, content_id, timestamp_share (seconds, UTC).
    """
    from tecolote import verbs

    facts = verbs.coaction(file, out, **how)
    if as_json:
        print_json(facts)
    else:
        say(f"{facts['edges']:,} edges: {out}")
