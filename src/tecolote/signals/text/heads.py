"""Fit everything, an encoder's head too: ``python -m tecolote.signals.text.heads --encoder use --data DIR --out DIR``.

The other readers are fitted first, as by `tecolote.signals.text.train`: what they say of files that they did not see is
what the encoder's opinion is weighed with. An encoder is asked about posts alone that the word reader weighs, so it
is fitted on such posts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from tecolote.signals.text.encoder import UNSURE, Head, Meaning, import_encoder
from tecolote.signals.text.train import Trial, calibrate, train
from tecolote.signals.text.weights import save_weights

_PENALTY = 0.1
Matrix = npt.NDArray[np.float64]


def fit_head(name: str, encoder: Meaning, trial: Trial) -> Head:
    """A head for ``encoder``, which is called ``name``."""
    chosen = np.flatnonzero(trial.usable)
    rows, odds, fold = [trial.rows[i] for i in chosen], trial.odds[chosen], trial.fold[chosen]
    x = encoder.vectors([row.text for row in rows]).astype(np.float64)
    performs = np.array([float(row.voice == "perpetrator") for row in rows])
    weight = np.array([row.weight for row in rows])
    unseen = np.zeros(len(x))
    for k in np.unique(fold):
        kept = fold != k
        w = _logistic(x[kept], performs[kept], weight[kept])
        unseen[~kept] = x[~kept] @ w[:-1] + w[-1]
    p = 1 / (1 + np.exp(-odds))
    asked = (p > UNSURE[0]) & (p < UNSURE[1])
    opinions = np.column_stack([odds, unseen])
    readers, meaning, offset = (round(float(v), 4) for v in calibrate(opinions[asked], performs[asked], weight[asked]))
    w = _logistic(x, performs, weight)
    weights = tuple(round(float(v), 4) for v in w[:-1])
    return Head(name, weights, round(float(w[-1]), 4), readers, meaning, offset)


def _logistic(x: Matrix, performs: Matrix, weight: Matrix) -> Matrix:
    from scipy.optimize import minimize

    def loss(w: Matrix) -> tuple[float, Matrix]:
        scores = x @ w[:-1] + w[-1]
        error = weight * (1 / (1 + np.exp(-scores)) - performs)
        total = float((weight * (np.logaddexp(0, scores) - performs * scores)).sum())
        return total + _PENALTY / 2 * float(w[:-1] @ w[:-1]), np.append(x.T @ error + _PENALTY * w[:-1], error.sum())

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return np.asarray(found.x)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", required=True, help="its name: use, or module:attribute=argument")
    parser.add_argument("--data", type=Path, required=True, help="folder with the licensed sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and encoder.json")
    wanted = parser.parse_args()
    model, words, themes, trial = train(wanted.data)
    save_weights(wanted.out, model, words, themes)
    head = fit_head(wanted.encoder, Meaning(wanted.encoder, import_encoder(wanted.encoder)), trial)
    (wanted.out / "encoder.json").write_bytes(msgspec.json.encode(head))


if __name__ == "__main__":
    main()
