"""More events than fit into memory: `tecolote.networks.distinct` in passes over partitions of the objects.

Who meets whom is decided object by object, so a partition by the hash of the object loses no meeting. Three steps:

1. DuckDB numbers the accounts in the order of their names and writes the events to Parquet, partitioned by object,
   spilling where it must. Only object, account and time are kept.
2. Each partition is laid out and pruned alone to the events that meet another account. How many objects each account
   met is added up over all partitions; the next round drops the accounts that met too few. Both are exact, in any
   order and however early the rounds stop, for what is dropped is part of no edge.
3. What is left (one event in four of the benchmark's) is counted by the same code as without passes. So the edges are
   the same to the last one, heavy objects too; nothing is written by pair of accounts.

Memory is that of one partition, of the names of the accounts, and of what is left; an object with more events than a
partition has one for itself.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.errors import LimitExceeded
from tecolote.networks import distinct
from tecolote.networks.eventtable import EventsRefused, coded, ids
from tecolote.networks.windows import Ints, Laid, lay_window, renumber

#: Rows of a Parquet file above which `coaction` goes by passes (at once, an event takes about 160 bytes).
MOST_AT_ONCE = 40_000_000
#: Events of one partition, on average.
PART_EVENTS = 8_000_000
#: Events left after pruning that are counted at once (some 60 bytes each).
MOST_LEFT = 150_000_000
#: Bytes of disk to have at hand for each byte of the file's columns as they are written, and for each event.
_DISK_PER_BYTE, _DISK_PER_EVENT = 3, 48

Progress = Callable[[int, int, str], None]
Numbers = NDArray[np.int32]


def needs_passes(source: Path | str) -> bool:
    """Whether ``source`` is a Parquet file with more than `MOST_AT_ONCE` rows."""
    import pyarrow.parquet as pq

    path = Path(source)
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        if file.read(4) != b"PAR1":
            return False
    try:
        return int(pq.read_metadata(path).num_rows) > MOST_AT_ONCE
    except (pa.ArrowException, OSError, ValueError):
        return False  # whoever reads the file says what is wrong with it


@dataclass(frozen=True)
class _Parts:
    """The events partitioned by object.

    Attributes:
        folder: holds ``part=<k>/*.parquet`` with ``o, a, t``, then what is left of each as arrays.
        count: how many there are.
        names: accounts, in the order of the bytes of their names.
        start: earliest second.
        facts: what a run says of its input.
    """

    folder: Path
    count: int
    names: pa.StringArray
    start: int
    facts: dict[str, Any]


def distinct_in_passes(
    path: Path | str, window: int, repetition: int, progress: Progress | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    """Edges and facts as of `tecolote.networks.distinct.distinct`; the facts also have ``passes``, the partitions.

    Args:
        path: a Parquet file of events.
        window: seconds.
        repetition: smallest weight of an edge.
        progress: told what is done, of how much, and what.

    Raises:
        EventsRefused: see `tecolote.networks.engines.normal`.
        LimitExceeded: too little disk, or too many events or edges are left for one machine.
    """
    tell = progress or (lambda done, total, what: None)
    with tempfile.TemporaryDirectory(prefix="tecolote-") as scratch:
        parts = _partitioned(Path(path), Path(scratch), tell)
        had, sizes, said = _first_round(parts, window, tell)
        before = 2 * sum(sizes)
        while sum(sizes) < 0.95 * before:
            before = sum(sizes)
            had, sizes = _round(parts, window, repetition, had, tell)
        if sum(sizes) > MOST_LEFT:
            raise LimitExceeded(
                f"{sum(sizes):,} events meet another account often enough, too many for one machine",
                "Use a larger --min-repetition or a shorter --window, or --engine spark://...",
            )
        left = _joined(parts, window)
    tell(parts.count, parts.count, "counting")
    left = distinct.pruned(left, window, repetition)
    a, old = renumber(left.a, len(parts.names))
    names = parts.names.take(pa.array(old))
    table, facts = distinct.counted(replace(left, a=a), names, window, repetition, parts.start)
    return table, parts.facts | facts | said | {"passes": parts.count}


def _partitioned(path: Path, scratch: Path, tell: Progress) -> _Parts:
    """Step 1: accounts numbered, events written by object."""
    import duckdb
    import ibis
    import pyarrow.parquet as pq

    from tecolote.networks.engines import normal, opened

    shape = pq.read_metadata(path)
    _room_for(shape, scratch)
    if set(path.name) & set("*?["):
        raise EventsRefused(f"{path.name} has a character that stands for many files", "Rename the file")
    count = max(1, round(shape.num_rows / PART_EVENTS))
    tell(0, count, "numbering the accounts")
    try:
        with opened("duckdb") as database:
            events, dropped = normal(database.read_parquet(str(path)).mutate(row=0))  # no order of rows matters
            db = database.con
            db.execute("SET preserve_insertion_order = false")
            sql = ibis.to_sql(events, dialect="duckdb")
            db.execute(
                "CREATE TEMP TABLE names AS SELECT a, (row_number() OVER (ORDER BY a) - 1)::INTEGER n "
                f"FROM (SELECT DISTINCT a FROM ({sql}))"
            )
            said = db.execute(f"SELECT count(*), min(t), list_sort(list(DISTINCT m)) FROM ({sql})").fetchone()
            tell(0, count, "partitioning")
            # The folder is our own; a statement that copies takes no parameters.
            db.execute(
                f"COPY (SELECT (hash(e.o) % {count})::INTEGER part, e.o, n.n a, e.t FROM ({sql}) e "
                f"JOIN names n ON e.a = n.a) TO '{str(scratch).replace(chr(39), chr(39) * 2)}' "
                "(FORMAT parquet, PARTITION_BY (part), OVERWRITE_OR_IGNORE)"
            )
            names = db.execute("SELECT a FROM names ORDER BY n").to_arrow_table()["a"].combine_chunks()
    except duckdb.Error as error:
        first = (str(error).splitlines() or ["no reason given"])[0][:200]
        raise EventsRefused(
            f"{path} cannot be partitioned ({first})", "Is the file whole, and the disk not full?"
        ) from None
    rows, start, kinds = said or (0, 0, [])
    about = {"events": rows, "accounts": len(names), "modalities": [m for m in kinds or [] if m]}
    return _Parts(scratch, count, names, start or 0, about | {"rows_without_id": dropped})


def _room_for(shape: Any, scratch: Path) -> None:
    """Refuse before an hour is spent on what the disk cannot hold."""
    size = sum(shape.row_group(k).total_byte_size for k in range(shape.num_row_groups))
    needed = _DISK_PER_BYTE * size + _DISK_PER_EVENT * shape.num_rows
    free = shutil.disk_usage(scratch).free
    if free < needed:
        raise LimitExceeded(
            f"the passes may need {needed / 1e9:.0f} GB of disk and {scratch.parent} has {free / 1e9:.0f}",
            "Free some, or set TMPDIR to a folder on a larger disk",
        )


def _first_round(parts: _Parts, window: int, tell: Progress) -> tuple[Numbers, list[int], dict[str, Any]]:
    """Events of each partition that meet another account: objects of each account, how many are left, and facts."""
    had, sizes = np.zeros(len(parts.names), np.int32), []
    objects, pairs = 0, 0
    popular: list[dict[str, Any]] = []
    for k in range(parts.count):
        tell(k, parts.count, f"partition {k + 1}")
        o, a, t, things = _read(parts, k)
        laid = lay_window(o, a, t, window)
        of_each = laid.pairs_per_object(len(things))

        def named(thing: int, things: pa.StringArray = things) -> tuple[str, str]:
            modality, _, name = things[thing].as_py().rpartition("\x1f")
            return name, modality

        popular += distinct.hyperedges(laid, of_each, named, parts.start)
        objects, pairs = objects + len(things), pairs + int(of_each.sum())
        sizes.append(_keep(parts, k, laid, had))
    popular.sort(key=lambda one: (-one["pairs"], one["object_id"], one["modality"]))
    said = {"objects": objects, "pairs": pairs, "too_popular_to_be_evidence": popular[: distinct.MOST_POPULAR]}
    return had, sizes, said


def _read(parts: _Parts, k: int) -> tuple[Numbers, Numbers, Ints, pa.StringArray]:
    """Object, account and seconds since the start of each event of one partition, and the names of the objects."""
    import pyarrow.parquet as pq

    files = sorted((parts.folder / f"part={k}").glob("*.parquet"))
    if not files:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64), pa.array([], pa.string())
    read = [pq.read_table(file, read_dictionary=["o"], partitioning=None) for file in files]
    table = pa.concat_tables(read)
    codes, things = coded(ids("object_id", table["o"]))
    a, t = table["a"].to_numpy().astype(np.int32, copy=False), table["t"].to_numpy()
    for file in files:
        file.unlink()
    return codes, a, t - parts.start, things


def _keep(parts: _Parts, k: int, laid: Laid, had: Numbers) -> int:
    """Write the events that meet another account, and count their objects into ``had``; how many there are."""
    from tecolote.networks import kernel

    stay = kernel.meets(laid.a, laid.low, laid.high)
    o, a, t = laid.o[stay], laid.a[stay], laid.t[stay]
    kernel.add_objects(o, a, had)
    for name, values in (("o", o), ("a", a), ("t", t)):
        np.save(parts.folder / f"{k}-{name}.npy", values, allow_pickle=False)
    return len(o)


def _kept(parts: _Parts, k: int) -> tuple[Numbers, Numbers, Ints]:
    """What `_keep` wrote."""
    o, a, t = (np.load(parts.folder / f"{k}-{name}.npy", allow_pickle=False) for name in "oat")
    return o, a, t


def _round(
    parts: _Parts, window: int, repetition: int, had: Numbers, tell: Progress
) -> tuple[Numbers, list[int]]:  # fmt: skip
    """Drop the events of accounts with too few objects, then those that meet nobody any more."""
    from tecolote.networks import kernel

    fresh, sizes = np.zeros(len(had), np.int32), []
    for k in range(parts.count):
        tell(k, parts.count, f"pruning partition {k + 1}")
        o, a, t = _kept(parts, k)
        able = had[a] >= repetition
        o, a, t = o[able], a[able], t[able]
        low, high = kernel.windows(o, t, window)
        sizes.append(_keep(parts, k, Laid(o, a, t, low, high, np.arange(len(o), dtype=np.int32)), fresh))
    return fresh, sizes


def _joined(parts: _Parts, window: int) -> Laid:
    """What is left of all partitions, objects numbered one partition after another."""
    from tecolote.networks import kernel

    listed, objects = [], 0
    for k in range(parts.count):
        o, a, t = _kept(parts, k)
        o, things = renumber(o, int(o.max()) + 1 if len(o) else 0)
        listed.append((o + np.int32(objects), a, t))
        objects += len(things)
    o, a, t = (np.concatenate(column) for column in zip(*listed, strict=True))
    low, high = kernel.windows(o, t, window)
    return Laid(o, a, t, low, high, np.arange(len(o), dtype=np.int32))
