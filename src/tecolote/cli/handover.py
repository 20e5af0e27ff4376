"""``tecolote handover``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import json_option, print_json, progress_bar, say

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "handover", epilog="Example: tecolote handover --case my-case --to keeper.key.pub --out my-case.handover"
)
@click.option(
    "--case",
    "case_dir",
    envvar="TECOLOTE_CASE",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the case (or TECOLOTE_CASE); with --accept a new folder.",
)
@click.option("--new-key", type=_FILE, metavar="FILE", help="The new keeper first: make FILE and FILE.pub.")
@click.option("--to", default="", metavar="KEY|FILE", help="The new keeper's public key.")
@click.option("--out", type=_FILE, help="The new file to write.")
@click.option("--by", default="", help="Who hands over.")
@click.option("--recipient", default="", help="Who gets it, by name.")
@click.option("--purpose", default="", help="Why.")
@click.option("--accept", "accepted", type=_FILE, metavar="FILE", help="The new keeper then: take this file over.")
@click.option("--identity", type=_FILE, metavar="FILE", help="The new keeper's secret key, with --accept.")
@json_option
def command(
    case_dir: Path | None,
    new_key: Path | None,
    to: str,
    out: Path | None,
    by: str,
    recipient: str,
    purpose: str,
    accepted: Path | None,
    identity: Path | None,
    as_json: bool,
) -> None:
    """Hand a case over to another keeper, without any key of yours; the new one's log begins with a rotation.

    Everything is sealed anew under keys that only the new keeper can open. Go on in one place only: two logs that
    grow apart are a fork that any witness sees.
    """
    from tecolote import verbs

    if new_key is not None:
        public = verbs.new_keeper(new_key)
        print_json({"public": public}) if as_json else say(f"{new_key}: keep it secret. Give away {new_key}.pub")
        return
    if case_dir is not None and accepted is not None and identity is not None:
        verbs.accept(accepted, case_dir, identity)
        if as_json:
            print_json({"case": str(case_dir)})
        else:
            say(f"{case_dir}: taken over, everything holds. For pseudonyms of your own: tecolote rebuild")
        return
    if case_dir is None or out is None or not to:
        raise click.UsageError(
            "Give --case, --to and --out to hand over, or --case, --accept and --identity to accept."
        )
    with progress_bar("Handing over") as progress:
        made = verbs.handover(case_dir, to, out, by=by, recipient=recipient, purpose=purpose, progress=progress)
    if as_json:
        print_json({"path": str(out), "sha256": made.sha256, "bytes": made.bytes, "leaf": made.leaf})
    else:
        say(f"{out}: {made.bytes:,} bytes, SHA-256 {made.sha256}; leaf {made.leaf}")
