"""Verbs of review: what to read next, what people decided and how far they agree, and the second reader."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tecolote.case import Case
from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.decisions.codes import Code, Post
    from tecolote.signals.second import Answer, Endpoint, SecondReader
    from tecolote.verbs.progress import Progress

_BATCH = 20
#: Posts without a usable answer from the first on, after which a second reader is given up.
_HOPELESS = 20


def review(case_dir: Path, by: str = "", most: int = 100, sample: int = 0) -> list[dict[str, Any]]:
    """Posts to read next with why, at most ``most`` in order of urgency and ``sample`` ordinary ones.

    Where the second reader differs comes first. With ``by``, all that this person has not read; else what is not
    settled yet.
    """
    from tecolote.corpus.store import Corpus
    from tecolote.decisions.codes import settled, standing
    from tecolote.decisions.queue import queue
    from tecolote.evidence import Evidence
    from tecolote.signals.second_log import differences

    case = Case.open(case_dir)
    corpus = Corpus(case)
    with Evidence.open(case) as evidence:
        codes = standing(evidence)
        first = {(d.platform, d.post_id): d.why for d in differences(corpus, evidence)}
    mine = {code.post for code in codes if code.by.casefold() == by.strip().casefold()}
    return queue(corpus, mine if by.strip() else settled(codes), first, most, sample)


def review_sheet(case_dir: Path, out: Path, by: str = "", most: int = 100, sample: int = 0) -> int:
    """Write the posts of `review` as a sheet to code, without what the machine says; how many.

    Raises:
        UsageError: ``out`` exists.
    """
    from tecolote.decisions.queue import write_sheet
    from tecolote.evidence import Evidence
    from tecolote.publish.redact import Redactions

    rows = review(case_dir, by, most, sample)
    with Evidence.open(Case.open(case_dir)) as evidence:
        write_sheet(rows, out, Redactions(evidence).mask)
    return len(rows)


def code_sheet(case_dir: Path, sheet: Path, by: str, *, settles: bool = False) -> dict[str, int]:
    """Log the codes of a filled sheet; how many, and what they say of the assessments.

    Raises:
        UsageError: nobody is named, or the sheet has a row that cannot be taken; then nothing is logged.
    """
    from tecolote.analysis import load_codebook
    from tecolote.corpus.store import Corpus
    from tecolote.decisions.codes import VERDICTS, key_of, record, verdict
    from tecolote.decisions.queue import read_sheet
    from tecolote.evidence import Evidence

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        assessed = {
            (row["platform"], row["post_id"]): row
            for row in Corpus(case).rows("SELECT platform, post_id, flag, voice, themes FROM assessments")
        }
        posts = {key_of(*post): post for post in assessed}
        codes = read_sheet(sheet, posts, load_codebook(case).themes, by, settles=settles)
        if record(evidence, codes, by) is None:
            raise UsageError(f"{sheet} has no row with a voice", "Fill in voice, and themes for a perpetrator's post")
        evidence.commit()
    said = [verdict(code, assessed[code.post]) for code in codes]
    return {
        "codes": len(codes),
        **{name: said.count(name) for name in VERDICTS},
    }


def agreement(case_dir: Path) -> list[dict[str, Any]]:
    """How far coders agree, per field; see `tecolote.decisions.agreement`."""
    from tecolote.decisions.agreement import agreement as measure
    from tecolote.decisions.codes import standing
    from tecolote.evidence import Evidence

    with Evidence.open(Case.open(case_dir)) as evidence:
        return [asdict(row) for row in measure(standing(evidence))]


def disputed(case_dir: Path) -> list[dict[str, Any]]:
    """Posts on which coders differ and nobody has ruled, with what each says."""
    from tecolote.decisions.codes import key_of, settled, standing
    from tecolote.evidence import Evidence

    with Evidence.open(Case.open(case_dir)) as evidence:
        codes = standing(evidence)
    agreed = settled(codes)
    open_: dict[Post, list[Code]] = {}
    for code in codes:
        if code.post not in agreed:
            open_.setdefault(code.post, []).append(code)
    return [
        {"item": f"p{key_of(*post)}", "platform": post[0], "post_id": post[1], "codes": [asdict(c) for c in said]}
        for post, said in open_.items()
    ]


def second_read(case_dir: Path, endpoint: Endpoint, most: int, progress: Progress | None = None) -> dict[str, Any]:
    """Ask the second reader about posts that it has not answered; counts, and where it differs over the whole case.

    What it says is logged in batches, so that a run that is stopped goes on where it was. No assessment is changed.

    Raises:
        UsageError: the address cannot be used.
        TecoloteError: nothing answers there, or the first answers are all unusable.
    """
    from tecolote.analysis import load_codebook
    from tecolote.corpus.store import Corpus
    from tecolote.evidence import Evidence
    from tecolote.publish.redact import Redactions
    from tecolote.signals.second import SecondReader
    from tecolote.signals.second_log import answers_of, differences, to_ask

    case = Case.open(case_dir)
    reader, corpus = SecondReader(endpoint, load_codebook(case)), Corpus(case)
    with Evidence.open(case) as evidence:
        answered = set(answers_of(evidence, endpoint.model, reader.prompt))
        redactions = Redactions(evidence)
    rows = to_ask(corpus, answered, most, private=not endpoint.may_leave)
    for row in rows if endpoint.may_leave else ():
        row["text"] = redactions.mask(row["text"])
    usable = _asked(case, reader, rows, progress)
    with Evidence.open(case) as evidence:
        found = differences(corpus, evidence)
    return {
        "asked": len(rows),
        "answered": usable,
        "answered_before": len(answered),
        "differences": [msgspec.structs.asdict(row) for row in found],
    }


def _asked(case: Case, reader: SecondReader, rows: list[dict[str, Any]], progress: Progress | None) -> int:
    """Ask about ``rows`` and log what is said, also when it ends early; how many answers can be used."""
    waiting: list[tuple[Post, Answer | None]] = []
    usable = 0
    try:
        for number, row in enumerate(rows, 1):
            answer = reader.read(row["text"], row["lang"])
            usable += answer is not None
            waiting.append(((row["platform"], row["post_id"]), answer))
            if not usable and number >= _HOPELESS:
                raise UsageError(
                    f"{number} posts and not one answer as asked for",
                    "Take a model and server that answer in a JSON schema (response_format), or more --seconds",
                )
            if len(waiting) >= _BATCH:
                _kept(case, reader, waiting)
                waiting = []
            if progress is not None:
                progress(number, len(rows), "posts")
    finally:
        if waiting:
            _kept(case, reader, waiting)
    return usable


def _kept(case: Case, reader: SecondReader, said: list[tuple[Post, Answer | None]]) -> None:
    from tecolote.evidence import Evidence
    from tecolote.signals.second_log import log_answers

    with case.writing(), Evidence.open(case, write=True) as evidence:
        log_answers(evidence, reader, said)
        evidence.commit()
