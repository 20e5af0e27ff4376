"""Who shares the same objects at nearly the same time.

The output is a network of accounts, never a verdict: newsrooms of one owner, the clients of a wire
service, bots that post the weather and fan clubs on release day all look the same. `EXPLANATIONS`
goes wherever a result is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tecolote.errors import UsageError
from tecolote.networks.distinct import distinct
from tecolote.networks.eventtable import number, read_events
from tecolote.networks.passes import Progress, distinct_in_passes, needs_passes
from tecolote.networks.peers import coortweet, qut

__all__ = ["EXPLANATIONS", "PROFILES", "Coaction", "coaction", "read_events"]

PROFILES = ("distinct", "coortweet", "qut")

#: What else makes accounts act together; to be printed beside every result.
EXPLANATIONS = (
    "one newsroom with several pages",
    "clients of one wire service",
    "a fan club or a campaign with a fixed hour",
    "one person with several accounts that they say are theirs",
    "automatic posts such as weather, traffic or prices",
    "everybody quick about the same event",
)


@dataclass(frozen=True)
class Coaction:
    """Edges and the facts of the run that made them.

    Attributes:
        edges: sorted by the two accounts; columns by profile, see `coaction`.
        facts: profile, parameters, sizes, ``exact``, thresholds, objects too popular to be evidence.
    """

    edges: pa.Table
    facts: dict[str, Any]


def coaction(
    events: pa.Table | str | Path,
    profile: str = "distinct",
    window: int = 60,
    min_repetition: int = 2,
    *,
    min_participation: int = 2,
    edge_quantile: float = 0.5,
    keep_loops: bool = False,
    fast_window: int | None = None,
    engine: str = "kernel",
    progress: Progress | None = None,
) -> Coaction:
    """Accounts that share the same objects within ``window`` seconds of each other.

    Args:
        events: ``object_id, account_id, content_id, timestamp_share`` (or ``ts``; seconds, UTC), optional
            ``modality``: pairs are made within one, then one network is made of all. A table, a file, or for
            Spark a folder or an address of Parquet.
        profile: ``distinct`` (ours: weight = distinct objects), ``coortweet`` (2.1.3: pairs of posts) or
            ``qut`` (1.5.2: directed, distinct messages of the source).
        window: seconds, inclusive.
        min_repetition: smallest weight of an edge (``distinct`` and ``qut``).
        min_participation: smallest number of posts of an active account (``coortweet``).
        edge_quantile: an edge passes with a weight above this quantile of the weights (``coortweet``).
        keep_loops: keep pairs of an account, a post or an object with itself (``coortweet``).
        fast_window: also say which edges hold within this shorter window (``coortweet``).
        engine: ``kernel`` (compiled, on this machine), ``duckdb``, ``spark-local``, ``spark`` (the running
            session) or the address of a Spark master. The result is the same. ``kernel`` counts a Parquet file
            of more than `passes.MOST_AT_ONCE` rows in passes over partitions (``distinct``).
        progress: told how far the passes are: done, in all, what.

    Returns:
        edges by profile: ``distinct`` has ``account_id < account_id_y, weight, first, last`` (seconds, UTC)
        and ``exact``; ``qut`` has ``source, target, weight``; ``coortweet`` has ``account_id,
        account_id_y, weight, avg_time_delta, n_content_id, n_content_id_y, edge_symmetry, passing`` and,
        with a fast window, ``weight_full, weight_fast, passing_fast``.

    Raises:
        UsageError: an unknown profile or an impossible parameter.
        EventsRefused: see `tecolote.networks.eventtable.check`.
        LimitExceeded: ``coortweet`` or ``qut`` would build more pairs than a machine should.
    """
    _check(profile, window, min_repetition, min_participation, edge_quantile)
    _check_loops(profile, window, keep_loops, fast_window)
    facts: dict[str, Any] = {"profile": profile, "window": window, "engine": engine}
    if profile == "coortweet":
        facts |= {
            "min_participation": min_participation,
            "edge_quantile": edge_quantile,
            "keep_loops": keep_loops,
            "fast_window": fast_window,
        }
    else:
        facts |= {"min_repetition": min_repetition}
    how: dict[str, Any] = {"participation": min_participation, "quantile": edge_quantile}
    how |= {"repetition": min_repetition, "keep_loops": keep_loops, "fast_window": fast_window}
    edges, said = _run(engine, events, profile, window, how, progress)
    return Coaction(edges, facts | said | {"edges": edges.num_rows, "plain_explanations": list(EXPLANATIONS)})


def _run(
    engine: str,
    events: pa.Table | str | Path,
    profile: str,
    window: int,
    how: dict[str, Any],
    progress: Progress | None,
) -> tuple[pa.Table, dict[str, Any]]:
    if engine != "kernel":
        from tecolote.networks.elsewhere import coaction_on

        return coaction_on(engine, events, profile, window, **how)
    if profile == "distinct" and not isinstance(events, pa.Table) and needs_passes(events):
        return distinct_in_passes(events, window, how["repetition"], progress)
    numbered = number(events if isinstance(events, pa.Table) else read_events(events))
    if profile == "distinct":
        return distinct(numbered, window, how["repetition"])
    if profile == "qut":
        return qut(numbered, window, how["repetition"])
    return coortweet(
        numbered, window, how["participation"],
        quantile=how["quantile"], keep_loops=how["keep_loops"], fast_window=how["fast_window"],
    )  # fmt: skip


def _check(profile: str, window: int, repetition: int, participation: int, quantile: float) -> None:
    if profile not in PROFILES:
        raise UsageError(f"no profile '{profile}'", f"Choose one of: {', '.join(PROFILES)}")
    if not 0 <= window <= 366 * 86400:
        raise UsageError(f"a window of {window} seconds", "Give --window in seconds, 0 to one year")
    if repetition < 1 or participation < 0:
        raise UsageError("a repetition below 1 or a participation below 0", "Give whole numbers, usually 2")
    if not 0 <= quantile <= 1:
        raise UsageError(f"an edge quantile of {quantile}", "Give --edge-quantile between 0 and 1")


def _check_loops(profile: str, window: int, keep_loops: bool, fast_window: int | None) -> None:
    if profile != "coortweet" and (keep_loops or fast_window is not None):
        raise UsageError(f"profile {profile} has no loops and no fast window", "Use --profile coortweet for these")
    if fast_window is not None and not 0 <= fast_window <= window:
        raise UsageError("the fast window is longer than the window", "Give --fast-window at most --window")
