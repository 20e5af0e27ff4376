"""Why a post is read as it is, in words for people (English or Spanish), each with its place in the raw text."""

from __future__ import annotations

from typing import Literal

import msgspec

from tecolote.signals.text import grammar
from tecolote.signals.text.language import is_read
from tecolote.signals.text.nearest import Near
from tecolote.signals.text.ngrams import WordReader
from tecolote.signals.text.reading import Act, Reading
from tecolote.signals.text.terms import TermHit
from tecolote.signals.text.weights import Weights

Tongue = Literal["en", "es"]
_MOST = 14
_SAID = {
    "en": {
        "empty": "no words to read",
        "unread": "in a language that is not read ({}): a person who knows it has to",
        "nothing": "no cue, no codebook entry",
        "cut": "longer than what is read: only the beginning was",
        "quoted": "the act is quoted as another's words",
        "mentioned": "Only spoken about. {}",
        "word": "the word reader knows this word from people who perform acts (+{:.2f})",
        "by_words": "no rule says it; cues and words together do",
        "entry": "codebook entry '{}'",
        "of": " of {}",
        "like_act": "like this written example of an act (likeness {:.2f}): {}",
        "like_other": "like this written example of somebody else (likeness {:.2f}): {}",
    },
    "es": {
        "empty": "no hay palabras que leer",
        "unread": "en una lengua que no se lee ({}): ha de leerlo una persona que la sepa",
        "nothing": "ninguna señal, ninguna entrada del libro de códigos",
        "cut": "más largo de lo que se lee: sólo se leyó el principio",
        "quoted": "el acto está citado como palabras de otra persona",
        "mentioned": "Sólo se habla de ello. {}",
        "word": "el lector de palabras conoce esta palabra de quienes cometen actos (+{:.2f})",
        "by_words": "ninguna regla lo dice; las señales y las palabras juntas sí",
        "entry": "entrada del libro de códigos '{}'",
        "of": " de {}",
        "like_act": "se parece a este ejemplo escrito de un acto (parecido {:.2f}): {}",
        "like_other": "se parece a este ejemplo escrito de otra voz (parecido {:.2f}): {}",
    },
}


class Reason(msgspec.Struct, frozen=True):
    """One reason of an assessment with its raw span."""

    signal: str
    label: str
    a: int | None
    b: int | None
    why: str


def no_words(tongue: Tongue) -> Reason:
    """The reason of a post that has nothing to read."""
    return Reason("text", "empty", None, None, _SAID[tongue]["empty"])


def unread_language(lang: str, tongue: Tongue) -> list[Reason]:
    """That the post is in a language which is not read, if it is."""
    return [] if is_read(lang) else [Reason("text", "unread", None, None, _SAID[tongue]["unread"].format(lang))]


def act_words(act: Act, tongue: Tongue = "en") -> str:
    """``Offers work or a place in a criminal group (offers or asks for work; asks for contact)``."""
    cues = dict.fromkeys(grammar.clause(c, tongue) for c in act.cues) or [_SAID[tongue]["by_words"]]
    return f"{grammar.clause(act.theme, tongue)} ({'; '.join(cues)})"


def entry_words(hit: TermHit, tongue: Tongue = "en") -> str:
    """``codebook entry 'la maña' of cdg: ...`` with the note of the codebook, which is in its own language."""
    said, term = _SAID[tongue], hit.term
    words = said["entry"].format(term.term if term else hit.entry.form)
    if hit.entry.groups:
        words += said["of"].format(", ".join(hit.entry.groups))
    return f"{words}: {term.note}" if term and term.note else words


def reasons(
    reading: Reading, acts: list[Act], near: list[Near] | None, weights: Weights, tongue: Tongue = "en"
) -> list[Reason]:
    """What moved the reading most, in order of weight, at most fourteen.

    A flag also has the words that the word reader knows from acts, and its nearest examples, ``near``; without a flag
    that is None.
    """
    said = _SAID[tongue]
    scored: list[tuple[float, Reason]] = []
    for act in acts or reading.mentioned:
        words = act_words(act, tongue) if acts else said["mentioned"].format(act_words(act, tongue))
        scored.append((1.0 + act.strength, Reason("act", act.theme, None, None, words)))
    if near is not None:
        scored.extend(_words(reading, weights.words, said))
        scored.extend(_examples(near, said))
    for hit in reading.cues.hits():
        weight = abs(weights.model.push(f"cue:{hit.cue.id}", 1.0)) + hit.cue.weight / 4
        scored.append((weight, Reason("discourse", hit.cue.id, hit.a, hit.b, hit.cue.why[tongue])))
    for term in reading.terms:
        reason = Reason("codebook", term.entry.label, term.a, term.b, entry_words(term, tongue))
        scored.append((0.8 if term.entry.groups else 0.4, reason))
    if reading.quoted:
        scored.append((3.0, Reason("discourse", "quote.attributed", None, None, said["quoted"])))
    if reading.cut:
        scored.append((9.0, Reason("text", "cut", None, None, said["cut"])))
    scored.sort(key=lambda s: -s[0])
    return [reason for _, reason in scored[:_MOST]] or [Reason("text", "nothing", None, None, said["nothing"])]


def _words(reading: Reading, reader: WordReader, said: dict[str, str]) -> list[tuple[float, Reason]]:
    """Words that the word reader knows from people who perform acts, with their weight in log-odds."""
    lane = reading.lanes[min(1, len(reading.lanes) - 1)]
    return [
        (0.5 + push, Reason("words", lane.text[a:b], *lane.span(a, b), said["word"].format(push)))
        for a, b, push in reader.words(lane.text)
    ]


def _examples(near: list[Near], said: dict[str, str]) -> list[tuple[float, Reason]]:
    found = []
    for one in near:
        why = said["like_act" if one.theme else "like_other"].format(one.likeness, one.text)
        found.append((0.7 + one.likeness, Reason("example", one.theme or one.voice, None, None, why)))
    return found
