"""``tecolote redact``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, say


@click.command("redact", epilog='Example: tecolote redact --text "Ana N." --reason "a victim" --by "A. Name"')
@case_option
@click.option("--text", default="", help="Withhold this text, whatever the case of its letters.")
@click.option("--regex", default="", help="Withhold what fits this expression (RE2).")
@click.option("--media", default="", metavar="SHA256", help="Withhold this attachment.")
@click.option("--lift", type=click.IntRange(0), metavar="LEAF", help="End the redaction of this leaf.")
@click.option("--reason", default="", help="Why.")
@click.option("--by", default="", help="Who decides it.")
@json_option
def command(
    case_dir: Path, text: str, regex: str, media: str, lift: int | None, reason: str, by: str, as_json: bool
) -> None:
    """Withhold a name, other text or an attachment from packets and exports; without options list what is withheld.

    It stays in evidence. A raw record that holds it goes out as its commitment alone, so proofs go on to hold.
    """
    from tecolote import verbs

    asked = [(kind, value) for kind, value in (("text", text), ("regex", regex), ("media", media)) if value]
    if lift is not None and not asked:
        leaf = verbs.lift_redaction(case_dir, lift, reason, by)
    elif len(asked) == 1 and lift is None:
        leaf = verbs.redact(case_dir, *asked[0], reason, by)
    elif asked or lift is not None:
        raise click.UsageError("Give one of --text, --regex, --media and --lift.")
    else:
        found = verbs.redactions(case_dir)
        if as_json:
            print_json({"redactions": found})
        for each in [] if as_json else found:
            click.echo(f"{each['leaf']:>6}  {each['kind']:<5}  {each['value']}  ({each['by']}: {each['reason']})")
        return
    print_json({"leaf": leaf}) if as_json else say(f"Logged: leaf {leaf}")
