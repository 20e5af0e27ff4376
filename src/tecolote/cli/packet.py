"""``tecolote packet``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, lang_option, print_json, say


@click.command(
    "packet",
    epilog='Example: tecolote packet --for platform --items "flag severity>=3 platform=x" '
    '--purpose "report of threats" --case my-case --out packet-1',
)
@case_option
@click.option(
    "--for",
    "audience",
    required=True,
    type=click.Choice(["platform", "law-enforcement", "court", "press"]),
    help="Who gets it: decides what is masked or left out.",
)
@click.option(
    "--items",
    required=True,
    help="Of posts: flag, all, severity>=N, severity=N, platform=, account=, post=, theme=, group=, voice=, since=, "
    "until=; terms of one name are alternatives, different names must all hold. Of other records: table=edges with "
    "platform=, account=, post=, type=; table=profiles with platform=, account=; table=observations with platform=, "
    "account=, post=, state=.",
)
@click.option(
    "--purpose", required=True, help="Why it goes out; logged. Private chats need the consent's purpose in it."
)
@click.option("--recipient", default="", help="Who gets it, by name; in the packet and the log's payload only.")
@click.option("--by", default="", help="Who hands it over, by name; by default a pseudonym.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder for the packet.")
@lang_option
@json_option
def command(
    case_dir: Path,
    audience: str,
    items: str,
    purpose: str,
    recipient: str,
    by: str,
    out: Path,
    lang: str,
    as_json: bool,
) -> None:
    """Write a sealed packet that a stranger can check with Python alone, and log that it went out."""
    from tecolote import verbs
    from tecolote.publish.packet import Order

    made = verbs.packet(case_dir, Order(audience, items, purpose, recipient, by, lang), out)
    if as_json:
        print_json(vars(made))
        return
    left = "".join(f"; left out {count} {why}" for why, count in made.left_out.items())
    say(f"{made.path}: {made.records} records, {made.withheld} raw withheld, {made.media} attachments{left}")
    say(f"Logged as leaf {made.leaf}. Check it: python3 {made.path}/verify_packet.py")
