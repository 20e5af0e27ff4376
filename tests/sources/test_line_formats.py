"""Formats of one record a line: what is written is read, in whatever order and in however many files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import registry
from tecolote.sources.base import Reader
from tests.corpus import exports
from tests.sources.reading import content, read, rows

#: Formats of which each line stands for itself. Chats as documents do not, nor Telethon's lines, where a message that
#: names no channel is of the channel before; nor 4CAT's, where a file is one data set of one platform.
MODULES = (
    "bluesky", "instagram_download", "instagram_instaloader", "reddit", "tiktok_research", "x_graphql", "x_v1", "x_v2",
    "youtube_api", "ytdlp",
)  # fmt: skip
SEEDS = Path(__file__).parents[1] / "fuzz" / "seeds"


def _reader(name: str) -> Reader:
    return registry.READERS[registry.MODULES.index(name)]


def _alone(reader: Reader, line: bytes) -> bool:
    """Whether ``line`` is a file of this format by itself that gives rows."""
    try:
        whole = isinstance(json.loads(line), dict)
    except ValueError:
        return False
    if not whole or registry.pick(line, "file") is not reader:
        return False
    sink = read(reader, line + b"\n")
    return sink.count == 1 and not sink.quarantined and any(sink.rows.values())


def _file(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _pools() -> dict[str, tuple[Reader, list[bytes]]]:
    """By format, lines of our seeds that are a file by themselves."""
    found = {}
    for module in MODULES:
        lines = {line for seed in sorted((SEEDS / module).glob("*")) for line in seed.read_bytes().splitlines()}
        found[module] = _reader(module), sorted(line for line in lines if _alone(_reader(module), line))
    return found


POOLS = _pools()
formats = pytest.mark.parametrize("module", sorted(POOLS))


@formats
@given(data=st.data())
def test_the_order_of_lines_does_not_matter(module: str, data: st.DataObject) -> None:
    reader, pool = POOLS[module]
    lines = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=6))
    other = data.draw(st.permutations(lines))
    assert content(read(reader, _file(lines))) == content(read(reader, _file(other)))


@formats
@given(data=st.data())
def test_two_files_give_what_one_gives(module: str, data: st.DataObject) -> None:
    reader, pool = POOLS[module]
    lines = data.draw(st.lists(st.sampled_from(pool), min_size=2, max_size=6))
    at = data.draw(st.integers(1, len(lines) - 1))
    whole = content(read(reader, _file(lines)))
    halves = [content(read(reader, _file(part))) for part in (lines[:at], lines[at:])]
    for table, found in whole.items():
        # An account that stands in both files is said by both.
        assert set(map(repr, found)) == {repr(row) for half in halves for row in half[table]}


#: What any store can hold: no lone surrogates, no NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)
moments = st.datetimes(datetime(2007, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
numbers = st.integers(0, 2**62)


@given(st.lists(st.tuples(numbers, texts, moments, st.integers(0, 2**40)), min_size=1, max_size=5))
def test_a_post_of_x_is_read_as_it_was_written(posts: list[tuple[int, str, datetime, int]]) -> None:
    written: list[dict[str, Any]] = []
    for number, text, at, likes in posts:
        post = exports.x_v2_post(0, text) | {"id": str(number), "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        post["entities"] = {}
        post["public_metrics"] = post["public_metrics"] | {"like_count": likes}
        written.append(post)
    sink = read(_reader("x_v2"), _file([json.dumps(post, ensure_ascii=False).encode() for post in written]))
    assert not sink.quarantined
    found = [(row["id"], row["text"], row["created_at"]) for row in rows(sink, "posts")]
    assert found == [(str(number), text, at) for number, text, at, _ in posts]


@given(st.lists(st.tuples(numbers, texts, moments), min_size=1, max_size=5))
def test_a_message_of_telegram_is_read_as_it_was_written(said: list[tuple[int, str, datetime]]) -> None:
    chat = exports.telegram(False)
    chat["messages"] = [
        chat["messages"][0] | {"id": n, "text": text, "date_unixtime": str(int(at.timestamp()))}
        for n, text, at in said
    ]  # fmt: skip
    sink = read(_reader("telegram"), json.dumps(chat, ensure_ascii=False).encode())
    assert not sink.quarantined
    found = [(row["text"], row["created_at"]) for row in rows(sink, "posts")]
    assert found == [(text, at) for _, text, at in said]


# A table's cells keep neither blanks around a text nor the kind of its line ends.
cells = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)


@given(st.lists(st.tuples(numbers, cells), min_size=1, max_size=5))
def test_a_row_of_a_table_is_read_as_it_was_written(written: list[tuple[int, str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "text"])
    writer.writerows([str(number), text] for number, text in written)
    sink = read(_reader("csv_any"), out.getvalue().encode())
    assert not sink.quarantined
    assert [(row["id"], row["text"]) for row in rows(sink, "posts")] == [(str(n), text) for n, text in written]


def test_every_format_has_lines_that_differ() -> None:
    assert all(len(pool) >= 2 for _, pool in POOLS.values())
