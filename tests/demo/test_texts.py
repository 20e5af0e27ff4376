"""The words: no five in a row are shared with what the reader knows, and nothing real is named."""

from __future__ import annotations

import csv
import gzip
import json
import re
import unicodedata
from collections.abc import Iterator
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from tecolote.demo import _invent, world
from tecolote.demo.world import Post


def _fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def _grams(text: str, size: int = 5) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", _fold(text))
    return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(_strings, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_strings, value))


def _known(folder: Path) -> Iterator[tuple[str, str]]:
    """Every sentence of the data and rule files below ``folder``, with the file's name."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".yaml", ".yml"):
            yield from ((path.name, text) for text in _strings(yaml.safe_load(path.read_text("utf-8"))))
        elif path.suffix in (".json", ".jsonl", ".txt", ".csv", ".tsv", ".py"):
            yield from ((path.name, line) for line in path.read_text("utf-8").splitlines())


def _shared(posts: list[Post], known: Iterator[tuple[str, str]]) -> set[str]:
    where = {gram: name for name, text in known for gram in _grams(text)}
    return {f"{where[g]}: {' '.join(g)}" for post in posts for g in _grams(post.text) if g in where}


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    """Posts of three worlds of full size; one is hostile."""
    quiet = [_invent(seed, hostile, 1.0, lambda step, number: None)[0] for seed, hostile in ((1, False), (2, True))]
    return [post for invented in quiet for post in invented.posts]


def test_no_five_words_in_a_row_are_shared_with_the_reader(posts) -> None:
    package = Path(str(resources.files("tecolote")))
    known = chain(_known(package / "codebook"), _known(package / "signals"))
    assert _shared(posts, known) == set()


@pytest.mark.data
def test_no_five_words_in_a_row_are_shared_with_the_checklist(posts, data) -> None:
    lines = (data / "text" / "narcocheck-dev.jsonl").read_text("utf-8").splitlines()
    assert _shared(posts, (("narcocheck", json.loads(line)["text"]) for line in lines)) == set()


@pytest.mark.data
def test_no_real_municipality_is_named(posts, data) -> None:
    with gzip.open(data / "places" / "mx_municipios_2020.csv.gz", "rt", encoding="utf-8") as lines:
        real = {row["municipio_norm"] for row in csv.DictReader(lines)}
    invented = {*world.TOWNS, *world.OUTLETS, *world.QUARTERS, *world.STREETS}
    assert {name for name in invented if _fold(name) in real} == set()
    # Names of several words cannot be ordinary words; "la misión" is one of a video game.
    said = {" ".join(gram) for post in posts for size in range(2, 7) for gram in _grams(post.text, size)}
    several = {name for name in real if " " in name} & said
    assert several <= {"la mision"}


@pytest.mark.data
def test_no_real_group_is_named(posts, data) -> None:
    names = set()
    for file in ("ucdp_groups_mexico", "ppd_group_mentions"):
        with gzip.open(data / "places" / "groups" / f"{file}.csv.gz", "rt", encoding="utf-8") as lines:
            names |= {_fold(cell) for row in csv.reader(lines) for cell in row if len(cell) > 8}
    aliases = {_fold(alias) for group in world.GROUPS for alias in group.aliases}
    assert {a for a in aliases if any(a.split()[-1] in name for name in names)} == set()


def test_texts_are_varied(posts) -> None:
    own = [post.text for post in posts if not post.repost_of]
    assert len(set(own)) > 0.9 * len(own)
    crimes = [post.text for post in posts if post.flag and not post.repost_of]
    assert len({" ".join(next(_grams(text, 4), ())) for text in crimes}) > 900


def test_links_lead_nowhere(posts) -> None:
    hosts = {m[1] for post in posts for m in re.finditer(r"https?://([^/\s]+)", post.text)}
    assert {host for host in hosts if not host.endswith(".example")} <= {"t.me"}


def test_both_directions_hold_hard_cases(posts) -> None:
    """Reporters quote what perpetrators say, jokes and football threaten, and some crimes name no group."""
    quoted = [p for p in posts if p.act == "news_quote" and re.search(r"se va a arrepentir|ya no regresa", p.text)]
    assert len(quoted) > 30
    assert any("no salen vivos" in p.text for p in posts if p.voice == "neutral")
    unnamed = [p for p in posts if p.flag and p.group is None]
    assert len(unnamed) > 200
