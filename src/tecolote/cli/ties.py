"""The questions of ``tecolote network`` that are asked of a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tecolote.cli.common import case_option, json_option, print_json, progress_bar, say, visible

_TIES = "follows,mentions,replies,quotes,reposts,forwards"
_ACTS = "mentions,replies,quotes,reposts,forwards"
#: Rows shown on a terminal; --out and --json give all.
_SHOWN = 20


class _Listed(click.ParamType[list[str]]):
    """Words with commas between them."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """The words."""
        return value if isinstance(value, list) else [word.strip() for word in value.split(",") if word.strip()]


def _ties(default: str) -> Callable[..., Any]:
    return click.option("--ties", default=default, show_default=True, type=_Listed(), help="Kinds of ties that count.")


_out = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write: .csv, .parquet or .json."
)
_platform = click.option("--platform", required=True, help="Platform whose accounts are meant, e.g. x.")


def _tell(question: str, case_dir: Path, out: Path | None, as_json: bool, **how: Any) -> None:
    from tecolote import verbs

    with progress_bar(question.capitalize()):
        answer = verbs.network(case_dir, question, out, **how)
    if as_json:
        rows = {} if out else {"rows": answer.table.to_pylist()}
        print_json({"count": answer.table.num_rows, **answer.facts, **rows})
        return
    for name, value in answer.facts.items():
        if name not in ("windows", "sensitivity"):
            say(f"{name.replace('_', ' ')}: {value}")
    for row in answer.facts.get("sensitivity", []):
        say(f"  {row['choice']:<20} {' -> '.join(f'{total:,}' for total in row['totals'])}")
    if out is not None:
        say(f"{answer.table.num_rows:,} rows: {out}")
        return
    _print(answer.table)


def _print(table: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = [_narrow(row) for row in table.slice(0, _SHOWN).to_pylist()]
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0] if rows else table.column_names:
        shown.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        shown.add_row(*[visible(_cell(value)) for value in row.values()])
    console = Console(highlight=False, markup=False)
    console.print(shown)
    if table.num_rows > _SHOWN:
        console.print(f"... {table.num_rows - _SHOWN:,} more rows; --out FILE writes all")


def _narrow(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose ranks stand with their intervals in one cell: ``2 (1-5)``."""
    found = {}
    for name, value in row.items():
        stem = name.rpartition("_")[0]
        if name.endswith("_rank"):
            low, high = row[f"{stem}_low"], row[f"{stem}_high"]
            found[f"rank by {stem}"] = value if low is None else f"{value} ({low}-{high})"
        elif f"{stem}_rank" not in row and f"{name}_rank" not in row:
            found[name] = value
    return found


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(map(str, value[:5])) + (" …" if len(value) > 5 else "")
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)


@click.command("connections", epilog="Example: tecolote network connections --case my-case --out ties.gexf")
@case_option
@_ties(f"{_TIES},co_members")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: .csv, .parquet, .gexf, .graphml or .json (for sigma.js).",
)
@json_option
def connections(case_dir: Path, ties: list[str], out: Path | None, as_json: bool) -> None:
    """Write who follows, mentions, answers, quotes, reposts or forwards whom, or shares a chat.

    One edge per pair and kind, with count, first, last, posts and records behind it.
    """
    _tell("ties", case_dir, out, as_json, kinds=ties)


@click.command(
    "universe", epilog="Example: tecolote network universe --case my-case --platform x --seeds group:cjng --hops 2"
)
@case_option
@_platform
@click.option("--seeds", required=True, type=_Listed(), help="Ids, @names or group:ID, with commas between them.")
@click.option("--hops", default=1, show_default=True, type=click.IntRange(1, 10), help="How far to go.")
@_ties(_TIES)
@click.option("--hub-cut", type=click.IntRange(1), help="Do not pass through accounts with more neighbours.")
@_out
@json_option
def universe(case_dir: Path, ties: list[str], out: Path | None, as_json: bool, **how: Any) -> None:
    """Count the accounts within reach of seeds, and how much that depends on what is counted."""
    _tell("universe", case_dir, out, as_json, kinds=ties, **how)


@click.command("players", epilog="Example: tecolote network players --case my-case --ties reposts --out players.csv")
@case_option
@_ties(_TIES)
@click.option("--most", default=20, show_default=True, type=click.IntRange(1), help="Ranks listed.")
@click.option("--resamples", default=50, show_default=True, type=click.IntRange(0), help="Resampled networks.")
@_out
@json_option
def players(case_dir: Path, ties: list[str], out: Path | None, as_json: bool, **how: Any) -> None:
    """List the key players of each kind of tie, with the interval of each rank."""
    _tell("players", case_dir, out, as_json, kinds=ties, **how)


@click.command("communities", epilog="Example: tecolote network communities --case my-case --out communities.csv")
@case_option
@_ties(_TIES)
@click.option("--resamples", default=20, show_default=True, type=click.IntRange(0), help="Resampled networks.")
@_out
@json_option
def communities(case_dir: Path, ties: list[str], out: Path | None, as_json: bool, resamples: int) -> None:
    """Divide the network into communities and say how firm each is."""
    _tell("communities", case_dir, out, as_json, kinds=ties, resamples=resamples)


@click.command("threats", epilog="Example: tecolote network threats --case my-case --json")
@case_option
@_out
@json_option
def threats(case_dir: Path, out: Path | None, as_json: bool) -> None:
    """Show which group threatens whom in flagged posts of its suspected members."""
    _tell("threats", case_dir, out, as_json)


@click.command("brokers", epilog="Example: tecolote network brokers --case my-case --out brokers.csv")
@case_option
@_ties(_TIES)
@_out
@json_option
def brokers(case_dir: Path, ties: list[str], out: Path | None, as_json: bool) -> None:
    """List accounts through which members of different groups are connected."""
    _tell("brokers", case_dir, out, as_json, kinds=ties)


@click.command("origins", epilog="Example: tecolote network origins --case my-case --objects text --least 5")
@case_option
@click.option("--objects", default="link,hashtag,text", show_default=True, type=_Listed(), help="Kinds.")
@click.option("--least", default=3, show_default=True, type=click.IntRange(2), help="Accounts that shared it.")
@_out
@json_option
def origins(case_dir: Path, out: Path | None, as_json: bool, **how: Any) -> None:
    """Show who shared each object first, and who came after."""
    _tell("origins", case_dir, out, as_json, **how)


@click.command("change", epilog="Example: tecolote network change --case my-case --platform x --span 56 --step 28")
@case_option
@_platform
@_ties(_ACTS)
@click.option("--span", default=56, show_default=True, type=click.IntRange(1), help="Days in a window.")
@click.option("--step", default=28, show_default=True, type=click.IntRange(1), help="Days between windows.")
@_out
@json_option
def change(case_dir: Path, ties: list[str], out: Path | None, as_json: bool, **how: Any) -> None:
    """Follow communities through time: births, growth, splits, merges, deaths."""
    _tell("change", case_dir, out, as_json, kinds=ties, **how)


@click.command("succession", epilog="Example: tecolote network succession --case my-case --span 60")
@case_option
@_ties(_ACTS)
@click.option("--span", default=60, show_default=True, type=click.IntRange(1), help="Days compared.")
@_out
@json_option
def succession(case_dir: Path, ties: list[str], out: Path | None, as_json: bool, span: int) -> None:
    """Show who takes over the audience of accounts that were removed."""
    _tell("succession", case_dir, out, as_json, kinds=ties, span=span)


COMMANDS = (connections, universe, players, communities, threats, brokers, origins, change, succession)
