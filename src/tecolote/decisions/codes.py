"""Codes that people give to posts: events of the log, and what they say now.

A code is a coder's own reading of one post (voice and performed themes), given without regard to what the machine
says; whether it confirms the machine is worked out. Of one coder the newest code of a post counts. Where coders
differ, nothing is settled until somebody adjudicates (themes.yaml, `reliability_protocol`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.reader import Reading

EVENT = "coded"
VOICES = ("perpetrator", "reporter", "victim", "fan", "neutral")
#: Voices of people who are never to be flagged.
PROTECTED = ("reporter", "victim")
#: What a code can say of an assessment.
VERDICTS = ("confirmed", "corrected", "rejected", "missed")
_MOST_NOTE = 2000

Post = tuple[str, str]


def key_of(platform: str, id_: str) -> str:
    """Name of a post, account or thread in addresses and sheets: 20 hexadecimal digits of a hash.

    Platform ids hold any character, dots and slashes included, and an id may be a protected person's name;
    neither belongs into an address bar.
    """
    return hashlib.sha256(f"{platform} {id_}".encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Code:
    """One reading of one post by one person.

    Attributes:
        platform: of the post.
        post_id: of the post.
        voice: one of `VOICES`.
        themes: ids of the acts that the author performs; only with the voice of a perpetrator.
        by: who read it.
        note: why, in the coder's words.
        settles: given as adjudication: it stands whatever others said before.
    """

    platform: str
    post_id: str
    voice: str
    themes: tuple[str, ...]
    by: str
    note: str = ""
    settles: bool = False

    @property
    def post(self) -> Post:
        """Platform and id."""
        return self.platform, self.post_id

    def check(self, themes: Collection[str]) -> None:
        """Refuse a code that the codebook does not allow; ``themes`` are the ids that it has.

        Raises:
            UsageError: unknown voice or theme, a theme without the voice of a perpetrator or that voice without a
                theme (themes.yaml, `flag_rule`), or a note beyond 2,000 characters.
        """
        if self.voice not in VOICES:
            raise UsageError(f"'{self.voice[:40]}' is no voice", f"Use one of: {', '.join(VOICES)}")
        unknown = sorted(set(self.themes) - set(themes))
        if unknown:
            raise UsageError(f"'{unknown[0][:40]}' is no theme", f"Use one of: {', '.join(sorted(themes))}")
        if (self.voice == "perpetrator") != bool(self.themes):
            raise UsageError(
                f"{self.voice} {'without' if not self.themes else 'with'} a theme",
                "Whoever performs an act is a perpetrator, and a perpetrator performs one; else leave themes empty",
            )
        if len(self.note) > _MOST_NOTE:
            raise UsageError(f"a note of {len(self.note):,} characters is too long", f"At most {_MOST_NOTE:,}")


def record(evidence: Evidence, codes: Iterable[Code], by: str) -> int | None:
    """Log the codes of one person as one event; its leaf, None if there are none. Durable at the next commit.

    Args:
        evidence: open for writing.
        codes: checked ones (`Code.check`).
        by: who gave them.

    Raises:
        UsageError: nobody is named.
    """
    if not by.strip():
        raise UsageError("a decision needs a name", 'Say who decides: --by "A. Name"')
    said = [
        {
            "platform": code.platform,
            "post": code.post_id,
            "voice": code.voice,
            "themes": list(code.themes),
            "note": code.note,
            "settles": code.settles,
        }
        for code in codes
    ]
    return evidence.append(EVENT, {"by": by.strip(), "codes": said}, {"posts": len(said)}) if said else None


def standing(evidence: Reading) -> list[Code]:
    """The newest code of each coder for each post, in the order of the log.

    Where a post was erased its id stands no longer in the log: such codes name a post that no table has.
    """
    newest: dict[tuple[Post, str, bool], Code] = {}
    for event in evidence.events(EVENT):
        by = event.payload["by"]
        for said in event.payload["codes"]:
            code = Code(
                said["platform"], said["post"], said["voice"], tuple(said["themes"]), by, said["note"], said["settles"]
            )
            newest.pop(who := (code.post, by.casefold(), code.settles), None)
            newest[who] = code
    return list(newest.values())


def settled(codes: Iterable[Code]) -> dict[Post, Code]:
    """What stands of each post: the last adjudication, else what all its coders say; where they differ, nothing."""
    of_post: dict[Post, list[Code]] = {}
    for code in codes:
        of_post.setdefault(code.post, []).append(code)
    found = {}
    for post, said in of_post.items():
        ruled = [code for code in said if code.settles]
        agreed = len({(code.voice, frozenset(code.themes)) for code in said}) == 1
        if ruled or agreed:
            found[post] = (ruled or said)[-1]
    return found


def verdict(code: Code, assessed: dict[str, Any]) -> str:
    """What ``code`` says of the machine's assessment: confirmed, rejected, missed or corrected.

    ``assessed`` has ``flag``, ``voice`` and ``themes``. *Rejected*: flagged, and should not be. *Missed*: the other
    way round. *Corrected*: flag or no flag is right, but the voice is another, or no theme is shared.
    """
    if assessed["flag"] != bool(code.themes):
        return "rejected" if assessed["flag"] else "missed"
    same = code.voice == assessed["voice"] and (not code.themes or bool(set(code.themes) & set(assessed["themes"])))
    return "confirmed" if same else "corrected"
