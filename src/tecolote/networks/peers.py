"""Two published definitions, value by value, as DuckDB SQL over time buckets.

``coortweet``: CooRTweet 2.1.3 (Righetti and Balluff 2025), undirected, weight = pairs of posts.
``qut``: coordination-network-toolkit 1.5.2 (Graham, QUT 2020), directed, weight = distinct messages of
the source that met a message of the target.

A bucket is ``t div (window + 1)``; two events within the window lie in the same or neighbouring
buckets, so an equality join on (object, bucket) finds all of them and the exact filter the right ones.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tecolote.errors import LimitExceeded
from tecolote.networks.eventtable import Events
from tecolote.networks.windows import Ints, lay_window

if TYPE_CHECKING:
    import duckdb

#: Neither definition allows pruning, so all pairs are built; more than this needs another profile.
MOST_PAIRS = 400_000_000


@contextlib.contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory that spills into a folder of its own."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="tecolote-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 2,
            "memory_limit": "4GB",
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            yield connection
        finally:
            connection.close()


def _preflight(events: Events, window: int) -> int:
    """Pairs within the window.

    Raises:
        LimitExceeded: more than this machine should build.
    """
    pairs = int(lay_window(events.o, events.a, events.t - (events.t.min() if len(events) else 0), window).before.sum())
    if pairs > MOST_PAIRS:
        raise LimitExceeded(
            f"this profile would build {pairs:,} pairs of posts", "Use --profile distinct or a shorter --window"
        )
    return pairs


def qut(events: Events, window: int, repetition: int) -> tuple[pa.Table, dict[str, Any]]:
    """Edges ``source, target, weight`` without loops, and the facts of the run."""
    pairs = _preflight(events, window)
    rows = pa.table({"o": events.o, "a": events.a, "c": events.c, "t": events.t})
    with _database() as db:
        db.register("rows", rows)
        db.execute(
            "CREATE TEMP TABLE ev AS SELECT DISTINCT o, a, c, t, floor(t / ($1 + 1))::BIGINT b FROM rows "
            "WHERE o IN (SELECT o FROM rows GROUP BY o HAVING count(DISTINCT a) > 1)",
            [float(window)],
        )
        # An account with fewer messages cannot reach the weight as a source; as a target it may.
        db.execute(
            "CREATE TEMP TABLE source AS SELECT * FROM ev "
            "WHERE a IN (SELECT a FROM ev GROUP BY a HAVING count(DISTINCT c) >= $1)",
            [repetition],
        )
        db.execute("CREATE TEMP TABLE near AS SELECT o, a, t, b + unnest([-1, 0, 1]) b FROM ev")
        found = db.execute(
            "SELECT x, y, count(*) weight FROM ("
            "  SELECT DISTINCT p.c, p.a x, q.a y FROM source p JOIN near q ON p.o = q.o AND p.b = q.b"
            "  WHERE q.t BETWEEN p.t - $1 AND p.t + $1 AND p.a <> q.a"
            ") GROUP BY x, y HAVING count(*) >= $2 ORDER BY x, y",
            [window, repetition],
        ).to_arrow_table()
    edges = pa.table(
        {
            "source": events.accounts.take(found["x"].combine_chunks()),
            "target": events.accounts.take(found["y"].combine_chunks()),
            "weight": found["weight"],
        }
    )
    return edges, events.facts() | {"pairs": pairs, "exact": True}


# Most edges have one pair, and distinct contents are costly to count: only the others are asked.
_EDGES = """
WITH undirected AS (SELECT least(a1, a2) x, greatest(a1, a2) y, c1, c2, dt, fast FROM network),
edges AS (
    SELECT x, y, count(*) weight, avg(dt) avg_time_delta, nullif(count(*) FILTER (WHERE fast), 0) weight_fast
    FROM undirected GROUP BY x, y
),
several AS (
    SELECT x, y, count(DISTINCT c1) older, count(DISTINCT c2) newer FROM undirected
    SEMI JOIN (SELECT x, y FROM edges WHERE weight > 1) USING (x, y) GROUP BY x, y
)
SELECT x, y, weight, avg_time_delta, coalesce(older, 1) n_content_id, coalesce(newer, 1) n_content_id_y, weight_fast
FROM edges LEFT JOIN several USING (x, y) ORDER BY x, y
"""


def coortweet(
    events: Events, window: int, participation: int, *, quantile: float, keep_loops: bool, fast_window: int | None
) -> tuple[pa.Table, dict[str, Any]]:
    """Edges with the columns of ``generate_coordinated_network``, and the facts of the run.

    Pairs are made within each modality, then one network of all. ``weight_fast`` is null (R: ``NA``) on
    edges without a fast pair; these never pass the fast threshold.
    """
    found = _preflight(events, window)
    with _database() as db:
        db.execute("CREATE TEMP TABLE network (a1 BIGINT, a2 BIGINT, c1 BIGINT, c2 BIGINT, dt BIGINT, fast BOOLEAN)")
        for modality in range(len(events.modalities)):
            _detect(db, _rows(events, events.modality_of[events.o] == modality), window, participation, keep_loops)
            _flag_fast(db, participation, fast_window)
        edges = db.execute(_EDGES).to_arrow_table()
        pairs = db.execute("SELECT count(*), count(*) FILTER (WHERE fast) FROM network").fetchone() or (0, 0)
    facts = events.facts() | {
        "pairs": found,
        "pairs_kept": int(pairs[0]),
        "exact": True,
        "threshold": _threshold(edges["weight"], quantile),
    }
    if fast_window is not None:
        facts |= {"pairs_fast": int(pairs[1]), "threshold_fast": _threshold(edges["weight_fast"], quantile)}
    return _finish(events, edges, quantile, fast_window), facts


def _rows(events: Events, mine: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    """One modality's rows with their place among equal times.

    The R code groups rows by account in order of first appearance and keeps that order for ties.
    """
    a = events.a[mine]
    seen = np.full(len(events.accounts), len(a), np.int64)
    np.minimum.at(seen, a, np.arange(len(a)))
    order = np.lexsort((np.arange(len(a)), seen[a]))
    place: Ints = np.empty(len(a), np.int64)
    place[order] = np.arange(len(a))
    return pa.table(
        {
            "o": events.o[mine],
            "a": a,
            "c": events.c[mine],
            "t": events.t[mine],
            "place": place,
            "self": events.self_named[mine],
        }
    )


def _detect(db: duckdb.DuckDBPyConnection, rows: pa.Table, window: int, participation: int, loops: bool) -> None:
    """``detect_groups``: leaves its pairs in the table ``pairs`` and its input in ``given``."""
    db.register("rows", rows)
    db.execute("CREATE OR REPLACE TEMP TABLE given AS SELECT * FROM rows")
    db.unregister("rows")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE ev AS SELECT *, floor(t / ($1 + 1))::BIGINT b FROM given "
        "WHERE a IN (SELECT a FROM given GROUP BY a HAVING count(*) >= $2)",
        [float(window), participation],
    )
    db.execute("CREATE OR REPLACE TEMP TABLE near AS SELECT o, a, c, t, place, self, b - unnest([0, 1]) b FROM ev")
    no_loops = "AND p.a <> q.a AND p.c <> q.c AND NOT p.self AND NOT q.self"
    db.execute(
        "CREATE OR REPLACE TEMP TABLE all_pairs AS SELECT p.a a1, q.a a2, p.c c1, q.c c2, q.t - p.t dt "
        "FROM ev p JOIN near q ON p.o = q.o AND p.b = q.b "
        f"WHERE q.t BETWEEN p.t AND p.t + $1 AND (q.t > p.t OR q.place > p.place) {'' if loops else no_loops}",
        [window],
    )
    _keep_active(db, "all_pairs", "ev", "pairs", participation)


def _keep_active(db: duckdb.DuckDBPyConnection, pairs: str, rows: str, into: str, participation: int) -> None:
    """``filter_min_participation``: a pair stays if one of its contents belongs to an active account."""
    if participation < 1:
        db.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM {pairs}")
        return
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE active AS WITH mine AS (SELECT a, c FROM {rows} WHERE c IN "
        f"(SELECT c1 FROM {pairs} UNION SELECT c2 FROM {pairs})) "
        "SELECT DISTINCT c FROM mine WHERE a IN (SELECT a FROM mine GROUP BY a HAVING count(*) >= $1)",
        [participation],
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM {pairs} "
        "WHERE c1 IN (SELECT c FROM active) OR c2 IN (SELECT c FROM active)"
    )


def _flag_fast(db: duckdb.DuckDBPyConnection, participation: int, fast_window: int | None) -> None:
    """``flag_speed_share`` on ``pairs``, then add them to the network."""
    if fast_window is None:
        db.execute("INSERT INTO network SELECT a1, a2, c1, c2, dt, false FROM pairs")
        return
    db.execute("CREATE OR REPLACE TEMP TABLE near_pairs AS SELECT * FROM pairs WHERE dt <= $1", [fast_window])
    _keep_active(db, "near_pairs", "given", "fast_pairs", participation)
    db.execute(
        "INSERT INTO network SELECT a1, a2, c1, c2, dt, f.c1 IS NOT NULL FROM pairs "
        "LEFT JOIN (SELECT DISTINCT c1, c2 FROM fast_pairs) f USING (c1, c2)"
    )


def _threshold(weights: pa.ChunkedArray, quantile: float) -> float | None:
    """R's quantile type 7, which is NumPy's own; None without edges."""
    known = weights.drop_null()
    return float(np.quantile(known.to_numpy(), quantile)) if len(known) else None


def _finish(events: Events, found: pa.Table, quantile: float, fast_window: int | None) -> pa.Table:
    old, new = found["n_content_id"].to_numpy(), found["n_content_id_y"].to_numpy()
    weight = found["weight"].to_numpy()
    limit = _threshold(found["weight"], quantile)
    columns: dict[str, Any] = {
        "account_id": events.accounts.take(found["x"].combine_chunks()),
        "account_id_y": events.accounts.take(found["y"].combine_chunks()),
        "weight": weight,
        "avg_time_delta": found["avg_time_delta"],
        "n_content_id": old,
        "n_content_id_y": new,
        "edge_symmetry": np.minimum(old, new) / np.maximum(old, new),
        "passing": weight > limit if limit is not None else np.zeros(0, np.bool_),
    }
    if fast_window is not None:
        fast = found["weight_fast"]
        fast_limit = _threshold(fast, quantile)
        over = np.nan_to_num(fast.to_numpy().astype(np.float64)) > (np.inf if fast_limit is None else fast_limit)
        columns |= {"weight_full": weight, "weight_fast": fast, "passing_fast": over}
    return pa.table(columns)
