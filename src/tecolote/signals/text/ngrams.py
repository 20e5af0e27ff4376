"""A linear reader of words: hashed signs, logistic regression, eight bits a weight.

The signs of a post are its words one and two at a time and two to five letters inside a window that slides over
it, as heard; the kinds of its words (`tecolote.signals.text.kinds`); and the discourse cues and rules that were found,
cues also in pairs. (Kinds in pairs and in sequence were tried and gained nothing.)
Each is hashed into one of 262,144 buckets (feature hashing: Weinberger et al. 2009). The file is one signed byte
per bucket and a JSON line with the scale; nothing in it can run. The reader gives log-odds that the author performs
an act; it is one feature among those of `tecolote.signals.text.model`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

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
_WORD = re.compile(r"[0-9a-zñ]+|[^\s0-9a-zñ]")
# What each block of signs weighs beside the others; a block of many signs is shared among them.
_KIND, _CUE, _FAMILIES, _CUES_TOGETHER, _RULE = 0.2, 0.25, 0.12, 0.4, 0.3
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


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
            found.append((size, ((rolling * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(46)).astype(np.int64)))
    return found


def buckets(text: str) -> Ints:
    """Buckets of all n-grams of lane-1 ``text``, each once, ascending."""
    return _grams([heard(t) for t in _WORD.findall(text[:MAX_READ])])


def _grams(tokens: list[str]) -> Ints:
    words = [_word(t) for t in tokens] + [_word(f"{a} {b}") for a, b in pairwise(tokens)]
    return np.unique(np.concatenate([np.array(words, dtype=np.int64), *(rows for _, rows in _letters(tokens))]))


def signs(text: str, features: dict[str, float]) -> tuple[Ints, Floats]:
    """Buckets of a post's signs, and what each counts.

    Args:
        text: lane text.
        features: as in `tecolote.signals.text.reading.Reading`; ``words`` is left out.
    """
    tokens = [heard(t) for t in _WORD.findall(text[:MAX_READ])]
    rows: list[Ints] = []
    values: list[Floats] = []

    def block(names: Iterable[str], weight: float, shared: bool = True) -> None:
        found = np.array(sorted({_word(name) for name in names}), dtype=np.int64)
        rows.append(found)
        values.append(np.full(len(found), weight / np.sqrt(max(1, len(found))) if shared else weight))

    grams = _grams(tokens)
    rows.append(grams)
    values.append(np.full(len(grams), 1 / np.sqrt(max(1, len(grams)))))
    known = sorted({kind for token in tokens for kind in kinds(token)})
    block((f"K{kind}" for kind in known), _KIND, shared=False)
    cues = sorted(name[4:] for name in features if name.startswith("cue:"))
    block((f"D{cue}" for cue in cues), _CUE, shared=False)
    families = sorted({cue.split(".", 1)[0] for cue in cues})
    block((f"F{a} {b}" for a, b in combinations(families, 2)), _FAMILIES, shared=False)
    block((f"C{a} {b}" for a, b in combinations(cues, 2)), _CUES_TOGETHER)
    rules = [(name, value) for name, value in sorted(features.items()) if name != "words" and name[:4] != "cue:"]
    rows.append(np.array([_word(f"R{name}") for name, _ in rules], dtype=np.int64))
    values.append(np.array([_RULE * value for _, value in rules]))
    return np.concatenate(rows), np.concatenate(values)


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

        The weight of letters is shared among the words that they touch, that of two words between them; what is
        known of a word's kinds is added.
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
            kind = sum(float(self.weights[_word(f"K{k}")]) for k in kinds(token)) * _KIND
            push_here = (own / float(np.sqrt(size)) + kind) * self.scale
            if push_here > 0 and token[:1].isalnum():
                found.append((push_here, i))
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


def design(found: list[tuple[Ints, Floats]]) -> sparse.csr_matrix:
    """`signs` of many posts as a sparse matrix (posts, `BUCKETS`); a bucket met twice in a post counts twice."""
    from scipy import sparse

    ends = np.cumsum([0, *(len(rows) for rows, _ in found)])
    data = np.concatenate([values for _, values in found])
    return sparse.csr_matrix((data, np.concatenate([rows for rows, _ in found]), ends), shape=(len(found), BUCKETS))


def fit_words(x: sparse.csr_matrix, performs: Floats, weight: Floats, penalty: float = 0.02) -> WordReader:
    """Fit by L-BFGS (Liu and Nocedal 1989) on the weighted log-loss with an L2 penalty.

    Args:
        x: as from `design`.
        performs: 1 where the author performs an act, 0 elsewhere.
        weight: of each post.
        penalty: of half the squared weights.
    """
    from scipy.optimize import minimize

    used = np.unique(x.indices)
    small = x[:, used]
    turned = small.T.tocsr()

    def loss(w: Floats) -> tuple[float, Floats]:
        scores = small @ w[:-1] + w[-1]
        error = weight * (1 / (1 + np.exp(-scores)) - performs)
        total = float((weight * (np.logaddexp(0, scores) - performs * scores)).sum() + penalty / 2 * (w[:-1] @ w[:-1]))
        return total, np.append(turned @ error + penalty * w[:-1], error.sum())

    fitted = minimize(loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 80}).x
    weights = np.zeros(BUCKETS)
    weights[used] = fitted[:-1]
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return WordReader(np.round(weights / scale).astype(np.int8), scale, float(fitted[-1]))
