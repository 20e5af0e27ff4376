"""``tecolote serve``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option


@click.command("serve", epilog="Example: tecolote serve --case my-case --port 8347")
@case_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option("--port", default=8347, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def command(case_dir: Path, host: str, port: int) -> None:
    """Show the case as web pages on this machine, until stopped with Ctrl-C."""
    from tecolote.case import Case
    from tecolote.web.serve import serve

    serve(Case.open(case_dir), host, port)
