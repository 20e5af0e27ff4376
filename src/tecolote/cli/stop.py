"""``tecolote stop``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, progress_bar, say, say_where_to_report


@click.command("stop", epilog="Example: tecolote stop --item SHA256 --by A --second B --case my-case")
@case_option
@click.option("--item", required=True, metavar="SHA256", help="The file, a member of a container, or a container.")
@click.option("--by", default="", help="Who stops it.")
@click.option("--second", default="", help="The second person, who agrees.")
@click.option("--basis", default="", help="The legal basis, if more is to be said than that it may not be kept.")
@json_option
def command(case_dir: Path, item: str, by: str, second: str, basis: str, as_json: bool) -> None:
    """Destroy a file that may be child-abuse material, never take it again, and show where to report it.

    Its hash goes on the case's stop-list.txt, and its bytes are erased as tecolote erase does. A legal hold blocks it.
    """
    from tecolote import verbs
    from tecolote.lifecycle.erase import as_json_object

    with progress_bar("Erasing") as progress:
        done = verbs.stop(case_dir, item, by, second, basis, progress)
    if as_json:
        print_json(as_json_object(done))
        return
    say(f"Stopped: {done.files} whole files erased, leaf {done.leaf}; the hash is on the case's stop list")
    for packet in done.packets:
        say(f"A copy may be in the packet of leaf {packet['leaf']}, handed to {packet['for']} on {packet['at']}")
    say("Backups of the case or of the key folder made before still hold it: replace them.")
    say_where_to_report()
