"""The invented world: towns, groups, newspapers, and the two kinds of things that live in it, accounts and posts.

Nothing here exists. Web addresses use the reserved top-level domain ``example`` (RFC 2606).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2023, 3, 6, tzinfo=UTC)
END = datetime(2025, 3, 3, tzinfo=UTC)
#: Local time of the invented towns: six hours behind UTC, without summer time.
LOCAL = timedelta(hours=-6)

TOWNS = (
    "Villa Tecorral", "Puerto Cenizal", "San Melquíades del Llano", "Cuesta Larga", "Ciudad Almagre",
    "Ojo de Lumbre", "Mesa del Zenzontle", "Laguna Parda", "Peñasco Hondo", "Santa Brígida de la Sierra",
)  # fmt: skip
TAGS = {
    "Villa Tecorral": "Tecorral", "Puerto Cenizal": "Cenizal", "San Melquíades del Llano": "SanMelquiades",
    "Cuesta Larga": "CuestaLarga", "Ciudad Almagre": "Almagre", "Ojo de Lumbre": "OjoDeLumbre",
    "Mesa del Zenzontle": "MesaZen", "Laguna Parda": "LagunaParda", "Peñasco Hondo": "Penasco",
    "Santa Brígida de la Sierra": "SantaBrigida",
}  # fmt: skip
QUARTERS = (
    "colonia Las Garzas", "colonia Obrera Vieja", "colonia El Mezquite", "colonia Los Arcos", "colonia Tres Cruces",
    "colonia Del Telégrafo", "colonia Lomas de Adobe", "colonia Ferrocarrilera", "colonia La Noria",
)  # fmt: skip
STREETS = (
    "avenida de los Fresnos", "calle Relojeros", "carretera vieja", "calle Tinta", "avenida Salineros",
    "calle del Molino", "calzada Norte", "calle Canteras",
)  # fmt: skip
# Men and women in turn.
FIRST = (
    "Rogelio", "Maricruz", "Ulises", "Yolanda", "Tadeo", "Nayeli", "Efraín", "Brenda", "Isauro", "Citlali", "Gonzalo",
    "Perla", "Abundio", "Rocío", "Saúl", "Dulce", "Melchor", "Ximena", "Fidel", "Araceli", "Nicanor", "Karina", "Beto",
    "Lupita", "Ramiro", "Zaira", "Toño", "Itzel", "Braulio", "Susana",
)  # fmt: skip
LAST = (
    "Amaro", "Tequianes", "Zúñiga", "Olvera", "Cuahtecontzi", "Bañales", "Rentería", "Xicale", "Mondragón", "Tlatelpa",
    "Arriola", "Quechol", "Saldívar", "Popoca", "Urrutia", "Cázares",
)  # fmt: skip
OUTLETS = (
    "Noticiero del Llano", "El Tintero de Almagre", "Radio Tecorral", "La Gaceta Parda", "Semanario Cuesta",
    "Diario del Cenizal", "Línea 6 Noticias", "El Pregón Serrano",
)  # fmt: skip
DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Group:
    """An invented armed group: what it calls itself and what it signs with."""

    id: str
    aliases: tuple[str, ...]
    emoji: str
    hashtags: tuple[str, ...]
    town: str


GROUPS = (
    Group("gavilla_ocote", ("la Ocotera", "la Gavilla del Ocote", "los del Ocote"), "🕯️",
          ("#PuraOcotera", "#BrasaViva"), "Santa Brígida de la Sierra"),
    Group("hermandad_ceniza", ("los Cenizos", "la Hermandad Ceniza", "la HC9"), "🦎",
          ("#GenteCeniza", "#HC9firme"), "Puerto Cenizal"),
    Group("frente_albatros", ("los Albatros", "la gente del Faro", "la gente del Albatros"), "🪶",
          ("#FaroFirme", "#AlbatrosManda"), "Laguna Parda"),
    Group("tordos_mesa", ("los Tordos", "los Tordos de la Mesa"), "🐦",
          ("#TordosMesa",), "Mesa del Zenzontle"),
)  # fmt: skip
RIVAL = {"gavilla_ocote": 1, "hermandad_ceniza": 0, "frente_albatros": 3, "tordos_mesa": 2}


@dataclass
class Account:
    """An identity on one platform, with what was planted about it. ``key`` is unique in the world."""

    key: int
    platform: str
    kind: str
    role: str
    id: str = ""
    handle: str = ""
    name: str = ""
    bio: str = ""
    town: str = ""
    lang: str = "es"
    created: datetime = START
    weight: float = 1.0
    group: Group | None = None
    ring: str | None = None
    cluster: str | None = None
    dark_at: datetime | None = None
    dark_state: str | None = None
    renamed_at: datetime | None = None
    old_handle: str = ""
    old_name: str = ""
    source_app: str = "Twitter for Android"
    night: float = 0.0
    style: frozenset[str] = frozenset()
    followers: int = 0
    following: int = 0
    verified: bool = False
    taken_at: datetime | None = None

    def handle_at(self, when: datetime) -> str:
        """The handle that a capture made at ``when`` shows."""
        return self.old_handle if self.renamed_at and when < self.renamed_at else self.handle

    def name_at(self, when: datetime) -> str:
        """The display name that a capture made at ``when`` shows."""
        return self.old_name if self.renamed_at and when < self.renamed_at else self.name

    def posting(self, when: datetime) -> bool:
        """Whether the account can post at ``when``: what is said on the last day would be in no export."""
        return self.created < when and self.alive(when + timedelta(hours=12))

    def alive(self, when: datetime) -> bool:
        """Whether the account could still be seen at ``when``."""
        return self.dark_at is None or when < self.dark_at


@dataclass
class Post:
    """One utterance with what was planted about it. ``account`` is None where the export hides the author."""

    platform: str
    account: Account | None
    at: datetime
    text: str
    voice: str = "neutral"
    themes: tuple[str, ...] = ()
    group: str | None = None
    act: str = ""
    lang: str = "es"
    id: str = ""
    source_app: str = ""
    reply_to: Post | None = None
    repost_of: Post | None = None
    quote_of: Post | None = None
    edit_of: Post | None = None
    gone_at: datetime | None = None
    chat: Account | None = None
    media: str = ""
    size: float = 1.0

    @property
    def flag(self) -> bool:
        """Whether a person should look at it: exactly when an act is performed."""
        return self.voice == "perpetrator"

    def seen_at(self, when: datetime) -> bool:
        """Whether a capture made at ``when`` can hold the post."""
        alive = self.account is None or self.account.alive(when)
        return self.at < when and alive and (self.gone_at is None or when < self.gone_at)


@dataclass(frozen=True)
class Event:
    """A day on which something happened in a town; posts burst after it."""

    at: datetime
    town: str
    group: Group
    kind: str
    reports: int


@dataclass
class World:
    """Everything that was invented for one demo."""

    seed: int
    hostile: bool
    scale: float
    rng: random.Random
    accounts: list[Account] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    follows: dict[int, list[Account]] = field(default_factory=dict)
    clusters: dict[str, list[Account]] = field(default_factory=dict)

    def on(self, platform: str, *kinds: str) -> list[Account]:
        """Accounts of a platform, of the given kinds when any are named."""
        return [a for a in self.accounts if a.platform == platform and (not kinds or a.kind in kinds)]


def make_events(rng: random.Random) -> list[Event]:
    """About one event in ten days; the towns of a group see most of its events."""
    events = []
    when = START + timedelta(days=5)
    while when < END - timedelta(days=5):
        group = rng.choice(GROUPS)
        town = group.town if rng.random() < 0.6 else rng.choice(TOWNS)
        kind = rng.choice(("clash", "blockade", "threat", "arrest"))
        at = when.replace(hour=rng.randrange(24), minute=rng.randrange(60))
        events.append(Event(at, town, group, kind, 1 + rng.randrange(6)))
        when += timedelta(days=rng.randrange(4, 16))
    return events


def snowflake(at: datetime, low: int) -> int:
    """An id of X: milliseconds since November 2010 in the high bits."""
    return ((int(at.timestamp() * 1000) - 1288834974657) << 22) | (low & 0x3FFFFF)
