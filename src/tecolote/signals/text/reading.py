"""One post as evidence for and against: cues, codebook entries, quotation, acts, and named features.

A *theme* is an act times a topic (`Rule`). An act inside quotation marks that somebody else is made to say
is spoken about, not performed; quotation marks without a speaker change nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache, lru_cache

import msgspec

from tecolote.signals.text.discourse import CueHit, Cues
from tecolote.signals.text.grammar import Rule, load_grammar
from tecolote.signals.text.hashtags import split_tags
from tecolote.signals.text.model import WORDS
from tecolote.signals.text.ngrams import WordReader, signs
from tecolote.signals.text.normalise import (
    MAX_CHARS,
    Lane,
    edit,
    inside,
    lane1,
    lane2,
    quoted,
    without_lone_letters,
)
from tecolote.signals.text.terms import TermFinder, TermHit, attribute

ACTS = frozenset(
    (
        "threat",
        "extort",
        "offer",
        "claim",
        "praise",
        "kidnap",
        "take",
        "lure",
        "dox",
        "graph",
        "aid",
        "vow",
        "comm",
        "look",
    )
)
SPEAKERS = frozenset(("rep", "vic", "fan", "neu"))
_MATTER = ACTS | {"sig", "code", "topic", "addr", "we"}
_KEPT = 20_000  # sets of cues of which is kept what they mean: many posts have the same
_PLAIN_CODE = ("low", "medium")


class Act(msgspec.Struct, frozen=True):
    """A theme that the words carry, with the cues that carry it; ``strength`` 1 to 3."""

    theme: str
    strength: int
    cues: tuple[str, ...]


class Reading(msgspec.Struct, frozen=True):
    """What was found in a post.

    Attributes:
        cues: what the words do and who speaks.
        terms: hits with raw spans.
        groups: group id to the hits that attribute it.
        performed: acts by the author's own words.
        mentioned: acts when quoted words count as well.
        quoted: whether acts were set aside as somebody else's words.
        features: named values for the model; ``words`` only where something was found that an act can be made of.
        words: lane text that the word reader reads.
        cut: the post was longer than what is read.
    """

    cues: Cues
    terms: list[TermHit]
    groups: dict[str, list[TermHit]]
    performed: list[Act]
    mentioned: list[Act]
    quoted: bool
    features: dict[str, float]
    words: str
    lanes: list[Lane]
    cut: bool


def read(text: str, finder: TermFinder, day: dt.date | None, reader: WordReader | None) -> Reading:
    """Everything that the rules and the model need to know about ``text``; without ``reader`` the rules alone."""
    cut = len(text) > MAX_CHARS
    first = lane1(text[:MAX_CHARS] if cut else text)
    lanes = [first, *lane2(first)]
    if "#" in first.text and (tags := split_tags(first.text)):
        lanes.append(edit(first, tags))
    cues = Cues([without_lone_letters(first), *lanes[1:]] if len(lanes) > 1 else lanes)
    terms = finder.find(lanes, day)
    groups = attribute(terms)
    has = cues.ids
    aside = _set_aside(first.text, cues.hits()) if has and ('"' in first.text or "'" in first.text) else frozenset()
    extra = _codebook_cues(terms, groups)
    mentioned, performed, known = _of_cues(has, aside, extra)
    features = _features(known, terms, first.text)
    words = lanes[1].text if len(lanes) > 1 else first.text
    if reader is not None and (performed or _could_act(has - aside, terms)):
        features[WORDS] = reader.odds(signs(words, features))
    return Reading(cues, terms, groups, performed, mentioned, bool(aside), features, words, lanes, cut)


def _could_act(own: frozenset[str], terms: list[TermHit]) -> bool:
    """Whether two things stand in the author's own words that an act can be made of: most posts have fewer.

    Asking the word reader of every post was tried: in files left out, at the same share of twins flagged, it finds
    no more acts, and costs twice the time.
    """
    return sum(_family(cue) in _MATTER for cue in own) + len(terms) >= 2


@cache
def _family(cue: str) -> str:
    return cue.split(".", 1)[0]


def _set_aside(text: str, cues: list[CueHit]) -> frozenset[str]:
    """Cues inside quotation marks that the words outside attribute to somebody else."""
    spans = quoted(text)
    if not spans:
        return frozenset()
    within = {h.cue.id for h in cues if h.lane == "plain" and inside(spans, *h.at)}
    if not any(_family(c) in ACTS or _family(c) == "sig" for c in within):
        return frozenset()
    outside = [h.cue.id for h in cues if not (h.lane == "plain" and inside(spans, *h.at))]
    if any(_family(c) == "sig" for c in outside):
        return frozenset()
    told = any(_family(c) in SPEAKERS for c in outside)
    kept, at = [], 0
    for a, b in spans:
        kept.append(text[at:a])
        at = max(at, b + 1)
    words = len(("".join(kept) + text[at:]).split())
    acting = any(_family(c) in ACTS for c in outside)
    acting = acting or ("addr.you" in outside and any(c in ("we.group", "code.strong") for c in outside))
    return frozenset(within) if told or (words >= 4 and not acting) else frozenset()


def _codebook_cues(terms: list[TermHit], groups: dict[str, list[TermHit]]) -> frozenset[str]:
    found = set()
    if groups:
        found.add("group")
    for hit in terms:
        term = hit.term
        if term is None or term.voice_hint is not None or term.weight < 0.25 or term.ambiguity not in _PLAIN_CODE:
            continue
        found.update(f"coded:{theme}" for theme in term.themes)
    return frozenset(found)


class _Rules:
    """The rules over bits: one bit for each cue, family, and kind of codebook evidence."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}
        self._rules: list[tuple[int, Rule, tuple[int, ...], int, tuple[tuple[str, ...], ...]]] = []
        for rule in load_grammar().rules:
            parts = tuple(
                tuple(f"coded:{rule.theme}" if p == "coded" else p for p in wanted.split("|")) for wanted in rule.all
            )
            masks = tuple(self.mask(part) for part in parts)
            self._rules.append((masks[0], rule, masks, self.mask(rule.none), parts))

    def mask(self, names: Iterable[str]) -> int:
        found = 0
        for name in names:
            found |= self._bits.setdefault(name, 1 << len(self._bits))
        return found

    def acts(self, has: Iterable[str]) -> list[Act]:
        bits = self._bits
        known = 0
        for cue in has:
            known |= bits.get(cue, 0) | bits.get(_family(cue) + ".*", 0)
        best: dict[str, Act] = {}
        for first, rule, masks, unwanted, parts in self._rules:
            if not known & first or not all(known & mask for mask in masks):
                continue
            before = best.get(rule.theme)
            if known & unwanted or (before is not None and before.strength >= rule.strength):
                continue
            used = tuple(next(p for p in part if known & bits[p]) for part in parts)
            best[rule.theme] = Act(rule.theme, rule.strength, used)
        return sorted(best.values(), key=lambda a: (-a.strength, a.theme))


@cache
def _rules() -> _Rules:
    return _Rules()


@lru_cache(maxsize=_KEPT)
def _of_cues(
    has: frozenset[str], aside: frozenset[str], extra: frozenset[str]
) -> tuple[list[Act], list[Act], dict[str, float]]:
    """Acts mentioned, acts performed, and features: the same for all posts that have the same cues."""
    mentioned = _rules().acts(has | extra)
    performed = _rules().acts((has - aside) | extra) if aside else mentioned
    found: dict[str, float] = {f"cue:{c}": 1.0 for c in has - aside}
    if aside:
        found["quote:set_aside"] = 1.0
    found.update({f"codebook:{c.split(':')[0]}": 1.0 for c in extra})
    found.update({f"act:{act.theme}:{act.strength}": 1.0 for act in performed})
    found[f"best:{max((a.strength for a in performed), default=0)}"] = 1.0
    found.update({f"family:{_family(c)}": 1.0 for c in has - aside})
    return mentioned, performed, found


def _features(known: dict[str, float], terms: list[TermHit], text: str) -> dict[str, float]:
    found = dict(known)
    for hit in terms:
        term = hit.term
        if term is not None and term.voice_hint is not None:
            found[f"hint:{term.voice_hint}"] = min(2.0, found.get(f"hint:{term.voice_hint}", 0.0) - 2.5 * term.weight)
        elif term is not None:
            found["slang"] = min(2.0, found.get("slang", 0.0) + max(0.0, term.weight))
    if text.rstrip().endswith("?"):
        found["mood:question"] = 1.0
    return found
