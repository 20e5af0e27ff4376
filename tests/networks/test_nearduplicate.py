"""The join of near-equal texts against every pair compared by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.errors import LimitExceeded, UsageError
from tecolote.networks import nearduplicate
from tecolote.networks.nearduplicate import near_groups, near_pairs

WORDS = ["uno", "dos", "tres", "seis", "ñandú", "été", "слово", "ten"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), max_size=12)
LONG = [f"palabra{i}" for i in range(10)]


def brute(texts: list[str], threshold: Fraction, least: int) -> dict[tuple[int, int], float]:
    sets = [set(t.split()) for t in texts]
    found = {}
    for (i, a), (j, b) in combinations(enumerate(sets), 2):
        if min(len(a), len(b)) >= least and Fraction(len(a & b), len(a | b)) >= threshold:
            found[i, j] = len(a & b) / len(a | b)
    return found


def listed(table: pa.Table) -> dict[tuple[int, int], float]:
    rows = table.to_pylist()
    assert rows == sorted(rows, key=lambda r: (r["left"], r["right"]))
    return {(r["left"], r["right"]): r["similarity"] for r in rows}


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.integers(1, 20), st.integers(1, 4))
def test_no_pair_is_missed_and_none_is_invented(texts: list[str], twentieths: int, least: int) -> None:
    threshold = Fraction(twentieths, 20)
    found = listed(near_pairs(texts, float(threshold), least))
    assert found == pytest.approx(brute(texts, threshold, least))


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.integers(1, 20))
def test_groups_are_the_connected_sets_of_pairs(texts: list[str], twentieths: int) -> None:
    groups = near_groups(texts, twentieths / 20, 1)
    for i, j in brute(texts, Fraction(twentieths, 20), 1):
        assert groups[i] == groups[j]
    for i, text in enumerate(texts):
        assert (groups[i] == -1) == (not text.split())
        assert groups[i] <= i
        if groups[i] >= 0:
            assert groups[groups[i]] == groups[i]
    alone = set(range(len(texts))) - {k for pair in brute(texts, Fraction(twentieths, 20), 1) for k in pair}
    assert all(groups[i] == i for i in alone if texts[i].split())


def test_large_random_sets_agree_with_the_comparison_of_all_pairs() -> None:
    random = np.random.default_rng(11)
    texts = []
    for _ in range(600):
        base = random.choice(60, int(random.integers(2, 30)), replace=False)
        for _ in range(int(random.integers(1, 3))):
            texts.append(" ".join(f"w{k}" for k in base[random.random(len(base)) < 0.95]))
    for threshold in (Fraction(1, 2), Fraction(4, 5), Fraction(1)):
        assert listed(near_pairs(texts, float(threshold), 3)) == pytest.approx(brute(texts, threshold, 3))


def test_what_is_not_a_word_does_not_count() -> None:
    text = " ".join(LONG)
    other = f"@someone {text.upper()}!!! 🍕 https://a.example/x?y=1"
    assert listed(near_pairs([text, None, other, "", "🍕🍕", "   "])) == {(0, 2): 1.0}
    assert near_groups([text, None, other, ""]).tolist() == [0, -1, 0, -1]


def test_the_threshold_is_met_exactly() -> None:
    nine = " ".join(LONG[:9])
    assert listed(near_pairs([" ".join(LONG), nine], 0.9)) == {(0, 1): 0.9}
    assert listed(near_pairs([" ".join(LONG), nine], 0.900001)) == {}


def test_nothing_gives_nothing_and_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for texts in ([], [None], ["corto"], ["", ""]):
        assert near_pairs(texts).num_rows == 0
        assert near_groups(texts).tolist() == [-1] * len(texts)
    for threshold in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(UsageError, match="similarity"):
            near_pairs(["a"], threshold)
    with pytest.raises(UsageError, match="words"):
        near_pairs(["a"], 0.8, 0)
    monkeypatch.setattr(nearduplicate, "MOST_PAIRS", 2)
    with pytest.raises(LimitExceeded):
        near_pairs([" ".join(LONG)] * 3)
    assert near_groups([" ".join(LONG)] * 3).tolist() == [0, 0, 0]
