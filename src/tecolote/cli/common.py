"""What the verbs share: options, progress, tables on the terminal, JSON on standard output."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tecolote.errors import TecoloteError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from tecolote.corpus.consents import Ended

_SHOWN_LEAVES = 5


def _case_given(context: click.Context, parameter: click.Parameter, case_dir: Path) -> Path:
    """The folder of the case; says where a consent in it has ended."""
    if (case_dir / "case.toml").is_file() and not context.resilient_parsing:
        from tecolote import verbs

        # What is wrong with the case is said by the verb itself.
        with contextlib.suppress(TecoloteError, OSError, ValueError, KeyError):
            for past in verbs.ended_consents(case_dir):
                say(_words_of_end(past, case_dir))
    return case_dir


def _words_of_end(past: Ended, case_dir: Path) -> str:
    files = " ".join(f"--file {leaf}" for leaf in past.leaves[:_SHOWN_LEAVES])
    more = f" (and {len(past.leaves) - _SHOWN_LEAVES} more files)" if len(past.leaves) > _SHOWN_LEAVES else ""
    return (
        f"CONSENT ENDED: that of {visible(past.giver)} held until {past.until}. Erase what it let in: tecolote erase "
        f'--case {case_dir} {files} --basis "consent ended" --by A --second B{more}; or ask for a newer record '
        f"({visible(past.contact)}) and give it with the same exports: tecolote import EXPORTS --case {case_dir} "
        "--consent renewed.toml"
    )


case_option = click.option(
    "--case",
    "case_dir",
    envvar="TECOLOTE_CASE",
    required=True,
    callback=_case_given,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the case (or TECOLOTE_CASE).",
)
codebooks_option = click.option(
    "--codebook",
    "codebooks",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Groups and terms to add (YAML).",
)
model_option = click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of weights to read with (tecolote train), instead of the package's.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
lang_option = click.option(
    "--lang", type=click.Choice(["en", "es"]), default="en", show_default=True, help="Language of what is written."
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how exports are to be read."""
    for option in reversed(
        [
            click.option("--consent", type=_file(), help="Consent record (TOML) of the giver of private chats."),
            click.option(
                "--members",
                type=click.Choice(["pseudonyms", "keep"]),
                default="pseudonyms",
                show_default=True,
                help="Names of members of private chats in tables and pages.",
            ),
            click.option("--timezone", help="Zone of local times that carry none, e.g. America/Mexico_City."),
            click.option(
                "--date-order", type=click.Choice(["dmy", "mdy", "ymd"]), help="Order the file cannot settle."
            ),
            click.option("--map", "mapping", metavar="FILE|OURS=THEIRS,...", help="Columns of a CSV, e.g. text=body."),
            click.option("--observed-at", help="When counts were seen (ISO time), where the files do not say."),
            click.option(
                "--stop-list",
                type=_file(),
                help="Text file of hashes (SHA-256, SHA-1, MD5) of files that are never taken, one a line; "
                "stop-list.txt in the case always holds.",
            ),
        ]
    ):
        command = option(command)
    return command


def _file() -> click.Path:
    return click.Path(exists=True, dir_okay=False, path_type=Path)


exports_argument = click.argument("exports", nargs=-1, required=True, type=click.Path(path_type=Path))


def say(words: str) -> None:
    """Prose, to standard error."""
    click.echo(words, err=True)


def print_json(value: Any) -> None:
    """One JSON object, to standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


class Steps:
    """Shows how far long work is: ``steps(done, total, what)``; without a bar it shows nothing."""

    def __init__(self, title: str = "", bar: Bar | None = None, task: TaskID | None = None) -> None:
        self._title = title
        self._bar = bar
        self._task = task

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show the next step."""
        if self._bar is not None and self._task is not None:
            short = what if len(what) <= 40 else "…" + what[-39:]
            said = f"{self._title} {visible(short)}"
            self._bar.update(self._task, completed=done, total=total or None, description=said)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away while a person answers a question."""
        if self._bar is not None:
            self._bar.stop()
        try:
            yield
        finally:
            if self._bar is not None:
                self._bar.start()


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Steps]:
    """A progress bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield Steps()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Steps(title, bar, bar.add_task(title, total=None))


def visible(text: str) -> str:
    """``text`` with control, bidi and zero-width characters as their code points: names are hostile."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)


_COUNTED = ("posts", "accounts", "media", "edges", "observations")


#: Most files that an import lists; of more, those with something to say come first and the rest is added up.
_LISTED = 100


def print_files(files: list[Any]) -> None:
    """The table of an import, to standard error."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")
    table.add_column("file", overflow="fold", ratio=5, footer=f"{len(files):,} files")
    table.add_column("read as", overflow="fold")
    for name in _COUNTED:
        table.add_column(name, justify="right", footer=_number(sum(f.rows.get(name, 0) for f in files)))
    table.add_column("quarantined", justify="right", footer=_number(sum(f.quarantined for f in files)))
    table.add_column("remark", overflow="fold", ratio=5)
    listed = _worth_listing(files)
    for file in listed:
        remark = "; ".join([file.reason, *file.why[:1], *file.notes[:1]]).strip("; ")
        counts = [_number(file.rows.get(name, 0)) for name in _COUNTED]
        read_as = file.source or file.status
        table.add_row(visible(file.path), read_as, *counts, _number(file.quarantined), visible(remark))
    width = None if sys.stderr.isatty() else 160
    Console(stderr=True, width=width, highlight=False, markup=False).print(table)
    if len(listed) < len(files):
        say(f"... and {len(files) - len(listed):,} files more; --json lists all. By format:")
        print_formats(files)
    stopped = sum(f.status == "stopped" for f in files)
    if stopped:
        say(f"STOPPED at {stopped} {'file' if stopped == 1 else 'files'} on a stop list: suspected abuse material.")
        say_where_to_report()


def _worth_listing(files: list[Any]) -> list[Any]:
    """The files that are listed, in the order of the import."""
    if len(files) <= _LISTED:
        return files
    silent = [not (file.reason or file.why or file.notes or file.quarantined) for file in files]
    chosen = sorted(range(len(files)), key=lambda at: (silent[at], at))[:_LISTED]
    return [files[at] for at in sorted(chosen)]


def say_where_to_report() -> None:
    """Where suspected child-abuse material is reported, to standard error."""
    from tecolote.corpus.stops import where_to_report

    for line in where_to_report():
        say(line)


def print_formats(files: list[Any]) -> None:
    """The same, added up by format."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("read as", "files", *_COUNTED, "quarantined"):
        table.add_column(name, justify="left" if name == "read as" else "right")
    for kind in sorted({f.source or f.status for f in files}):
        these = [f for f in files if (f.source or f.status) == kind]
        counts = [_number(sum(f.rows.get(name, 0) for f in these)) for name in _COUNTED]
        table.add_row(kind, f"{len(these):,}", *counts, _number(sum(f.quarantined for f in these)))
    Console(stderr=True, highlight=False, markup=False).print(table)


def _number(count: int) -> str:
    return f"{count:,}" if count else ""
