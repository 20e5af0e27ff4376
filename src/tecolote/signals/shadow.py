"""A codebook in shadow: what it would change over everything imported, before it is switched on.

Nothing is written to the case. `diff` reads every post twice, with the codebook in force and with the
proposed one; `usage` says of each own term where it was met, so that dead and noisy terms show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from tecolote.codebook import Codebook
from tecolote.signals.assess import Assessment, Assessor
from tecolote.signals.text.normalise import lane1, lane2
from tecolote.signals.text.terms import TermFinder
from tecolote.signals.text.weights import Weights

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

_POSTS = "SELECT platform, id, account_id, coalesce(text_raw, text), lang, created_at FROM posts ORDER BY platform, id"
_BATCH = 2000
_PROTECTED = ("reporter", "victim")
#: A term is noisy when more than this share of the posts that hold it speak with a voice that is not a
#: perpetrator's, and it was met in at least `NOISY_FROM` posts.
NOISY_SHARE = 0.5
NOISY_FROM = 5

Post = tuple[str, str, str | None, str | None, str | None, dt.datetime | None]


class Change(msgspec.Struct, frozen=True):
    """A post that the proposed codebook reads otherwise.

    Attributes:
        kind: ``flag``, ``unflag``, ``groups`` (other groups named) or ``abstain`` (now, or no longer).
        voice: as the proposed codebook reads it; ``protected`` where that is a reporter or a victim.
        terms: ids of the entries found by one of the two codebooks alone.
    """

    platform: str
    post_id: str
    kind: str
    voice: str
    protected: bool
    probability_before: float
    probability_after: float
    groups_before: list[str]
    groups_after: list[str]
    terms: list[str]
    text: str


class Usage(msgspec.Struct):
    """Where a term was met: posts and authors that hold it, posts by voice, posts flagged, first and last day."""

    term: str
    posts: int = 0
    authors: int = 0
    flagged: int = 0
    protected: int = 0
    not_perpetrator: int = 0
    first: dt.date | None = None
    last: dt.date | None = None
    outside_dates: int = 0

    @property
    def verdict(self) -> str:
        """``dead`` (never met), ``out of date`` (met only outside its days), ``noisy`` or ``in use``."""
        if not self.posts:
            return "out of date" if self.outside_dates else "dead"
        return "noisy" if self.posts >= NOISY_FROM and self.not_perpetrator / self.posts > NOISY_SHARE else "in use"


def diff(
    corpus: Corpus,
    before: Codebook,
    after: Codebook,
    progress: Callable[[int], None] | None = None,
    weights: Weights | None = None,
) -> Iterator[Change]:
    """Posts of the case that ``after`` reads otherwise than ``before``, in the order of platform and id.

    ``progress`` is called with the number of posts of each batch.
    """
    old, new = Assessor(before, weights=weights), Assessor(after, weights=weights)
    for post in _posts(corpus, progress):
        first, second = old.assess(post[3], post[4], post[5]), new.assess(post[3], post[4], post[5])
        kind = _kind(first, second)
        if kind:
            yield _change(post, kind, first, second)


def _kind(old: Assessment, new: Assessment) -> str:
    if old.flag != new.flag:
        return "flag" if new.flag else "unflag"
    if sorted(old.groups) != sorted(new.groups):
        return "groups"
    return "abstain" if old.abstain != new.abstain else ""


def _change(post: Post, kind: str, old: Assessment, new: Assessment) -> Change:
    found = [{r.label for r in a.findings if r.signal == "codebook"} for a in (old, new)]
    return Change(
        post[0],
        post[1],
        kind,
        new.voice,
        new.voice in _PROTECTED,
        old.probability,
        new.probability,
        old.groups,
        new.groups,
        sorted(found[0] ^ found[1]),
        post[3] or "",
    )


def usage(
    corpus: Corpus,
    book: Codebook,
    only: set[str],
    progress: Callable[[int], None] | None = None,
    weights: Weights | None = None,
) -> list[Usage]:
    """How each term of ``only`` (ids) is used in the case as ``book`` reads it, most used first."""
    finder, assessor = TermFinder(book), Assessor(book, weights=weights)
    found = {term: Usage(term) for term in only}
    authors: dict[str, set[tuple[str, str | None]]] = {term: set() for term in only}
    for platform, _, author, words, lang, at in _posts(corpus, progress):
        if not words:
            continue
        first = lane1(words)
        lanes, day = [first, *lane2(first)], at.date() if at else None
        anywhen = {h.entry.label for h in finder.find(lanes, None)} & only
        if not anywhen:
            continue
        now = {h.entry.label for h in finder.find(lanes, day)}
        verdict = assessor.assess(words, lang, at)
        for term in anywhen:
            if term not in now:
                found[term].outside_dates += 1
                continue
            authors[term].add((platform, author))
            _count(found[term], verdict, day)
    for term, who in authors.items():
        found[term].authors = len(who)
    return sorted(found.values(), key=lambda u: (-u.posts, u.term))


def _count(row: Usage, verdict: Assessment, day: dt.date | None) -> None:
    row.posts += 1
    row.flagged += verdict.flag
    row.protected += verdict.voice in _PROTECTED
    row.not_perpetrator += verdict.voice != "perpetrator"
    if day is not None:
        row.first = day if row.first is None else min(row.first, day)
        row.last = day if row.last is None else max(row.last, day)


def _posts(corpus: Corpus, progress: Callable[[int], None] | None) -> Iterator[Post]:
    reader = corpus.connect().cursor().execute(_POSTS).to_arrow_reader(_BATCH)
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        if progress is not None:
            progress(batch.num_rows)
