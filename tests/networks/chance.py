"""Precision, recall and false alarms of the null model: ``python -m tests.networks.chance``.

Events are those of `bench.coaction_events`. *Planted*: at 5 % false discovery, which pairs of accounts are
reported, against the pairs of one planted group. A pair is one to be found if it has an edge at all;
the recall among all pairs of a group is printed too. *Nothing planted*: the share of runs that
report any edge at 5 % false discovery, or any cluster at 5 %. Intervals are those of Wilson
(J. Am. Stat. Assoc. 22, 1927) at 95 %.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import pyarrow.compute as pc
from bench.coaction_events import make

from tecolote.networks.coaction import coaction
from tecolote.networks.significance import significance


@dataclass
class Found:
    """Counts over runs: reported and planted, reported and not, planted and not reported."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __str__(self) -> str:
        precision = share(self.right, self.right + self.wrong)
        return f"precision {precision}, recall {share(self.right, self.right + self.missed)}"


def share(part: int, whole: int) -> str:
    """``part / whole`` with its interval."""
    z = 1.959964
    p = part / whole
    middle, wide = p + z * z / (2 * whole), z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    low, high = ((middle + sign * wide) / (1 + z * z / whole) for sign in (-1, 1))
    return f"{p:.3f} ({max(low, 0):.3f} to {min(high, 1):.3f}; {part:,} of {whole:,})"


def planted(events: int, seeds: range, deals: int) -> tuple[Found, Found, Found]:
    """Pairs that met often enough, accounts, and all pairs of a group, whether or not they met."""
    pairs, accounts, everyone = Found(), Found(), Found()
    for seed in seeds:
        made = make(events, seed)
        group = made.group
        network = coaction(made.events, "distinct").edges.to_pylist()
        sure = significance(made.events, deals=deals).edges
        sure = sure.filter(pc.less_equal(sure["q"], 0.05))
        told = {(e["account_id"], e["account_id_y"]) for e in sure.to_pylist()}
        truth = {(e["account_id"], e["account_id_y"]) for e in network}
        truth = {(a, b) for a, b in truth if a in group and group.get(b) == group[a]}
        good = {(a, b) for a, b in told if a in group and group.get(b) == group[a]}
        _count(pairs, len(good), len(told), len(truth | good))
        sizes: dict[int, int] = {}
        for one in group.values():
            sizes[one] = sizes.get(one, 0) + 1
        _count(everyone, len(good), len(told), sum(n * (n - 1) // 2 for n in sizes.values()))
        reported = {a for pair in told for a in pair}
        _count(accounts, len(reported & group.keys()), len(reported), len(group))
    return pairs, accounts, everyone


def nothing(events: int, seeds: range, deals: int) -> tuple[int, int, int]:
    """Runs without groups that report an edge, a cluster, either."""
    edges = clusters = either = 0
    for seed in seeds:
        found = significance(make(events, seed, planted=0).events, deals=deals)
        edge = found.facts["edges_at_5_percent_false_discovery"] > 0
        cluster = any(p is not None and p <= 0.05 for p in found.clusters["p"].to_pylist())
        edges, clusters, either = edges + edge, clusters + cluster, either + (edge or cluster)
    return edges, clusters, either


def _count(found: Found, good: int, told: int, truth: int) -> None:
    found.right += good
    found.wrong += told - good
    found.missed += truth - good


def main(argv: list[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--planted", type=int, default=20, help="runs with groups")
    parser.add_argument("--nothing", type=int, default=100, help="runs without")
    parser.add_argument("--seed", type=int, default=0, help="first seed of the runs")
    parser.add_argument("--deals", type=int, default=19)
    given = parser.parse_args(argv)
    if given.planted:
        pairs, accounts, everyone = planted(given.events, range(given.seed, given.seed + given.planted), given.deals)
        print(f"{given.planted} runs with planted groups, {given.events:,} events, 5 % false discovery")
        print(f"pairs with an edge: {pairs}\naccounts: {accounts}\nall pairs of a group: {everyone}", flush=True)
    if given.nothing:
        edges, clusters, either = nothing(
            given.events, range(given.seed + 1000, given.seed + 1000 + given.nothing), given.deals
        )
        print(f"{given.nothing} runs with nothing planted: any edge reported {share(edges, given.nothing)}")
        print(f"any cluster {share(clusters, given.nothing)}; anything {share(either, given.nothing)}")


if __name__ == "__main__":
    main()
