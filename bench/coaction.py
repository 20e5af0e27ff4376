"""Who acts together, beside the QUT toolkit and the read and sort of the same file: ``python -m bench.coaction``.

Each run is a process of its own that says how long its steps took; start and the load of compiled code stand
apart. The floor is the faster of DuckDB and Polars at reading the file and sorting it by object and time on two
threads. `--big` adds ten million events; the toolkit runs at up to `--peer` events. Edges of profile ``qut``
are compared with the toolkit's.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench.coaction_events import make
from bench.run import WORK, peers, timed

_WINDOW = 60
_HEAD = """
import json, sys, time
file, out = sys.argv[1:3]
said = {}
def step(name, work):
    began = time.perf_counter(); found = work(); said[name] = time.perf_counter() - began
    return found
"""
_TAIL = "\nopen(out, 'w').write(json.dumps(said))\n"
# Two accounts that meet twice: with fewer there is no edge, and what counts edges would be compiled in the run.
_FEW = """
import pyarrow as pa
few = pa.table({"object_id": [*"oopp"], "account_id": [*"abab"], "content_id": [*"cdef"], "ts": [1, 2, 3, 4]})
"""
_OURS = (
    _FEW
    + """
import pyarrow.parquet as pq
from tecolote.networks.coaction import coaction
step("load", lambda: coaction(few, PROFILE, 60))
def run():
    found = coaction(file, PROFILE, 60); pq.write_table(found.edges, out + ".parquet")
    return found
found = step("run", run)
said["edges"] = found.edges.num_rows
said["weight"] = sum(found.edges["weight"].to_pylist())
said["exact"] = found.facts["exact"]
"""
)
_CODE = {
    "passes": _FEW
    + """
from tecolote.networks import passes
from tecolote.networks.coaction import coaction
step("load", lambda: coaction(few, window=60))
passes.MOST_AT_ONCE = -1
began = time.process_time()
found = step("run", lambda: coaction(file, window=60))
said["seconds of cores"] = time.process_time() - began
said["edges"] = found.edges.num_rows
""",
    "floor duckdb": """
import duckdb
db = duckdb.connect(config={"threads": 2})
step("run", lambda: db.sql(f"CREATE TABLE t AS FROM '{file}' ORDER BY object_id, ts"))
""",
    "floor polars": """
import polars as pl
step("run", lambda: pl.read_parquet(file).sort("object_id", "ts"))
""",
    "chance": _FEW
    + """
from tecolote.networks.eventtable import read_events
from tecolote.networks.significance import significance
step("load", lambda: significance(few, 60, 1, deals=2))
events = read_events(file)
said["edges"] = step("run", lambda: significance(events, 60)).edges.num_rows
""",
    "toolkit": """
import os, sqlite3
from coordination_network_toolkit.preprocess import preprocess_csv_files
from coordination_network_toolkit.compute_networks import compute_co_retweet_parallel
db = out + ".db"
if os.path.exists(db): os.unlink(db)
def run():
    preprocess_csv_files(db, [file + ".csv"])
    compute_co_retweet_parallel(db, 60, n_threads=2, min_edge_weight=2)
step("run", run)
rows = sqlite3.connect(db).execute(
    "SELECT count(*), sum(weight) FROM co_retweet_network WHERE user_1 <> user_2").fetchone()
said["edges"], said["weight"] = rows
os.unlink(db)
""",
}


def run(name: str, file: Path) -> dict[str, float]:
    """Seconds by step, edges, and the process's own time and memory."""
    code = _CODE.get(name) or _OURS.replace("PROFILE", repr(name))
    python = str(peers() / "python") if name in ("toolkit", "floor polars") else sys.executable
    env = {"POLARS_MAX_THREADS": "2"}
    out = WORK / "said.json"
    used = timed([python, "-c", _HEAD + code + _TAIL, str(file), str(out)], env=env)
    said: dict[str, float] = json.loads(out.read_text())
    line = f"{name:14} {said['run']:9.2f} s  process {used.wall:6.1f} s  cpu {used.cpu:6.1f} s  {used.peak_mb:6.0f} MB"
    line += f"  load {said['load']:.2f} s" if "load" in said else ""
    print(line + (f"  {said['edges']:,} edges" if "edges" in said else ""), flush=True)
    return said | {"peak": used.peak_mb}


def write(n: int, viral: int = 0, csv: bool = False) -> Path:
    """The file of events, and if asked the same as the toolkit reads it.

    In a process of its own: a child's peak memory is never told as less than that of who started it.
    """
    file = WORK / "coaction.parquet"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_write, file, n, viral, csv).result()
    return file


def _write(file: Path, n: int, viral: int, csv: bool) -> None:
    events = make(n, viral=viral).events
    pq.write_table(events, file)
    if csv:
        empty = pa.array([""] * len(events))
        columns = {"message_id": events["content_id"], "user_id": events["account_id"]}
        columns |= {"username": events["account_id"], "repost_id": events["object_id"], "reply_id": empty}
        columns |= {"message": empty, "timestamp": events["ts"], "urls": empty}
        pyarrow.csv.write_csv(pa.table(columns), f"{file}.csv")


def compare(n: int, peer: bool, others: bool) -> None:
    """One size: the floor, our profiles, the toolkit where asked, and their ratios."""
    print(f"\n{n:,} events, window {_WINDOW} s, at least 2")
    file = write(n, csv=peer)
    floor = min(run(name, file)["run"] for name in ("floor duckdb", "floor polars"))
    ours = run("distinct", file)
    print(f"distinct: {ours['run'] / floor:.1f} times the floor, peak {ours['peak']:.0f} MB")
    if others:
        for name in ("coortweet", "chance"):
            print(f"{name}: {run(name, file)['run'] / floor:.1f} times the floor")
    directed = run("qut", file) if others or peer else {}
    if peer:
        theirs = run("toolkit", file)
        faster = [f"{name} {theirs['run'] / said['run']:.1f}" for name, said in (("distinct", ours), ("qut", directed))]
        print(f"times faster than the toolkit: {', '.join(faster)}")
        same = all(directed[name] == theirs[name] for name in ("edges", "weight"))
        print(f"edges and sum of weights {'equal' if same else 'DIFFERENT'} to the toolkit's")


def grow(most: int) -> None:
    """Passes over partitions at a hundredth, a tenth and all of ``most`` events: the third predicted from two."""
    print(f"\nin passes over partitions, window {_WINDOW} s, at least 2")
    sizes = (most // 100, most // 10, most)
    spent = []
    for n in sizes:
        spent.append(run("passes", write(n))["seconds of cores"])
        print(f"{n:,} events: {spent[-1]:.1f} seconds of cores, {n / spent[-1]:,.0f} events in each")
    per_event = (spent[1] - spent[0]) / (sizes[1] - sizes[0])
    predicted = spent[0] + per_event * (sizes[2] - sizes[0])
    print(f"{most:,} events predicted from the smaller two: {predicted:.1f}, measured {spent[2]:.1f}")


def main(argv: list[str] | None = None) -> None:
    """Write the inputs, run the engines, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--big", action="store_true", help="ten million events too; some minutes")
    parser.add_argument("--peer", type=int, default=1_000_000, help="largest number of events the toolkit is given")
    parser.add_argument("--passes", type=int, metavar="N", help="only show how passes grow up to N events")
    given = parser.parse_args(argv)
    WORK.mkdir(exist_ok=True)
    if given.passes:
        grow(given.passes)
        return
    for n in (100_000, 1_000_000, *([10_000_000] if given.big else [])):
        compare(n, n <= given.peer, others=n <= 1_000_000)
    print("\n100,000 events, and an object shared by 100,000 accounts within a minute")
    said = run("distinct", write(100_000, viral=100_000))
    print(f"exact: {said['exact']}")
    for left in WORK.glob("coaction.parquet*"):
        left.unlink()


if __name__ == "__main__":
    main()
