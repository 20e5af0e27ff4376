"""Groups of accounts that are tied to each other more than to the rest, and how firm they are.

Candidates come from networkit (Staudt, Sazonovs, Meyerhenke, Network Science 4, 2016) on one thread with
fixed seeds: Louvain with refinement at several resolutions (Blondel et al., 2008), Leiden (Traag, Waltman,
van Eck, 2019) and Louvain on the map equation. The one kept is that with the shortest two-level description
of a random walk (Rosvall and Bergstrom, PNAS 105, 2008): modularity alone merges small groups in large
networks (Fortunato and Barthelemy, PNAS 104, 2007). A group's stability is its mean Jaccard similarity to
the most similar group in networks with resampled ties (Hennig, Computational Statistics and Data Analysis
52, 2007); values below 0.5 mean that it dissolves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tecolote.networks.graph import Floats, Graph, Ints, by_size, components, networkit_graph, strength

#: Ties above which two candidates are made, without refinement, rather than all.
LARGE = 300_000
#: Networks with resampled ties behind a stability.
RESAMPLES = 20
_SEEDS = (1, 2, 3)
_RESOLUTIONS = (1.0, 2.0, 4.0, 8.0)

Label = NDArray[np.int64]


@dataclass(frozen=True)
class Communities:
    """A partition of the accounts of a graph.

    Attributes:
        label: number of each account's community; 0 is the largest. Accounts without ties stand alone.
        method: how the partition was found.
        code_length: bits per step of a random walk described with these communities.
        code_length_of_one: the same with everybody in one community.
        modularity: Newman's, at resolution 1.
        stability: mean similarity per community, 0 to 1; empty where nothing was resampled.
        agreement: mean normalised mutual information with the partitions of the resampled networks, or None.
    """

    label: Ints
    method: str
    code_length: float
    code_length_of_one: float
    modularity: float
    stability: Floats
    agreement: float | None


def communities(graph: Graph, *, resamples: int = RESAMPLES, seed: int = 1) -> Communities:
    """Communities of a graph; directions are left out, weights count.

    Args:
        graph: the graph; without ties everybody is alone.
        resamples: networks with resampled ties for the stability; 0 for none.
        seed: of the resampling.
    """
    graph = graph.undirected()
    one = code_length(graph, np.zeros(len(graph), np.int64))
    if not len(graph.source):
        alone = np.arange(len(graph), dtype=np.int64)
        return Communities(alone, "no ties", 0.0, 0.0, 0.0, np.zeros(0), None)
    candidates = _large() if len(graph.source) > LARGE else _all()
    tied = networkit_graph(graph)
    partitions = [(name, _partition(make(tied))) for name, make in candidates]
    # Where no division is better than chance, whoever is connected belongs together.
    better = [(name, label) for name, label in partitions if modularity(graph, label) > 0]
    better = better or [(partitions[0][0], components(graph))]
    best, method, label = min(
        ((code_length(graph, label), name, by_size(label)) for name, label in better), key=lambda found: found[:2]
    )
    stability, agreement = _firmness(graph, label, dict(candidates)[method], resamples, seed)
    return Communities(label, method, best, one, modularity(graph, label), stability, agreement)


def _all() -> list[tuple[str, Callable[[Any], Any]]]:
    import networkit as nk

    made: list[tuple[str, Callable[[Any], Any]]] = []
    for seed in _SEEDS:
        for gamma in _RESOLUTIONS:
            made.append((f"Louvain, resolution {gamma:g}, seed {seed}", _louvain(gamma, True, seed)))
        made.append((f"Leiden, seed {seed}", _seeded(seed, lambda g: nk.community.ParallelLeiden(g, randomize=False))))
        made.append((f"Louvain on the map equation, seed {seed}", _seeded(seed, _map_equation)))
    return made


def _large() -> list[tuple[str, Callable[[Any], Any]]]:
    return [(f"Louvain, resolution {gamma:g}, seed 1", _louvain(gamma, False, 1)) for gamma in (1.0, 8.0)]


def _louvain(gamma: float, refine: bool, seed: int) -> Callable[[Any], Any]:
    import networkit as nk

    return _seeded(seed, lambda g: nk.community.PLM(g, refine, gamma))


def _map_equation(tied: Any) -> Any:
    import networkit as nk

    return nk.community.LouvainMapEquation(tied, True)


def _seeded(seed: int, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def detector(tied: Any) -> Any:
        import networkit as nk

        nk.setSeed(seed, False)
        return make(tied)

    return detector


def _partition(detector: Any) -> Label:
    detector.run()
    # getPartition empties the detector: it must be asked once.
    return np.asarray(detector.getPartition().getVector(), dtype=np.int64)


def code_length(graph: Graph, label: Label) -> float:
    """Map equation of a partition of an undirected graph in bits (equation 4 of Rosvall and Bergstrom 2008)."""
    total = 2 * graph.weight.sum()
    if not total:
        return 0.0
    number = np.unique(label, return_inverse=True)[1].reshape(-1)
    x, y = number[graph.source], number[graph.target]
    crossing = x != y
    parts = int(number.max()) + 1
    leave = np.bincount(x[crossing], graph.weight[crossing], parts) + np.bincount(
        y[crossing], graph.weight[crossing], parts
    )
    visit = strength(graph)[0]
    within = np.bincount(number, visit, parts)
    leave, visit, within = leave / total, visit / total, within / total
    return _log(leave.sum()) - 2 * _log(leave) - _log(visit) + _log(leave + within)


def _log(values: Any) -> float:
    kept = np.atleast_1d(values)
    kept = kept[kept > 0]
    return float((kept * np.log2(kept)).sum())


def modularity(graph: Graph, label: Label) -> float:
    """Newman's modularity of a partition of an undirected graph."""
    total = graph.weight.sum()
    if not total:
        return 0.0
    inside = graph.weight[label[graph.source] == label[graph.target]].sum() / total
    visit = strength(graph)[0]
    return float(inside - ((np.bincount(label, visit) / (2 * total)) ** 2).sum())


def normalised_mutual_information(one: Label, other: Label) -> float:
    """2 I / (H + H) of two partitions: 1 if they are the same, 0 if one says nothing of the other."""
    x, y = (np.unique(each, return_inverse=True)[1].reshape(-1) for each in (one, other))
    both = np.unique(x * (int(y.max(initial=0)) + 1) + y, return_inverse=True)[1].reshape(-1)
    alone = [_entropy(x), _entropy(y)]
    return 2 * (sum(alone) - _entropy(both)) / sum(alone) if sum(alone) else 1.0


def _entropy(number: Label) -> float:
    share = np.bincount(number) / max(len(number), 1)
    return -_log(share)


def _firmness(
    graph: Graph, label: Label, make: Callable[[Any], Any], resamples: int, seed: int
) -> tuple[Floats, float | None]:
    if not resamples:
        return np.zeros(0), None
    random = np.random.default_rng(seed)
    total = np.zeros(int(label.max()) + 1)
    agreements = []
    for _ in range(resamples):
        other = _partition(make(networkit_graph(resampled(graph, random))))
        total += _similar(label, other)
        agreements.append(normalised_mutual_information(label, other))
    return total / resamples, float(np.mean(agreements))


def resampled(graph: Graph, random: np.random.Generator) -> Graph:
    """The graph with as many records, drawn again with repetition from its ties (bootstrap).

    A tie of weight w counts as w records; weights are rounded to at least 1.
    """
    weight = np.maximum(np.rint(graph.weight), 1)
    drawn = random.multinomial(int(weight.sum()), weight / weight.sum())
    return graph.with_weights(drawn.astype(np.float64))


def _similar(label: Label, other: Label) -> Floats:
    """For each part of one partition its Jaccard similarity to the most similar part of another."""
    other = np.unique(other, return_inverse=True)[1].reshape(-1)
    key, shared = np.unique(label * (int(other.max()) + 1) + other, return_counts=True)
    mine, theirs = key // (int(other.max()) + 1), key % (int(other.max()) + 1)
    likeness = shared / (np.bincount(label)[mine] + np.bincount(other)[theirs] - shared)
    best = np.zeros(int(label.max()) + 1)
    np.maximum.at(best, mine, likeness)
    return best
