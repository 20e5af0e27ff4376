"""Which act: a linear reader of themes, asked only where no rule of the grammar says it.

One multinomial logistic model over the same `signs` as the word reader, in fewer buckets, fitted on acts alone:
it says which act a post performs *if* it performs one. The file is one signed byte per theme and bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from tecolote.signals.text.ngrams import Floats, Ints

if TYPE_CHECKING:
    from scipy import sparse

BUCKETS = 1 << 15


class ThemeReader(msgspec.Struct, frozen=True):
    """Weights of the reader.

    Attributes:
        themes: in the order of the rows of ``weights``.
        weights: one signed byte per theme and bucket.
        scale: score of one unit.
        bias: per theme.
    """

    themes: tuple[str, ...]
    weights: npt.NDArray[np.int8]
    scale: float
    bias: tuple[float, ...]

    def likely(self, found: tuple[Ints, Floats]) -> list[tuple[str, float]]:
        """Themes and their probabilities, the likeliest first, for a post with these `signs`."""
        rows, values = found
        scores = self.weights[:, rows & (BUCKETS - 1)] @ values * self.scale + np.array(self.bias)
        p = np.exp(scores - scores.max())
        p /= p.sum()
        return [(self.themes[i], float(p[i])) for i in np.argsort(-p, kind="stable")]


def pack_themes(reader: ThemeReader) -> bytes:
    """The reader as a file: a JSON line, then the bytes of the weights."""
    head = msgspec.json.encode({"themes": reader.themes, "scale": reader.scale, "bias": reader.bias})
    return head + b"\n" + reader.weights.tobytes()


def unpack_themes(raw: bytes) -> ThemeReader:
    """The reader in ``raw``; ValueError where the bytes are not those of a reader."""
    line, _, body = raw.partition(b"\n")
    head = msgspec.json.decode(line)
    themes, bias = tuple(head["themes"]), tuple(map(float, head["bias"]))
    weights = np.frombuffer(body, dtype=np.int8)
    if len(weights) != len(themes) * BUCKETS or len(bias) != len(themes):
        raise ValueError("the theme reader has another number of weights")
    return ThemeReader(themes, weights.reshape(len(themes), BUCKETS), float(head["scale"]), bias)


def fit_themes(x: sparse.csr_matrix, theme: list[str], weight: Floats, penalty: float = 0.05) -> ThemeReader:
    """Fit by L-BFGS (Liu and Nocedal 1989) on the weighted log-loss with an L2 penalty.

    Args:
        x: as from `tecolote.signals.text.ngrams.design`, acts only.
        theme: of each row.
        weight: of each row.
        penalty: of half the squared weights.
    """
    from scipy import sparse
    from scipy.optimize import minimize

    names = tuple(sorted(set(theme)))
    folded = sparse.csr_matrix((x.data, x.indices & (BUCKETS - 1), x.indptr), shape=(x.shape[0], BUCKETS))
    used = np.unique(folded.indices)
    small = folded[:, used]
    turned = small.T.tocsr()
    wanted = np.array([[float(t == n) for n in names] for t in theme])

    def loss(flat: Floats) -> tuple[float, Floats]:
        w = flat.reshape(len(used) + 1, len(names))
        scores = small @ w[:-1] + w[-1]
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        error = (p - wanted) * weight[:, None]
        total = float(-(weight * np.log((p * wanted).sum(axis=1) + 1e-12)).sum() + penalty / 2 * (w[:-1] ** 2).sum())
        return total, np.vstack([turned @ error + penalty * w[:-1], error.sum(axis=0)]).ravel()

    start = np.zeros((len(used) + 1) * len(names))
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x.reshape(-1, len(names))
    weights = np.zeros((len(names), BUCKETS))
    weights[:, used] = fitted[:-1].T
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return ThemeReader(names, np.round(weights / scale).astype(np.int8), scale, tuple(map(float, fitted[-1])))
