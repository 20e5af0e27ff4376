"""A codebook in shadow: what it would change, and where its terms are met."""

from __future__ import annotations

from pathlib import Path

import pytest

from tecolote import codebook
from tecolote.corpus.store import Corpus
from tecolote.signals.assess import Assessor
from tecolote.signals.shadow import diff, usage
from tests.signals.test_case import POSTS, write_case

OWN = """
terms:
  - {id: own-seen, term: jale, kind: word, weight: 0.6, themes: [recruitment]}
  - {id: own-press, term: fiscalía, kind: word, weight: 0.2, themes: [recruitment]}
  - {id: own-past, term: contras, kind: word, weight: 0.6, themes: [recruitment], valid_to: 2001-01-01}
  - {id: own-never, term: zzyzxq, kind: word, weight: 0.6, themes: [recruitment]}
groups:
  - {id: own-group, name: Gente de los Ejemplos, aliases: [la maña], countries: [MX]}
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(write_case(tmp_path))


@pytest.fixture
def own(tmp_path: Path) -> codebook.Codebook:
    (tmp_path / "own.yaml").write_text(OWN)
    return codebook.load(tmp_path / "own.yaml")


def test_the_codebook_in_force_changes_nothing(corpus: Corpus) -> None:
    book = codebook.load()
    assert list(diff(corpus, book, book)) == []


def test_changes_are_those_of_reading_each_post_with_either(corpus: Corpus, own: codebook.Codebook) -> None:
    old, new = Assessor(codebook.load()), Assessor(own)
    expected = set()
    for who, texts in POSTS.items():
        for i, text in enumerate(texts):
            a, b = old.assess(text, None, None), new.assess(text, None, None)
            if (a.flag, a.abstain, sorted(a.groups)) != (b.flag, b.abstain, sorted(b.groups)):
                expected.add(f"{who}-{i}")
    seen: list[int] = []
    found = list(diff(corpus, codebook.load(), own, seen.append))
    assert {c.post_id for c in found} == expected
    assert "member-0" in expected  # names the group that only the proposed codebook knows
    named = next(c for c in found if c.post_id == "member-0")
    assert named.groups_after == [*named.groups_before, "own-group"]
    assert any(label.startswith("group:own-group") for label in named.terms)
    assert sum(seen) == sum(map(len, POSTS.values()))


def test_terms_that_are_dead_or_out_of_date_are_told_from_those_in_use(corpus: Corpus, own: codebook.Codebook) -> None:
    ids = set(own.terms) - set(codebook.load().terms)
    rows = {row.term: row for row in usage(corpus, own, ids)}
    assert rows["own-never"].verdict == "dead"
    assert rows["own-past"].verdict == "out of date"
    assert (rows["own-past"].posts, rows["own-past"].outside_dates) == (0, 1)
    assert (rows["own-seen"].posts, rows["own-seen"].authors, rows["own-seen"].verdict) == (1, 1, "in use")
    press = rows["own-press"]
    assert press.posts == press.not_perpetrator == 2
    assert press.authors == 2
    assert str(press.first) == str(press.last) == "2025-01-01"
