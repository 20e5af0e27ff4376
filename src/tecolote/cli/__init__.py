"""The command line: one module per verb, loaded only when that verb is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from tecolote import __version__
from tecolote.errors import TecoloteError

#: Verb to the module that holds it, in the order in which a person meets them.
VERBS = {
    "demo": "demo",
    "run": "run",
    "init": "init",
    "import": "import_",
    "analyze": "analyze",
    "report": "report",
    "serve": "serve",
    "verify": "verify",
    "packet": "packet",
    "preserve": "preserve",
    "witness": "witness",
    "timestamp": "timestamp",
    "provenance": "provenance",
    "custody": "custody",
    "rotate": "rotate",
    "redact": "redact",
    "erase": "erase",
    "stop": "stop",
    "hold": "hold",
    "backup": "backup",
    "handover": "handover",
    "export": "export",
    "census": "census",
    "network": "network",
    "rebuild": "rebuild",
    "score": "score",
    "codebook": "codebook",
    "review": "review",
    "second-read": "second_read",
    "evaluate": "evaluate",
    "train": "train",
    "sources": "sources",
}


class _Verbs(click.Group):
    """A group that imports a verb when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the verbs, in the order of `VERBS`."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command."""
        if cmd_name not in VERBS:
            return None
        found: click.Command = importlib.import_module(f"tecolote.cli.{VERBS[cmd_name]}").command
        return found


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: tecolote run exports/ --case my-case",
)
@click.version_option(__version__, prog_name="tecolote")
def cli() -> None:
    """Document and measure how organised crime uses social media, from exports you lawfully hold."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; exit 0 done, 1 failed with one line, 2 wrong usage."""
    try:
        return cli.main(args=arguments, prog_name="tecolote", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("Stopped. What was finished is kept; run the same command to continue.", err=True)
        sys.exit(130)
    except TecoloteError as error:
        click.echo(f"tecolote: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        # A full or failing disk; what was acknowledged before it stays.
        where = f" ({error.filename})" if error.filename else ""
        click.echo(f"tecolote: {error.strerror or error}{where}. Free or mend the disk, and run it again", err=True)
        sys.exit(1)
