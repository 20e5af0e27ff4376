"""The demo case: a fictional world written as real export files, with the truth that was planted in it.

Everything is invented: groups, towns, newspapers, people and handles. The generator knows nothing of how Tecolote
reads texts or finds networks, so that what is found can be compared with what was planted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.demo.timeline import Writer
    from tecolote.demo.world import World

#: What the exports say of themselves.
NOTICE = (
    "FICTION. Every group, town, newspaper, person, handle and event in this folder is invented. The files were "
    "written by a program in the formats of real platforms, to show and to test Tecolote.\n"
    "FICCIÓN. Todo grupo, pueblo, medio, persona, cuenta y hecho de esta carpeta es inventado.\n"
)


@dataclass(frozen=True)
class DemoPaths:
    """Where the demo was written.

    Attributes:
        exports: the folder to import.
        truth: ``truth.json``, what was planted.
        codebook: ``codebook.yaml``, what a field team would know of the invented groups.
        consent: ``consent.toml`` for the private chat among the exports.
        events: ``events.csv``, the invented series of violent events.
        posts: posts written (sightings of the same post count once).
        accounts: accounts that wrote them.
    """

    exports: Path
    truth: Path
    codebook: Path
    consent: Path
    events: Path
    posts: int
    accounts: int


def write_demo(
    out: Path,
    seed: int = 1,
    hostile: bool = False,
    scale: float = 1.0,
    progress: Callable[[str, int], None] | None = None,
) -> DemoPaths:
    """Write the demo below ``out``: the same arguments give the same bytes.

    Args:
        out: a folder that does not exist or is empty.
        seed: another seed gives another world.
        hostile: perpetrators who write like reporters, and newsrooms that share a link within seconds.
        scale: 1 gives about 20,000 posts by 600 accounts; 0.05 a small world for tests.
        progress: called with a step and the number of posts so far.

    Raises:
        UsageError: ``out`` holds something already, or ``scale`` is not between 0.02 and 5.
    """
    from tecolote.demo.formats.common import write
    from tecolote.demo.truth import truth_text, utterances

    if not 0.02 <= scale <= 5:
        raise UsageError(f"a demo of scale {scale} cannot be written", "Use a scale between 0.02 and 5")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not an empty folder", "Name a new folder for the demo")
    say = progress or (lambda step, number: None)
    world, writer = _invent(seed, hostile, scale, say)
    exports = out / "exports"
    _write_exports(world, writer, exports, say)
    say("truth", len(world.posts))
    paths = DemoPaths(
        exports, out / "truth.json", out / "codebook.yaml", out / "consent.toml", out / "events.csv",
        posts=len(utterances(world)), accounts=len({p.account.key for p in world.posts if p.account}),
    )  # fmt: skip
    write(paths.truth, truth_text(world))
    write(paths.codebook, (resources.files("tecolote.demo") / "codebook.yaml").read_text("utf-8"))
    write(out / "FICTION.txt", NOTICE)
    _write_side_files(world, paths)
    return paths


def _invent(seed: int, hostile: bool, scale: float, say: Callable[[str, int], None]) -> tuple[World, Writer]:
    """The world, complete and numbered."""
    from tecolote.demo.follows import make_follows
    from tecolote.demo.ids import number_posts
    from tecolote.demo.people import make_people
    from tecolote.demo.planted import plant
    from tecolote.demo.timeline import Writer, ordinary
    from tecolote.demo.world import World, make_events

    world = World(seed, hostile, scale, random.Random(seed * 2 + hostile))  # noqa: S311 not for secrets
    world.events = make_events(world.rng)
    make_people(world)
    writer = Writer(world)
    ordinary(world, writer, lambda number: say("posts", number))
    plant(world, writer)
    number_posts(world)
    make_follows(world)
    return world, writer


def _write_exports(world: World, writer: Writer, folder: Path, say: Callable[[str, int], None]) -> None:
    """Every platform's files."""
    from tecolote.demo.formats import bluesky, instagram, table, telegram, tiktok, whatsapp, x, youtube

    done = len(world.posts)
    for step, write_one in (
        ("x", x.write_x),
        ("telegram", telegram.write_telegram),
        ("instagram", instagram.write_instagram),
        ("tiktok", tiktok.write_tiktok),
        ("youtube", youtube.write_youtube),
        ("bluesky", bluesky.write_bluesky),
        ("hand_collected", table.write_table),
    ):
        say(step, done)
        write_one(world, folder / step)
    whatsapp.write_whatsapp(world, writer, folder / "whatsapp")


def _write_side_files(world: World, paths: DemoPaths) -> None:
    """Consent record and event series."""
    from tecolote.demo.formats.common import write
    from tecolote.demo.formats.whatsapp import CONSENT

    write(paths.consent, CONSENT)
    rows = ["date,place,group,kind,events"]
    rows += [f"{e.at:%Y-%m-%d},{e.town},{e.group.id},{e.kind},{e.reports}" for e in world.events]
    write(paths.events, "\n".join(rows) + "\n")
