"""``tecolote erase``."""

from __future__ import annotations

from pathlib import Path

import click

from tecolote.cli.common import case_option, json_option, print_json, progress_bar, say


@click.command("erase", epilog='Example: tecolote erase --items "post=123" --basis "GDPR art. 17" --by A --second B')
@case_option
@click.option("--items", default="", help="Posts, by a query as for packets; every record that tells of them goes.")
@click.option("--account", default="", metavar="PLATFORM:ID", help="An account: its posts and its profiles.")
@click.option("--file", "files", type=click.IntRange(0), multiple=True, help="Leaf of a file or container; repeat.")
@click.option("--record", "records", metavar="LEAF:RECORD", multiple=True, help="A single record; repeat.")
@click.option("--basis", default="", help="The legal basis, for example GDPR art. 17(1)(d).")
@click.option("--by", default="", help="Who erases.")
@click.option("--second", default="", help="The second person, who agrees.")
@click.option("--with-neighbours", is_flag=True, help="Also other posts that stand in the same records.")
@click.option("--preview", is_flag=True, help="Only say what would go.")
@click.option("--finish", is_flag=True, help="Only go on with an erasure that was stopped.")
@json_option
def command(
    case_dir: Path,
    items: str,
    account: str,
    files: tuple[int, ...],
    records: tuple[str, ...],
    basis: str,
    by: str,
    second: str,
    with_neighbours: bool,
    preview: bool,
    finish: bool,
    as_json: bool,
) -> None:
    """Destroy records or whole files for good: bytes, keys, salts, rows, caches. The log keeps a tombstone.

    Proofs of everything else go on to hold. A legal hold blocks it. Copies handed out earlier cannot be erased;
    the packets that may hold one are listed.
    """
    from tecolote import verbs
    from tecolote.lifecycle.erase import Grounds, as_json_object
    from tecolote.lifecycle.plan import Wish

    if finish:
        done = verbs.finish_erasure(case_dir)
        print_json({"finished": done}) if as_json else say("Finished" if done else "No erasure was waiting")
        return
    wish = Wish(items, account, files, tuple(_record(text) for text in records))
    if preview:
        plan = verbs.preview_erasure(case_dir, wish)
        told = {
            "records": plan.count,
            "files": len(plan.files | plan.containers),
            "posts": len(plan.posts),
            "neighbours": sorted(map(list, plan.neighbours)),
            "mentions": plan.mentions,
        }
        print_json(told)
        return
    with progress_bar("Erasing") as progress:
        erased = verbs.erase(
            case_dir, wish, Grounds(basis, by, second), with_neighbours=with_neighbours, progress=progress
        )
    if as_json:
        print_json(as_json_object(erased))
        return
    say(f"Erased {erased.records} records and {erased.files} whole files with {erased.posts} posts: leaf {erased.leaf}")
    if erased.mentions:
        say(f"{erased.mentions} other records still name one of these posts, such as answers to it")
    for packet in erased.packets:
        to = f" ({packet['recipient']})" if packet["recipient"] else ""
        say(f"A copy may be in the packet of leaf {packet['leaf']}, handed to {packet['for']}{to} on {packet['at']}")
    say("Pages and rows in 'published' are gone: make them anew with tecolote report. Restart a running server.")
    say("Backups of the case or of the key folder made before still hold it: replace them.")


def _record(text: str) -> tuple[int, int]:
    leaf, _, record = text.partition(":")
    if not (leaf.isdecimal() and record.isdecimal()):
        raise click.BadParameter(f"'{text}' is not LEAF:RECORD", param_hint="--record")
    return int(leaf), int(record)
