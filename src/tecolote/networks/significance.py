"""What chance would give: how often accounts that have nothing to do with each other act together.

Two answers from one null model. Time is cut into stretches of at least six hours and a hundred posts;
within each stretch the accounts are dealt out anew over the posts. That keeps who was active when and how
much, which objects were shared when and how often, and breaks who shared what. What somebody likes to share
(links rather than hashtags, one topic rather than another) is broken with it: habits in common are no chance
either, and are for a person to explain.
A post counts with one object: of those that anybody shares within the window of it, the one that the fewest
events share. Two hashtags in one post are not two coincidences. So a weight here can be smaller than in the
network, and so can the number of edges. (Which object it is depends on the times of the events alone, not
on whose they are, so the choice is the same in every deal.)

*Per edge*: given the stretch, the number of pairs that two accounts form on one object is known in
expectation, so the weight is compared with a Poisson law whose mean is the expected number of distinct
shared objects (its upper tail is heavier than that of the exact sum of unequal chances). How many edges chance
gives at a p-value or below is at most the p-value times all pairs of accounts that share enough objects to be able
to form an edge, seen or not; mostly it is far less, because few pairs can meet at all and a weight is a whole
number. So the deals below are asked too: how many edges as unlikely each of them had, plus one. The smaller of the
two over the number of edges seen is the false discovery rate (Benjamini and Hochberg, J. R. Statist. Soc. B 57,
1995, by the first; Storey and Tibshirani, PNAS 100, 2003, by the second). One group of many edges would pay for many
single edges by chance, and each of these names two people: with deals, ``q`` is the rate of edges or that of the
accounts that they name, whichever is larger.

*Per cluster*: the accounts are dealt out ``deals`` times; the smallest p-value among a cluster's edges is
compared with the smallest of each deal, so it holds for all clusters together (Westfall and Young 1993). Where
that would take too long, it is multiplied by the number of pairs tested (Bonferroni), which is never smaller.

A small p-value says "not by chance". It does not say why: colleagues, fans and customers of one wire
service do not act by chance either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tecolote.networks.events import OBJECTS, WINDOW, case_events, connected
from tecolote.networks.eventtable import Events, number
from tecolote.networks.windows import Ints, Laid, lay_window, weights

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

Floats = NDArray[np.float64]

_STRETCH_SECONDS = 6 * 3600
_STRETCH_EVENTS = 100
#: Work of all deals together, in pairs of events; fewer deals are made where it would be more.
MOST_PAIRS = 200_000_000
DEALS = 99
#: Events dealt out in all deals together (some seconds), and deals below which none is made.
MOST_DEALT = 5_000_000
LEAST_DEALS = 19
#: The null model in words.
NULL = "accounts dealt out anew over the posts of each stretch of time"


@dataclass(frozen=True)
class Significance:
    """What chance would give for one coaction network.

    Attributes:
        edges: ``account_id, account_id_y, weight, expected, p, q``; ``expected`` is the weight that chance
            gives, ``q`` the share of chance among the edges with a ``p`` no larger, and among their accounts.
        clusters: ``cluster`` (0 is the largest), ``members, weight, p``.
        facts: pairs of accounts tested, deals made, edges at 5 % false discovery, and edges per deal.
    """

    edges: pa.Table
    clusters: pa.Table
    facts: dict[str, Any]


def significance(
    events: pa.Table, window: int = 60, min_repetition: int = 2, *, seed: int = 1995, deals: int = DEALS
) -> Significance:
    """Compare the ``distinct`` network of ``events`` with chance; arguments as for `coaction`.

    The same events and seed give the same figures. Objects are compared one by one, so a network with an
    object too popular to list is compared too, but then without deals (``deals`` is 0 in the facts).
    """
    numbered = number(events)
    start = int(numbered.t.min()) if len(numbered) else 0
    a, names = numbered.ranked(numbered.a)
    once = _rarest(numbered, window)
    laid = lay_window(numbered.o[once], a[once], numbered.t[once] - start, window)
    stretch = _stretches(laid, max(window, _STRETCH_SECONDS))
    accounts = max(len(names), 1)
    cost = int(laid.before.sum())
    fit = min(MOST_PAIRS // max(cost, 1), MOST_DEALT // max(len(once), 1))
    if fit < deals:
        deals = fit if fit >= LEAST_DEALS else 0
    able = _able(laid, accounts, min_repetition)
    tested = max(int(able.sum()) * (int(able.sum()) - 1) // 2, 1)
    key, weight = weights(laid, accounts, min_repetition) if cost <= MOST_PAIRS else (np.empty(0, np.int64),) * 2
    expected = _expected(laid, stretch, key // accounts, key % accounts)
    p = poisson_tail(weight, expected)
    dealt = _deal(laid, stretch, accounts, min_repetition, np.random.default_rng(seed), deals, p)
    q = _adjusted(key // accounts, key % accounts, p, dealt, tested)
    edges = pa.table(
        {
            "account_id": names.take(pa.array(key // accounts)),
            "account_id_y": names.take(pa.array(key % accounts)),
            "weight": weight,
            "expected": expected,
            "p": p,
            "q": q,
        }
    )
    facts = {
        "null": NULL,
        "pairs_tested": tested,
        "deals": deals,
        "edges": len(key),
        "edges_at_5_percent_false_discovery": int((q <= 0.05).sum()),
        "edges_by_chance_mean": round(float(np.mean(dealt.edges)), 2) if deals else None,
        "edges_by_chance_most": max(dealt.edges, default=None),
        "compared": cost <= MOST_PAIRS,
    }
    found = _cluster_table(names, key // accounts, key % accounts, weight, p, dealt.least, tested)
    return Significance(edges, found, facts)


def _rarest(events: Events, window: int) -> Ints:
    """Positions of one event per post: first those met within the window, then the rarest, ties by name."""
    if len(events) == 0:
        return np.empty(0, np.int64)
    laid = lay_window(events.o, np.arange(len(events)), events.t - events.t.min(), window)
    met = laid.before > 0
    # An event is also met by the next one, if that one's window reaches back to it.
    met[:-1] |= laid.low[1:] < np.arange(1, len(events))
    alone = np.ones(len(events), np.bool_)
    alone[laid.a] = ~met
    popular = np.bincount(events.o)[events.o]
    post = events.contents()[0].astype(np.int64) * len(events.accounts) + events.a
    order = np.lexsort((_places(events)[events.o], popular, alone, post))
    first = np.ones(len(order), np.bool_)
    first[1:] = post[order][1:] != post[order][:-1]
    return np.sort(order[first])


def _places(events: Events) -> Ints:
    """Each object's place by name and modality, which no order of rows can change."""
    by_name = pa.table({"name": events.objects, "kind": events.modality_of})
    order = pa.compute.sort_indices(by_name, [("name", "ascending"), ("kind", "ascending")])
    place = np.empty(len(order), np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    return place


def _stretches(laid: Laid, seconds: int) -> Ints:
    """Number of the stretch of time of each event of ``laid``."""
    order = np.argsort(laid.t, kind="stable")
    cuts = _cuts(laid.t[order], seconds)
    found = np.empty(len(order), np.int64)
    found[order] = np.searchsorted(cuts, np.arange(len(order)), side="right")
    return found


def _cuts(t: Ints, seconds: int) -> Ints:
    """Where each stretch but the first begins, in ascending times; a short last one joins the one before."""
    cuts: list[int] = []
    begin = 0
    while True:
        late = int(np.searchsorted(t, t[begin] + seconds)) if begin < len(t) else len(t)
        end = max(begin + _STRETCH_EVENTS, late)
        # Events of one second stay together.
        end = int(np.searchsorted(t, t[end], side="left")) if end < len(t) else len(t)
        if end <= begin or len(t) - end < _STRETCH_EVENTS:
            return np.array(cuts, dtype=np.int64)
        cuts.append(end)
        begin = end


def _able(laid: Laid, accounts: int, least: int) -> NDArray[np.bool_]:
    """Accounts that share enough distinct objects to be able to form an edge at all."""
    width = int(laid.o.max()) + 1 if len(laid.o) else 1
    once = np.unique(laid.a.astype(np.int64) * width + laid.o)
    able: NDArray[np.bool_] = np.bincount(once // width, minlength=accounts) >= least
    return able


def _expected(laid: Laid, stretch: Ints, x: Ints, y: Ints) -> Floats:
    """Expected number of distinct shared objects of each pair of accounts under the null model.

    In a stretch with n events, an object with P pairs within the window, and accounts with a and b
    events, the expected number of their pairs on it is ``2 P a b / (n (n - 1))``; it is shared at all with
    probability at most ``1 - exp(-that)`` on average. A stretch is no shorter than the window, so a pair
    of events lies in one stretch or in two that touch, for which n (n - 1) / 2 becomes n times m.
    """
    count = int(stretch.max()) + 1 if len(stretch) else 0
    expected = np.zeros(len(x))
    if len(x) == 0:
        return expected
    within, across = _rates(laid, stretch, np.bincount(stretch, minlength=count).astype(np.float64))
    width = int(laid.a.max()) + 1
    active, events = np.unique(stretch * width + laid.a, return_counts=True)
    ends = np.searchsorted(active, np.arange(count + 1) * width)
    had = np.zeros(width)
    for s in range(count):
        has = np.zeros(width)
        mine = slice(ends[s], ends[s + 1])
        has[active[mine] % width] = events[mine]
        _add_chance(expected, has[x] * has[y], within[s])
        _add_chance(expected, had[x] * has[y] + has[x] * had[y], across[s])
        had = has
    return expected


def _add_chance(expected: Floats, product: Floats, rate: Floats) -> None:
    """Add, for each pair of accounts, the chance to share each object of a stretch."""
    if len(rate) == 0:
        return
    met = np.flatnonzero(product)
    values, where = np.unique(product[met], return_inverse=True)
    expected[met] += -np.expm1(-np.outer(values, rate)).sum(axis=1)[where]


def _rates(laid: Laid, stretch: Ints, size: Floats) -> tuple[list[Floats], list[Floats]]:
    """By stretch, for each of its objects with a pair: chance per product of activities.

    First for pairs within the stretch, then for those with the stretch before.
    """
    index = np.arange(len(laid.o))
    fresh = np.ones(len(laid.o), np.bool_)
    fresh[1:] = (laid.o[1:] != laid.o[:-1]) | (stretch[1:] != stretch[:-1])
    # Events are sorted by object and time, so those of one object and stretch stand together.
    begin = np.maximum.accumulate(np.where(fresh, index, 0))
    earlier = np.concatenate([[0.0], size[:-1]])
    return (
        _by_stretch(laid.o, stretch, index - np.maximum(laid.low, begin), size * (size - 1) / 2),
        _by_stretch(laid.o, stretch, np.maximum(begin - laid.low, 0), size * earlier),
    )


def _by_stretch(o: NDArray[Any], stretch: Ints, pairs: Ints, possible: Floats) -> list[Floats]:
    has = np.flatnonzero(pairs)
    width = int(o.max()) + 1
    keys, where = np.unique(stretch[has] * width + o[has], return_inverse=True)
    total = np.bincount(where, weights=pairs[has].astype(np.float64), minlength=len(keys))
    of = keys // width
    rate = total / np.maximum(possible[of], 1)
    ends = np.searchsorted(of, np.arange(len(possible) + 1))
    return [rate[ends[s] : ends[s + 1]] for s in range(len(possible))]


def poisson_tail(weight: Ints, mean: Floats) -> Floats:
    """P(X >= weight) for X Poisson with ``mean``, accurate to rounding in the far tail (a sum of positive terms)."""
    if len(weight) == 0:
        return np.empty(0)
    k = weight.astype(np.float64)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int(weight.max()) + 1)))])
    safe = np.maximum(mean, 1e-300)
    first = np.exp(k * np.log(safe) - safe - logs[weight])
    term, total = np.ones(len(k)), np.ones(len(k))
    for step in range(1, 200 + 4 * math.ceil(float(safe.max()))):
        term = term * safe / (k + step)
        total += term
        if float((term / total).max()) < 1e-12:
            break
    tail: Floats = np.clip(first * total, 0, 1)
    return tail


def false_discovery(p: Floats, by_chance: Floats, seen: Floats) -> Floats:
    """For each edge the smallest share of chance in what is seen with its p-value or a larger one.

    Args:
        p: p-values of the edges seen.
        by_chance: how much chance gives with each of these p-values or a smaller one.
        seen: smallest p-values of what was seen (edges, accounts), ascending.
    """
    order = np.argsort(p, kind="stable")
    share = by_chance[order] / np.searchsorted(seen, p[order], side="right")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(share[::-1])[::-1], 1)
    return adjusted


@dataclass(frozen=True)
class _Dealt:
    """What the deals gave.

    Attributes:
        edges: how many edges, by deal.
        least: the smallest p-value of any edge, by deal.
        as_unlikely: for each edge seen, how many edges of all deals have its p-value or a smaller one.
        named: for each edge seen, how many accounts of all deals have such an edge.
    """

    edges: list[int]
    least: list[float]
    as_unlikely: Ints
    named: Ints


def _deal(
    laid: Laid, stretch: Ints, accounts: int, least: int, random: np.random.Generator, deals: int, seen: Floats
) -> _Dealt:
    """Deal the accounts out; ``seen`` are the p-values of the edges seen."""
    found = _Dealt([], [], np.zeros(len(seen), np.int64), np.zeros(len(seen), np.int64))
    order = np.argsort(stretch, kind="stable")
    for _ in range(deals):
        shuffled = np.lexsort((random.random(len(stretch)), stretch))
        a = np.empty_like(laid.a)
        a[order] = laid.a[shuffled]
        dealt = laid.dealt(a)
        key, weight = weights(dealt, accounts, least)
        x, y = key // accounts, key % accounts
        p = poisson_tail(weight, _expected(dealt, stretch, x, y))
        found.edges.append(len(key))
        found.least.append(float(p.min(initial=1)))
        found.as_unlikely[:] += np.searchsorted(np.sort(p), seen, side="right")
        found.named[:] += np.searchsorted(_surest(x, y, p), seen, side="right")
    return found


def _surest(x: Ints, y: Ints, p: Floats) -> Floats:
    """The smallest p-value of each account with an edge, ascending."""
    ends, both = np.concatenate([x, y]), np.concatenate([p, p])
    order = np.lexsort((both, ends))
    first = np.ones(len(order), np.bool_)
    first[1:] = ends[order][1:] != ends[order][:-1]
    return np.sort(both[order][first])


def _adjusted(x: Ints, y: Ints, p: Floats, dealt: _Dealt, tested: int) -> Floats:
    """The false discovery rate of each edge; ``tested`` pairs bound what chance can give."""
    deals = len(dealt.edges)
    if not deals:
        return false_discovery(p, p * tested, np.sort(p))
    edges = np.minimum(p * tested, (1 + dealt.as_unlikely) / deals)
    accounts = np.minimum(2 * p * tested, (1 + dealt.named) / deals)
    rates = false_discovery(p, edges, np.sort(p)), false_discovery(p, accounts, _surest(x, y, p))
    larger: Floats = np.maximum(*rates)
    return larger


def _cluster_table(
    names: pa.StringArray, x: Ints, y: Ints, weight: Ints, p: Floats, least: list[float], tested: int
) -> pa.Table:
    """Connected sets of accounts with their total weight and family-wise p-value, after Bonferroni without deals."""
    place = connected((a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True))
    members: list[list[str]] = [[] for _ in set(place.values())]
    for node in sorted(place):
        members[place[node]].append(names[node].as_py())
    total, best = np.zeros(len(members), np.int64), np.ones(len(members))
    of = np.array([place[a] for a in x.tolist()], dtype=np.int64)
    np.add.at(total, of, weight)
    np.minimum.at(best, of, p)
    family = [
        (1 + sum(one <= b for one in least)) / (1 + len(least)) if least else min(1.0, b * tested)
        for b in best.tolist()
    ]
    return pa.table(
        {
            "cluster": pa.array(range(len(members)), pa.int32()),
            "members": pa.array(members, pa.list_(pa.string())),
            "weight": total,
            "p": pa.array(family, pa.float64()),
        }
    )


def case_chance(
    corpus: Corpus, window: int = WINDOW, min_repetition: int = 2, objects: Sequence[str] = OBJECTS
) -> dict[str, Any]:
    """What chance would give for a case, over its platforms: what a report prints beside the network.

    Returns:
        ``chance`` (mean number of edges per deal, None if nothing was dealt), ``edges`` (the number to
        compare it with), ``significant`` (edges at 5 % false discovery), ``clusters`` (clusters with a
        p-value of at most 0.05), ``found`` (``platform, members, p`` of every cluster compared), ``null`` (the
        model in words) and ``platforms`` (facts of each).
    """
    events = case_events(corpus, objects)
    said: dict[str, Any] = {}
    compared: list[dict[str, Any]] = []
    total: dict[str, Any] = {"chance": None, "edges": 0, "significant": 0, "clusters": 0}
    for platform in sorted(set(events["platform"].to_pylist())):
        mine = events.filter(pa.compute.equal(events["platform"], platform)).drop_columns(["platform"])
        found = significance(mine, window, min_repetition)
        said[platform] = found.facts
        total["edges"] += found.facts["edges"]
        total["significant"] += found.facts["edges_at_5_percent_false_discovery"]
        compared += [
            {"platform": platform, "members": row["members"], "p": row["p"]} for row in found.clusters.to_pylist()
        ]
        total["clusters"] += sum(p is not None and p <= 0.05 for p in found.clusters["p"].to_pylist())
        if found.facts["edges_by_chance_mean"] is not None:
            total["chance"] = round((total["chance"] or 0) + found.facts["edges_by_chance_mean"], 2)
    return total | {"found": compared, "null": NULL, "platforms": said}
