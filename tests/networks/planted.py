"""Networks with planted groups, after Lancichinetti, Fortunato and Radicchi (Physical Review E 78, 2008).

Sizes of groups and degrees follow power laws; each account has a share ``mixing`` of its ties outside its
group. Ties are stubs matched at random, so loops and parallel ties are lost.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def planted(count: int, mixing: float, seed: int) -> tuple[pa.Table, Ints]:
    """An edge list of accounts ``a0000...`` and the group of each, by position of its name."""
    random = np.random.default_rng(seed)
    sizes: list[int] = []
    while sum(sizes) < count:
        sizes.append(int(20 * random.random() ** -1.0) if random.random() < 0.5 else 20)
        sizes[-1] = min(sizes[-1], 100)
    group = np.repeat(np.arange(len(sizes)), sizes)[:count]
    degree = np.minimum(10 * random.random(count) ** -0.7, 60).astype(np.int64)
    inside = random.binomial(degree, 1 - mixing)
    pairs = [_matched(np.repeat(np.flatnonzero(group == g), inside[group == g]), random) for g in range(len(sizes))]
    pairs.append(_matched(np.repeat(np.arange(count), degree - inside), random))
    x, y = np.concatenate(pairs).T
    kept = (x != y) & ((group[x] == group[y]) | (np.arange(len(x)) >= len(x) - len(pairs[-1])))
    names = np.array([f"a{i:05}" for i in range(count)])
    return pa.table({"source": names[x[kept]], "target": names[y[kept]]}), group


def _matched(stubs: Ints, random: np.random.Generator) -> Ints:
    random.shuffle(stubs)
    return stubs[: len(stubs) // 2 * 2].reshape(-1, 2)
