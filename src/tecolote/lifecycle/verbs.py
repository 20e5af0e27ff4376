"""The verbs of this room as functions: what the command line, the web and a notebook call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tecolote.case import Case
from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.lifecycle.erase import Erased, Grounds
    from tecolote.lifecycle.plan import Plan, Wish

Progress = Callable[[int, int, str], None]


def erase(
    case_dir: Path, wish: Wish, grounds: Grounds, *, with_neighbours: bool = False, progress: Progress | None = None
) -> Erased:
    """Destroy records or files of a case for good; see `tecolote.lifecycle.erase.erase`."""
    from tecolote.lifecycle.erase import erase as run

    return run(Case.open(case_dir), wish, grounds, with_neighbours=with_neighbours, progress=progress)


def preview_erasure(case_dir: Path, wish: Wish) -> Plan:
    """What an erasure would take; nothing is changed."""
    from tecolote.lifecycle.erase import plan

    return plan(Case.open(case_dir), wish)


def finish_erasure(case_dir: Path) -> bool:
    """Go on with an erasure that was stopped; whether there was one."""
    from tecolote.lifecycle.erase import finish

    return finish(Case.open(case_dir))


def holds(case_dir: Path) -> list[dict[str, Any]]:
    """The legal holds in force."""
    from tecolote.evidence import Evidence
    from tecolote.evidence.hold import holds as in_force

    with Evidence.open(Case.open(case_dir)) as evidence:
        return [asdict(hold) for hold in in_force(evidence)]


def hold(case_dir: Path, reason: str, by: str, items: str = "", files: tuple[int, ...] = ()) -> int:
    """Forbid erasure: of the files named, of those that hold the posts of a query, or of the whole case; its leaf.

    Raises:
        UsageError: reason or name is missing, or the query fits nothing.
    """
    from tecolote.corpus.store import Corpus
    from tecolote.evidence import Evidence
    from tecolote.evidence.hold import place_hold
    from tecolote.lifecycle.plan import leaves_of

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        about = set(files)
        if items:
            found = leaves_of(case, Corpus(case), items)
            if not found:
                raise UsageError("no post fits", "Widen the items, or leave them out to hold the whole case")
            about |= found
        leaf = place_hold(evidence, reason, by, about)
        evidence.commit()
    return leaf


def release(case_dir: Path, leaf: int, reason: str, by: str) -> int:
    """End a hold; the leaf of that event."""
    from tecolote.evidence import Evidence
    from tecolote.evidence.hold import release_hold

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        done = release_hold(evidence, leaf, reason, by)
        evidence.commit()
    return done
