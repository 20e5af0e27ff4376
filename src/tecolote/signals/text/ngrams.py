"""A linear reader of words: hashed n-grams, logistic regression, eight bits a weight.

Words one and two at a time, and two to five letters inside a window that slides over the post, as heard
(k for c and qu, s for z, b for v, no h), each hashed into one of 65,536 buckets (feature hashing:
Weinberger et al. 2009). The file is one signed byte per bucket and a JSON line with the scale; nothing in
it can run. The reader gives log-odds that the author performs an act; it is one feature among those of
`tecolote.signals.text.model` and is asked only where the discourse rules found an act, so that it never
flags by itself.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from functools import cache
from importlib import resources
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 16
#: Posts are read up to here; what settles a voice stands near the beginning or is found by the rules.
MAX_READ = 4000
_SIZES = (2, 3, 4, 5)
_WORD = re.compile(r"[0-9a-zñ]+|[^\s0-9a-zñ]")
_HEARD = str.maketrans({"k": "c", "z": "s", "v": "b", "h": "", "ñ": "n", "y": "i"})
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def heard(text: str) -> str:
    """Lane-1 ``text`` as it sounds; one letter may stand for several spellings."""
    return text[:MAX_READ].replace("qu", "c").replace("ll", "y").translate(_HEARD)


def _word(gram: str) -> int:
    return zlib.crc32(gram.encode()) & (BUCKETS - 1)


def _letters(tokens: list[str]) -> list[tuple[int, Ints]]:
    """For each size the buckets of the letters that begin at 0, 1, 2... of the tokens with a space around each."""
    codes = np.frombuffer((" " + " ".join(tokens) + " ").encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    found = []
    rolling = np.zeros(len(codes), dtype=np.uint64)
    for size in range(1, min(_SIZES[-1], len(codes)) + 1):
        rolling = rolling[: len(codes) - size + 1] * np.uint64(0x100000001B3) + codes[size - 1 :]
        if size in _SIZES:
            found.append((size, ((rolling * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.int64)))
    return found


def buckets(text: str) -> Ints:
    """Buckets of all n-grams of lane-1 ``text``, each once, ascending."""
    tokens = [heard(t) for t in _WORD.findall(text[:MAX_READ])]
    words = [_word(t) for t in tokens] + [_word(f"{a} {b}") for a, b in pairwise(tokens)]
    return np.unique(np.concatenate([np.array(words, dtype=np.int64), *(rows for _, rows in _letters(tokens))]))


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

    def odds(self, text: str) -> float:
        """Log-odds, within plus and minus eight, that the author of lane-1 ``text`` performs an act."""
        found = buckets(text)
        if not len(found):
            return self.bias
        total = float(self.weights[found].astype(np.int64).sum()) * self.scale / float(np.sqrt(len(found)))
        return max(-8.0, min(8.0, total + self.bias))

    def words(self, text: str, count: int = 3) -> list[tuple[int, int, float]]:
        """Words that push most towards an act: ``(start, end, log-odds)`` in lane-1 ``text``.

        The weight of letters is shared among the words that they touch; that of two words between them.
        """
        places = list(_WORD.finditer(text[:MAX_READ]))
        tokens = [heard(m.group()) for m in places]
        if not tokens:
            return []
        push = np.zeros(sum(map(len, tokens)) + len(tokens) + 1)
        letters = _letters(tokens)
        for size, rows in letters:
            push += np.convolve(self.weights[rows].astype(np.float64) / size, np.ones(size))
        size = sum(len(rows) for _, rows in letters) + 2 * len(tokens)
        found, at = [], 1
        for i, token in enumerate(tokens):
            own = float(push[at : at + len(token)].sum()) + float(self.weights[_word(token)])
            own += sum(float(self.weights[_word(f"{a} {b}")]) / 2 for a, b in _beside(tokens, i))
            at += len(token) + 1
            if own > 0 and token[:1].isalnum():
                found.append((own * self.scale / float(np.sqrt(size)), i))
        return [(*places[i].span(), round(own, 3)) for own, i in sorted(found, key=lambda f: -f[0])[:count]]


def _beside(tokens: list[str], i: int) -> list[tuple[str, str]]:
    return [(tokens[j], tokens[j + 1]) for j in (i - 1, i) if 0 <= j < len(tokens) - 1]


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


def _raw() -> bytes:
    return (resources.files("tecolote.signals") / "data" / "words.bin").read_bytes()


@cache
def load_words() -> WordReader:
    """The shipped reader."""
    return unpack(_raw())


@cache
def words_hash() -> str:
    """SHA-256 (hex) of the shipped reader."""
    return hashlib.sha256(_raw()).hexdigest()


def fit_words(
    texts: list[str], performs: Floats, weight: Floats, penalty: float = 0.0001, steps: int = 120
) -> WordReader:
    """Fit by Nesterov's accelerated gradient on the weighted log-loss with an L2 penalty.

    Args:
        texts: lane-1 texts.
        performs: 1 where the author performs an act, 0 elsewhere.
        weight: of each text; the two classes are balanced inside.
        penalty: of half the squared weights.
        steps: number of gradient steps.
    """
    rows = [buckets(t) for t in texts]
    columns = np.concatenate(rows)
    lengths = np.array([len(r) for r in rows])
    owner = np.repeat(np.arange(len(rows)), lengths)
    share = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    up, down = float(weight[performs > 0].sum()), float(weight[performs == 0].sum())
    w = np.where(performs > 0, weight / up, weight / down) / 2
    weights = ahead = np.zeros(BUCKETS)
    bias = ahead_bias = 0.0
    momentum, rate = 1.0, 1 / (0.25 + penalty)
    for _ in range(steps):
        scores = np.bincount(owner, weights=ahead[columns] * share, minlength=len(rows)) + ahead_bias
        error = w * (1 / (1 + np.exp(-scores)) - performs)
        step = ahead - rate * (np.bincount(columns, weights=error[owner] * share, minlength=BUCKETS) + penalty * ahead)
        step_bias = ahead_bias - rate * float(error.sum())
        following = (1 + float(np.sqrt(1 + 4 * momentum * momentum))) / 2
        pull = (momentum - 1) / following
        ahead, ahead_bias = step + pull * (step - weights), step_bias + pull * (step_bias - bias)
        weights, bias, momentum = step, step_bias, following
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return WordReader(np.round(weights / scale).astype(np.int8), scale, bias)
