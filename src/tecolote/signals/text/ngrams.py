"""A linear reader of words: hashed signs, logistic regression, eight bits a weight.

The signs of a post are its words one and two at a time, its first and its last, two to five letters inside each
word, as heard; the kinds of its words (`tecolote.signals.text.kinds`); and the discourse cues and rules that were
found, cues also in pairs. What a single word gives is worked out once and kept. (Kinds in pairs and in sequence,
letters across words, words with a gap and vectors of words were tried and gained nothing.)
Each is hashed into one of 262,144 buckets (feature hashing: Weinberger et al. 2009). The file is one signed byte
per bucket and a JSON line with the scale; nothing in it can run. The reader gives log-odds that the author performs
an act, which `tecolote.signals.text.model` weighs together with its own.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from tecolote.signals.text.kinds import heard, kinds

if TYPE_CHECKING:
    from scipy import sparse

BUCKETS = 1 << 18
#: Posts are read up to here; what settles a voice stands near the beginning or is found by the rules.
MAX_READ = 4000
_SIZES = (2, 3, 4, 5)
_LONGEST_WORD = 40
_WORD = re.compile(r"[0-9a-zñ]+|[^\s0-9a-zñ]")
# What each block of signs weighs beside the others; a block of many signs is shared among them.
_WORDS, _LETTERS, _ENDS, _KIND, _CUE, _FAMILIES, _CUES_TOGETHER, _RULE = 0.7, 0.7, 0.2, 0.2, 0.25, 0.12, 0.4, 0.3
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_NONE: Ints = np.zeros(0, dtype=np.int64)


class _Token(NamedTuple):
    """What one word gives whatever stands beside it: its number, buckets of its letters and of its kinds."""

    number: int
    letters: Ints
    kinds: tuple[int, ...]


@lru_cache(maxsize=50_000)
def _token(word: str) -> _Token:
    sound = heard(word)
    framed = f" {sound[:_LONGEST_WORD]} " if sound[:1].isalnum() else ""
    letters = {zlib.crc32(framed[i : i + n].encode()) for n in _SIZES for i in range(len(framed) - n + 1)}
    own = np.array(sorted(letters), dtype=np.int64) & (BUCKETS - 1)
    return _Token(zlib.crc32(sound.encode()), own, tuple(_bucket(f"K{kind}") for kind in kinds(sound)))


@lru_cache(maxsize=20_000)
def _bucket(name: str) -> int:
    return zlib.crc32(name.encode()) & (BUCKETS - 1)


def _spread(numbers: npt.NDArray[np.uint64]) -> Ints:
    """Buckets of numbers (multiplicative hashing: Knuth 1973)."""
    return ((numbers * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(46)).astype(np.int64)


def _pairs(first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]) -> Ints:
    """Buckets of ordered pairs of numbers."""
    return _spread(first * np.uint64(0x100000001B3) + second + np.uint64(1))


def _once(rows: Ints) -> Ints:
    """Each of ``rows`` once, ascending (`numpy.unique` spends more on its options than on so few)."""
    if len(rows) < 2:
        return rows
    rows.sort()
    kept = np.empty(len(rows), dtype=bool)
    kept[0] = True
    np.not_equal(rows[1:], rows[:-1], out=kept[1:])
    return rows[kept]


def _numbers(tokens: list[_Token]) -> npt.NDArray[np.uint64]:
    return np.array([token.number for token in tokens], dtype=np.uint64)


def _tokens(text: str) -> list[_Token]:
    return [_token(word) for word in _WORD.findall(text[:MAX_READ])]


def _words(tokens: list[_Token]) -> Ints:
    """Buckets of the words one and two at a time, each once."""
    numbers = _numbers(tokens)
    return _once(np.concatenate((_spread(numbers), _pairs(numbers[:-1], numbers[1:]))))


def _letters(tokens: list[_Token]) -> Ints:
    return _once(np.concatenate([token.letters for token in tokens])) if tokens else _NONE


def buckets(text: str) -> Ints:
    """Buckets of the words and letters of lane-1 ``text``, each once, ascending."""
    tokens = _tokens(text)
    return _once(np.concatenate((_words(tokens), _letters(tokens))))


def signs(text: str, features: dict[str, float]) -> tuple[Ints, Floats]:
    """Buckets of a post's signs, and what each counts.

    Args:
        text: lane text.
        features: as in `tecolote.signals.text.reading.Reading`; ``words`` is left out.
    """
    tokens = _tokens(text)
    words, letters = _words(tokens), _letters(tokens)
    kinds_met = sorted({kind for token in tokens for kind in token.kinds})
    ends = [_bucket(f"<{tokens[0].number}"), _bucket(f">{tokens[-1].number}")] if tokens else []
    rows, values = _of_features(tuple(sorted(item for item in features.items() if item[0] != "words")))
    weights = (_WORDS / max(1, len(words)) ** 0.5, _LETTERS / max(1, len(letters)) ** 0.5, _KIND, _ENDS)
    counts = (len(words), len(letters), len(kinds_met), len(ends))
    return (
        np.concatenate((words, letters, np.array(kinds_met + ends, dtype=np.int64), rows)),
        np.concatenate((np.repeat(weights, counts), values)),
    )


@lru_cache(maxsize=20_000)
def _of_features(items: tuple[tuple[str, float], ...]) -> tuple[Ints, Floats]:
    """What the cues give, one and two at a time, and the rules; many posts have the same."""
    cues = [name[4:] for name, _ in items if name.startswith("cue:")]
    rules = [(name, value) for name, value in items if name[:4] != "cue:"]
    together = _together("C", cues)
    blocks = (
        (_named("D", cues), _CUE),
        (_together("F", sorted({cue.split(".", 1)[0] for cue in cues})), _FAMILIES),
        (together, _CUES_TOGETHER / max(1, len(together)) ** 0.5),
    )
    rows = np.concatenate([*(rows for rows, _ in blocks), _named("R", [name for name, _ in rules])])
    values = [np.full(len(rows), weight) for rows, weight in blocks]
    return rows, np.concatenate([*values, np.array([_RULE * value for _, value in rules])])


def _named(prefix: str, names: Iterable[str]) -> Ints:
    return np.array([_bucket(prefix + name) for name in names], dtype=np.int64)


def _together(prefix: str, names: list[str]) -> Ints:
    """Buckets of the names two at a time, without order."""
    first, second = _corner(len(names))
    numbers = _named(prefix, names).astype(np.uint64)
    return _once(_pairs(numbers[first], numbers[second]))


@lru_cache(maxsize=200)
def _corner(count: int) -> tuple[Ints, Ints]:
    first, second = np.triu_indices(count, 1)
    return first, second


class WordReader(msgspec.Struct, frozen=True):
    """Weights of the reader.

    Attributes:
        weights: one signed byte per bucket.
        scale: log-odds of one unit.
        bias: log-odds of an empty post.
    """

    weights: npt.NDArray[np.int8]
    scale: float
    bias: float

    def odds(self, found: tuple[Ints, Floats]) -> float:
        """Log-odds, within plus and minus eight, that the author of a post with these `signs` performs an act."""
        rows, values = found
        total = float(self.weights[rows] @ values) * self.scale
        return max(-8.0, min(8.0, total + self.bias))

    def words(self, text: str, count: int = 3) -> list[tuple[int, int, float]]:
        """Words that push most towards an act: ``(start, end, log-odds)`` in lane-1 ``text``.

        A word's own weight, that of its letters and kinds, and half of that of the two pairs that it stands in; a
        sign that several words share is counted for each.
        """
        places = list(_WORD.finditer(text[:MAX_READ]))
        tokens = [_token(place.group()) for place in places]
        if not tokens:
            return []
        numbers, weights = _numbers(tokens), self.weights
        push = weights[_spread(numbers)].astype(np.float64)
        beside = weights[_pairs(numbers[:-1], numbers[1:])] / 2
        push[:-1] += beside
        push[1:] += beside
        push *= _WORDS / np.sqrt(len(_words(tokens)))
        push += [float(weights[t.letters].sum()) for t in tokens] / np.sqrt(max(1, len(_letters(tokens)))) * _LETTERS
        push += [float(weights[list(t.kinds)].sum()) * _KIND for t in tokens]
        push *= self.scale
        best = [i for i in np.argsort(-push, kind="stable") if push[i] > 0 and places[i].group()[0].isalnum()]
        return [(*places[i].span(), round(float(push[i]), 3)) for i in best[:count]]


def pack(reader: WordReader) -> bytes:
    """The reader as a file: a JSON line, then the bytes of the weights."""
    head = msgspec.json.encode({"scale": reader.scale, "bias": reader.bias, "buckets": len(reader.weights)})
    return head + b"\n" + reader.weights.tobytes()


def unpack(raw: bytes) -> WordReader:
    """The reader in ``raw``; ValueError where the bytes are not those of a reader."""
    head, _, body = raw.partition(b"\n")
    found = msgspec.json.decode(head)
    weights = np.frombuffer(body, dtype=np.int8)
    if len(weights) != BUCKETS or found["buckets"] != BUCKETS:
        raise ValueError("the word reader has another number of weights")
    return WordReader(weights, float(found["scale"]), float(found["bias"]))


def design(found: list[tuple[Ints, Floats]]) -> sparse.csr_matrix:
    """`signs` of many posts as a sparse matrix (posts, `BUCKETS`); a bucket met twice in a post counts twice."""
    from scipy import sparse

    ends = np.cumsum([0, *(len(rows) for rows, _ in found)])
    data = np.concatenate([values for _, values in found])
    return sparse.csr_matrix((data, np.concatenate([rows for rows, _ in found]), ends), shape=(len(found), BUCKETS))


def fit_words(
    x: sparse.csr_matrix, performs: Floats, weight: Floats, penalty: float = 0.02, start: WordReader | None = None
) -> WordReader:
    """Fit by L-BFGS (Liu and Nocedal 1989) on the weighted log-loss with an L2 penalty.

    Args:
        x: as from `design`.
        performs: 1 where the author performs an act, 0 elsewhere.
        weight: of each post.
        penalty: of half the squared weights, or of half the squared distance from ``start``.
        start: a fitted reader from which to go on; its weights of signs that ``x`` does not show stay.
    """
    from scipy.optimize import minimize

    weights = np.zeros(BUCKETS) if start is None else start.weights * start.scale
    used = np.unique(x.indices)
    small = x[:, used]
    turned, before = small.T.tocsr(), weights[used]

    def loss(w: Floats) -> tuple[float, Floats]:
        scores, moved = small @ w[:-1] + w[-1], w[:-1] - before
        error = weight * (1 / (1 + np.exp(-scores)) - performs)
        total = float((weight * (np.logaddexp(0, scores) - performs * scores)).sum() + penalty / 2 * (moved @ moved))
        return total, np.append(turned @ error + penalty * moved, error.sum())

    first = np.append(before, 0.0 if start is None else start.bias)
    most = 80 if start is None else 25  # near the start there is little way to go
    fitted = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": most}).x
    weights[used] = fitted[:-1]
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return WordReader(np.round(weights / scale).astype(np.int8), scale, float(fitted[-1]))
