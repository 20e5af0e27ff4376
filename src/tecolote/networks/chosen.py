"""Which events a run of coaction uses: those of a file, of a case, or of a place that only a cluster reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from tecolote.errors import UsageError
from tecolote.networks.events import MORE_OBJECTS, OBJECTS, case_events
from tecolote.networks.eventtable import read_events
from tecolote.networks.passes import needs_passes


def chosen_events(source: Path | str, objects: Sequence[str] | None, engine: str) -> pa.Table | str:
    """Events as a table, or the address itself where Spark is to read it, or a file is counted in passes.

    Args:
        source: Parquet or CSV file, folder of a case, or (Spark) a folder or an address of Parquet.
        objects: kinds of objects; of a file these are its modalities. None: all of a file, `OBJECTS` of a case.
        engine: where the run will be.

    Raises:
        UsageError: an unknown kind, kinds asked of events without modality, or an address without a cluster.
        EventsRefused: see `tecolote.networks.eventtable.read_events`.
    """
    folder = Path(source)
    if (folder / "case.toml").is_file():
        return _of_case(folder, objects or OBJECTS)
    remote = "://" in str(source)
    if remote or folder.is_dir():
        if not engine.startswith(("spark", "sc://", "k8s://", "yarn")):
            raise UsageError(f"{source} is no file and no case", "Name a file, a case, or give --engine spark://...")
        if objects:
            raise UsageError("--object chooses within a file or a case", "Leave other kinds out of the folder")
        return str(source)
    if engine == "kernel" and not objects and needs_passes(folder):
        return str(source)
    events = read_events(folder)
    if not objects:
        return events
    unknown = [kind for kind in objects if kind not in OBJECTS + MORE_OBJECTS]
    if unknown:
        raise UsageError(f"no objects of kind '{unknown[0]}'", f"Choose from: {', '.join(OBJECTS + MORE_OBJECTS)}")
    if "modality" not in events.column_names:
        raise UsageError("the events have no column modality", "Leave --object out: all of them are one kind")
    return events.filter(pa.compute.is_in(events["modality"], pa.array(objects, pa.string())))


def _of_case(folder: Path, objects: Sequence[str]) -> pa.Table:
    """Events of a case, each platform's ids under its name: an account acts together on its own platform only."""
    from tecolote.case import Case
    from tecolote.corpus.store import Corpus

    events = case_events(Corpus(Case.open(folder)), objects)
    for name in ("object_id", "account_id", "content_id"):
        named = pa.compute.binary_join_element_wise(events["platform"], events[name], ":")
        events = events.set_column(events.column_names.index(name), name, named)
    return events.drop_columns(["platform"])
