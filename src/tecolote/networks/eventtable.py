"""Share events: who shared what, in which post, when. Read from files, checked, and turned into numbers.

An event is a row ``object_id, account_id, content_id, timestamp_share`` (seconds, UTC), with an optional
``modality``: the kind of object (link, hashtag, text ...). Objects of two modalities are never the same.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.errors import SourceRefused
from tecolote.networks.windows import Ints, renumber

Numbers = NDArray[np.int32]

COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")
_ALIASES = {"ts": "timestamp_share", "id_account": "account_id", "id_user": "account_id"}
_QUT = ("message_id", "user_id", "username", "repost_id", "reply_id", "message", "timestamp", "urls")
#: Larger than any second this century and the next; smaller than any millisecond since 1973.
_MILLISECONDS = 100_000_000_000
_TOO_LARGE = ("the times are too large for seconds", "Divide milliseconds by 1000 and try again")
_EXPECTED = "Needed: object_id, account_id, content_id, timestamp_share (or ts; seconds, UTC), optional modality"


class EventsRefused(SourceRefused):
    """A table of events lacks a column or holds times that cannot be seconds."""


@dataclass(frozen=True)
class Events:
    """Events as whole numbers (32 bits, but for the times), in the order of the file.

    Attributes:
        table: the rows that count, as read.
        o: object, numbered over all modalities.
        a: account.
        t: seconds, UTC.
        modality_of: modality of each object, as a position in ``modalities``.
        modalities: names, in order; one empty name where the table has no such column.
        accounts: names by number.
        objects: names by number.
        dropped: rows left out because an id was missing.
    """

    table: pa.Table
    o: Numbers
    a: Numbers
    t: Ints
    modality_of: Ints
    modalities: tuple[str, ...]
    accounts: pa.StringArray
    objects: pa.StringArray
    dropped: int

    def __len__(self) -> int:
        return len(self.o)

    def contents(self) -> tuple[Numbers, NDArray[np.bool_]]:
        """The content of each event, and whether its id is the object's id; costly, so only on demand."""
        import pyarrow.compute as pc

        content = self.table["content_id"]
        same = pc.equal(content, self.table["object_id"].cast(pa.string()))
        return coded(content)[0], np.asarray(same.to_numpy())

    def ranked(self, a: Numbers) -> tuple[Numbers, pa.StringArray]:
        """Accounts numbered anew, without those that do not occur in ``a``, in the order of the names' UTF-8 bytes.

        Returns:
            the new number of each of ``a``, and the names by new number.
        """
        import pyarrow.compute as pc

        fresh, old = renumber(a, len(self.accounts))
        names = self.accounts.take(pa.array(old))
        order = pc.sort_indices(names)
        place = np.empty(len(order), np.int32)
        place[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
        return place[fresh], names.take(order)

    def facts(self) -> dict[str, Any]:
        """What a run says of its input."""
        return {
            "events": len(self),
            "accounts": len(self.accounts),
            "objects": len(self.objects),
            "modalities": [m for m in self.modalities if m],
            "rows_without_id": self.dropped,
        }


def read_events(path: str | Path) -> pa.Table:
    """Events of a Parquet or CSV file, in the order of the file.

    Understood are our own and CooRTweet's column names, and the eight columns of the QUT coordination
    network toolkit, which become events of four modalities: ``repost``, ``reply``, ``link`` and ``text``
    (the last three skip reposts, as that tool does). Objects and accounts of a Parquet file may come as
    dictionaries of text.

    Raises:
        EventsRefused: the file cannot be read, a column is missing, or a time is not in seconds.
    """
    path = Path(path)
    try:
        table = _read(path)
    except FileNotFoundError:
        raise EventsRefused(f"{path} does not exist", "Name a Parquet or CSV file of events") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        first = (str(error).splitlines() or ["no reason given"])[0][:200]
        raise EventsRefused(f"{path} cannot be read as Parquet or CSV ({first})", _EXPECTED) from None
    if set(_QUT) <= set(table.column_names):
        table = _from_qut(table)
    return check(table)


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq
    from pyarrow import csv

    with open(path, "rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        wanted = {*COLUMNS, *_ALIASES, *_QUT, "modality"}
        present = [name for name in pq.read_schema(path).names if name in wanted]
        coded = [name for name in present if _ALIASES.get(name, name) in ("object_id", "account_id")]
        return pq.read_table(path, columns=present, read_dictionary=coded, partitioning=None)
    if magic == b"":
        raise ValueError("the file is empty")
    header = csv.open_csv(path).schema.names
    times = {"timestamp_share", "ts", "timestamp"}
    # Ids stay text: a number that looks like a float would lose its last digits.
    kinds = {name: pa.string() for name in header if name not in times}
    options = csv.ConvertOptions(column_types=kinds, strings_can_be_null=True)
    return csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)


def _from_qut(table: pa.Table) -> pa.Table:
    """The QUT toolkit's own rows as events, text as `co_tweet` of version 1.5.2 compares it."""
    from tecolote.networks.texts import qut_text

    made: dict[str, list[Any]] = {name: [] for name in (*COLUMNS, "modality")}
    for row in table.select(list(_QUT)).to_pylist():
        shared: list[tuple[str, str]] = []
        if row["repost_id"]:
            shared.append(("repost", row["repost_id"]))
        else:
            shared += [("reply", row["reply_id"])] if row["reply_id"] else []
            shared += [("link", url) for url in dict.fromkeys((row["urls"] or "").split())]
            shared += [("text", text)] if (text := qut_text(row["message"] or "")) else []
        for modality, thing in shared:
            values = (thing, row["user_id"], row["message_id"], row["timestamp"], modality)
            for name, value in zip(made, values, strict=True):
                made[name].append(value)
    return pa.table(made)


def check(events: pa.Table) -> pa.Table:
    """The columns that count, under their own names, ids as text and times as whole seconds.

    Raises:
        EventsRefused: a column is missing, or a time is missing, not a number, or in milliseconds.
    """
    names = [_ALIASES.get(name, name) for name in events.column_names]
    if len(set(names)) < len(names):
        names = list(events.column_names)
    events = events.rename_columns(names)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise EventsRefused(f"the events have no column {', '.join(missing)}", _EXPECTED)
    kept = [*COLUMNS, *(["modality"] if "modality" in names else [])]
    named = [name for name in kept if name != "timestamp_share"]
    with ThreadPoolExecutor(2) as pool:
        made = dict(zip(named, pool.map(ids, named, (events[name] for name in named)), strict=True))
    made["timestamp_share"] = pa.chunked_array([pa.array(_seconds(events["timestamp_share"]))])
    return pa.table({name: made[name] for name in kept})


def ids(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of ids as text, or as one dictionary of different texts.

    Raises:
        EventsRefused: decimal numbers.
    """
    if pa.types.is_floating(column.type):
        raise EventsRefused(f"{name} holds decimal numbers, so its last digits may be lost", "Write ids as text")
    if not pa.types.is_dictionary(column.type) or not pa.types.is_string(column.type.value_type):
        return column.cast(pa.string())
    if column.num_chunks > 1:
        parts = _few_chunks(column).unify_dictionaries().chunks
        codes = pa.concat_arrays([part.indices for part in parts])
        column = pa.chunked_array([pa.DictionaryArray.from_arrays(codes, parts[0].dictionary)])
    values = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
    # Two numbers for one name would be two accounts; a writer of such a dictionary is possible.
    clean = values.null_count == 0 and len(values.unique()) == len(values)
    return column if clean else column.cast(pa.string())


def _few_chunks(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """One chunk per dictionary: a reader of Parquet gives many, and each would be looked up value by value."""

    def place(part: pa.DictionaryArray) -> tuple[int, ...]:
        values = part.dictionary
        return (len(values), values.offset, *(buffer.address if buffer else 0 for buffer in values.buffers()))

    runs = [list(parts) for _, parts in itertools.groupby(column.chunks, place)]
    return pa.chunked_array(
        pa.DictionaryArray.from_arrays(pa.concat_arrays([part.indices for part in run]), run[0].dictionary)
        for run in runs
    )


def _seconds(column: pa.ChunkedArray) -> Ints:
    """Times as whole seconds (fractions cut off downwards)."""
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type) and not column.null_count:
        whole: Ints = column.cast(pa.int64()).to_numpy()
        if len(whole) and max(int(whole.max()), -int(whole.min())) > _MILLISECONDS:
            raise EventsRefused(*_TOO_LARGE)
        return whole
    if pa.types.is_null(column.type) and len(column):
        raise EventsRefused("no event has a time", _EXPECTED)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _parsed(column)
    if pa.types.is_timestamp(column.type):
        scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
        column = pc.floor(pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(scale)))
    bad = column.null_count
    values = np.asarray(column.to_numpy() if not bad else pc.fill_null(column, 0).to_numpy(), dtype=np.float64)
    bad += int((~np.isfinite(values)).sum())
    if bad:
        raise EventsRefused(f"{bad} of {len(values)} events have no time", "Leave these rows out, or give them a time")
    if len(values) and np.abs(values).max() > _MILLISECONDS:
        raise EventsRefused(*_TOO_LARGE)
    return np.floor(values).astype(np.int64)


def _parsed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Seconds out of text: numbers, or dates as ISO 8601 (UTC where no zone is given)."""
    import pyarrow.compute as pc

    for kind in (pa.float64(), pa.timestamp("us", tz="UTC"), pa.timestamp("us")):
        try:
            return pc.cast(column, kind)
        except pa.ArrowException:
            continue
    raise EventsRefused("timestamp_share holds text that is no time", "Write seconds since 1970, UTC")


def number(events: pa.Table) -> Events:
    """`check`, then ids as whole numbers; rows in which an id is missing are left out and counted."""
    import pyarrow.compute as pc

    table = check(events)
    before = table.num_rows
    named = [name for name in table.column_names if name not in ("timestamp_share", "modality")]
    if any(table[name].null_count for name in named):
        whole = pc.is_valid(table[named[0]])
        for name in named[1:]:
            whole = pc.and_(whole, pc.is_valid(table[name]))
        table = table.filter(whole)
    with ThreadPoolExecutor(2) as pool:
        account, thing = pool.map(coded, (table["account_id"], table["object_id"]))
    kinds = _modality(table)
    o, objects, modality_of = _split(thing, kinds)
    return Events(
        table=table,
        o=o,
        a=account[0],
        t=table["timestamp_share"].to_numpy(),
        modality_of=modality_of,
        modalities=tuple(kinds[1].to_pylist()),
        accounts=account[1],
        objects=objects,
        dropped=before - table.num_rows,
    )


def _modality(table: pa.Table) -> tuple[Numbers, pa.StringArray]:
    """Each row's place among the modalities in order of their names, and these."""
    import pyarrow.compute as pc

    if "modality" not in table.column_names or not table.num_rows:
        return np.zeros(table.num_rows, np.int32), pa.array([""])
    codes, names = coded(pc.fill_null(table["modality"].cast(pa.string()), ""))
    order = pc.sort_indices(names)
    place = np.empty(len(order), dtype=np.int32)
    place[order.to_numpy()] = np.arange(len(order))
    return place[codes], names.take(order)


def coded(column: pa.ChunkedArray) -> tuple[Numbers, pa.StringArray]:
    """Each value's number, and the values."""
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    if column.num_chunks == 0:
        return np.empty(0, np.int32), pa.array([], pa.string())
    codes = [np.asarray(chunk.indices, dtype=np.int32) for chunk in column.chunks]
    return np.concatenate(codes), column.chunk(0).dictionary


def _split(thing: tuple[Numbers, pa.StringArray], kinds: tuple[Numbers, pa.StringArray]) -> tuple[
    Numbers, pa.StringArray, Ints
]:  # fmt: skip
    """Number objects so that one name in two modalities is two objects."""
    (o, names), (m, modalities) = thing, kinds
    if len(modalities) <= 1:
        return o, names, np.zeros(len(names), np.int64)
    both, o = renumber(o.astype(np.int64) * len(modalities) + m, len(names) * len(modalities))[::-1]
    return o, names.take(pa.array(both // len(modalities))), both % len(modalities)
