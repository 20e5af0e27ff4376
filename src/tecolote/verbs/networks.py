"""Verbs of the networks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tecolote.case import Case
from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.publish.answers import Answer


def census(case_dir: Path) -> list[dict[str, Any]]:
    """Accounts, followers and connected accounts per group and platform, with definitions."""
    from tecolote.corpus.store import Corpus
    from tecolote.networks.census import census as count

    return [asdict(row) for row in count(Corpus(Case.open(case_dir)))]


def network(case_dir: Path, question: str, out: Path | None = None, **how: Any) -> Answer:
    """The answer to one question of `tecolote.publish.answers` about the networks of a case, written to ``out``.

    Raises:
        UsageError: a question, a parameter or a form of file that does not exist.
    """
    from tecolote.publish import answers

    if question not in answers.QUESTIONS:
        raise UsageError(f"no question '{question}'", f"Choose from: {', '.join(answers.QUESTIONS)}")
    found: Answer = answers.QUESTIONS[question](Case.open(case_dir), **how)
    if out is not None:
        answers.write_answer(found, out)
    return found


def coaction(
    file: Path | str,
    out: Path,
    *,
    window: int | None = None,
    objects: list[str] | None = None,
    chance: bool | None = None,
    **how: Any,
) -> dict[str, Any]:
    """Coaction network of a file of events or of a case; facts of the run. Edges go to ``out``.

    Args:
        file: Parquet or CSV, the folder of a case, or for Spark a folder or an address of Parquet.
        out: Parquet, or CSV if it is named so.
        window: seconds; None suggests one from the data.
        objects: kinds of objects to use; None uses all of a file, and links, hashtags and texts of a case.
        chance: compare with chance; None does if the events are not too many (`networks.compared`).
        how: see `tecolote.networks.coaction.coaction`.
    """
    import pyarrow.csv
    import pyarrow.parquet

    from tecolote.networks.chosen import chosen_events
    from tecolote.networks.coaction import coaction as run_coaction
    from tecolote.networks.compared import with_chance
    from tecolote.networks.suggest import suggest_window

    events = chosen_events(file, objects, how.get("engine", "kernel"))
    suggested = window is None
    if window is None:
        if isinstance(events, str):
            raise UsageError("no window can be suggested for so many events", "Give --window in seconds")
        window = suggest_window(events)
    found = run_coaction(events, window=window, **how)
    found = with_chance(found, events, window, how.get("min_repetition", 2), chance)
    if out.suffix.lower() == ".csv":
        pyarrow.csv.write_csv(found.edges, out)
    else:
        pyarrow.parquet.write_table(found.edges, out)
    return {"edges": found.edges.num_rows, **found.facts, "window_suggested": suggested}
