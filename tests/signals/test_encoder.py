"""An encoder that the user names: what it adds, what it leaves alone, and what is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from tecolote import codebook
from tecolote.errors import ModelError
from tecolote.signals.assess import Assessor
from tecolote.signals.text.encoder import UNSURE, Head, Meaning, load_encoder, shipped_head
from tecolote.signals.text.examples import examples
from tecolote.signals.text.heads import fit_head
from tecolote.signals.text.train import Trial

HERE = "tests.signals.test_encoder"
WIDE = 256


class Trigrams:
    """Counts of hashed letters three at a time: a small encoder, and a true one."""

    def encode(self, texts: list[str]) -> np.ndarray:
        """One row of counts per text."""
        found = np.zeros((len(texts), WIDE))
        for row, text in zip(found, texts, strict=True):
            for i in range(len(text) - 2):
                row[zlib.crc32(text[i : i + 3].lower().encode("utf-8", "replace")) % WIDE] += 1
        return found


class Flat(Trigrams):
    """No encoder: one number per text."""

    def encode(self, texts: list[str]) -> np.ndarray:
        """A row too few."""
        return super().encode(texts).sum(axis=1)


class Nothing:
    """Has no ``encode``."""


def test_an_example_is_nearest_to_itself() -> None:
    row = next(r for r in examples() if r.themes and not r.held)
    near = load_encoder(f"{HERE}:Trigrams").nearest(row.text)
    assert near[0].text == row.text
    assert near[0].likeness == pytest.approx(1, abs=0.01)
    assert near[0].theme == row.themes[0]


def test_without_a_head_no_verdict_changes_and_reasons_say_what_is_near() -> None:
    book = codebook.load()
    alone, asked = Assessor(book), Assessor(book, meaning=load_encoder(f"{HERE}:Trigrams"))
    assert alone.version != asked.version
    for row in examples()[::60]:
        before, after = alone.assess(row.text), asked.assess(row.text)
        assert (after.flag, after.probability, after.themes) == (before.flag, before.probability, before.themes)
        if after.flag and not row.held:
            assert any(reason.signal == "example" and row.text in reason.why for reason in after.reasons)


def test_a_head_moves_what_is_unsure_and_nothing_else() -> None:
    head = Head("t", tuple(1.0 for _ in range(WIDE)), bias=0.0, readers=1.0, meaning=2.0, offset=0.0)
    meaning = Meaning("t", Trigrams(), head)
    low, high = UNSURE
    for probability in (0.0, low / 2, low, high, 1.0):
        assert meaning.again("una frase", probability) == probability
    assert meaning.again("una frase", 0.5) > 0.5
    assert Meaning("other", Trigrams(), head).again("una frase", 0.5) == 0.5
    assert meaning.sha256 != Meaning("t", Trigrams()).sha256


@pytest.mark.parametrize("name", ["no_such_module_here:X", f"{HERE}:Absent", f"{HERE}:Nothing", f"{HERE}:Flat", "x"])
def test_what_is_no_encoder_is_refused(name: str) -> None:
    with pytest.raises(ModelError):
        load_encoder(name)


def test_a_head_is_fitted_and_weighed_with_what_the_readers_say() -> None:
    rows = [row for row in examples() if not row.held][::5]
    acts = np.array([row.voice == "perpetrator" for row in rows])
    count = len(rows)
    odds, fold = np.arange(count) % 3 - 1.0, np.arange(count) % 4  # readers who know nothing
    trial = Trial(rows, odds, np.zeros(count, dtype=np.int64), fold, np.ones(count, dtype=bool))
    head = fit_head("t", Meaning("t", Trigrams()), trial)
    assert head.meaning > abs(head.readers)
    again = [Meaning("t", Trigrams(), head).again(row.text, 0.5) for row in rows]
    assert np.mean(np.array(again)[acts]) > np.mean(np.array(again)[~acts]) + 0.01


def test_the_shipped_head_is_whole() -> None:
    head = shipped_head()
    assert head.encoder == "use"
    assert len(head.weights) == 512
    assert min(head.readers, head.meaning) > 0
