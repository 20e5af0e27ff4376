"""What is right by the rules of a codebook and yet likely to mislead: the findings of ``codebook check``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import msgspec

from tecolote.codebook.book import Codebook, Term

_SHORT = 3  # letters; below this a word is found in too many posts to hint at anything
_STRONG = 0.7


class Remark(msgspec.Struct, frozen=True):
    """One remark: the entry's id, what is doubtful, what to do."""

    entry: str
    what: str
    hint: str


def remarks(book: Codebook, shipped: Codebook) -> list[Remark]:
    """Doubts about the entries that ``book`` adds to ``shipped``, in the order of the files.

    Nothing here makes a codebook unusable; what does is an error of `tecolote.codebook.load`.
    """
    own = [t for t in book.terms.values() if t.id not in shipped.terms]
    known = {_form(t.term): t.id for t in shipped.terms.values()}
    aliases: dict[str, set[str]] = {}
    for group in book.groups.values():
        for name in group.names:
            aliases.setdefault(_form(name.alias), set()).add(group.id)
    found: list[Remark] = []
    for term in own:
        found.extend(_of_term(term, known, book))
        known.setdefault(_form(term.term), term.id)
    for group in book.groups.values():
        if group.id in shipped.groups:
            continue
        for name in group.names:
            others = aliases[_form(name.alias)] - {group.id}
            if others:
                words = f"'{name.alias}' also names {', '.join(sorted(others))}"
                found.append(Remark(group.id, words, "A post with it names both: give a fuller alias"))
            if name.valid_from and name.valid_to and name.valid_from > name.valid_to:
                found.append(Remark(group.id, f"'{name.alias}' ends before it begins", "Swap the two dates"))
        if not group.names:
            found.append(Remark(group.id, "has no alias", "A group without a name is never attributed"))
    return found


def _of_term(term: Term, known: dict[str, str], book: Codebook) -> Iterator[Remark]:
    form = _form(term.term)
    if form in known:
        yield Remark(term.id, f"'{term.term}' is already term '{known[form]}'", "Two entries count twice: drop one")
    if term.valid_from and term.valid_to and term.valid_from > term.valid_to:
        yield Remark(term.id, "ends before it begins: it is never found", "Swap the two dates")
    if not term.source:
        yield Remark(term.id, "names no source", "A reader of a report cannot check where the term comes from")
    for source in term.source:
        if source not in book.sources:
            yield Remark(term.id, f"source '{source}' is not explained", "Add it under 'sources:'")
    letters = sum(c.isalnum() for c in form)
    if term.kind in ("word", "name") and letters <= _SHORT and not term.combine_with:
        yield Remark(term.id, f"'{term.term}' has {letters} letters", "Add 'combine_with' or a longer form")
    if term.ambiguity == "high" and abs(term.weight) >= _STRONG and not term.combine_with:
        yield Remark(term.id, "is ambiguous and weighs much", "Lower the weight or add 'combine_with'")
    if term.kind in ("emoji", "emoji_seq") and term.groups and not term.combine_with:
        yield Remark(term.id, "is an emoji that points at a group", "One emoji never attributes; a second cue must")
    if term.weight > 0 and not term.themes and not term.groups:
        yield Remark(term.id, "hints at no theme and no group", "It changes nothing: add 'themes' or 'groups'")


def _form(words: str) -> str:
    plain = unicodedata.normalize("NFKD", words.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).strip()
