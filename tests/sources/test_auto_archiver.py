"""auto-archiver's database: values read by hand, and a parser that evaluates nothing."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import python_repr
from tecolote.sources.auto_archiver import READER
from tecolote.sources.base import Options
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.registry import pick
from tests.sources.reading import counts, read, rows


@pytest.mark.data
def test_the_sample(data: Path) -> None:
    folder = data / "exports" / "auto_archiver"
    raw = (folder / "db.csv").read_bytes()
    found = pick(raw, "renamed.txt")
    assert found is not None
    assert found.name == READER.name
    sink = read(READER, raw)
    assert not sink.quarantined
    assert sink.count == len(list(csv.reader(io.StringIO(raw.decode())))) - 1 == 2
    assert counts(sink) == {"posts": 1, "media": 2, "observations": 2}
    seen, nothing = rows(sink, "observations")
    assert (seen["target_id"], seen["state"]) == ("http://127.0.0.1:8791/page.html", "live")
    assert seen["observed_at"] == datetime(2026, 11, 23, 15, 55, 1, 812256, tzinfo=UTC)
    assert (nothing["target_id"], nothing["state"], nothing["reason"]) == (
        "http://127.0.0.1:8791/missing.html", "unknown", "nothing archived",
    )  # fmt: skip
    (post,) = rows(sink, "posts")
    assert (post["text"], post["created_at"]) == ("Página de prueba (1)", None)
    for media in rows(sink, "media"):
        assert media["sha256"] == hashlib.sha256((folder / media["local_path"]).read_bytes()).hexdigest()
    assert [m["mime"] for m in rows(sink, "media")] == ["video/mp4", "text/html"]


def table(*cells: tuple[str, str, str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([("status", "metadata", "media"), *cells])
    return out.getvalue().encode()


def test_local_time_waits_for_a_zone_and_platforms_come_from_addresses() -> None:
    facts = "{'url': 'https://x.com/a/status/1', 'timestamp': datetime.datetime(2024, 1, 2, 3, 4, tzinfo=tzlocal())}"
    raw = table(("twitter: success", facts, "[{'_key': 'https://s3.example/f.jpg', 'properties': {'hash': 'no'}}]"))
    (post,) = rows(read(READER, raw), "posts")
    assert (post["platform"], post["created_at"], post["tz_basis"]) == ("x", None, "unknown")
    (given_zone,) = rows(read(READER, raw, options=Options(timezone="America/Mexico_City")), "posts")
    assert (given_zone["created_at"], given_zone["tz_basis"]) == (datetime(2024, 1, 2, 9, 4, tzinfo=UTC), "user_given")
    (media,) = rows(read(READER, raw), "media")
    assert (media["url"], media["local_path"], media["sha256"], media["type"]) == (
        "https://s3.example/f.jpg", None, None, "image",
    )  # fmt: skip


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(plain)
def test_plain_values_come_back(value: object) -> None:
    assert python_repr.parse(repr(value)) == ast.literal_eval(repr(value)) == value


@given(st.datetimes())
def test_times_come_back(when: datetime) -> None:
    assert python_repr.parse(repr(when)) == when
    assert python_repr.parse(repr(when.replace(tzinfo=UTC))) == when.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')", "open('/etc/passwd')", "{'a': lambda: 1}", "1+1", "f'{x}'", "b'x'", "[" * 60,
        "datetime.datetime(2024)", "datetime.datetime(2024, 13, 1)", "datetime.datetime(1, 1, 1, tzinfo='x')", "'a",
        "[1, 2", "", "1 2", "datetime.datetime(*a)", "-" * 9999, "tzlocal", "{1: 2,, }", "9" * 5000, "'" + "\\" * 9999,
    ],
)  # fmt: skip
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        python_repr.parse(text)


def test_hostile_rows_cost_themselves_only() -> None:
    good = ("a: success", "{'url': 'https://example.org/'}", "[]")
    raw = table(
        good, ("", "{}", "[]"), ("x", "5", "[]"), ("x", "{'url': 1.5}", ""), ("x: success", good[1], "[{"), good
    )
    sink = read(READER, raw + b'"x","{')
    assert len(sink.rows["posts"]) == 2
    assert len(sink.quarantined) == 5
    for cut in range(0, len(raw), 11):
        read(READER, raw[:cut])
    read(READER, raw.replace(b"success", b"\xff\xfe"))
