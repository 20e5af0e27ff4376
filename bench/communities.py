"""Communities against planted ones, ours beside the libraries' in one run: ``python -m bench.communities``.

Normalised mutual information (1: the planted groups exactly) on networks whose groups have uneven sizes and whose
accounts have skewed degrees; mixing is the share of an account's ties that lead out of its group. NetworkX runs in
the peers' own environment, networkit here.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pyarrow.parquet as pq
from tests.networks.planted import planted

from bench.run import WORK, peers, timed

_NETWORKX = """
import json, sys
import networkx as nx, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1]); g = nx.Graph()
g.add_edges_from(zip(t["source"].to_pylist(), t["target"].to_pylist()))
find = {"networkx louvain": lambda: nx.community.louvain_communities(g, seed=1),
        "networkx labels": lambda: nx.community.asyn_lpa_communities(g, seed=1)}
said = {name: {n: i for i, part in enumerate(make()) for n in part} for name, make in find.items()}
open(sys.argv[2], "w").write(json.dumps(said))
"""


def scores(count: int, mixing: float, seed: int) -> dict[str, float]:
    """Agreement with the planted groups by method, on one network."""
    import networkit as nk

    from tecolote.networks.communities import communities, normalised_mutual_information
    from tecolote.networks.graph import graph_of, networkit_graph

    edges, group = planted(count, mixing, seed)
    graph = graph_of(edges, directed=False)
    names = graph.names.to_pylist()
    truth = np.array([group[int(name[1:])] for name in names])
    labels = {"ours": communities(graph, resamples=0).label}
    tied = networkit_graph(graph)
    for name in ("PLM", "ParallelLeiden", "PLP"):
        nk.setSeed(1, False)
        found = getattr(nk.community, name)(tied)
        found.run()
        labels[f"networkit {name}"] = np.array(found.getPartition().getVector())
    pq.write_table(edges, WORK / "communities.parquet")
    timed([str(peers() / "python"), "-c", _NETWORKX, str(WORK / "communities.parquet"), str(WORK / "said.json")])
    for name, of in json.loads((WORK / "said.json").read_text()).items():
        labels[name] = np.array([of[n] for n in names])
    return {name: normalised_mutual_information(label, truth) for name, label in labels.items()}


def main(argv: list[str] | None = None) -> None:
    """Print the table; the last column is what ours has above the best library (0 or more is as asked)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=2000)
    parser.add_argument("--mixing", type=float, nargs="+", default=[0.1, 0.3, 0.5, 0.6, 0.7])
    parser.add_argument("--seeds", type=int, default=2)
    wanted = parser.parse_args(argv)
    WORK.mkdir(exist_ok=True)
    head: list[str] = []
    worst = 1.0
    for mixing in wanted.mixing:
        runs = [scores(wanted.accounts, mixing, seed) for seed in range(1, wanted.seeds + 1)]
        if not head:
            head = list(runs[0])
            print(f"{'mixing':8}" + "".join(f"{name:>25}" for name in head) + f"{'ours - best':>13}")
        mean = {name: float(np.mean([run[name] for run in runs])) for name in head}
        above = min(run["ours"] - max(v for name, v in run.items() if name != "ours") for run in runs)
        worst = min(worst, above)
        print(f"{mixing:<8}" + "".join(f"{mean[name]:25.4f}" for name in head) + f"{above:+13.4f}")
    print(f"least that ours has above the best library on any network: {worst:+.4f}")


if __name__ == "__main__":
    main()
