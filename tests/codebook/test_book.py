"""The codebook at its contract: what loads, what is refused, and in which words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tecolote import codebook
from tecolote.errors import CodebookError


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_shipped_codebook_is_whole() -> None:
    book = codebook.load()
    assert len(book.themes) == 23
    assert len(book.terms) > 500
    assert book.groups["cjng"].us_fto.designated
    assert "tiktok" in book.platforms
    assert {t.severity for t in book.themes.values()} <= {0, 1, 2, 3, 4}


def test_extra_file_adds_and_changes_the_hash(tmp_path: Path) -> None:
    extra = _file(
        tmp_path,
        """
groups:
- {id: faro, name: Cártel del Faro, aliases: [la Lámpara, {alias: FRO, valid_from: 2024-01-01}]}
terms:
- {id: x1, term: gente del farol, kind: phrase, weight: 0.5, groups: [faro], ambiguity: low, themes: [glorification]}
""",
    )
    plain, more = codebook.load(), codebook.load(extra)
    assert more.sha256 != plain.sha256
    assert more.groups["faro"].names[2].valid_from == dt.date(2024, 1, 1)
    assert more.terms["x1"].groups == ("faro",)
    assert codebook.load(extra).sha256 == more.sha256


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("grups: []", "unknown key 'grups'"),
        ("groups:\n- {id: a, name: A, alias: [b]}", "groups 'a'"),
        ("terms:\n- {id: t, term: x, kind: word, weight: high}", "terms 't'"),
        ("terms:\n- {id: t, term: x, kind: word, weight: 3}", "weight outside"),
        ("terms:\n- {id: t, term: x, kind: word, weight: 0.1, groups: [nobody]}", "'nobody'"),
        ("groups:\n- {id: cjng, name: Again}", "defined twice"),
        ("groups: {a: b}", "not a list"),
        ("- a\n- b", "not a codebook"),
        ("groups: [", "not valid YAML"),
        ("groups:\n- {id: 'A B', name: x}", "id is not"),
        ("groups:\n- !!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_refusals_are_one_line_with_file_and_entry(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CodebookError) as caught:
        codebook.load(_file(tmp_path, text))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"nowhere\.yaml cannot be read"):
        codebook.load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (None, True),
        (dt.date(2024, 5, 31), False),
        (dt.date(2024, 6, 1), True),
        (dt.date(2024, 6, 30), True),
        (dt.date(2024, 7, 1), False),
    ],
)
def test_validity_includes_both_days(day: dt.date | None, holds: bool) -> None:
    name = codebook.Name(alias="x", valid_from=dt.date(2024, 6, 1), valid_to=dt.date(2024, 6, 30))
    assert codebook.active_on(name, day) is holds
