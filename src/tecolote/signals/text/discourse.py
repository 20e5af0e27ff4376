"""Who speaks to whom, and what the words do: discourse cues found in one post.

Cues come from the grammar files (`tecolote.signals.text.grammar`). All patterns run as a few RE2 sets; only
the few that hit are run again for their spans, and those only where a span is wanted. One set of all of them
would have as many states as there are combinations of half-read patterns, and would build new ones for every
post; six sets have so few that most stay built (measured on new posts of many kinds: 138 microseconds a post
with four, 109 with six, 97 with twelve; on posts that repeat their wordings 13, 20 and 35; sets by language or by
cost, and a search for needed words before (FilteredRE2), were no faster). The idea follows the study of
threats as speech acts (Searle 1969; Gales 2011, *Identifying interpersonal stance in threatening discourse*):
person, mood and address carry the act, slang only the topic.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from tecolote.signals.text.grammar import Cue, Grammar, load_grammar
from tecolote.signals.text.normalise import Lane

_SETS = 6


class CueHit(msgspec.Struct, frozen=True):
    """A cue at ``[a, b)`` of the raw text; ``at`` is its place in the lane it was found in."""

    cue: Cue
    a: int
    b: int
    at: tuple[int, int]
    lane: str


class _Engine:
    def __init__(self, grammar: Grammar) -> None:
        import re2

        options = re2.Options()
        options.max_mem = 512 << 20
        options.log_errors = False
        self.grammar = grammar
        self.names = [cue.id for cue in grammar.cues]
        self.single = [re2.compile(source, options=options) for source in grammar.sources]
        self.sets: list[tuple[Any, range]] = []
        for first in range(_SETS):
            members = range(first, len(grammar.sources), _SETS)
            together = re2.Set.SearchSet(options)
            for index in members:
                together.Add(grammar.sources[index])
            together.Compile()
            self.sets.append((together, members))

    def hits(self, raw: bytes) -> list[int]:
        """Which cues match somewhere in the UTF-8 text ``raw``."""
        found: list[int] = []
        for together, members in self.sets:
            local = together.Match(raw)
            if local:
                found.extend(members[i] for i in local)
        return found


@cache
def engine() -> _Engine:
    """The compiled grammar, made once per process."""
    return _Engine(load_grammar())


def view(text: str) -> str:
    """Lane text as patterns see it: ñ counts as a letter for word boundaries."""
    return text.replace("_", " ").replace("ñ", "_")


class Cues:
    """The cues of a post: which there are, found at once; where they stand, looked for when somebody asks.

    Attributes:
        ids: of all that are there.
    """

    __slots__ = ("_hits", "_where", "ids")

    def __init__(self, lanes: list[Lane]) -> None:
        running = engine()
        names = running.names
        self._where: dict[int, tuple[Lane, bytes]] = {}
        self._hits: list[CueHit] | None = None
        for lane in lanes:
            raw = view(lane.text).encode()
            for index in running.hits(raw):
                self._where.setdefault(index, (lane, raw))
        self.ids = frozenset([names[index] for index in self._where])

    @property
    def cues(self) -> list[Cue]:
        """The cues themselves, in no order."""
        known = engine().grammar.cues
        return [known[index] for index in self._where]

    def hits(self) -> list[CueHit]:
        """First occurrence of each, in order of appearance."""
        if self._hits is None:
            found = [_first(index, lane, raw) for index, (lane, raw) in self._where.items()]
            self._hits = sorted(found, key=lambda h: (h.a, h.b, h.cue.id))
        return self._hits


def _first(index: int, lane: Lane, raw: bytes) -> CueHit:
    running = engine()
    a, b = running.single[index].search(raw).span()
    if len(raw) != len(lane.text):  # places in bytes are not those of code points
        a, b = len(raw[:a].decode()), len(raw[:b].decode())
    return CueHit(running.grammar.cues[index], *lane.span(a, b), (a, b), lane.name)
