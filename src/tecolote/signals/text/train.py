"""Fit the voice model: ``python -m tecolote.signals.text.train --data DIR --out DIR``.

Trained on: the examples under ``signals/data/examples`` (own work), the indicator sentences of the
codebook, and, as people who are *not* perpetrators, sets whose licence allows it: news articles and their
headlines (fakenews_es, CC BY 4.0), tweets (gold_toxicity_es, CC BY 4.0), written hate-speech cases (hatecheck_es
and hatecheck_en, CC BY 4.0), forum posts (edos_en, CC0) and moderation texts (openai_mod_en, MIT). These are
credited in NOTICE.

Multinomial logistic regression with an L2 prior, fitted by Nesterov's accelerated gradient in numpy;
what they and the word reader say is weighed and calibrated (`calibrate`) on what each says of files of pairs that it
did not see.
"""

from __future__ import annotations

import argparse
import math
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from tecolote import codebook
from tecolote.signals.text.examples import Row, examples, framed
from tecolote.signals.text.grammar import load_grammar
from tecolote.signals.text.model import VOICES, WORDS, Model
from tecolote.signals.text.ngrams import WordReader, design, fit_words, signs
from tecolote.signals.text.reading import Reading, read
from tecolote.signals.text.terms import TermFinder
from tecolote.signals.text.themes import ThemeReader, fit_themes
from tecolote.signals.text.weights import save_weights, shipped

_FOLDS = 6
_PENALTY = 0.006
_STEPS = 250
_OTHERS = 0.15  # ordinary posts are many and mostly easy
_FRAMES = 0.4  # the fillings of a frame are many and alike
_LENGTH = 280  # a long text is read as one post of the usual length, whatever its end
_SETS = {
    "fakenews_es": ("reporter", 970, "headline"),
    "gold_toxicity_es": ("neutral", 1376, "text"),
    "hatecheck_es": ("neutral", 2444, "text"),
    "hatecheck_en": ("neutral", 1200, "text"),
    "edos_en": ("neutral", 4000, "text"),
    "openai_mod_en": ("neutral", 900, "text"),
}
Matrix = npt.NDArray[np.float64]


def _indicators(book: codebook.Codebook) -> list[Row]:
    return [
        Row(text, "perpetrator", f"{theme.id}:{i}", "codebook", 1.0, theme.id, (theme.id,))
        for theme in book.themes.values()
        for i, text in enumerate((*theme.indicators_es, *theme.indicators_en))
    ]


def _others(data: Path) -> list[Row]:
    import pyarrow.parquet as pq

    rows = []
    for name, (voice, limit, column) in _SETS.items():
        texts = pq.read_table(data / name / "dev.parquet").column(column).to_pylist()
        step = max(1, len(texts) // limit)
        for i, text in enumerate(texts[::step][:limit]):
            rows.append(Row((text or "")[:_LENGTH], voice, f"{name}:{i // 7}", name, _OTHERS))
    for i, article in enumerate(pq.read_table(data / "fakenews_es" / "dev.parquet").column("text").to_pylist()):
        for part in range(2):  # beside the headline: how it begins, and a piece of its middle
            piece = article[500 * part : 500 * part + _LENGTH]
            rows.append(Row(piece, "reporter", f"fakenews_es:{i // 7}", "fakenews_es", _OTHERS))
    return [row for row in rows if row.text.strip()]


def prior(names: list[str]) -> Matrix:
    """What the grammar says before any example: the strength of each cue for the voice it speaks for."""
    found = np.zeros((len(names) + 1, len(VOICES)))
    place = {n: i for i, n in enumerate(names)}
    for cue in load_grammar().cues:
        row = place.get(f"cue:{cue.id}")
        if row is not None and cue.voice:
            found[row, VOICES.index(cue.voice)] = cue.weight
            found[row, 0] -= cue.weight / 2
        elif row is not None and cue.id.startswith("sig."):
            found[row, 0] = 1.5
    for name, push in ((WORDS, 1.0), ("best:1", 1.0), ("best:2", 3.0), ("best:3", 5.0), ("quote:set_aside", -2.0)):
        if name in place:
            found[place[name], 0] = push
    for voice in VOICES[1:]:
        if f"hint:{voice}" in place:
            found[place[f"hint:{voice}"], VOICES.index(voice)] = 1.0
    found[-1] = (-2.0, 0.0, 0.0, 0.0, 1.2)
    return found


def fit(x: Matrix, y: Matrix, weight: Matrix, start: Matrix, penalty: float = _PENALTY) -> Matrix:
    """Weights (features + 1, voices) of a multinomial logistic model; the last row is the bias.

    The penalty is on the distance from ``start``, so that a cue which few examples show keeps what the
    grammar says of it.
    """
    design = np.hstack([x, np.ones((len(x), 1))])
    total = weight.sum()
    # The largest curvature there is, so that no step can be too long.
    limit = 0.5 * float(np.linalg.eigvalsh(design.T @ (design * weight[:, None]))[-1]) / total + penalty
    w = start.copy()
    ahead, momentum = w, 1.0
    shrink = np.full((design.shape[1], 1), penalty)
    shrink[-1] = 0.0
    for _ in range(_STEPS):
        scores = design @ ahead
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        gradient = design.T @ ((p - y) * weight[:, None]) / total + shrink * (ahead - start)
        step = ahead - gradient / limit
        following = (1 + math.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = step + (momentum - 1) / following * (step - w)
        w, momentum = step, following
    return w


def calibrate(opinions: Matrix, flagged: Matrix, weight: Matrix) -> Matrix:
    """Weights of opinions (rows, opinions) and an offset: Newton's method on the log-loss, Platt's smoothed targets."""
    design = np.hstack([opinions, np.ones((len(opinions), 1))])
    found = np.array([*[0.5] * opinions.shape[1], 0.0])
    up, down = (weight * flagged).sum(), (weight * (1 - flagged)).sum()
    target = np.where(flagged > 0, (up + 1) / (up + 2), 1 / (down + 2))
    for _ in range(50):
        p = 1 / (1 + np.exp(-(design @ found)))
        bend = np.maximum(weight * p * (1 - p), 1e-9)
        curve = design.T @ (design * bend[:, None]) + 1e-6 * np.eye(len(found))
        found = found - np.linalg.solve(curve, design.T @ (weight * (p - target)))
    return np.asarray(found)


def weighed(opinions: Matrix, flagged: Matrix, weight: Matrix) -> tuple[float, float, float]:
    """Scale of the features' log-odds, scale of the word reader's, and offset, calibrated.

    Both have an equal say. Fitted weights would leave almost all of it to the word reader: on sentences that is as
    good, but what is appended to a plain threat would dilute its words, and nothing dilutes a cue.
    """
    alone = [calibrate(opinions[:, [i]], flagged, weight) for i in (0, 1)]
    pooled = sum(a[0] * opinions[:, i] + a[1] for i, a in enumerate(alone)) / 2
    slope, offset = calibrate(pooled[:, None], flagged, weight)
    scale, reader = (round(float(slope * a[0] / 2), 4) for a in alone)
    return scale, reader, round(float(slope * (alone[0][1] + alone[1][1]) / 2 + offset), 4)


def _read_words(readings: list[Reading], performs: Matrix, weight: Matrix, fold: npt.NDArray[np.int64]) -> WordReader:
    """The word reader; what the readings say of words is replaced by what a reader says that never saw them."""
    found = [signs(r.words, r.features) for r in readings]
    x = design(found)
    for k in range(_FOLDS):
        kept = np.flatnonzero(fold != k)
        reader = fit_words(x[kept], performs[kept], weight[kept])
        for i in np.flatnonzero(fold == k):
            if WORDS in readings[i].features:
                readings[i].features[WORDS] = reader.odds(found[i])
    return fit_words(x, performs, weight)


def _read_themes(rows: list[Row], readings: list[Reading]) -> ThemeReader:
    acts = [i for i, row in enumerate(rows) if row.themes]
    x = design([signs(readings[i].words, readings[i].features) for i in acts])
    return fit_themes(x, [rows[i].themes[0] for i in acts], np.array([rows[i].weight for i in acts]))


def _design(readings: list[Reading]) -> tuple[Matrix, list[str]]:
    counts: dict[str, int] = {}
    for reading in readings:
        for name in reading.features:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(n for n, c in counts.items() if c >= 3)
    place = {n: i for i, n in enumerate(names)}
    x = np.zeros((len(readings), len(names)))
    for i, reading in enumerate(readings):
        for name, value in reading.features.items():
            if name in place:
                x[i, place[name]] = value
    return x, names


def _odds(scores: Matrix) -> Matrix:
    top = scores[:, 1:].max(axis=1)
    found: Matrix = scores[:, 0] - top - np.log(np.exp(scores[:, 1:] - top[:, None]).sum(axis=1))
    return found


class Trial(NamedTuple):
    """What readers say of rows that they did not see.

    Attributes:
        rows: all rows.
        odds: calibrated log-odds of an act.
        guess: the voice by the features alone, as its place in `VOICES`.
        fold: the part of each row, left out together.
        usable: rows that the word reader weighs.
    """

    rows: list[Row]
    odds: Matrix
    guess: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]
    usable: npt.NDArray[np.bool_]


def train(data: Path) -> tuple[Model, WordReader, ThemeReader, Trial]:
    """The fitted model, its readers of words and themes, and their trial by cross-validation."""
    book = codebook.load()
    rows = [r for r in examples() if not r.held] + framed(_FRAMES) + _indicators(book) + _others(data)
    finder = TermFinder(book)
    readings = [read(row.text, finder, None, shipped().words) for row in rows]
    y = np.array([[float(v == row.voice) for v in VOICES] for row in rows])
    weight = np.array([row.weight for row in rows])
    fold = _folds(rows)
    words = _read_words(readings, y[:, 0], weight, fold)
    themes = _read_themes(rows, readings)
    x, names = _design(readings)
    start = prior(names)
    odds = np.zeros(len(rows))
    guess = np.zeros(len(rows), dtype=int)
    for k in range(_FOLDS):
        kept = fold != k
        w = fit(x[kept], y[kept], weight[kept], start)
        scores = np.hstack([x[~kept], np.ones((int((~kept).sum()), 1))]) @ w
        odds[~kept] = _odds(scores)
        guess[~kept] = scores.argmax(axis=1)
    usable = np.array([WORDS in r.features for r in readings])
    opinions = np.column_stack([odds, [r.features.get(WORDS, 0.0) for r in readings]])
    scale, reader, offset = weighed(opinions[usable], y[usable, 0], weight[usable])
    w = fit(x, y, weight, start)
    weights = {n: rounded(w[i]) for i, n in enumerate(names)}
    trained_on: dict[str, int] = {}
    for row in rows:
        trained_on[row.source] = trained_on.get(row.source, 0) + 1
    model = Model(rounded(w[-1]), weights, scale=scale, reader=reader, offset=offset, trained_on=trained_on)
    odds = opinions @ np.array([scale, reader]) + offset
    return model, words, themes, Trial(rows, odds, guess, fold, usable)


def rounded(values: Matrix) -> tuple[float, float, float, float, float]:
    """Weights of one feature, with as many digits as the file keeps."""
    a, b, c, d, e = (round(float(v), 4) for v in values)
    return (a, b, c, d, e)


def _folds(rows: list[Row]) -> npt.NDArray[np.int64]:
    """The part of the rows that each belongs to: a file of pairs is never split, so new wordings are what is tried.

    Single sentences of all files go together (some files hold one voice only); other rows go by their unit.
    """
    sizes: dict[str, int] = {}
    for row in rows:
        if row.source == "examples":
            sizes[_file(row.unit)] = sizes.get(_file(row.unit), 0) + 1
    load, parts = [0] * _FOLDS, {}
    for name in sorted(sizes, key=lambda n: (-sizes[n], n)):
        parts[name] = load.index(min(load))
        load[parts[name]] += sizes[name]
    own = [row.source == "examples" for row in rows]
    return np.array(
        [
            parts[_file(row.unit)] if mine else zlib.crc32(row.unit.encode()) % _FOLDS
            for row, mine in zip(rows, own, strict=True)
        ]
    )


def _file(unit: str) -> str:
    name, place = unit.split(":")[:2]
    return "singles" if place[0] == "s" else name


def _report(trial: Trial) -> dict[str, Any]:
    rows, guess = trial.rows, trial.guess
    flags = (trial.odds >= 0) & trial.usable
    found: dict[str, Any] = {}
    for source in sorted({r.source for r in rows}):
        mine = [i for i, r in enumerate(rows) if r.source == source]
        yes = [i for i in mine if rows[i].voice == "perpetrator"]
        no = [i for i in mine if rows[i].voice != "perpetrator"]
        found[source] = {
            "recall": f"{sum(flags[i] for i in yes)}/{len(yes)}",
            "false_flags": f"{sum(flags[i] for i in no)}/{len(no)}",
            "voice": f"{sum(VOICES[guess[i]] == rows[i].voice for i in mine)}/{len(mine)}",
        }
    found["misses"] = [
        (rows[i].functionality, rows[i].text)
        for i in range(len(rows))
        if rows[i].source in ("examples", "codebook") and flags[i] != (rows[i].voice == "perpetrator")
    ]
    return found


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the licensed sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for voice.json, words.bin and themes.bin")
    wanted = parser.parse_args()
    model, words, themes, trial = train(wanted.data)
    save_weights(wanted.out, model, words, themes)
    print(msgspec.json.format(msgspec.json.encode(_report(trial)), indent=1).decode())


if __name__ == "__main__":
    main()
