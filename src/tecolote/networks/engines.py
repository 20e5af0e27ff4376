"""Where the expressions run: DuckDB in this process, Spark on this machine, or a cluster that already stands.

``duckdb`` spills to disk and needs no memory for all pairs. ``spark-local`` starts Spark with two workers here;
``spark`` takes the running session (a notebook, ``spark-submit``); anything with ``://`` or ``yarn`` is the
address of a master (``spark://``, ``k8s://``) or of a Spark Connect server (``sc://``).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from tecolote.errors import UsageError
from tecolote.networks import expressions
from tecolote.networks.eventtable import (
    _ALIASES,
    _MILLISECONDS,
    _TOO_LARGE,
    COLUMNS,
    EventsRefused,
    check,
    read_events,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend


def is_engine(name: str) -> bool:
    """Whether ``name`` is one that `opened` knows."""
    return name in ("duckdb", "spark", "spark-local", "yarn") or "://" in name


@contextlib.contextmanager
def opened(engine: str) -> Iterator[SQLBackend]:
    """A connection to the engine, with a folder of its own to spill into.

    Raises:
        UsageError: no such engine, or Spark is not installed or cannot be reached.
    """
    import ibis

    if not is_engine(engine):
        raise UsageError(f"no engine '{engine}'", "Choose kernel, duckdb, spark-local, spark or spark://HOST:PORT")
    if engine == "duckdb":
        with tempfile.TemporaryDirectory(prefix="tecolote-") as folder:
            database = ibis.duckdb.connect(threads=2, memory_limit="6GB", temp_directory=folder)
            try:
                yield database
            finally:
                database.disconnect()
        return
    yield ibis.pyspark.connect(spark_session(engine))


def spark_session(engine: str) -> Any:
    """The running Spark session, or a new one on the master that ``engine`` names.

    Raises:
        UsageError: Spark is not installed, or the master cannot be reached.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("Spark is not installed", "Run: pip install 'tecolote[spark]' (it needs Java 17)") from None
    builder = SparkSession.builder.appName("tecolote")
    if engine == "spark-local":
        builder = builder.master("local[2]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        builder = builder.config("spark.sql.shuffle.partitions", "4").config("spark.driver.memory", "4g")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
    elif engine.startswith("sc://"):
        builder = builder.remote(engine)
    elif engine != "spark":
        builder = builder.master(engine)
    try:
        session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        if not engine.startswith("sc://"):
            session.sparkContext.setLogLevel("ERROR")
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UsageError(
            f"{engine} cannot be reached ({first})", "Is Java 17 installed, and the address right?"
        ) from None
    return session


@contextlib.contextmanager
def events_of(database: SQLBackend, source: pa.Table | str | Path) -> Iterator[tuple[ir.Table, int]]:
    """Events ``o, a, c, t, m, row, object_id`` as the expressions want them, and how many rows lacked an id.

    Args:
        database: from `opened`.
        source: a table, a file, or (Spark) a folder or address of Parquet that the cluster reads by itself.

    Raises:
        EventsRefused: as `tecolote.networks.eventtable.check`.
    """
    spark = database.name == "pyspark"
    if spark and not isinstance(source, pa.Table) and ("://" in str(source) or Path(source).is_dir()):
        yield normal(_spark_table(database, str(source)))
        return
    table = check(source) if isinstance(source, pa.Table) else read_events(source)
    table = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    if not spark:
        yield normal(cast("ir.Table", database.create_table("events", _plain(table), temp=True)))
        return
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="tecolote-") as folder:
        pq.write_table(_plain(table), Path(folder) / "events.parquet", row_group_size=250_000)
        yield normal(cast("ir.Table", database.read_parquet(str(Path(folder) / "events.parquet"))))


def _plain(table: pa.Table) -> pa.Table:
    """The table without dictionaries."""
    kinds = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))


def _spark_table(database: SQLBackend, address: str) -> ir.Table:
    """Parquet read by the cluster, each row with its place: files in order of their names, rows in that of the file."""
    session = cast(Any, database)._session
    frame = session.read.parquet(address).selectExpr("*", "_metadata.file_path _file", "_metadata.row_index _index")
    files = sorted(row[0] for row in frame.select("_file").distinct().collect())
    # From Arrow and not from rows: rows would need a Python of the same version on every worker.
    places = session.createDataFrame(
        pa.table({"_file": files, "_at": pa.array([place << 40 for place in range(len(files))], pa.int64())})
    )
    frame = frame.join(places.hint("broadcast"), "_file").selectExpr("*", "_at + _index AS row")
    frame.createOrReplaceTempView("tecolote_events")
    return cast("ir.Table", database.table("tecolote_events").drop("_file", "_index", "_at"))


def normal(table: ir.Table) -> tuple[ir.Table, int]:
    """Aliases resolved, ids as text, whole seconds, rows without ids left out and counted.

    Raises:
        EventsRefused: as `tecolote.networks.eventtable.check`, and for times as text.
    """
    names = {old: new for old, new in _ALIASES.items() if old in table.columns and new not in table.columns}
    table = table.rename({new: old for old, new in names.items()})
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise EventsRefused(f"the events have no column {', '.join(missing)}", "See tecolote network coaction --help")
    for name in ("object_id", "account_id", "content_id"):
        if table[name].type().is_floating():
            raise EventsRefused(f"{name} holds decimal numbers, so its last digits may be lost", "Write ids as text")
    t = table.timestamp_share
    t = t.epoch_seconds() if t.type().is_timestamp() else t
    if t.type().is_string():
        raise EventsRefused("timestamp_share holds text", "Write seconds since 1970, UTC")
    lacks = table.object_id.isnull() | table.account_id.isnull() | table.content_id.isnull()
    bad = t.isnull() | t.isnan() if t.type().is_floating() else t.isnull()
    said = table.agg(
        lacks=lacks.cast("int64").sum(), bad=bad.cast("int64").sum(), top=(~bad).ifelse(t, 0).abs().max()
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    if said["bad"]:
        raise EventsRefused(f"{said['bad']} events have no time", "Leave these rows out, or give them a time")
    if (said["top"] or 0) > _MILLISECONDS:
        raise EventsRefused(*_TOO_LARGE)
    m = table.modality.cast("string").fill_null("") if "modality" in table.columns else None
    o = table.object_id.cast("string")
    events = table.filter(~lacks).select(
        o=o if m is None else m + "\x1f" + o,
        a=table.account_id.cast("string"),
        c=table.content_id.cast("string"),
        t=t.floor().cast("int64") if t.type().is_floating() else t.cast("int64"),
        m=m if m is not None else o.substr(0, 0),
        row=table.row,
        object_id=o,
    )
    return events, int(said["lacks"] or 0)


def heaviest(events: ir.Table, window: int, over: int) -> tuple[int, list[tuple[str, int]]]:
    """All pairs within the window, and the objects with more than ``over``, largest first, ties by name."""
    with expressions.preflight(events, window).cache() as pairs:
        total = pairs.pairs.sum().to_pyarrow().as_py() or 0
        heavy = pairs.filter(pairs.pairs > over).to_pyarrow().to_pylist()
    return int(total), sorted(((r["o"], r["pairs"]) for r in heavy), key=lambda r: (-r[1], r[0]))
