"""Each heavy step of coaction once, as an Ibis expression: the same words on DuckDB, Spark and their like.

Events are a table ``o, a, c, t, m, row``: object (its modality in front), account and content as text, seconds,
modality, place in the file. A bucket is ``t div (window + 1)``: two events within the window lie in the same or
in neighbouring buckets, so an equality join on (object, bucket) finds all of them, spreads a popular object over
many tasks, and the exact filter keeps the right ones. These expressions are the oracle of
`tecolote.networks.kernel`; a test compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _bucketed(events: ir.Table, window: int) -> ir.Table:
    return events.mutate(b=(events.t // (window + 1)).cast("int64"))


def _copies(events: ir.Table, names: dict[str, str], shifts: tuple[int, ...]) -> ir.Table:
    """The events once for each neighbouring bucket that they may be met from, under other names."""
    import ibis

    moved = [events.mutate(b=events.b + shift) for shift in shifts]
    one = moved[0] if len(moved) == 1 else ibis.union(*moved)
    return one.rename(names)


def preflight(events: ir.Table, window: int) -> ir.Table:
    """``o, pairs``: pairs of events within the window by object, in O(n log n) and without building one.

    Events are counted by second first, so one object's share of the work is bounded by the seconds it lived.
    """
    import ibis

    seconds = events.group_by(["o", "t"]).agg(n=events.count())
    back = ibis.range_window(preceding=window, following=0, group_by=seconds.o, order_by=seconds.t)
    near = seconds.mutate(near=seconds.n.sum().over(back))
    within = near.n * (near.near - near.n) + (near.n * (near.n - 1) / 2).cast("int64")
    return near.group_by("o").agg(pairs=within.sum().cast("int64"))


def core(events: ir.Table, repetition: int, rounds: int = 2) -> ir.Table:
    """``o, a, t`` of the events that can be part of an edge: exact, however few rounds it goes.

    An object needs two accounts, and an account ``repetition`` objects.
    """
    left = events.select("o", "a", "t").distinct()
    for _ in range(rounds):
        shared = left.group_by("o").agg(n=left.a.nunique())
        left = left.semi_join(shared.filter(shared.n >= 2), "o")
        able = left.group_by("a").agg(n=left.o.nunique())
        left = left.semi_join(able.filter(able.n >= repetition), "a")
    return left


def meetings(events: ir.Table, window: int) -> ir.Table:
    """``x, y, o, first, last``: once per pair of accounts and object that they shared within the window."""
    import ibis

    left = _bucketed(events, window)
    right = _copies(left, {"y": "a", "o2": "o", "t2": "t", "b2": "b"}, (-1, 0, 1))
    close = (left.t - right.t2 <= window) & (right.t2 - left.t <= window)
    both = left.join(right, [left.o == right.o2, left.b == right.b2, left.a < right.y, close])
    return both.group_by(x=both.a, y=both.y, o=both.o).agg(
        first=ibis.least(both.t, both.t2).min(), last=ibis.greatest(both.t, both.t2).max()
    )


def probed(pairs: ir.Table, events: ir.Table, window: int) -> ir.Table:
    """`meetings` of the given pairs ``x, y`` alone, on heavy objects, without building these objects' pairs."""
    import ibis

    one = events.rename({"x1": "a", "o1": "o", "t1": "t"})
    two = events.rename({"y2": "a", "o2": "o", "t2": "t"})
    mine = pairs.select("x", "y").join(one, [pairs.x == one.x1])
    close = (mine.t1 - two.t2 <= window) & (two.t2 - mine.t1 <= window)
    both = mine.join(two, [mine.y == two.y2, mine.o1 == two.o2, close])
    return both.group_by(x=both.x, y=both.y, o=both.o1).agg(
        first=ibis.least(both.t1, both.t2).min(), last=ibis.greatest(both.t1, both.t2).max()
    )


def weighed(met: ir.Table, least: int) -> ir.Table:
    """``x, y, weight, first, last`` of the pairs that meet on at least ``least`` objects."""
    edges = met.group_by(["x", "y"]).agg(weight=met.count(), first=met["first"].min(), last=met["last"].max())
    return edges.filter(edges.weight >= least)


def distinct(light: ir.Table, heavy: ir.Table | None, window: int, repetition: int, probes: int) -> ir.Table:
    """Edges of the profile ``distinct`` from pruned events, those of heavy objects apart."""
    import ibis

    met = meetings(light, window)
    if heavy is None:
        return weighed(met, repetition)
    wanted = weighed(met, max(1, repetition - probes))
    names = ("x", "y", "weight", "first", "last")
    more = probed(wanted, heavy, window)
    more = more.group_by(["x", "y"]).agg(weight=more.count(), first=more["first"].min(), last=more["last"].max())
    parts = ibis.union(wanted.select(*names), more.select(*names))
    edges = parts.group_by(["x", "y"]).agg(
        weight=parts.weight.sum().cast("int64"), first=parts["first"].min(), last=parts["last"].max()
    )
    return edges.filter(edges.weight >= repetition)


def qut(events: ir.Table, window: int, repetition: int) -> ir.Table:
    """``x, y, weight``: distinct messages of x that met a message of y; both directions, no loops."""
    left = _bucketed(events.select("o", "a", "c", "t").distinct(), window)
    right = _copies(left.select("o", "a", "t", "b"), {"y": "a", "o2": "o", "t2": "t", "b2": "b"}, (-1, 0, 1))
    close = (left.t - right.t2 <= window) & (right.t2 - left.t <= window)
    both = left.join(right, [left.o == right.o2, left.b == right.b2, left.a != right.y, close])
    met = both.select(x=both.a, y=both.y, c=both.c).distinct()
    edges = met.group_by(["x", "y"]).agg(weight=met.count())
    return edges.filter(edges.weight >= repetition)


def _active(rows: ir.Table, contents: ir.Table, participation: int) -> ir.Table:
    """``ac``: contents of accounts with enough rows among ``contents``; all keyed within a modality."""
    inside = rows.semi_join(contents, [rows.mc == contents.ac])
    enough = inside.group_by("ma").agg(n=inside.count())
    return inside.semi_join(enough.filter(enough.n >= participation), "ma").select(ac="mc").distinct()


def _contents(pairs: ir.Table) -> ir.Table:
    import ibis

    return ibis.union(pairs.select(ac="mc1"), pairs.select(ac="mc2")).distinct()


def _kept(pairs: ir.Table, rows: ir.Table, participation: int) -> ir.Table:
    """``filter_min_participation``: one of the two contents belongs to an active account."""
    if participation < 1:
        return pairs
    active = _active(rows, _contents(pairs), participation)
    one, two = active.rename(k1="ac"), active.rename(k2="ac")
    flagged = pairs.left_join(one, [pairs.mc1 == one.k1])
    flagged = flagged.left_join(two, [flagged.mc2 == two.k2])
    return flagged.filter(flagged.k1.notnull() | flagged.k2.notnull()).drop("k1", "k2")


def participating(events: ir.Table, participation: int) -> ir.Table:
    """The events of accounts with enough rows in their modality, and where each account was first ``seen``."""
    import ibis

    mine = ibis.window(group_by=[events.m, events.a])
    rows = events.mutate(times=events.count().over(mine), seen=events.row.min().over(mine))
    return rows.filter(rows.times >= participation)


def coortweet_pairs(
    events: ir.Table, window: int, participation: int, keep_loops: bool, fast_window: int | None
) -> ir.Table:
    """``a1, a2, c1, c2, dt, fast``: ``detect_groups`` and ``flag_speed_share`` within each modality."""
    import ibis

    key = events.m + "\x1f"
    given = events.mutate(ma=key + events.a, mc=key + events.c, named=events.c == events.object_id)
    rows = _bucketed(participating(given, participation), window)
    names = {f"{name}2": name for name in ("o", "a", "c", "t", "b", "mc", "seen", "row", "named")}
    right = _copies(rows.select(*names.values()), names, (-1, 0))
    later = (right.t2 > rows.t) | (right.seen2 > rows.seen) | ((right.seen2 == rows.seen) & (right.row2 > rows.row))
    rules: list[Any] = [rows.o == right.o2, rows.b == right.b2, right.t2 >= rows.t, right.t2 - rows.t <= window, later]
    if not keep_loops:
        rules += [rows.a != right.a2, rows.c != right.c2, ~rows.named, ~right.named2]
    both = rows.join(right, rules)
    pairs = both.select(
        a1=both.a, a2=both.a2, c1=both.c, c2=both.c2, mc1=both.mc, mc2=both.mc2, dt=both.t2 - both.t
    )  # fmt: skip
    pairs = _kept(pairs, rows, participation)
    if fast_window is None:
        return pairs.select("a1", "a2", "c1", "c2", "dt", fast=ibis.literal(0))
    fast = _kept(pairs.filter(pairs.dt <= fast_window), given, participation)
    fast = fast.select(f1="mc1", f2="mc2").distinct()
    flagged = pairs.left_join(fast, [pairs.mc1 == fast.f1, pairs.mc2 == fast.f2])
    return flagged.select("a1", "a2", "c1", "c2", "dt", fast=flagged.f1.notnull().cast("int64"))


def coortweet_edges(pairs: ir.Table) -> ir.Table:
    """``x, y, weight, delay, old, new, quick``: ``generate_coordinated_network`` before its thresholds."""
    import ibis

    both = pairs.mutate(x=ibis.least(pairs.a1, pairs.a2), y=ibis.greatest(pairs.a1, pairs.a2))
    return both.group_by(["x", "y"]).agg(
        weight=both.count(),
        delay=both.dt.sum().cast("int64"),
        old=both.c1.nunique(),
        new=both.c2.nunique(),
        quick=both.fast.sum().cast("int64"),
    )
