"""Codebook entries found in a post: names, aliases, slang, hashtags and emoji.

All entries are searched at once (Aho and Corasick 1975) over both lanes; a word counts only as a whole
word, an entry with ``combine_with`` only beside one of its companions, and a meaning only on the days on
which it holds.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec

from tecolote.codebook import Codebook, Emoji, Group, Name, Term, active_on
from tecolote.signals.text.normalise import Lane, fold

_EDGE = re.compile(r"[0-9a-zñ]")
_HASHTAG = re.compile(r"#[0-9a-zñ_]{2,100}")
_SHORT_ACRONYM = re.compile(r"[A-Z0-9]{1,2}")


class Entry(msgspec.Struct, frozen=True):
    """One searchable form: ``form`` is folded, ``entry`` says where it comes from."""

    form: str
    label: str
    kind: str
    entry: Term | Name | Emoji
    groups: tuple[str, ...]
    naming: bool
    companions: tuple[str, ...] = ()


class TermHit(msgspec.Struct, frozen=True):
    """An entry at ``[a, b)`` of the raw text."""

    entry: Entry
    a: int
    b: int
    lane: str

    @property
    def term(self) -> Term | None:
        """The lexicon entry, or None for a name or emoji of the gazetteer."""
        return self.entry.entry if isinstance(self.entry.entry, Term) else None


class TermFinder:
    """Search of one codebook. Thread-safe after construction."""

    def __init__(self, book: Codebook) -> None:
        import ahocorasick_rs

        self._groups = book.groups
        self._by_form: dict[str, list[Entry]] = {}
        for entry in _entries(book):
            if entry.form:
                self._by_form.setdefault(entry.form, []).append(entry)
        self._forms = list(self._by_form)
        self._search: Any = ahocorasick_rs.AhoCorasick(self._forms)
        # Inside hashtags and glued words there are no spaces: longer entries are also looked for without.
        self._glued_forms: dict[str, list[Entry]] = {}
        for form, entries in self._by_form.items():
            glued = re.sub(r"[^0-9a-zñ]", "", form)
            if len(glued) >= 6 and not form.startswith("#"):
                self._glued_forms.setdefault(glued, []).extend(entries)
        self._glued_list = list(self._glued_forms)
        self._glued: Any = ahocorasick_rs.AhoCorasick(self._glued_list)

    def find(self, lanes: list[Lane], day: dt.date | None) -> list[TermHit]:
        """Hits in ``lanes`` that hold on ``day``, each entry once, in order of appearance."""
        found: dict[str, TermHit] = {}
        for lane in lanes:
            for index, a, b in self._search.find_matches_as_indexes(lane.text, overlapping=True):
                if not _whole(lane.text, a, b):
                    continue
                self._keep(found, self._by_form[self._forms[index]], lane, a, b, day)
            if "#" in lane.text or lane.name == "hidden":
                self._in_hashtags(found, lane, day)
        words = " ".join(lane.text for lane in lanes)
        kept = [h for h in found.values() if not h.entry.companions or _companion(h.entry, words)]
        return sorted(kept, key=lambda h: (h.a, h.b, h.entry.label))

    def _in_hashtags(self, found: dict[str, TermHit], lane: Lane, day: dt.date | None) -> None:
        for tag in _HASHTAG.finditer(lane.text):
            body = tag.group()[1:].replace("_", "")
            for index, _, _ in self._glued.find_matches_as_indexes(body, overlapping=True):
                self._keep(found, self._glued_forms[self._glued_list[index]], lane, tag.start(), tag.end(), day)

    def _keep(
        self, found: dict[str, TermHit], entries: list[Entry], lane: Lane, a: int, b: int, day: dt.date | None
    ) -> None:
        for entry in entries:
            if entry.label in found or not active_on(entry.entry, day):
                continue
            if entry.groups and not any(active_on(self._groups[g], day) for g in entry.groups):
                continue
            first, last = lane.span(a, b)
            found[entry.label] = TermHit(entry, first, last, lane.name)


def attribute(hits: list[TermHit]) -> dict[str, list[TermHit]]:
    """Groups that the hits attribute: a name, or two independent coded cues; one emoji never does."""
    by_group: dict[str, list[TermHit]] = {}
    for hit in hits:
        for group in hit.entry.groups:
            by_group.setdefault(group, []).append(hit)
    return {g: found for g, found in by_group.items() if _enough(found)}


def _enough(hits: list[TermHit]) -> bool:
    if any(h.entry.naming for h in hits):
        return True
    places: list[tuple[int, int]] = []
    for hit in hits:  # cues that overlap are one cue
        if not any(a < hit.b and hit.a < b for a, b in places):
            places.append((hit.a, hit.b))
    return len(places) >= 2


def _whole(text: str, a: int, b: int) -> bool:
    if _EDGE.match(text[a]) and a and _EDGE.match(text[a - 1]):
        return False
    return not (_EDGE.match(text[b - 1]) and b < len(text) and _EDGE.match(text[b]))


def _companion(entry: Entry, words: str) -> bool:
    for wanted in entry.companions:
        at = words.find(wanted)
        while at >= 0:
            if _whole(words, at, at + len(wanted)):
                return True
            at = words.find(wanted, at + 1)
    return False


def _entries(book: Codebook) -> list[Entry]:
    found: list[Entry] = []
    spoken = {fold(t.term): t for t in book.terms.values()}
    for term in book.terms.values():
        naming = bool(term.groups) and term.kind in ("name", "hashtag", "emoji_seq") and _names(term)
        companions = tuple(fold(c) for c in term.combine_with)
        found.append(Entry(fold(term.term), term.id, term.kind, term, term.groups, naming, companions))
    for group in book.groups.values():
        for name in group.names:
            form = fold(name.alias)
            if form in spoken and group.id in spoken[form].groups:
                continue
            found.append(Entry(form, f"group:{group.id}:{name.alias}", "name", name, (group.id,), _plain(name, group)))
        for tag in group.hashtags:
            form = fold(tag.alias if tag.alias.startswith("#") else "#" + tag.alias)
            if form not in spoken:
                found.append(Entry(form, f"group:{group.id}:{form}", "hashtag", tag, (group.id,), True))
        for emoji in group.emoji:
            if fold(emoji.emoji) not in spoken:
                found.append(
                    Entry(fold(emoji.emoji), f"group:{group.id}:{emoji.emoji}", "emoji", emoji, (group.id,), False)
                )
    return found


def _names(term: Term) -> bool:
    """Whether a term is a name on its own: not where the codebook says that it means much else."""
    folded = fold(term.term)
    return term.ambiguity != "high" or "cartel" in folded


def _plain(name: Name, group: Group) -> bool:
    """Whether an alias of the gazetteer names the group by itself.

    Short acronyms, one common word and the group's own remarks about other meanings need a second cue.
    """
    if _SHORT_ACRONYM.fullmatch(name.alias) or len(fold(name.alias)) < 3:
        return False
    if "cartel" in fold(name.alias):
        return True
    return not group.ambiguity or (
        len(name.alias.split()) >= 2 and name.alias.split()[0].lower() not in ("la", "los", "las", "el")
    )
