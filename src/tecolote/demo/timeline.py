"""The two years: who says what, when. Ordinary posts first, then what was planted among them."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from tecolote.demo.acts import CRIMES, LIFE, MIX, PERFORMED, RING_CRIMES, VOICE, theme_of
from tecolote.demo.grammar import Grammar
from tecolote.demo.style import disguise, type_it
from tecolote.demo.world import (
    DAYS,
    DAYS_EN,
    END,
    FIRST,
    GROUPS,
    LOCAL,
    OUTLETS,
    QUARTERS,
    RIVAL,
    START,
    STREETS,
    TAGS,
    TOWNS,
    Account,
    Event,
    Group,
    Post,
    World,
)

#: Ordinary posts by platform in a demo of full size; what is planted comes on top.
VOLUME = {
    "x": 9700, "telegram": 2800, "instagram": 950, "tiktok": 1450, "youtube": 1100, "bluesky": 1450, "facebook": 180,
}  # fmt: skip
#: Share of the hours of a local day by kind of shift.
_DAY = (1, 0.5, 0.3, 0.2, 0.2, 0.5, 2, 4, 5, 5, 5, 5, 6, 7, 6, 5, 5, 6, 7, 8, 9, 8, 6, 3)
_NIGHT = (8, 7, 6, 4, 2, 1, 0.5, 0.5, 1, 1, 2, 2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 9)
_DESK = (1, 0.5, 0.3, 0.3, 0.5, 3, 7, 9, 9, 8, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 5, 4, 3, 2)
_DAYS_TOTAL = (END - START).days


class Writer:
    """Writes the words of a post: fills a rule of the grammar and types it as the account does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        self.grammar = Grammar()

    def values(self, account: Account, town: str, group: Group | None, **fixed: str) -> Callable[[str], str]:
        """Values of the variables for one post; the same name gives the same value within it."""
        rng = self.rng
        own = group or rng.choice(GROUPS)
        english = fixed.pop("english", "")
        known: dict[str, str] = fixed
        makers: dict[str, Callable[[], str]] = {
            "town": lambda: town,
            "town2": lambda: rng.choice(TOWNS),
            "tag": lambda: TAGS[town],
            "col": lambda: rng.choice(QUARTERS),
            "street": lambda: rng.choice(STREETS),
            "g": lambda: rng.choice(own.aliases),
            "rv": lambda: rng.choice(GROUPS[RIVAL[own.id]].aliases),
            "ge": lambda: own.emoji,
            "gt": lambda: rng.choice(own.hashtags),
            "money": lambda: _money(rng),
            "price": lambda: str(rng.choice((25, 40, 60, 85, 120, 180, 250, 350, 480, 700, 1200, 2600))),
            "n": lambda: str(rng.randrange(2, 25)),
            "m": lambda: str(rng.randrange(0, 5)),
            "k": lambda: str(rng.randrange(0, 4)),
            "age": lambda: str(rng.randrange(15, 78)),
            "day": lambda: rng.choice(DAYS_EN if english else DAYS),
            "hour": lambda: _hour(rng),
            "first": lambda: rng.choice(FIRST),
            "him": lambda: rng.choice(FIRST[::2]),
            "outlet": lambda: account.name if account.kind == "newsroom" else rng.choice(OUTLETS),
            "link": lambda: (
                f"https://{rng.choice(_SITES)}.example/{rng.choice(('nota', 'n', '2024'))}/{rng.randrange(10**6)}"
            ),
            "songtag": lambda: "EstrenoSerrano",
        }

        def value(name: str) -> str:
            if name not in known:
                known[name] = makers[name]()
            return known[name]

        return value

    def post(self, account: Account, act: str, at: datetime, town: str = "", **fixed: str) -> Post:
        """A post in which ``account`` performs ``act``."""
        rng = self.rng
        crime = act in PERFORMED
        group = account.group if crime else None
        rule, lang = self._rule(act, account)
        lookup = self.values(account, town or account.town, group, english="y" if lang == "en" else "", **fixed)
        text = self.grammar.expand(rule, lookup, rng)
        for _ in range(4):
            if len(text) <= 262:
                break
            text = self.grammar.expand(rule, lookup, rng)
        named = crime and group is not None and self._names(group, text)
        if (crime and rng.random() < 0.14) or (act == "gaming" and rng.random() < 0.1):
            text = disguise(text, rng)
        text = _clip(type_it(text, account.style, rng))
        return Post(
            account.platform, account, at, text,
            voice="perpetrator" if crime else VOICE.get(act, "neutral"),
            themes=(theme_of(act),) if crime else (),
            group=group.id if named and group else None,
            act=act, lang=lang, source_app=account.source_app, size=rng.lognormvariate(0, 1.0),
        )  # fmt: skip

    def _rule(self, act: str, account: Account) -> tuple[str, str]:
        """The rule for an act and the language of its words."""
        rules, roll = self.grammar.rules, self.rng.random()
        own = f"{act}.{account.lang}"
        if self.world.hostile and act in CRIMES and f"h.{act}" in rules and roll < 0.6:
            rule = f"h.{act}"
        elif own in rules and account.lang != "es" and roll < 0.8:
            rule = own
        elif act in LIFE and account.lang != "es" and roll < 0.7:
            rule = "english" if account.lang == "en" else "spanglish"
        elif act == "coded":
            rule = "recruitment.coded"
        else:
            rule = f"{act}.es" if f"{act}.es" in rules else act
        return rule, "en" if rule == "english" or rule.endswith(".en") else "es"

    @staticmethod
    def _names(group: Group, text: str) -> bool:
        cues = [a for a in group.aliases if a.lower() in text.lower()] + [h for h in group.hashtags if h in text]
        return bool(cues) or group.emoji in text


_SITES = ("noticierodelllano", "eltintero", "radiotecorral", "gacetaparda", "linea6", "elpregon")


def _money(rng: random.Random) -> str:
    amount = rng.choice((1500, 2500, 3000, 3500, 4500, 6000, 7500, 9000, 12000))
    return rng.choice((f"{amount}", f"{amount:,}", f"{amount:,} pesos", f"{amount / 1000:g} mil", f"${amount:,}"))


def _hour(rng: random.Random) -> str:
    hour = rng.randrange(2, 12)
    return rng.choice((f"{hour}", f"{hour}:{rng.choice(('00', '15', '30', '45'))}", f"{hour} pm", f"{hour + 12}:00"))


def _clip(text: str) -> str:
    """A text that fits into a post of 280 characters."""
    return text if len(text) <= 275 else text[:272].rsplit(" ", 1)[0] + "…"


class Clock:
    """Draws moments: days that burst after events, hours of a shift."""

    def __init__(self, world: World) -> None:
        self.rng = world.rng
        self.world = world
        weights = [1.0 + (0.25 if day % 7 in (4, 5) else 0.0) for day in range(_DAYS_TOTAL)]
        for event in world.events:
            day = (event.at - START).days
            for lag, boost in ((0, 1.2), (1, 0.7), (2, 0.3)):
                if day + lag < _DAYS_TOTAL:
                    weights[day + lag] += boost
        self.cumulative = list(itertools.accumulate(weights))
        self.by_day: dict[int, list[Event]] = {}
        for event in world.events:
            for lag in range(2):
                self.by_day.setdefault((event.at - START).days + lag, []).append(event)

    def draw(self, account: Account) -> datetime | None:
        """A moment at which the account posts; None when it did not exist then."""
        rng = self.rng
        shift = _DESK if account.kind in ("newsroom", "official") else _NIGHT if account.night > 0.5 else _DAY
        day = bisect.bisect(self.cumulative, rng.random() * self.cumulative[-1])
        hour = rng.choices(range(24), shift)[0]
        at = START + timedelta(days=min(day, _DAYS_TOTAL - 1), hours=hour, seconds=rng.randrange(3600)) - LOCAL
        if at >= END or not account.posting(at):
            return None
        return None if account.taken_at and at >= account.taken_at else at

    def event_near(self, at: datetime) -> Event | None:
        """An event that people talk about at ``at``."""
        near = [e for e in self.by_day.get((at - START).days, ()) if e.at < at]
        return self.rng.choice(near) if near else None


def ordinary(world: World, writer: Writer, tick: Callable[[int], None]) -> None:
    """The bulk: each account's mixture of acts over its days."""
    rng, clock = world.rng, Clock(world)
    for platform, volume in VOLUME.items():
        people = world.on(platform)
        cumulative = list(itertools.accumulate(a.weight for a in people))
        for account in people:
            first = next((at for at in (clock.draw(account) for _ in range(200)) if at), None)
            if first:
                world.posts.append(_one(world, writer, clock, account, first))
        wanted = max(12, round(volume * world.scale)) - len(people)
        while wanted > 0:
            account = people[bisect.bisect(cumulative, rng.random() * cumulative[-1]) % len(people)]
            at = clock.draw(account)
            if at is None:
                continue
            world.posts.append(_one(world, writer, clock, account, at))
            wanted -= 1
            if wanted % 500 == 0:
                tick(len(world.posts))


def _one(world: World, writer: Writer, clock: Clock, account: Account, at: datetime) -> Post:
    act = _act(account, world.rng)
    event = clock.event_near(at)
    town = account.town
    fixed: dict[str, str] = {}
    if event and act in ("alert", "news_crime", "news_quote", "mourning", "counter") and world.rng.random() < 0.8:
        town = event.town
        fixed["g"] = world.rng.choice(event.group.aliases)
    return writer.post(account, act, at, town, **fixed)


def _act(account: Account, rng: random.Random) -> str:
    mix = MIX[account.kind]
    act = rng.choices(list(mix), list(mix.values()))[0]
    if act == "@life":
        return rng.choices(list(LIFE), list(LIFE.values()))[0]
    if act == "crime":
        crimes = RING_CRIMES if account.kind == "ring" else CRIMES
        return rng.choices(list(crimes), list(crimes.values()))[0]
    return act
