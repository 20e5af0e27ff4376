"""``tecolote backup``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tecolote.cli.common import json_option, print_json, progress_bar, say

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("backup", epilog="Example: tecolote backup --case my-case --to backup.key.pub --out my-case.age")
@click.option(
    "--case",
    "case_dir",
    envvar="TECOLOTE_CASE",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the case (or TECOLOTE_CASE); with --restore a new folder.",
)
@click.option("--out", type=_FILE, help="The new file to write.")
@click.option(
    "--to", default="", metavar="KEY|FILE", help="Public key (age1...) of who can open it; else a passphrase."
)
@click.option("--restore", type=_FILE, metavar="FILE", help="Put this backup back.")
@click.option("--identity", type=_FILE, metavar="FILE", help="Secret key that opens it; else a passphrase.")
@click.option("--new-key", type=_FILE, metavar="FILE", help="Make a key pair: FILE and FILE.pub.")
@json_option
def command(
    case_dir: Path | None,
    out: Path | None,
    to: str,
    restore: Path | None,
    identity: Path | None,
    new_key: Path | None,
    as_json: bool,
) -> None:
    """Write the case and its keys into one encrypted file, or put such a file back; an import may go on meanwhile.

    The file has the age format. Whoever has it and the secret key or passphrase (asked for, or TECOLOTE_PASSPHRASE)
    has the case: keep the two apart.
    """
    from tecolote import verbs

    if new_key is not None:
        public = verbs.new_key(new_key)
        print_json({"public": public}) if as_json else say(f"{new_key}: keep it secret, apart from backups. {public}")
        return
    if case_dir is None or (out is None) is (restore is None):
        raise click.UsageError("Give --case with --out to write a backup, or with --restore to put one back.")
    with progress_bar("Backup" if out else "Verifying") as progress:
        if out is not None:
            words = "" if to else _passphrase(confirm=True)
            done = verbs.backup(case_dir, out, to=to, passphrase=words, progress=progress)
            faults = []
        elif restore is not None:
            words = "" if identity else _passphrase(confirm=False)
            faults = verbs.restore(restore, case_dir, identity=identity, passphrase=words, progress=progress)
    if out is not None:
        told = {"path": str(out), "sha256": done.sha256, "bytes": done.bytes, "size": done.size, "leaf": done.leaf}
        print_json(told) if as_json else say(f"{out}: {done.size} leaves, {done.bytes:,} bytes, SHA-256 {done.sha256}")
        if done.leaf is None:
            say("Somebody is writing to the case: the log does not tell of this backup")
        return
    if as_json:
        print_json({"holds": not faults, "faults": [vars(fault) for fault in faults]})
    else:
        say(f"tecolote: does not hold: {faults[0]}" if faults else f"{case_dir}: put back, everything holds")
    if faults:
        raise click.exceptions.Exit(1)


def _passphrase(*, confirm: bool) -> str:
    given = os.environ.get("TECOLOTE_PASSPHRASE")
    found: str = given or click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return found
