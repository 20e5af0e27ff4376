"""The accounts of the invented world: who they are, how they type, whom they belong to, and when they go dark."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta

from tecolote.demo.acts import ROLE, WEIGHT
from tecolote.demo.style import TRAITS, fold
from tecolote.demo.world import (
    END,
    FIRST,
    GROUPS,
    LAST,
    OUTLETS,
    START,
    TAGS,
    TOWNS,
    Account,
    World,
    snowflake,
)

#: Accounts by platform and kind in a demo of full size: 600.
CENSUS: dict[str, dict[str, int]] = {
    "x": {"newsroom": 14, "journalist": 16, "alert": 18, "official": 5, "collective": 12, "victim": 14, "fan": 38,
          "member": 43, "ring": 9, "neutral": 171},
    "telegram": {"newsroom": 6, "alert": 3, "member": 9, "ring": 2, "fan": 6, "neutral": 32, "victim": 2},
    "instagram": {"newsroom": 4, "collective": 4, "member": 7, "ring": 1, "fan": 10, "neutral": 19},
    "tiktok": {"newsroom": 3, "member": 8, "ring": 8, "fan": 14, "neutral": 25, "official": 2},
    "youtube": {"newsroom": 5, "fan": 12, "crew": 9, "neutral": 15, "member": 4},
    "bluesky": {"journalist": 10, "collective": 4, "newsroom": 3, "neutral": 17, "fan": 4, "member": 2},
    "facebook": {"neutral": 6, "victim": 1, "alert": 1, "member": 1, "newsroom": 1},
}  # fmt: skip
#: Three groups of X accounts that act together, and what each of them passes on.
TRIO = (("brasa", 8, "link"), ("ceniza", 7, "hashtag"), ("faro", 6, "text"))
RING = "aserradero"
#: Mondays at 03:30 local time: after the weekly capture, so that what came before is in an export.
_SHUTDOWN = timedelta(hours=9, minutes=30)

_BIOS = {
    "newsroom": ("Noticias de {town} y la región", "Periodismo local desde {town}", "Información al momento. {town}"),
    "journalist": ("Periodista. Cubro {town}. Opiniones mías", "Reportera de a pie en {town}", "Crónicas y café"),
    "alert": ("Avisos ciudadanos de {town}. No somos autoridad", "Situación vial y de riesgo en {town}"),
    "official": ("Cuenta oficial. {town}", "Gobierno de {town}"),
    "collective": ("Familias que buscan en {town}", "Hasta encontrarlos. Colectivo de {town}"),
    "victim": ("Comerciante de {town}", "Mamá de tres", "{town}"),
    "fan": ("Puro regional 🎺", "Series, memes y {town}", "Gamer de clóset", "corridos 24/7 🎶"),
    "neutral": ("{town}", "Vivo de café", "Papá, maestro y porra verde", "Plantas y pan", "", "Ventas por encargo", ""),
    "crew": ("Videos cada semana desde {town}", "Recorridos y recetas"),
    "member": ("Firme 🔥", "", "{town} y lo que venga", "de la sierra pa'l mundo", "{emoji}", "leal {emoji}"),
    "ring": ("chamba segura {emoji}", "inbox abierto {emoji}", "oportunidades en la sierra", "{emoji}{emoji}"),
}
_APPS = ("Twitter for Android", "Twitter for iPhone", "Twitter Web App")


def make_people(world: World) -> None:
    """Fill ``world.accounts``: the census scaled, then names, ids, groups, clusters, renames and the dark."""
    for platform, kinds in CENSUS.items():
        for kind, count in kinds.items():
            for _ in range(_scaled(kind, count, world.scale)):
                world.accounts.append(_person(world, platform, kind))
    _clusters(world)
    _renames(world)
    _dark(world)
    _takeover(world)
    for account in world.on("x"):
        account.id = _x_id(account, world.rng)


def _x_id(account: Account, rng: random.Random) -> str:
    """Accounts opened since 2016 have ids that hold the time, older ones small numbers."""
    if account.created.year < 2016:
        return str(rng.randrange(10**8, 4 * 10**9))
    return str(snowflake(account.created, rng.randrange(1 << 22)))


def _scaled(kind: str, count: int, scale: float) -> int:
    """Small demos keep enough of each kind for what is planted."""
    floor = {
        "member": 24 if count > 30 else 2,
        "ring": min(count, 4),
        "alert": min(count, 2),
        "newsroom": min(count, 5),
    }.get(kind, min(count, 1))
    return count if scale >= 1 else max(floor, round(count * scale * 1.6))


def _person(world: World, platform: str, kind: str) -> Account:
    rng = world.rng
    account = Account(len(world.accounts), platform, kind, ROLE[kind])
    account.town = rng.choice(TOWNS)
    account.created = START - timedelta(days=rng.randrange(20, 3000), seconds=rng.randrange(86400))
    account.weight = WEIGHT[kind] * rng.lognormvariate(0, 0.6)
    account.lang = rng.choices(("es", "en", "mix"), (78, 13, 9))[0] if kind not in ("official", "alert") else "es"
    account.source_app = "TweetDeck" if kind in ("newsroom", "official") else rng.choices(_APPS, (60, 25, 15))[0]
    if kind in ("member", "ring"):
        account.group = GROUPS[0] if kind == "ring" else rng.choice(GROUPS)
        account.ring = RING if kind == "ring" else None
        account.created = START - timedelta(days=rng.randrange(-300, 500), seconds=rng.randrange(86400))
        account.night = rng.random()
        account.town = account.group.town if rng.random() < 0.6 else account.town
    if kind not in ("newsroom", "official"):
        tidy = 0.55 if kind in ("journalist", "collective", "alert") else 0.2
        account.style = frozenset() if rng.random() < tidy else frozenset(rng.sample(TRAITS, rng.choice((1, 2, 2, 3))))
    hub = {"newsroom": 9.5, "journalist": 7.5, "alert": 8.2, "fan": 5.6, "member": 5.8, "ring": 6.2}.get(kind, 5.0)
    account.followers = int(rng.lognormvariate(hub, 1.0))
    account.following = int(rng.lognormvariate(5.4, 0.8))
    account.verified = kind in ("newsroom", "official") and rng.random() < 0.6
    _name(world, account)
    return account


def _name(world: World, account: Account) -> None:
    rng, kind = world.rng, account.kind
    first, last = rng.choice(FIRST), rng.choice(LAST)
    tag, number = TAGS[account.town], rng.randrange(10, 9999)
    emoji = account.group.emoji if account.group else ""
    name, base = {
        "newsroom": (rng.choice(OUTLETS), f"{rng.choice(('Noticias', 'Diario', 'Radio'))}{tag}"),
        "journalist": (f"{first} {last}", f"{first}{last}R"),
        "alert": (f"Alertas {tag}", f"SDR{tag}"),
        "official": (f"Gobierno de {account.town}", f"Gob{tag}"),
        "collective": (f"Familias Buscadoras {tag}", f"Buscando{tag}"),
        "fan": (f"{first} {rng.choice(('🎺', '🎮', '✨'))}", f"{first}{rng.choice(('Rolas', 'Gamer', 'Series'))}"),
        "crew": (f"{first} en {tag}", f"{first}{tag}TV"),
        "member": (f"{rng.choice(('El', 'La'))} {rng.choice(_NICKS)} {emoji if rng.random() < 0.5 else ''}".strip(),
                   f"{rng.choice(_NICKS)}{rng.choice(('sierra', 'firme', 'mx', ''))}"),
        "ring": (f"{rng.choice(('Chamba', 'Jale', 'Vacantes', 'Oportunidad'))} {tag} {emoji}",
                 f"{rng.choice(('chamba', 'jale', 'cupos', 'raya'))}{tag}"),
    }.get(kind, (f"{first} {last}", f"{first}{last}"))  # fmt: skip
    account.name = name
    account.handle = re.sub(r"\W", "", fold(base))[:11].replace("ñ", "n") + f"{number}"
    account.bio = rng.choice(_BIOS[kind]).format(town=account.town, emoji=emoji)
    account.id = _ids(account, rng)


_NICKS = ("Tizne", "Chaneque", "Bujía", "Pariente", "Veleta", "Grillo", "Yunque", "Rana", "Pólvora", "Nube", "Cascajo")
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_YT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _ids(account: Account, rng: random.Random) -> str:
    """An id as the platform writes it; X follows when the day of opening is settled."""
    if account.platform == "telegram":
        public = account.kind in ("newsroom", "alert", "ring") or (account.kind == "member" and rng.random() < 0.5)
        return f"{'channel' if public else 'user'}{rng.randrange(10**9, 2 * 10**9)}"
    if account.platform == "instagram":
        return str(rng.randrange(10**9, 7 * 10**10))
    if account.platform in ("tiktok", "x"):
        return account.handle.lower()
    if account.platform == "youtube":
        return "UC" + "".join(rng.choices(_YT, k=22))
    if account.platform == "bluesky":
        return "did:plc:" + "".join(rng.choices("234567abcdefghijklmnopqrstuvwxyz", k=24))
    return str(rng.randrange(10**14, 10**15))


def _clusters(world: World) -> None:
    """The trio: members of X, each cluster of one group."""
    free = world.on("x", "member")
    for (name, size, _), group in zip(TRIO, GROUPS, strict=False):
        small = size if world.scale >= 0.5 else 4
        chosen, free = free[:small], free[small:]
        for account in chosen:
            account.cluster, account.group = name, group
            account.created = START - timedelta(days=world.rng.randrange(5, 700), seconds=world.rng.randrange(86400))
        world.clusters[name] = chosen


def _renames(world: World) -> None:
    rng = world.rng
    pool = [a for a in world.on("x") if a.kind in ("member", "fan", "neutral")]
    for account in rng.sample(pool, max(3, len(pool) // 12)):
        account.renamed_at = START + timedelta(days=rng.randrange(200, 600))
        account.old_handle, account.old_name = account.handle, account.name
        account.handle = re.sub(r"\W", "", fold(rng.choice(FIRST)))[:8] + f"_{rng.randrange(100, 9999)}"
        account.name = f"{account.name} {rng.choice(('2', 'ofc', '.', 'v2'))}"


def _dark(world: World) -> None:
    """Accounts that go dark, with the platform's state; the week before is in the captures."""
    rng = world.rng
    # The accounts that act together end late or not at all: otherwise nothing of them could be seen.
    plan: list[tuple[Account, str]] = []
    for account in world.on("x", "member"):
        if rng.random() < (0.2 if account.cluster else 0.5):
            plan.append((account, rng.choices(("suspended", "deactivated"), (70, 30))[0]))
    plan += [(a, "suspended") for a in world.on("x", "ring")[::3]]
    for kind, state in (("victim", "protected"), ("fan", "suspended"), ("neutral", "deactivated")):
        plan += [(a, state) for a in rng.sample(world.on("x", kind), min(3, len(world.on("x", kind))))]
    plan += [(a, "suspended") for a in world.on("tiktok", "ring", "member")[::4]]
    plan += [(a, "suspended") for a in world.on("bluesky", "member")[:1]]
    plan += [(a, "deleted") for a in world.on("bluesky", "neutral")[:1]]
    for account, state in plan:
        first = 70 if account.cluster else 20
        week = rng.randrange(first, 100)
        if account.platform == "bluesky":
            week = 101
        account.dark_at = monday(week) + timedelta(seconds=rng.randrange(3600))
        account.dark_state = state
        account.created = min(account.created, START - timedelta(seconds=world.rng.randrange(10**7)))


def monday(week: int) -> datetime:
    """The moment of the week at which accounts are closed in this world."""
    return START + timedelta(weeks=week) + _SHUTDOWN


def _takeover(world: World) -> None:
    """One citizen reporter's account falls into the hands of the first group."""
    victim = world.on("x", "alert")[1]
    victim.role, victim.taken_at = "hijacked", datetime(2024, 10, 15, 9, 12, tzinfo=START.tzinfo)
    victim.group = None
    victim.weight = max(victim.weight, 3.5)
    victim.style, victim.lang = frozenset(), "es"
    victim.source_app = "Twitter for Android"
    victim.dark_at, victim.dark_state = monday(86), "suspended"
    victim.created = START - timedelta(days=1500)
    assert victim.taken_at < victim.dark_at < END
