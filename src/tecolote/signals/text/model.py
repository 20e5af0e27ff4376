"""The voice of a post: a multinomial logistic model over named features, calibrated, in one JSON file.

Weights are numbers beside the names of what they weigh; nothing in the file can run. The probability of
the voice ``perpetrator`` comes from two opinions, that of these features and that of the word reader, weighed
(stacking: Wolpert 1992) and calibrated (Platt 1999) by a sigmoid fitted on files of examples that neither saw.
"""

from __future__ import annotations

import math

import msgspec

#: The feature that holds what the word reader says: its log-odds.
WORDS = "words"
VOICES = ("perpetrator", "reporter", "victim", "fan", "neutral")


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights per feature in the order of `VOICES`.

    Attributes:
        bias: per voice.
        weights: feature to weight per voice.
        scale, reader, offset: calibrated log-odds of perpetrator are ``scale`` times those of the features, plus
            ``reader`` times those of the word reader, plus ``offset``.
        abstain: probabilities between these two are not sure enough to say.
        trained_on: what the weights were fitted on, source to number of examples.
    """

    bias: tuple[float, float, float, float, float]
    weights: dict[str, tuple[float, float, float, float, float]]
    scale: float = 1.0
    reader: float = 0.0
    offset: float = 0.0
    abstain: tuple[float, float] = (0.45, 0.75)
    trained_on: dict[str, int] = {}

    def voices(self, features: dict[str, float]) -> list[float]:
        """Probability of each voice; that of perpetrator is calibrated, the others share the rest."""
        scores = self._scores(features)
        powers = [math.exp(score - max(scores)) for score in scores]
        rest = sum(powers[1:])
        odds = self.scale * _odds(scores) + self.reader * features.get(WORDS, 0.0) + self.offset
        mine = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))
        return [mine, *((1.0 - mine) * p / rest if rest else 0.0 for p in powers[1:])]

    def plain(self, features: dict[str, float]) -> list[float]:
        """Probability of each voice by these features alone, not calibrated."""
        scores = self._scores(features)
        powers = [math.exp(score - max(scores)) for score in scores]
        return [power / sum(powers) for power in powers]

    def odds(self, features: dict[str, float]) -> float:
        """Log-odds of perpetrator by these features alone, not calibrated."""
        return _odds(self._scores(features))

    def _scores(self, features: dict[str, float]) -> tuple[float, float, float, float, float]:
        perpetrator, reporter, victim, fan, neutral = self.bias
        known = self.weights.get
        for name, value in features.items():
            row = known(name)
            if row is not None:
                perpetrator += row[0] * value
                reporter += row[1] * value
                victim += row[2] * value
                fan += row[3] * value
                neutral += row[4] * value
        return (perpetrator, reporter, victim, fan, neutral)

    def push(self, name: str, value: float) -> float:
        """How far a feature moves the post towards (above 0) or away from perpetrator, in log-odds."""
        row = self.weights.get(name)
        return 0.0 if row is None else value * (row[0] - sum(row[1:]) / 4)


def _odds(scores: tuple[float, ...]) -> float:
    top = max(scores)
    rest = sum(math.exp(score - top) for score in scores[1:])
    return scores[0] - top - math.log(rest) if rest > 0 else 30.0
