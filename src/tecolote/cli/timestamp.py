"""``tecolote timestamp``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, say, visible


@click.command(
    "timestamp",
    epilog="Example: tecolote timestamp --authority https://tsa.example.org/tsr --root root.pem --case my-case",
)
@case_option
@click.option(
    "--authority", envvar="TECOLOTE_TSA", help="Address of a time-stamp authority (or TECOLOTE_TSA); none by default."
)
@click.option(
    "--root",
    envvar="TECOLOTE_TSA_ROOT",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM of the root its certificate must lead to (or TECOLOTE_TSA_ROOT).",
)
@click.option("--policy", help="Object identifier of the policy that the token must name.")
@json_option
def command(case_dir: Path, authority: str | None, root: Path | None, policy: str | None, as_json: bool) -> None:
    """Have an authority say when the log stood as it stands (RFC 3161); without --authority list what was said.

    The only verb that opens a connection. The authority learns a hash and nothing else.
    """
    from tecolote import verbs

    found = verbs.timestamp(case_dir, authority, root, policy)
    if as_json:
        print_json({"tokens": found})
        return
    for token in found:
        what = f"log of {token['size']} leaves stamped {token['time']} by {token['authority']} ({token['signer']})"
        click.echo(f"{token['leaf']:>6}  {visible(what)}")
    if not found:
        say("No token yet. Name an authority and its root: --authority https://... --root root.pem")
