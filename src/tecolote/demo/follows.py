"""Who follows whom among the invented accounts: hubs with many followers, and groups that keep to themselves."""

from __future__ import annotations

from tecolote.demo.world import Account, World

#: Hubs whose follower lists are in the exports, by platform and kind.
HUBS = {
    "x": {"member": 5, "ring": 2, "newsroom": 3, "journalist": 2, "fan": 2, "collective": 2, "alert": 2},
    "bluesky": {"journalist": 3, "member": 1, "collective": 1, "neutral": 2},
    "youtube": {"neutral": 8, "fan": 4, "member": 2},
}


def make_follows(world: World) -> None:
    """Fill ``world.follows``: hub key to its followers; for YouTube, subscriber key to what it subscribes to."""
    for platform, kinds in HUBS.items():
        for kind, count in kinds.items():
            pool = sorted(world.on(platform, kind), key=lambda a: (-a.followers, a.key))
            for hub in pool[:count]:
                world.follows[hub.key] = _followers(world, hub)


def _followers(world: World, hub: Account) -> list[Account]:
    found = []
    for other in world.on(hub.platform):
        if other is not hub and world.rng.random() < _chance(hub, other):
            found.append(other)
    return found


def _chance(hub: Account, other: Account) -> float:
    """Chance that ``other`` follows ``hub``: near within a group, some curiosity, and everybody the news."""
    if hub.role == "member":
        if other.role == "member":
            return 0.65 if other.group is hub.group else 0.06
        return 0.12 if other.role == "fan" else 0.03
    if hub.role == other.role:
        return 0.45
    return 0.3 if hub.role in ("reporter", "citizen", "collective") else 0.08
