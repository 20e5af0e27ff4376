"""Positions of accounts in a picture."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.networks.export import nodes

Floats = NDArray[np.float64]
#: Accounts that `layout` places; each step costs the square of their number.
MOST_NODES = 2000


def layout(edges: pa.Table, seed: int = 1991, rounds: int = 200) -> dict[str, tuple[float, float]]:
    """Positions of the accounts in the square from -1 to 1: springs and repulsion.

    Fruchterman and Reingold (Software: Practice and Experience 21, 1991), with gravity so that separate
    clusters stay in the picture. The same edges and seed give the same picture.

    Args:
        edges: ``source, target`` and optionally ``weight``.
        seed: of the first positions.
        rounds: steps.

    Raises:
        ValueError: more than `MOST_NODES` accounts; draw the largest clusters.
    """
    names = nodes(edges)
    if len(names) > MOST_NODES:
        raise ValueError(f"{len(names)} accounts are too many for a picture")
    if not names:
        return {}
    number = {name: i for i, name in enumerate(names)}
    x = np.array([number[n] for n in edges["source"].to_pylist()], dtype=np.int64)
    y = np.array([number[n] for n in edges["target"].to_pylist()], dtype=np.int64)
    place = np.random.default_rng(seed).uniform(-1, 1, (len(names), 2))
    ideal = 1 / np.sqrt(len(names))
    for step in range(rounds):
        push = _repulsion(place, ideal) - place * ideal
        gap = place[x] - place[y]
        pull = gap * (np.linalg.norm(gap, axis=1) / ideal)[:, None]
        np.subtract.at(push, x, pull)
        np.add.at(push, y, pull)
        length = np.maximum(np.linalg.norm(push, axis=1), 1e-9)[:, None]
        place += push / length * np.minimum(length, 0.2 * (1 - step / rounds))
    place -= (place.max(axis=0) + place.min(axis=0)) / 2
    place /= max(float(np.abs(place).max()), 1e-9)
    return {name: (round(float(p[0]), 4), round(float(p[1]), 4)) for name, p in zip(names, place, strict=True)}


def _repulsion(place: Floats, ideal: float) -> Floats:
    gap = place[:, None, :] - place[None, :, :]
    square = np.maximum((gap**2).sum(axis=2), 1e-6)
    found: Floats = (gap * (ideal * ideal / square)[:, :, None]).sum(axis=1)
    return found
