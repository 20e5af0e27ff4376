"""Every field of every sample is declared, and is what it is declared to be: changing it changes these columns only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tecolote.sources import fields, registry
from tecolote.sources.base import Options, Reader
from tests.conftest import DATA, ROOT
from tests.sources.altering import CHANGES, Document, difference, effect
from tests.sources.reading import read

#: Of no format with records of their own: pages and videos that were kept, containers, an archive of the old form
#: (`test_warc` reads it), and the same lines once more, compressed (`test_reddit` compares them).
_OTHER = {".html", ".mp4", ".wacz", ".arc", ".zst", ".md"}
#: Samples in which a record is quarantined, and why that is right.
_QUARANTINED = {
    "counts.jsonl": "README: 'must be refused with a clear message'",
    "lists.jsonl": "README: 'neither post nor account'",
    "streaming_output_with_error.jsonl": "README: 'the line that is cut off mid-record'",
    "example-trunc.warc": "README: 'truncated'",
    "example-digest.warc": "its first record states another digest than its payload has (test_warc recomputes it)",
    "minet_likes.csv": "README: 'free-form columns': nothing in it is a post or an account until --map says so",
    "minet_tweet_attrition.csv": "its row 16 holds an address of a profile and nothing else: neither id nor state",
}
FORMATS = [reader.name for reader in registry.READERS if fields.load(reader.name)]


@cache
def samples() -> dict[str, list[tuple[Path, Document]]]:
    """The samples by the reader that takes them."""
    found: dict[str, list[tuple[Path, Document]]] = {}
    for path in sorted((DATA / "exports").rglob("*")):
        if path.is_file() and path.suffix not in _OTHER:
            raw = path.read_bytes()
            reader = registry.pick(raw[:65536], path.name)
            assert reader is not None, path
            found.setdefault(reader.name, []).append((path, Document.of(raw, path.name)))
    return found


def reader_of(name: str) -> tuple[Reader, Options]:
    """A reader, and what a user says who knows the export."""
    reader = next(r for r in registry.READERS if r.name == name)
    known = Options(timezone="America/Mexico_City", date_order="dmy")
    return reader, replace(known, mapping={"account_id": "=99"}) if name == "x_archive" else known


@pytest.mark.data
def test_no_sample_is_without_a_list_of_fields() -> None:
    assert samples().keys() == set(FORMATS)


@pytest.mark.data
@pytest.mark.parametrize("name", FORMATS)
def test_every_field_stands_in_one_class(name: str) -> None:
    declared = fields.load(name)
    assert declared is not None
    stated = set().union(*(document.fields() for _, document in samples()[name]))
    assert sorted(declared.all) == sorted(stated), "each once, and none that no sample has"
    assert all(why.strip() for why in declared.raw.values())


@pytest.mark.data
@pytest.mark.parametrize("name", FORMATS)
def test_a_mapped_field_changes_its_columns(name: str) -> None:
    declared, (reader, options) = fields.load(name), reader_of(name)
    assert declared is not None
    for field, columns in declared.mapped.items():
        changed = [
            effect(reader, document, field, options) for _, document in samples()[name] if field in document.fields()
        ]
        assert set().union(*changed) == set(columns), field
    for field, (others, columns) in declared.instead.items():
        rest = [document.without(list(others)) for _, document in samples()[name] if field in document.fields()]
        changed = [effect(reader, document, field, options) for document in rest if field in document.fields()]
        assert set().union(*changed) == set(columns), (field, others)
        assert columns


@pytest.mark.data
@pytest.mark.parametrize("name", FORMATS)
def test_any_other_field_changes_nothing(name: str) -> None:
    """All of them at once, in each way; only where that shows, each for itself."""
    declared, (reader, options) = fields.load(name), reader_of(name)
    assert declared is not None
    other = sorted({*declared.instead, *declared.raw, *declared.unknown})
    for path, document in samples()[name]:
        base = read(reader, document.write(), options=options)
        held = [field for field in other if field in document.fields()]
        for change in CHANGES:
            changed = document
            for field in held:
                changed = changed.altered(field, change)
            if difference(base, read(reader, changed.write(), options=options)):
                assert [f for f in held if effect(reader, document, f, options)] == [], path.name
                break


@pytest.mark.data
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_quarantined_is_said_by_the_readme_and_writing_it_again_changes_nothing(name: str) -> None:
    reader, options = reader_of(name)
    for path, document in samples()[name]:
        found = read(reader, path.read_bytes(), path.name, options)
        assert bool(found.quarantined) == (path.name in _QUARANTINED), (path.name, found.quarantined)
        again = read(reader, document.write(), path.name, options)
        allowed = {"posts.id", "posts.thread_id", "threads.id"} if path.name == "mojibake_so50008296.json" else set()
        assert difference(found, again) <= allowed, "a conversation without a name is known by its bytes"


def test_the_page_is_what_the_lists_say() -> None:
    assert (ROOT / "docs" / "formats.md").read_text("utf-8") == fields.page() + "\n", (
        "run: python -m tecolote.sources.fields > docs/formats.md"
    )
