"""What a second reader said, in the log of the case, and where it differs from the assessments as they stand now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from tecolote.corpus.store import Corpus
from tecolote.decisions.codes import PROTECTED, Post
from tecolote.evidence import Evidence
from tecolote.evidence.reader import Reading
from tecolote.signals.second import Answer, SecondReader

EVENT = "second.read"
_ASSESSED = "SELECT platform, post_id, flag, voice, themes, severity, probability FROM assessments"
# What is asked about: what is or may be a flag, then what speaks of crime; the private stays out where it could leave.
_ASKED = """
SELECT p.platform, p.id AS post_id, coalesce(p.text_raw, p.text) AS text, p.lang
FROM posts p JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
LEFT JOIN threads t ON t.platform = p.platform AND t.id = p.thread_id
WHERE length(trim(coalesce(p.text_raw, p.text, ''))) > 0 AND (a.flag OR a.abstain OR len(a.topics_mentioned) > 0)
  AND ($private OR (NOT coalesce(t.private, false) AND coalesce(p.visibility, 'public') IN ('public', 'unlisted')))
ORDER BY a.flag DESC, a.abstain DESC, a.probability DESC, p.platform, p.id LIMIT $most
"""

Kind = Literal["flag", "protected", "theme"]


def to_ask(corpus: Corpus, answered: set[Post], most: int, *, private: bool) -> list[dict[str, Any]]:
    """At most ``most`` posts that were not answered: flagged first, then unsure, then those that speak of crime.

    Without ``private`` messages of private threads stay out.
    """
    rows = corpus.rows(_ASKED, {"private": private, "most": most + len(answered)})
    return [row for row in rows if (row["platform"], row["post_id"]) not in answered][:most]


def log_answers(evidence: Evidence, reader: SecondReader, said: Sequence[tuple[Post, Answer | None]]) -> int:
    """Log answers, None for a post without a usable one; the leaf. Durable at the next commit."""
    answers = [
        {"platform": platform, "post": post, "said": None if answer is None else msgspec.structs.asdict(answer)}
        for (platform, post), answer in said
    ]
    payload = {
        "model": reader.endpoint.model,
        "url": reader.endpoint.url,
        "prompt": reader.prompt,
        "answers": answers,
    }
    return evidence.append(EVENT, payload, {"posts": len(answers)})


def answers_of(
    evidence: Reading, model: str | None = None, prompt: str | None = None
) -> dict[Post, tuple[str, Answer]]:
    """The newest usable answer for each post, and the model that gave it.

    Args:
        evidence: the log.
        model: only of this model.
        prompt: only to this prompt (`SecondReader.prompt`).
    """
    found: dict[Post, tuple[str, Answer]] = {}
    for event in evidence.events(EVENT):
        said = event.payload
        if (model is None or said["model"] == model) and (prompt is None or said["prompt"] == prompt):
            for row in said["answers"]:
                if row["said"] is not None:
                    found[row["platform"], row["post"]] = said["model"], Answer(**row["said"])
    return found


class Difference(msgspec.Struct, frozen=True):
    """A post of which the second reader says something else.

    Attributes:
        platform: of the post.
        post_id: of the post.
        kind: ``flag`` (one would put it before a person, the other not), ``protected`` (both would not, but only one
            reads a reporter or a victim) or ``theme`` (both would, for another act).
        why: both sides in words.
    """

    platform: str
    post_id: str
    kind: Kind
    why: str


def differences(corpus: Corpus, evidence: Reading) -> list[Difference]:
    """Where the newest answers differ from the assessments: on the flag first, on the protected among these first."""
    answers = answers_of(evidence)
    if not answers:
        return []
    found = []
    for row in corpus.rows(_ASSESSED):
        post = row["platform"], row["post_id"]
        if post in answers:
            model, answer = answers[post]
            kind = difference(answer, row)
            if kind:
                rank = ("flag", "protected", "theme").index(kind), answer.protected == "no", -row["severity"]
                found.append((*rank, -row["probability"], post, Difference(*post, kind, _why(model, answer, row))))
    return [row[-1] for row in sorted(found, key=lambda row: row[:-1])]


def difference(answer: Answer, assessed: dict[str, Any]) -> Kind | None:
    """The kind of difference (`Difference`); fan or neutral, say, is none."""
    if answer.flag != assessed["flag"]:
        return "flag"
    if answer.flag:
        return None if answer.theme in assessed["themes"] else "theme"
    return "protected" if (answer.protected == "yes") != (assessed["voice"] in PROTECTED) else None


def _why(model: str, answer: Answer, row: dict[str, Any]) -> str:
    theirs = f"{answer.voice}, {answer.theme}" if answer.flag else answer.voice
    ours = ", ".join([row["voice"], *row["themes"]])
    return f"second reader ({model}) says {theirs}; the assessment stays {ours}"
