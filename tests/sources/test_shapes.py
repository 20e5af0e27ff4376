"""Ids, counts, times and the tolerant mapping."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import count, epoch, fit, ident, moment, small
from tecolote.sources.x_shapes import Line, Post


@given(st.integers(0, 10**40))
def test_integer_ids_keep_every_digit(number: int) -> None:
    assert ident(number) == str(number) == ident(str(number))


@pytest.mark.parametrize("lost", [1.0, 1e18, float("inf"), "1.01421E+18", "1e18", "12.0", True, [1], {}])
def test_ids_that_are_no_ids_are_refused(lost: Any) -> None:
    with pytest.raises(Unreadable):
        ident(lost)


def test_names_that_look_like_numbers_are_names() -> None:
    assert ident("1234567e890", numeric=False) == "1234567e890"
    assert ident("") is None
    assert ident(None) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [("5", 5), (5, 5), (5.0, 5), (0, 0), (-1, None), (None, None), (True, None), ("x", None), (2**63, None),
     (5.5, None), ("٥", None), ([], None), (float("nan"), None), (float("inf"), None)],
)  # fmt: skip
def test_counts(found: Any, expected: int | None) -> None:
    assert count(found) == expected


def test_pixels_fit_their_column() -> None:
    assert small(2**31) is None
    assert small(2**31 - 1) == 2**31 - 1


@pytest.mark.parametrize(
    ("raw", "expected", "basis"),
    [
        ("2022-10-03T17:57:11.000Z", datetime(2022, 10, 3, 17, 57, 11, tzinfo=UTC), "utc"),
        ("2022-10-03T17:57:11+00:00", datetime(2022, 10, 3, 17, 57, 11, tzinfo=UTC), "utc"),
        ("2022-10-03T17:57:11-06:00", datetime(2022, 10, 3, 23, 57, 11, tzinfo=UTC), "offset"),
        ("Wed Oct 10 20:19:24 +0000 2018", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC), "utc"),
        ("Wed, 10 Oct 2018 20:19:24 +0200", datetime(2018, 10, 10, 18, 19, 24, tzinfo=UTC), "offset"),
        ("2022-10-03T17:57:11", None, "unknown"),
        ("0001-01-01T00:00:00+14:00", None, "unknown"),
        ("yesterday", None, "unknown"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_times(raw: str | None, expected: datetime | None, basis: str | None) -> None:
    assert moment(raw) == (expected, raw or None, basis)


@given(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.integers()), st.binary()))
def test_no_time_makes_a_reader_fall(value: Any) -> None:
    moment(value)
    epoch(value)
    epoch(value, 1_000_000)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(Post.__struct_fields__)), inner),
)


@given(st.dictionaries(st.sampled_from([*Line.__struct_fields__, "__twarc"]), _anything))
def test_the_tolerant_mapping_fits_or_refuses_anything(value: dict[str, Any]) -> None:
    try:
        found = fit(value, Line, lambda _: None)
    except Unreadable:
        return
    assert isinstance(found, Line)
    assert found.text is None or found.text == value["text"] or not isinstance(value["text"], str)
