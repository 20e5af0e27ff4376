"""Whatever is done to a file, its reader ends without an exception, and what it cannot read is quarantined."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tecolote.sources import (
    crowdtangle,
    facebook_posts,
    fourcat,
    instagram_download,
    instagram_web,
    registry,
    x_archive,
    x_graphql,
)
from tecolote.sources.base import MAX_DEPTH, Reader
from tests.sources import test_crowdtangle, test_fixed_tables, test_fourcat, test_instagram_files
from tests.sources.reading import read
from tests.sources.test_x_archive import CHAT, js
from tests.sources.test_x_archive import post as archived
from tests.sources.test_x_graphql import captured, page, tweet, user

DOCUMENTS: list[tuple[Reader, Any]] = [
    (x_graphql.READER, json.loads(captured(tweet("5", quoted_status_id_str="6", in_reply_to_status_id_str="7")))),
    (x_graphql.READER, json.loads(page(tweet("1"), {"__typename": "TweetTombstone", "reason": "x"}))),
    (x_graphql.READER, {"data": {"user": {"result": user("3") | {"relationship_counts": {"followers": 3}}}}}),
    (instagram_web.READER, test_instagram_files.web(carousel_media=[{"pk": 1, "media_type": 1}], comments=[{"pk": 2}])),
    (instagram_download.READER, [{"media": [{"uri": "a.jpg", "creation_timestamp": 1, "media_metadata": {"a": {}}}]}]),
    (instagram_download.READER, {"profile_user": [{"string_map_data": {"Name": {}, "Username": {"value": "a"}}}]}),
    (facebook_posts.READER, [{"timestamp": 1, "data": [{"post": "x"}], "attachments": [{"data": [{"media": {}}]}]}]),
    (crowdtangle.READER, {"result": {"posts": [test_crowdtangle.post(media=[{"type": "photo", "width": 3}])]}}),
    (fourcat.READER, test_fourcat.BASE | {"like_count": 3, "hashtags": ["a"]}),
]  # fmt: skip
WRONG = (None, True, -1, 1.5e18, 10**30, "", "1.0E+18", "\ud800", [], {}, [[]], [None], {"a": 1}, "x" * 5000)


def spoiled(value: Any) -> Iterator[Any]:
    """``value`` with each of its parts in turn replaced by each wrong value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: wrong} for wrong in WRONG)
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in spoiled(inner))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in (*WRONG, *spoiled(inner)))


@pytest.mark.parametrize(("reader", "value"), DOCUMENTS, ids=lambda v: getattr(v, "name", ""))
def test_wrong_types_anywhere(reader: Reader, value: Any) -> None:
    for changed in spoiled(value):
        read(reader, json.dumps(changed).encode())


def test_wrong_types_in_archives() -> None:
    for section, item in (("tweets", archived("5", entities={"hashtags": [{"text": "a"}]})), ("direct_messages", CHAT)):
        for changed in spoiled(item):
            read(x_archive.READER, js(section, changed))


@pytest.mark.parametrize(("reader", "value"), DOCUMENTS, ids=lambda v: getattr(v, "name", ""))
def test_bytes_that_are_no_json(reader: Reader, value: Any) -> None:
    raw = json.dumps(value).encode()
    chance = random.Random(7)
    for _ in range(60):
        flipped = bytearray(raw)
        for _ in range(chance.randrange(1, 4)):
            flipped[chance.randrange(len(flipped))] = chance.randrange(256)
        read(reader, bytes(flipped))
        read(reader, raw[: chance.randrange(len(raw))])
    deep = b"[" * (MAX_DEPTH + 5) + b"]" * (MAX_DEPTH + 5)
    for odd in (b"", b"\xef\xbb\xbf" + raw, raw.replace(b"1", b"NaN"), raw.replace(b'"x"', deep), deep, b"\x00" * 50):
        read(reader, odd)


@pytest.mark.parametrize(
    ("reader", "columns", "item", "pid"), test_fixed_tables.ALL, ids=lambda v: getattr(v, "name", "")
)
def test_wrong_cells_anywhere(reader: Reader, columns: list[str], item: dict[str, str], pid: str) -> None:
    for name in columns:
        for wrong in ("", "-1", "NaN", "1e30", "[", '["a", {"b": 1}]', "9" * 40, "\x00", "x" * 5000, "2020-99-99"):
            sink = read(reader, test_fixed_tables.table(columns, item | {name: wrong}))
            assert sink.count == 1 or (wrong == "\x00" and sink.quarantined)


def test_what_a_reader_recognises_it_can_read() -> None:
    for reader, value in DOCUMENTS:
        raw = json.dumps(value).encode()
        assert registry.pick(raw, "renamed.bin") is reader
        sink = read(reader, raw)
        assert any(sink.rows.values()) and not sink.quarantined
