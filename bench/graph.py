"""Graphs beside NetworkX and near-equal texts beside rensa: ``python -m bench.graph``.

Each engine is a process of its own that reads the same Parquet file and says how long each step took, so
that start and compilation stand apart from the work. The floor is the read and sort of the same columns.
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.run import WORK, peers, timed

_HEAD = """
import io, json, sys, time
import pyarrow.parquet as pq
said = {}
def step(name, work):
    began = time.perf_counter(); found = work(); said[name] = time.perf_counter() - began
    return found
"""
_TAIL = "\nopen(sys.argv[2], 'w').write(json.dumps(said))\n"
_ENGINES = {
    "floor": """
import pyarrow.compute as pc
t = step("read", lambda: pq.read_table(sys.argv[1]))
step("sort", lambda: pc.sort_indices(t, [(n, "ascending") for n in t.column_names[:2]]))
""",
    "graph ours": """
import networkit, scipy.sparse.csgraph
from tecolote.networks.communities import communities, normalised_mutual_information as nmi
from tecolote.networks.export import write_gexf, write_graphml
from tecolote.networks.graph import components, graph_of, pagerank
import numpy as np
t = pq.read_table(sys.argv[1])
g = step("build", lambda: graph_of(t, directed=False))
c = step("communities", lambda: communities(g, resamples=0))
step("pagerank", lambda: pagerank(g)); step("components", lambda: components(g))
said["nmi"] = float(nmi(c.label, np.array([int(n.split("-")[1]) for n in g.names.to_pylist()])))
few = t.slice(0, 100_000)
step("gexf", lambda: write_gexf(few, io.BytesIO())); step("graphml", lambda: write_graphml(few, io.BytesIO()))
""",
    "graph networkx": """
import networkx as nx
t = pq.read_table(sys.argv[1]); g = nx.Graph()
rows = list(zip(*(t[n].to_pylist() for n in ("source", "target", "weight"))))
step("build", lambda: g.add_weighted_edges_from(rows))
c = step("communities", lambda: nx.community.louvain_communities(g, seed=1))
# Its PageRank needs SciPy, which is not among the peers; the peer's sum is without it unless it is there.
import importlib.util
if importlib.util.find_spec("scipy"): step("pagerank", lambda: nx.pagerank(g))
step("components", lambda: list(nx.connected_components(g)))
few = nx.Graph(); few.add_weighted_edges_from(rows[:100_000])
step("gexf", lambda: nx.write_gexf(few, io.BytesIO())); step("graphml", lambda: nx.write_graphml(few, io.BytesIO()))
from math import log
part = {n: i for i, m in enumerate(c) for n in m}
def h(counts): return -sum(v / len(part) * log(v / len(part)) for v in counts.values())
def tally(keys):
    found = {}
    for k in keys: found[k] = found.get(k, 0) + 1
    return h(found)
true = {n: n.split("-")[1] for n in part}
x, y, both = tally(part.values()), tally(true.values()), tally((part[n], true[n]) for n in part)
said["nmi"] = 2 * (x + y - both) / (x + y)
""",
    "texts ours": """
from tecolote.networks.nearduplicate import near_pairs
t = pq.read_table(sys.argv[1])["text"]
step("load kernel", lambda: near_pairs(t.slice(0, 100).combine_chunks(), 0.8, 1))
said["pairs"] = len(step("join", lambda: near_pairs(t.combine_chunks(), 0.8, 1)))
""",
    "texts rensa": """
import rensa
t = pq.read_table(sys.argv[1])["text"].to_pylist()
def join():
    lsh = rensa.RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
    sets = [set(s.split()) for s in t]; found = set()
    for i, s in enumerate(sets):
        m = rensa.RMinHash(num_perm=128, seed=42); m.update(list(s))
        found.update((j, i) for j in lsh.query(m) if j != i); lsh.insert(i, m)
    return sum(len(sets[a] & sets[b]) * 5 >= 4 * len(sets[a] | sets[b]) for a, b in found)
said["pairs"] = step("join", join)
""",
}


def write_graph(edges: int, seed: int = 3) -> None:
    """Accounts ``u<n>-<group>`` in groups of uneven size, with skewed degrees; three ties in four are inside."""
    random = np.random.default_rng(seed)
    count = max(edges // 5, 100)
    groups = max(count // 100, 2)
    group = np.sort((random.random(count) ** 2 * groups).astype(int))
    weight = np.cumsum(np.minimum((1 - random.random(count)) ** (-1 / 1.5), 2000))
    first = np.searchsorted(group, np.arange(groups + 1))
    bound = np.concatenate([[0], weight])[first]
    drawn = int(edges * 1.35)
    x = np.searchsorted(weight, random.random(drawn) * weight[-1])
    inside = random.random(drawn) < 0.75
    low, high = bound[group[x]], bound[group[x] + 1]
    y = np.searchsorted(weight, np.where(inside, low + random.random(drawn) * (high - low), 0))
    y = np.where(inside, y, np.searchsorted(weight, random.random(drawn) * weight[-1]))
    a, b = np.minimum(x, y), np.minimum(np.maximum(x, y), count - 1)
    key = np.unique((a * count + b)[a != b])
    random.shuffle(key)
    key = key[:edges]
    names = np.array([f"u{i:06}-{g}" for i, g in enumerate(group)])
    ties = {"source": names[key // count], "target": names[key % count]}
    pq.write_table(pa.table(ties | {"weight": random.integers(1, 6, len(key)).astype(float)}), WORK / "graph.parquet")


def write_texts(posts: int, seed: int = 5) -> None:
    """Posts of words with Zipf frequencies; 15 % are others with up to two words changed."""
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, 60_001) ** 1.05
    share = np.cumsum(share / share.sum())
    made = [
        np.searchsorted(share, random.random(int(n))).tolist()
        for n in np.clip(random.lognormal(2.6, 0.5, int(posts * 0.85)), 3, 50)
    ]
    originals = [m for m in made[: posts // 50] if len(m) >= 8]
    while len(made) < posts:
        copy = list(originals[int(len(originals) * random.random() ** 3)])
        for _ in range(int(random.integers(0, 3))):
            copy[int(random.integers(len(copy)))] = int(np.searchsorted(share, random.random()))
        made.append(copy)
    texts = [" ".join(f"w{w}" for w in made[i]) for i in random.permutation(posts)]
    pq.write_table(pa.table({"text": texts}), WORK / "texts.parquet")


def run(engine: str, file: str) -> dict[str, float]:
    """Seconds by step of one engine in a process of its own."""
    peer = engine.rsplit(maxsplit=1)[-1] in ("networkx", "rensa")
    python = str(peers() / "python") if peer else sys.executable
    used = timed([python, "-c", _HEAD + _ENGINES[engine] + _TAIL, str(WORK / file), str(WORK / "said.json")])
    said: dict[str, float] = json.loads((WORK / "said.json").read_text())
    return said | {"process": used.wall, "cpu": used.cpu, "peak MB": used.peak_mb}


def table(title: str, found: dict[str, dict[str, float]], steps: list[str]) -> None:
    """Print seconds and, beside the last engine, the ratio."""
    print(f"\n{title:24}" + "".join(f"{name:>16}" for name in found))
    for step in steps:
        print(f"{step:24}" + "".join(f"{said[step]:16.3f}" if step in said else f"{'':>16}" for said in found.values()))
    for name, said in found.items():
        print(f"{name}: process {said['process']:.1f} s, cpu {said['cpu']:.1f} s, peak {said['peak MB']:.0f} MB")


def main(argv: list[str] | None = None) -> None:
    """Write the inputs, run the engines, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--posts", type=int, default=200_000)
    given = parser.parse_args(argv)
    WORK.mkdir(exist_ok=True)
    write_graph(given.edges)
    write_texts(given.posts)
    for topic, peer, file, unit in (("graph", "networkx", "graph", "edges"), ("texts", "rensa", "texts", "posts")):
        engines = ([] if topic == "texts" else ["floor"]) + [f"{topic} ours", f"{topic} {peer}"]
        found = {engine: run(engine, f"{file}.parquet") for engine in engines}
        steps = list(
            dict.fromkeys(s for said in found.values() for s in said if s not in ("process", "cpu", "peak MB"))
        )
        table(f"{getattr(given, unit):,} {unit}", found, steps)
        works = ("communities", "pagerank", "components") if topic == "graph" else ("join",)
        mine, other = (sum(found[f"{topic} {who}"].get(w, 0.0) for w in works) for who in ("ours", peer))
        print(f"{' + '.join(works)}: {mine:.2f} s against {other:.2f} s of {peer}: {other / mine:.1f} times")


if __name__ == "__main__":
    main()
