"""JSON as found: spans, hostile documents, glimpses; and the registry that picks a reader by bytes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.errors import CannotRecompute
from tecolote.sources import registry
from tecolote.sources.base import MAX_DEPTH, Sink, Source
from tecolote.sources.jsonbytes import Piece, Unreadable, decode, depth, glimpse, not_utf8, pieces
from tests.sources.reading import counts, read

JSON_READERS = [r for r in registry.READERS if type(r).__mro__[1].__name__ == "JsonReader" or r.name == "x_api_v2"]


def _pieces(raw: bytes, *into: str) -> tuple[list[Piece], Sink]:
    sink = Sink()
    return list(pieces(Source("f", io.BytesIO(raw), len(raw)), sink, frozenset(into))), sink


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=3), _json, max_size=3), max_size=5), st.sampled_from([None, 0, 3]))
def test_spans_of_a_list_decode_to_its_elements(values: list[Any], indent: int | None) -> None:
    raw = json.dumps({"items": values, "kind": "k"}, indent=indent, ensure_ascii=False).encode()
    found, sink = _pieces(raw, "items")
    assert [json.loads(p.raw) for p in found] == values
    assert all(raw[p.start : p.start + len(p.raw)] == p.raw for p in found)
    assert all(p.envelope == {"kind": "k"} for p in found)
    assert not sink.quarantined
    lines = b"\n".join(json.dumps(v).encode() for v in values)
    assert [json.loads(p.raw) for p in _pieces(lines)[0]] == values


def test_a_document_cut_off_gives_what_is_whole_and_says_the_rest() -> None:
    raw = json.dumps({"data": {"videos": [{"id": n} for n in range(5)]}}, indent=1).encode()
    found, sink = _pieces(raw[: raw.index(b'"id": 3')], "data", "videos")
    assert [json.loads(p.raw)["id"] for p in found] == [0, 1, 2]
    assert len(sink.quarantined) == 1


def test_documents_that_follow_each_other_and_a_byte_order_mark() -> None:
    two = b"\xef\xbb\xbf" + b"\n".join(json.dumps({"n": n}, indent=1).encode() for n in range(2))
    found, sink = _pieces(two)
    assert [json.loads(p.raw)["n"] for p in found] == [0, 1]
    assert not sink.quarantined
    assert two[found[1].start :].startswith(b"{")


def test_a_broken_line_costs_that_line() -> None:
    found, sink = _pieces(b'{"a":1\n{"b":2}\n\n{"c":3}\n')
    assert [p.locator for p in found] == ["line 2", "line 4"]
    assert [where for where, _ in sink.quarantined] == ["line 1"]


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b'{"a":' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a" 1}', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_what_is_refused(raw: bytes, word: str) -> None:
    with pytest.raises(Unreadable, match=word):
        decode(raw, lambda _: None)


def test_what_is_said() -> None:
    notes: list[str] = []
    assert decode(b'{"a":1,"a":2}', notes.append) == {"a": 2}
    assert decode(b'{"a":"ni\xf1o"}', notes.append) == {"a": "ni\ufffdo"}
    assert len(notes) == 2
    assert "twice" in notes[0]
    assert "UTF-8" in notes[1]


def test_brackets_in_strings_are_no_nesting() -> None:
    assert depth(json.dumps(["[{" * 2000, '"[\\' * 600]).encode()) == 1
    assert depth(b"[" * 700 + b"]" * 700) == 700


@pytest.mark.parametrize("reader", JSON_READERS, ids=lambda r: r.name)
@pytest.mark.data
def test_hostile_json_ends_in_quarantine_without_rows(reader: Any, data: Path) -> None:
    for entry in json.loads((data / "evidence" / "hostile" / "index.json").read_bytes()):
        if entry["kind"] == "json" or entry["file"].endswith(".jsonl"):
            raw = (data / "evidence" / "hostile" / entry["file"]).read_bytes()
            sink = read(reader, raw)
            assert not counts(sink), entry["file"]
            assert sink.quarantined, entry["file"]


@pytest.mark.data
def test_hostile_json_has_no_reader(data: Path) -> None:
    for entry in json.loads((data / "evidence" / "hostile" / "index.json").read_bytes()):
        if entry["kind"] == "json":
            raw = (data / "evidence" / "hostile" / entry["file"]).read_bytes()
            assert registry.pick(raw[:65536], "tweets.jsonl") is None, entry["file"]


def test_glimpse_names_the_paths_of_keys() -> None:
    raw = b'[{"a": {"b": [1, {"c": "x, \\"d\\": 1"}]}, "e": "[{"}]'
    assert glimpse(raw) == {"[].a", "[].a.b", "[].a.b[].c", "[].e"}
    assert glimpse(b'{"id": "1", "te') == {"id"}
    assert glimpse(b"id;text") == frozenset()


@pytest.mark.data
def test_samples_are_recognised_by_their_bytes(data: Path) -> None:
    folders = {
        "x_api_v2": "x_api_v2", "x_api_v1": "x_api_v1", "bluesky": "bluesky", "youtube_data_api": "youtube_data_api",
        "ytdlp_info_json": "ytdlp_info_json", "tiktok_research_api": "tiktok_research_api",
        "instagram_instaloader": "instagram_instaloader",
    }  # fmt: skip
    ours = set(folders.values())
    for file in sorted((data / "exports").glob("*/*")):
        if not file.is_file() or file.name == "README.md":
            continue
        with file.open("rb") as stream:
            reader = registry.pick(stream.read(65536), "renamed.bin")
        name = reader.name if reader else None
        expected = folders.get(file.parent.name)
        assert name == expected if expected else name not in ours, file


def test_readers_describe_themselves_and_are_found_again() -> None:
    names = [r.name for r in registry.READERS]
    assert len(names) == len(set(names))
    for reader in registry.READERS:
        assert reader.title
        assert reader.obtained
        assert registry.by_name(reader.name, reader.version) is reader
    with pytest.raises(CannotRecompute):
        registry.by_name("x_api_v2", "0")


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b'{"id":"1","text":"x","lang":"es"}', b"\x00" * 100])
def test_what_no_reader_claims_has_no_reader(raw: bytes) -> None:
    found = registry.pick(raw, "export.json")
    assert found is None or found.name == "csv"


def test_json_that_no_reader_claims_and_that_is_not_utf8_is_said() -> None:
    assert "0xe9" in not_utf8(io.BytesIO('{"a": "é"}'.encode("latin-1")))
    for fine in ('{"a": "é"}'.encode(), b"", b"\xff\xd8\xff", "é".encode("latin-1"), b" [" + b'"\xc3\xa9",' * 200_000):
        assert not_utf8(io.BytesIO(fine)) == ""
