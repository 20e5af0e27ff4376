"""From a post to an assessment: voice, performed themes, groups, target, severity, flag, and why.

A flag means "put this before a person". It needs a performed theme *and* the voice of a perpetrator; what
reporters, victims, search collectives, mourners, people who warn, and fans write is a topic mentioned.
Instructions inside a post are words like any others: nothing here obeys text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import msgspec

from tecolote.codebook import Codebook
from tecolote.signals.text import grammar
from tecolote.signals.text.language import language
from tecolote.signals.text.model import VOICES, load_model, model_hash
from tecolote.signals.text.ngrams import load_words, words_hash
from tecolote.signals.text.reading import Act, Reading, read
from tecolote.signals.text.terms import TermFinder

VERSION = "1"
_MAX_REASONS = 14
# How sure a flag must be: a false flag on people who report or suffer costs more than a miss.
_SURE, _SURE_OF_WEAK, _SURE_BESIDE_PROTECTED = 0.6, 0.7, 0.8
_PROTECTED = ("reporter", "victim")
_THREATS = ("threat_rival", "threat_authority", "threat_civilian", "threat_press", "revenge_grief")
_SPECIFIC = (
    "threat_rival",
    "threat_authority",
    "threat_press",
    "extortion",
    "luring",
    "kidnap_ransom",
    "account_takeover",
)
_URGENT = ("luring", "kidnap_ransom", "account_takeover", "target_doxxing", "threat_press")
_TARGETS = (
    ("threat_press", "journalist_or_citizen_reporter"),
    ("account_takeover", "platform_user"),
    ("threat_authority", "authority"),
    ("threat_rival", "rival"),
    ("extortion", "business"),
    ("human_smuggling", "migrant"),
    ("luring", "civilian_named"),
    ("kidnap_ransom", "civilian_named"),
    ("target_doxxing", "civilian_named"),
    ("revenge_grief", "rival"),
    ("lookout", "authority"),
    ("threat_civilian", "civilian_named"),
)


class Finding(msgspec.Struct, frozen=True):
    """A row of `findings` without its target: signal, label, score, raw span (None if none), reason."""

    signal: str
    label: str
    score: float
    a: int | None
    b: int | None
    reason: str


class Reason(msgspec.Struct, frozen=True):
    """One reason of an assessment with its raw span."""

    signal: str
    label: str
    a: int | None
    b: int | None
    why: str


class Assessment(msgspec.Struct, frozen=True):
    """The columns of `assessments` without platform and post, and the findings behind them."""

    voice: str
    themes: list[str]
    topics_mentioned: list[str]
    groups: list[str]
    target: str
    imminence: str
    severity: int
    victim_risk: bool
    flag: bool
    abstain: bool
    probability: float
    confidence: str
    lang: str
    reasons: list[Reason]
    assessor_version: str
    findings: list[Finding]


class Assessor:
    """Reads posts with one codebook. Thread-safe after construction.

    Attributes:
        version: changes whenever the same post could be read differently: hash of codebook, grammar,
            model and code version.
    """

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self._finder = TermFinder(codebook)
        self._model = load_model()
        digest = hashlib.sha256(f"{VERSION}\n{codebook.sha256}\n{model_hash()}\n{words_hash()}\n".encode())
        for name, raw in grammar.files():
            digest.update(name.encode() + len(raw).to_bytes(8, "big") + raw)
        self.version = f"{VERSION}-{digest.hexdigest()[:16]}"

    def assess(self, text: str | None, lang: str | None = None, at: dt.datetime | dt.date | None = None) -> Assessment:
        """The assessment of one post.

        Args:
            text: raw text (`text_raw`, else `text`); None and empty text give an abstention.
            lang: language as the record says, used only where the words do not tell.
            at: when it was written; names and emoji mean what they meant on that day.
        """
        if not text or not text.strip():
            return self._nothing(lang)
        day = at.date() if isinstance(at, dt.datetime) else at
        reading = read(text, self._finder, day)
        voices = self._model.voices(reading.features)
        probability = round(voices[0] if reading.performed else min(voices[0], 0.05), 4)
        voice = self._voice(voices, probability, reading)
        themes = [a.theme for a in _performed(reading.performed)] if voice == "perpetrator" else []
        low, high = self._model.abstain
        return Assessment(
            voice=voice,
            themes=themes,
            topics_mentioned=_mentioned(reading, themes),
            groups=sorted(reading.groups),
            target=_target(themes, reading),
            imminence=(now := _imminence(themes, reading)),
            severity=self._severity(themes, now),
            victim_risk=_victim_risk(voice, themes, reading),
            flag=bool(themes),
            abstain=bool(reading.performed) and (low < probability < high or (probability >= high and not themes)),
            probability=probability,
            confidence=_confidence(max(voices), probability),
            lang=language(reading.lanes[0].text, lang),
            reasons=self._reasons(reading),
            assessor_version=self.version,
            findings=self._findings(reading),
        )

    def _nothing(self, lang: str | None) -> Assessment:
        why = Reason("text", "empty", None, None, "no words to read")
        return Assessment(
            voice="neutral",
            themes=[],
            topics_mentioned=[],
            groups=[],
            target="none",
            imminence="none",
            severity=0,
            victim_risk=False,
            flag=False,
            abstain=True,
            probability=0.0,
            confidence="low",
            lang=lang or "und",
            reasons=[why],
            assessor_version=self.version,
            findings=[],
        )

    def _voice(self, voices: list[float], probability: float, reading: Reading) -> str:
        if reading.performed and probability >= _bar(reading):
            return "perpetrator"
        others = voices[1:]
        return VOICES[1 + others.index(max(others))]

    def _severity(self, themes: list[str], imminence: str) -> int:
        found = max((self.codebook.themes[t].severity for t in themes), default=0)
        dated = imminence in ("dated_or_placed", "immediate") and any(t in _THREATS for t in themes)
        return 4 if dated else found

    def _reasons(self, reading: Reading) -> list[Reason]:
        """What moved the reading most, in order of weight; at most fourteen."""
        scored: list[tuple[float, Reason]] = []
        for act in reading.performed or reading.mentioned:
            said = _act_words(act) if act in reading.performed else f"Only spoken about. {_act_words(act)}"
            scored.append((1.0 + act.strength, Reason("act", act.theme, None, None, said)))
        if reading.performed:
            scored.extend(_word_reasons(reading))
        for hit in reading.cues:
            weight = abs(self._model.push(f"cue:{hit.cue.id}", 1.0)) + hit.cue.weight / 4
            scored.append((weight, Reason("discourse", hit.cue.id, hit.a, hit.b, hit.cue.why["en"])))
        for term in reading.terms:
            entry = term.term
            scored.append(
                (
                    0.8 if term.entry.groups else 0.4,
                    Reason(
                        "codebook",
                        term.entry.label,
                        term.a,
                        term.b,
                        _term_words(
                            entry.term if entry else term.entry.form, entry.note if entry else "", term.entry.groups
                        ),
                    ),
                )
            )
        if reading.quoted:
            scored.append(
                (3.0, Reason("discourse", "quote.attributed", None, None, "the act is quoted as another's words"))
            )
        if reading.cut:
            scored.append((9.0, Reason("text", "cut", None, None, "longer than what is read: only the beginning was")))
        scored.sort(key=lambda s: -s[0])
        if not scored:
            return [Reason("text", "nothing", None, None, "no cue, no codebook entry")]
        return [reason for _, reason in scored[:_MAX_REASONS]]

    def _findings(self, reading: Reading) -> list[Finding]:
        rows = [
            Finding(
                "codebook",
                h.entry.label,
                h.term.weight if h.term else 0.0,
                h.a,
                h.b,
                _term_words(h.entry.form, h.term.note if h.term else "", h.entry.groups),
            )
            for h in reading.terms
        ]
        rows += [Finding("discourse", h.cue.id, h.cue.weight, h.a, h.b, h.cue.why["en"]) for h in reading.cues]
        rows += [Finding("act", a.theme, float(a.strength), None, None, _act_words(a)) for a in reading.performed]
        return rows


def _bar(reading: Reading) -> float:
    """The probability from which on a post is flagged."""
    if any(h.cue.voice in _PROTECTED and h.cue.weight >= 1.5 for h in reading.cues):
        return _SURE_BESIDE_PROTECTED
    return _SURE if reading.performed[0].strength > 1 else _SURE_OF_WEAK


def _act_words(act: Act, lang: str = "en") -> str:
    """``Offers work or a place in a criminal group (offers or asks for work; asks for contact)``."""
    cues = dict.fromkeys(grammar.clause(c, lang) for c in act.cues)
    return f"{grammar.clause(act.theme, lang)} ({'; '.join(cues)})"


def _word_reasons(reading: Reading) -> list[tuple[float, Reason]]:
    """Words that the word reader knows from people who perform acts, with their weight in log-odds."""
    lane = reading.lanes[min(1, len(reading.lanes) - 1)]
    found = []
    for a, b, push in load_words().words(lane.text):
        why = f"the word reader knows this word from people who perform acts (+{push:.2f})"
        found.append((0.5 + push, Reason("words", lane.text[a:b], *lane.span(a, b), why)))
    return found


def _term_words(form: str, note: str, groups: tuple[str, ...]) -> str:
    words = f"codebook entry '{form}'"
    if groups:
        words += f" of {', '.join(groups)}"
    return f"{words}: {note}" if note else words


def _performed(acts: list[Act]) -> list[Act]:
    """Themes to report: the plain ones, without the general threat where a particular one says more."""
    best = max((a.strength for a in acts), default=0)
    kept = [a for a in acts if a.strength >= min(best, 2) and a.strength >= best - 1]
    if any(a.theme in _SPECIFIC for a in kept):
        kept = [a for a in kept if a.theme != "threat_civilian"] or kept
    return kept


def _mentioned(reading: Reading, themes: list[str]) -> list[str]:
    found = {a.theme for a in reading.mentioned}
    for hit in reading.terms:
        term = hit.term
        if term is not None and term.voice_hint is None and (abs(term.weight) >= 0.1):
            found.update(term.themes)
    return sorted(found - set(themes))


def _target(themes: list[str], reading: Reading) -> str:
    has = {h.cue.id for h in reading.cues}
    if "threat_civilian" in themes and has & {"threat.to_whoever", "threat.en_public"}:
        return "public_at_large"
    return next((target for theme, target in _TARGETS if theme in themes), "none")


def _imminence(themes: list[str], reading: Reading) -> str:
    if not any(t in _THREATS or t == "extortion" for t in themes):
        return "none"
    has = {h.cue.id for h in reading.cues}
    if has & {"time.immediate", "time.en_immediate"}:
        return "immediate"
    if has & {"time.dated", "time.en_dated"}:
        return "dated_or_placed"
    return (
        "conditional"
        if has
        & {
            "mood.conditional",
            "mood.en_conditional",
            "threat.to_whoever",
            "threat.en_public",
            "threat.demand",
            "threat.en_demand",
        }
        else "none"
    )


def _victim_risk(voice: str, themes: list[str], reading: Reading) -> bool:
    if any(t in _URGENT for t in themes):
        return True
    has = {h.cue.id for h in reading.cues}
    return voice == "victim" and bool(has & {"vic.patient", "vic.en_patient", "vic.search", "vic.en_search"})


def _confidence(top: float, probability: float) -> str:
    sure = max(top, 1 - probability if probability < 0.05 else 0.0)
    return "high" if sure >= 0.9 else "medium" if sure >= 0.65 else "low"


def as_row(assessment: Assessment) -> dict[str, Any]:
    """The assessment as a row of `assessments`, without platform and post id."""
    row = {name: getattr(assessment, name) for name in assessment.__struct_fields__ if name != "findings"}
    row["reasons"] = [msgspec.structs.asdict(r) for r in assessment.reasons]
    return row
