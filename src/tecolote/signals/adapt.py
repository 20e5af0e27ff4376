"""A reader that goes on learning: from posts that people labelled, starting at the package's weights.

The licensed sets that the package's weights were fitted on are not shipped, so nothing is fitted anew. The penalty of
the word reader and of the voice model is on the distance from the package's weights. The written examples are shown
again beside the labels, not with their own labels but with what the package says of them (Li and Hoiem 2016, *Learning
without forgetting*): they pull nowhere until the labels do. Which act a post performs stays with the package's theme
reader.

What is said of the new weights is said by weights that never saw the post: labels are divided into folds, and
sentences of one pair, or the same sentence twice, are never divided.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from tecolote.codebook import Codebook
from tecolote.decisions.codes import PROTECTED
from tecolote.errors import ModelError
from tecolote.signals.assess import Assessment, Assessor
from tecolote.signals.evaluate import Case, suite
from tecolote.signals.text.examples import Row, examples, framed
from tecolote.signals.text.model import VOICES, WORDS, Model
from tecolote.signals.text.ngrams import design, fit_words, signs
from tecolote.signals.text.normalise import fold
from tecolote.signals.text.reading import Reading, read
from tecolote.signals.text.terms import TermFinder
from tecolote.signals.text.train import Matrix, fit, rounded, weighed
from tecolote.signals.text.weights import Weights, shipped

#: Fewest labelled posts of perpetrators, and of others, from which anything is learnt.
LEAST = 20
#: Fewest of each from which probabilities are calibrated anew; below it the package's calibration is kept.
CALIBRATED_FROM = 100
#: Share of the reporters and victims in the package's pairs that a new model may flag more than the old; one of some
#: sixty is chance.
MOST_LOST = 0.02
_FOLDS = 5
_LABELS = "labels"
_FRAMES = 0.4
_SEEN = 3  # posts in which a cue must stand before it gets a weight of its own
_KEEP_WORDS, _KEEP_CUES = 0.05, 0.01


class Adapted(msgspec.Struct, frozen=True):
    """New weights, and figures (as from `suite`) on the labelled posts.

    Attributes:
        weights: fitted on all labels.
        before: of the package's weights.
        after: of weights that did not see the post.
        kept: figures on the package's own pairs that only measure: before and after.
        protected: posts of reporters and victims among those pairs.
        calibrated: whether probabilities were calibrated on the labels.
    """

    weights: Weights
    before: dict[str, Any]
    after: dict[str, Any]
    kept: tuple[dict[str, Any], dict[str, Any]]
    protected: int
    calibrated: bool

    def false_flags(self) -> tuple[int, int]:
        """Reporters and victims wrongly flagged among the labels: before, after."""
        return _protected(self.before), _protected(self.after)

    def lost(self) -> float:
        """Share of the reporters and victims in the package's pairs that would be flagged and were not, net."""
        return (_protected(self.kept[1]) - _protected(self.kept[0])) / self.protected


def adapt(cases: Sequence[Case], book: Codebook, progress: Callable[[int, int, str], None] | None = None) -> Adapted:
    """Weights that know ``cases``, and what is to be expected of them.

    Args:
        cases: labelled posts; of several voices that count as right the first is learnt.
        book: the codebook to read with.
        progress: called with steps done, steps in all, and what is being done.

    Raises:
        ModelError: too few posts of perpetrators or of others.
    """
    _enough(cases)
    tell = progress or (lambda done, of, what: None)
    old = [row for row in examples() if not row.held] + framed(_FRAMES)
    finder, start = TermFinder(book), shipped()
    known = [_Known(row, read(row.text, finder, None, start.words)) for row in old]
    labelled = [_Known(_row(case), read(case.text, finder, None, start.words)) for case in cases]
    parts = [zlib.crc32(each.row.unit.encode()) % _FOLDS for each in labelled]
    said: dict[str, Assessment] = {}
    opinions = np.zeros((len(labelled), 2))
    for k in range(_FOLDS):
        tell(k, _FOLDS + 2, "trying on posts that were not seen")
        mine = [i for i, part in enumerate(parts) if part == k]
        fitted = _fit(known + [each for each, part in zip(labelled, parts, strict=True) if part != k], start)
        reader = Assessor(book, weights=fitted)
        for i in mine:
            said[cases[i].text] = reader.assess(cases[i].text, cases[i].lang)
            opinions[i] = _opinions(labelled[i].reading, fitted)
    tell(_FOLDS, _FOLDS + 2, "fitting on all")
    weights = _fit(known + labelled, start)
    performs = np.array([float(known.row.voice == "perpetrator") for known in labelled])
    calibrated = min(performs.sum(), (1 - performs).sum()) >= CALIBRATED_FROM
    if calibrated:
        weights = _calibrated(weights, opinions, performs)
    tell(_FOLDS + 1, _FOLDS + 2, "measuring")
    held = [
        Case(r.text, r.unit, r.functionality, r.voice == "perpetrator", (r.voice,), r.themes, r.unit)
        for r in examples()
        if r.held
    ]
    before, after = Assessor(book), Assessor(book, weights=weights)
    return Adapted(
        weights,
        before=suite(cases, before),
        after=suite(cases, _Said(said)),
        kept=(suite(held, before), suite(held, after)),
        protected=sum(case.voices[0] in PROTECTED for case in held),
        calibrated=calibrated,
    )


def _protected(found: dict[str, Any]) -> int:
    """Reporters and victims wrongly flagged."""
    return sum(row["protected"] for row in found["false flags"])


class _Known(msgspec.Struct, frozen=True):
    row: Row
    reading: Reading


class _Said:
    """Answers with what was said of a text before."""

    def __init__(self, said: dict[str, Assessment]) -> None:
        self._said = said

    def assess(self, text: str, lang: str | None) -> Assessment:
        return self._said[text]


def _enough(cases: Sequence[Case]) -> None:
    acting = sum(case.voices[0] == "perpetrator" for case in cases)
    for many, of_whom in ((acting, "perpetrators"), (len(cases) - acting, "others")):
        if many < LEAST:
            raise ModelError(
                f"{many} labelled posts of {of_whom} are too few", f"Label {LEAST} at least, better some hundreds"
            )


def _row(case: Case) -> Row:
    unit = case.unit or case.pair or fold(case.text)
    return Row(case.text, case.voices[0], unit, _LABELS, 1.0, case.functionality, case.themes)


def _fit(known: list[_Known], start: Weights) -> Weights:
    """Weights near ``start`` that fit what is known."""
    weight = np.array([k.row.weight for k in known])
    y = np.array([_wanted(k, start) for k in known])
    found = [signs(k.reading.words, k.reading.features) for k in known]
    acts = [y[i, 0] if k.row.source == _LABELS else _chance(start.words.odds(found[i])) for i, k in enumerate(known)]
    words = fit_words(design(found), np.array(acts), weight, _KEEP_WORDS, start.words)
    names = sorted({*start.model.weights, *_met([k.reading for k in known])})
    place = {name: i for i, name in enumerate(names)}
    x, first = np.zeros((len(known), len(names))), np.zeros((len(names) + 1, len(VOICES)))
    for i, (k, sign) in enumerate(zip(known, found, strict=True)):
        features = k.reading.features | ({WORDS: words.odds(sign)} if WORDS in k.reading.features else {})
        for name, value in features.items():
            if name in place:
                x[i, place[name]] = value
    for name, row in start.model.weights.items():
        first[place[name]] = row
    first[-1] = start.model.bias
    fitted = fit(x, y, weight, first, _KEEP_CUES)
    rows = {name: rounded(fitted[i]) for name, i in place.items()}
    trained_on = {**start.model.trained_on, _LABELS: sum(k.row.source == _LABELS for k in known)}
    model = msgspec.structs.replace(start.model, bias=rounded(fitted[-1]), weights=rows, trained_on=trained_on)
    return Weights.of(model, words, start.themes)


def _wanted(known: _Known, start: Weights) -> list[float]:
    """Of each voice: 1 or 0 for a labelled post, for any other what the package says."""
    if known.row.source == _LABELS:
        return [float(voice == known.row.voice) for voice in VOICES]
    return start.model.plain(known.reading.features)


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _met(readings: list[Reading]) -> list[str]:
    counts: dict[str, int] = {}
    for reading in readings:
        for name in reading.features:
            counts[name] = counts.get(name, 0) + 1
    return [name for name, count in counts.items() if count >= _SEEN]


def _opinions(reading: Reading, weights: Weights) -> tuple[float, float]:
    """Log-odds of perpetrator that the features say, and those that the word reader says."""
    odds = weights.words.odds(signs(reading.words, reading.features)) if WORDS in reading.features else 0.0
    return weights.model.odds(reading.features | {WORDS: odds}), odds


def _calibrated(weights: Weights, opinions: Matrix, performs: Matrix) -> Weights:
    scale, reader, offset = weighed(opinions, performs, np.ones(len(performs)))
    model: Model = msgspec.structs.replace(weights.model, scale=scale, reader=reader, offset=offset)
    return Weights.of(model, weights.words, weights.themes)
