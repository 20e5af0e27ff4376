from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.web.text import plain, segments, visible

spans = st.lists(st.tuples(st.integers(-3, 60) | st.none(), st.integers(-3, 60) | st.none()), max_size=6)


@given(st.text(max_size=50), spans)
def test_segments_join_to_the_text_and_name_every_covering_reason(text, given_spans):
    found = segments(text, given_spans)
    assert "".join(part.text for part in found) == text
    at = 0
    for part in found:
        for offset in range(len(part.text)):
            covering = [
                n for n, (a, b) in enumerate(given_spans, 1) if a is not None and b is not None and a <= at + offset < b
            ]
            assert list(part.reasons) == covering
        at += len(part.text)


def test_spans_count_code_points_beyond_the_basic_plane():
    text = "🥷🏽 𝗮b"
    assert [(p.text, p.reasons) for p in segments(text, [(0, 2), (3, 4)])] == [
        ("🥷🏽", (1,)),
        (" ", ()),
        ("𝗮", (2,)),
        ("b", ()),
    ]


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\x07", "\u2028", "\u3164", "\U000e0041"]
)
def test_what_cannot_be_seen_is_marked(hidden):
    shown = visible(f"a{hidden}b")
    assert hidden not in shown
    assert f">U+{ord(hidden):04X}<" in shown
    assert plain(f"a{hidden}b") == f"aU+{ord(hidden):04X}b"


@pytest.mark.parametrize("emoji", ["👨‍👩‍👧", "🏴\U000e0067\U000e0062\U000e0065\U000e007f", "🏳️‍🌈", "❤️"])
def test_an_emoji_stays_whole(emoji):
    assert visible(emoji) == emoji


def test_a_joiner_between_letters_is_marked():
    assert "U+200D" in visible("ma\u200dta")


def test_a_flood_of_marks_is_counted_not_drawn():
    shown = visible("\u200b" * 100_000)
    assert len(shown) < 60_000
    assert "+99600" in shown


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))


def only_marks(html: str) -> bool:
    parser = Tags()
    parser.feed(html)
    return set(parser.found) <= {("span", ("class", "title")), ("span", ("class",))}


@given(st.text())
def test_nothing_of_the_text_becomes_markup(text):
    assert only_marks(visible(text))


@pytest.mark.data
def test_script_payloads_stay_text(data):
    lines = (data / "evidence" / "html" / "xss_payloads.jsonl").read_text("utf-8").splitlines()
    payloads = [json.loads(line)["payload"] for line in lines if line.strip()]
    assert len(payloads) > 200
    for payload in payloads:
        shown = visible(payload)
        assert only_marks(shown)
        assert not re.search(r"<(?!/?span\b)", shown)
