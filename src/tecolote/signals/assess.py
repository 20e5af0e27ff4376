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
from tecolote.signals.reasons import Reason, Tongue, act_words, entry_words, no_words, reasons, unread_language
from tecolote.signals.text import grammar
from tecolote.signals.text.encoder import Meaning, seen
from tecolote.signals.text.kinds import kinds_hash
from tecolote.signals.text.language import is_read, language
from tecolote.signals.text.model import VOICES, WORDS
from tecolote.signals.text.nearest import Near, nearest
from tecolote.signals.text.ngrams import signs
from tecolote.signals.text.reading import Act, Reading, read
from tecolote.signals.text.terms import TermFinder
from tecolote.signals.text.weights import Weights, shipped

VERSION = "4"
# How sure a flag must be: a false flag on people who report or suffer costs more than a miss. Here 94 % of twins and
# 97 % of the protected stay clean in files of examples that no fitted weight saw.
_SURE, _SURE_BESIDE_PROTECTED = 0.75, 0.9
_SECOND_THEME = 0.35
_NOTHING_TO_WEIGH = 0.01  # the most that can be said of a post in which nothing was found
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

    Args:
        codebook: themes, groups, terms.
        tongue: language of the reasons; findings are in English.
        weights: what was fitted; by default the package's own.
        meaning: an encoder that is asked where the readers are unsure and that finds the nearest examples.

    Attributes:
        version: changes whenever the same post could be read differently: hash of codebook, grammar,
            model and code version.
    """

    def __init__(
        self,
        codebook: Codebook,
        tongue: Tongue = "en",
        weights: Weights | None = None,
        meaning: Meaning | None = None,
    ) -> None:
        self.codebook = codebook
        self._tongue = tongue
        self._finder = TermFinder(codebook)
        self._weights = weights or shipped()
        self._meaning = meaning
        parts = (VERSION, codebook.sha256, self._weights.sha256, kinds_hash(), meaning.sha256 if meaning else "")
        digest = hashlib.sha256("\n".join((*parts, "")).encode())
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
        reading = read(text, self._finder, day, self._weights.words)
        voices = self._weights.model.voices(reading.features)
        weighed = WORDS in reading.features
        probability = voices[0] if weighed else min(voices[0], _NOTHING_TO_WEIGH)
        if self._meaning is not None:
            probability = self._meaning.again(seen(text, reading), probability)
        probability = round(probability, 4)
        acts = self._acts(reading, probability)
        flagged = bool(acts) and probability >= _bar(reading)
        voice = "perpetrator" if flagged else VOICES[1 + voices[1:].index(max(voices[1:]))]
        themes = [a.theme for a in _performed(acts)] if flagged else []
        low, high = self._weights.model.abstain
        lang = language(reading.lanes[0].text, lang, text)
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
            abstain=(weighed and (low < probability < high or (probability >= high and not themes)))
            or (not themes and (reading.cut or not is_read(lang))),
            probability=probability,
            confidence=_confidence(max(voices), probability),
            lang=lang,
            reasons=[
                *unread_language(lang, self._tongue),
                *reasons(reading, acts, self._near(text, reading, flagged), self._weights, self._tongue),
            ],
            assessor_version=self.version,
            findings=self._findings(reading),
        )

    def _nothing(self, lang: str | None) -> Assessment:
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
            reasons=[no_words(self._tongue)],
            assessor_version=self.version,
            findings=[],
        )

    def _severity(self, themes: list[str], imminence: str) -> int:
        found = max((self.codebook.themes[t].severity for t in themes), default=0)
        dated = imminence in ("dated_or_placed", "immediate") and any(t in _THREATS for t in themes)
        return 4 if dated else found

    def _acts(self, reading: Reading, probability: float) -> list[Act]:
        """What the author performs: as the rules say, or, where none does, as the readers of words and themes say."""
        if reading.performed or WORDS not in reading.features or probability < _SURE:
            return reading.performed
        likely = self._weights.themes.likely(signs(reading.words, reading.features))
        return [Act(theme, 0, ()) for i, (theme, p) in enumerate(likely[:2]) if i == 0 or p >= _SECOND_THEME]

    def _near(self, text: str, reading: Reading, flagged: bool) -> list[Near] | None:
        """The examples nearest to a flagged post."""
        if not flagged:
            return None
        return self._meaning.nearest(seen(text, reading)) if self._meaning else nearest(reading.words)

    def _findings(self, reading: Reading) -> list[Finding]:
        rows = [
            Finding("codebook", h.entry.label, h.term.weight if h.term else 0.0, h.a, h.b, entry_words(h))
            for h in reading.terms
        ]
        rows += [Finding("discourse", h.cue.id, h.cue.weight, h.a, h.b, h.cue.why["en"]) for h in reading.cues.hits()]
        rows += [Finding("act", a.theme, float(a.strength), None, None, act_words(a)) for a in reading.performed]
        return rows


def _bar(reading: Reading) -> float:
    """The probability from which on a post is flagged."""
    protected = any(cue.voice in _PROTECTED and cue.weight >= 1.5 for cue in reading.cues.cues)
    return _SURE_BESIDE_PROTECTED if protected else _SURE


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
    has = reading.cues.ids
    if "threat_civilian" in themes and has & {"threat.to_whoever", "threat.en_public"}:
        return "public_at_large"
    return next((target for theme, target in _TARGETS if theme in themes), "none")


def _imminence(themes: list[str], reading: Reading) -> str:
    if not any(t in _THREATS or t == "extortion" for t in themes):
        return "none"
    has = reading.cues.ids
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
    has = reading.cues.ids
    return voice == "victim" and bool(has & {"vic.patient", "vic.en_patient", "vic.search", "vic.en_search"})


def _confidence(top: float, probability: float) -> str:
    sure = max(top, 1 - probability if probability < 0.05 else 0.0)
    return "high" if sure >= 0.9 else "medium" if sure >= 0.65 else "low"


def as_row(assessment: Assessment) -> dict[str, Any]:
    """The assessment as a row of `assessments`, without platform and post id."""
    row = {name: getattr(assessment, name) for name in assessment.__struct_fields__ if name != "findings"}
    row["reasons"] = [msgspec.structs.asdict(r) for r in assessment.reasons]
    return row
