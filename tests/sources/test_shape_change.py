"""A platform changes a field: that record is mapped without it or quarantined, all others stay, no id is made up.

Every field of a record of the real samples is in turn removed, renamed and given another type.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tecolote.records import DATA_COLUMNS
from tecolote.sources.base import Sink
from tests.sources.altering import GONE, Document
from tests.sources.reading import read
from tests.sources.test_fields import FORMATS, reader_of, samples

_LOST = 1.577318900085186e18
_TYPES: tuple[Any, ...] = (GONE, None, _LOST, {"new": "shape"}, ["new shape"], True, "new value")
#: Keys under which documents hold their records.
_RECORDS = {"data", "statuses", "messages", "videos", "comments", "items", "posts", "feed", "orderedItems", "result"}
#: Alterations of a format that are tried: enough to reach every field of most, seconds in all.
_TRIED = 60
_IDS = {"id", "account_id", "post_id", "thread_id", "in_reply_to_id", "version_of", "target_id", "src", "dst"}
#: Whose cells are text whatever stands in them (`test_mutations` alters those).
_TABLES = {"csv", "fourcat", "auto_archiver", "whatsapp", "warc"}
#: Whose records speak of each other, so that one which cannot be read leaves the rows of the others another way.
_LINKED = {
    "mastodon_api": "numbers become addresses by the file's other statuses",
    "telegram_telethon": "the chat is known by its other messages where one does not name it",
}


def _listed(value: Any, depth: int = 0) -> list[Any] | None:
    """The records of a document that holds them in a list."""
    if isinstance(value, list) and not depth:
        return value
    if not isinstance(value, dict) or depth > 2:
        return None
    for key, inner in value.items():
        if key in _RECORDS and isinstance(inner, list) and len(inner) > 1 and isinstance(inner[0], dict):
            return inner
    return next((found for inner in value.values() if (found := _listed(inner, depth + 1))), None)


def _cases(document: Document) -> Iterator[tuple[bytes, bytes | None, str]]:
    """The document with up to four records, the first altered in one field; the others alone; what was done."""
    values = copy.deepcopy(document.values)
    found = values if len(values) > 1 else _listed(values[0]) or values
    if not all(isinstance(value, dict) for value in found[:4]):
        return
    if found is not values and "messages" in values[0]:
        values[0].setdefault("id", 5)  # without one, a chat is known by its first message
    first, others = found[0], found[1:4]

    def write(records: list[Any]) -> bytes:
        found[:] = records
        return document.join(document.before, values)

    rest = write(others) if others else None
    alone = Document([first], "", document.join)
    for field in sorted(alone.fields()):
        for new in _TYPES:
            changed = alone.altered(field, _always(new))
            if changed.values and changed.values != [first]:
                yield write([*changed.values, *others]), rest, f"{field} becomes {'nothing' if new is GONE else new!r}"
        renamed = json.dumps(first).replace(f'"{field.split(".")[-1]}":', '"renamed":')
        yield write([json.loads(renamed), *others]), rest, f"{field} is renamed"


def _always(new: Any) -> Callable[[Any], Any]:
    return lambda value: new if new is GONE else copy.deepcopy(new)


def _rows(sink: Sink, table: str) -> Counter[tuple[Any, ...]]:
    return Counter(row[1:] for row in sink.rows[table])


def _ids(sink: Sink) -> Iterator[str]:
    for table, rows in sink.rows.items():
        places = [at for at, name in enumerate(DATA_COLUMNS[table], 1) if name in _IDS]
        for row in rows:
            yield from (row[at] for at in places if row[at] is not None)


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in FORMATS if name not in _TABLES])
def test_one_altered_field_costs_its_record_at_most(name: str) -> None:
    reader, options = reader_of(name)
    cases = [case for _, document in samples()[name] for case in _cases(document)]
    assert cases
    without: dict[bytes, Sink] = {}
    for raw, rest, what in random.Random(5).sample(cases, min(_TRIED, len(cases))):
        sink = read(reader, raw, options=options)
        assert not any("e+18" in key or key in ("True", "None") or key[0] in "{[" for key in _ids(sink)), what
        if rest is not None and name not in _LINKED:
            if rest not in without:
                without[rest] = read(reader, rest, options=options)
            before = without[rest]
            for table in ("posts", "post_snapshots"):
                assert not _rows(before, table) - _rows(sink, table), what
