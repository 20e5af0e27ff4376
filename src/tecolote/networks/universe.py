"""Accounts within reach of seeds, by distance, and how much that number depends on what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tecolote.errors import UsageError
from tecolote.networks.connections import ALL_KINDS, EVERY_TIE, KINDS, check_kinds

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Hop:
    """Accounts first reached at one distance from the seeds.

    Attributes:
        hop: 0 for the seeds themselves.
        accounts: number of accounts first reached here.
        total: accounts within this distance, seeds included.
        members: ids of the accounts first reached here, in order.
    """

    hop: int
    accounts: int
    total: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """From whom one goes how far, and along which ties.

    Attributes:
        platform: ids are of this platform.
        seeds: account ids; one without any tie still counts in hop 0.
        kinds: which ties connect.
        hops: how far to go, at least 1.
        hub_cut: an account other than a seed with more neighbours than this is reached but not passed
            through; a celebrity connects everybody with everybody.

    Raises:
        UsageError: an unknown kind, or fewer than one hop.
    """

    platform: str
    seeds: Sequence[str]
    kinds: Sequence[str] = KINDS
    hops: int = 1
    hub_cut: int | None = None

    def __post_init__(self) -> None:
        check_kinds(self.kinds)
        if self.hops < 1:
            raise UsageError(f"{self.hops} hops", "Give 1 or more")


@dataclass(frozen=True)
class _Ties:
    """Unordered pairs of accounts with the kind of their tie, and the seeds as positions in ``names``."""

    names: list[str]
    x: Ints
    y: Ints
    kind: NDArray[np.object_]
    seeds: Ints

    def of(self, kinds: Sequence[str]) -> tuple[Ints, Ints]:
        """The distinct pairs tied by one of these kinds."""
        chosen = np.isin(self.kind, list(kinds))
        key = np.unique(self.x[chosen] * len(self.names) + self.y[chosen])
        return key // max(len(self.names), 1), key % max(len(self.names), 1)


def universe(corpus: Corpus, reach: Reach) -> list[Hop]:
    """Accounts connected with the seeds, by distance; the direction of a tie does not matter."""
    ties = _load(corpus, reach)
    return [
        Hop(hop, len(new), total, tuple(ties.names[i] for i in new))
        for hop, (new, total) in enumerate(_spread(ties, reach.kinds, reach.hops, reach.hub_cut))
    ]


def sensitivity(corpus: Corpus, reach: Reach) -> list[dict[str, Any]]:
    """How large the universe is under other choices: each kind of tie alone, each left out, other hub cuts.

    Returns:
        rows with ``choice`` (in words), ``kinds``, ``hub_cut`` and ``totals``, one number of accounts for
        each distance from 0 to ``hops``; the first row is the choice asked for.
    """
    ties, kinds, hub_cut = _load(corpus, reach), reach.kinds, reach.hub_cut
    found = [k for k in ALL_KINDS if k in set(ties.kind.tolist())]
    choices: list[tuple[str, Sequence[str], int | None]] = [("as asked", kinds, hub_cut)]
    if len(found) > 1:
        choices += [(f"only {kind}", [kind], hub_cut) for kind in found]
        choices += [(f"without {kind}", [k for k in found if k != kind], hub_cut) for kind in found]
    for cut in sorted({10, 100, 1000, *([hub_cut // 2, hub_cut * 2] if hub_cut else [])} - {hub_cut}):
        choices.append((f"hub cut {cut}", kinds, cut))
    if hub_cut is not None:
        choices.append(("no hub cut", kinds, None))
    return [
        {
            "choice": words,
            "kinds": list(these),
            "hub_cut": cut,
            "totals": [total for _, total in _spread(ties, these, reach.hops, cut)],
        }
        for words, these, cut in choices
    ]


def find_seeds(corpus: Corpus, platform: str, words: Sequence[str]) -> list[str]:
    """Account ids on a platform from ids, ``@names`` and ``group:ID`` (suspected members, protected ones left out).

    Raises:
        UsageError: a name or a group of which the case knows no account.
    """
    found: set[str] = set()
    for word in words:
        if word.startswith("group:"):
            rows = corpus.rows(
                "SELECT account_id FROM account_assessments WHERE platform = $1 AND list_contains(groups, $2) "
                "AND role = 'suspected_member' AND NOT coalesce(protected, false)",
                [platform, word.removeprefix("group:")],
            )
        elif word.startswith("@"):
            rows = corpus.rows(
                "SELECT DISTINCT account_id FROM account_snapshots WHERE platform = $1 AND lower(username) = lower($2)",
                [platform, word[1:]],
            )
        else:
            rows = [{"account_id": word}]
        if not rows:
            raise UsageError(f"no account on {platform} for the seed '{word}'", "Give an id, @name or group:ID")
        found |= {row["account_id"] for row in rows}
    return sorted(found)


def _load(corpus: Corpus, reach: Reach) -> _Ties:
    pairs = corpus.query(
        f"WITH {EVERY_TIE} SELECT DISTINCT least(source, target) x, greatest(source, target) y, kind FROM every_tie "
        "WHERE platform = $1 AND list_contains($2, kind)",
        [reach.platform, list(reach.kinds)],
    )
    ends = pairs["x"].to_pylist(), pairs["y"].to_pylist()
    names = sorted({*ends[0], *ends[1], *reach.seeds})
    place = {name: i for i, name in enumerate(names)}
    x, y = (np.array([place[n] for n in end], dtype=np.int64) for end in ends)
    at = np.array([place[s] for s in reach.seeds], dtype=np.int64)
    return _Ties(names, x, y, np.array(pairs["kind"].to_pylist(), dtype=object), at)


def _spread(ties: _Ties, kinds: Sequence[str], hops: int, hub_cut: int | None) -> list[tuple[Ints, int]]:
    """Positions first reached at each distance, and how many are within it."""
    x, y = ties.of(kinds)
    degree = np.bincount(x, minlength=len(ties.names)) + np.bincount(y, minlength=len(ties.names))
    seen: NDArray[np.bool_] = np.zeros(len(ties.names), np.bool_)
    seen[ties.seeds] = True
    front = seen.copy()
    found = [(np.flatnonzero(front), int(seen.sum()))]
    for _ in range(hops):
        reached = np.zeros(len(ties.names), np.bool_)
        reached[y[front[x]]] = True
        reached[x[front[y]]] = True
        new = reached & ~seen
        seen |= new
        found.append((np.flatnonzero(new), int(seen.sum())))
        front = new if hub_cut is None else new & (degree <= hub_cut)
    return found
