"""Verbs of the reader: posts are read, the reader and codebooks are judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tecolote.case import Case
from tecolote.errors import ModelError, UsageError

if TYPE_CHECKING:
    from tecolote.signals.adapt import Adapted
    from tecolote.signals.assess import Assessor
    from tecolote.signals.labels import Labels
    from tecolote.verbs.progress import Progress


def analyze(
    case_dir: Path,
    codebooks: list[Path] | None = None,
    progress: Progress | None = None,
    model: Path | None = None,
) -> dict[str, Any]:
    """Read every post of the case and find who acts together; counts of what was found."""
    from tecolote.analysis import analyze as run_analysis

    return run_analysis(Case.open(case_dir), codebooks or [], progress, model)


def _assessor(codebooks: list[Path], model: Path | None, encoder: str | None = None) -> Assessor:
    from tecolote import codebook
    from tecolote.signals.assess import Assessor
    from tecolote.signals.text.encoder import load_encoder
    from tecolote.signals.text.weights import load_weights

    return Assessor(
        codebook.load(*codebooks),
        weights=load_weights(model) if model else None,
        meaning=load_encoder(encoder) if encoder else None,
    )


def score(
    file: Path,
    out: Path,
    codebooks: list[Path],
    progress: Progress | None = None,
    model: Path | None = None,
    encoder: str | None = None,
) -> dict[str, int]:
    """Read the posts of a JSON Lines file; how many were read, flagged, abstained from, or unreadable."""
    from tecolote.signals.score import score_file

    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None and done % 500 == 0:
            progress(done, 0, "posts")

    return score_file(file, out, step, _assessor(codebooks, model, encoder))


def train(
    files: list[Path],
    out: Path,
    codebooks: list[Path],
    even_if_worse: bool = False,
    progress: Progress | None = None,
    case_dir: Path | None = None,
) -> Adapted:
    """Fit weights on from the package's on labelled posts and write them with their card into the new folder ``out``.

    Labels are those of ``files`` and what people decided in the case at ``case_dir``.

    Raises:
        ModelError: too little is labelled or of too few accounts, or more reporters and victims would be flagged than
            before.
        UsageError: ``out`` exists.
    """
    from tecolote import codebook
    from tecolote.signals.adapt import MOST_LOST, adapt
    from tecolote.signals.assess import Assessor
    from tecolote.signals.card import adapted_card
    from tecolote.signals.evaluate import suite_file
    from tecolote.signals.text.weights import save_weights

    if out.exists():
        raise UsageError(f"{out} exists already", "Name a new folder")
    cases, book = [case for file in files for case in suite_file(file)], codebook.load(*codebooks)
    decided = decided_labels(Case.open(case_dir)) if case_dir is not None else None
    cases += decided.cases if decided is not None else []
    made = adapt(cases, book, progress)
    before, after = made.false_flags()
    if after > before and not even_if_worse:
        raise ModelError(
            f"{after} reporters and victims would be wrongly flagged, {before} are now",
            "Label more of what they write; or --even-if-worse, and read the card",
        )
    if made.lost() > MOST_LOST and not even_if_worse:
        raise ModelError(
            f"{made.lost():.0%} of the reporters and victims whom the package keeps clean would be flagged",
            "Label more of what they write; or --even-if-worse, and read the card",
        )
    version, kept = Assessor(book, weights=made.weights).version, dict(zip(("before", "after"), made.kept, strict=True))
    out.mkdir(parents=True)
    save_weights(out, *made.weights[:3])
    card = adapted_card(len(cases), version, made.calibrated, made.before, made.after, kept)
    (out / "card.md").write_text("\n".join([card, *(decided.lines() if decided is not None else [])]), "utf-8")
    return made


def decided_labels(case: Case) -> Labels:
    """What people's decisions in ``case`` teach; see `tecolote.signals.labels`.

    Raises:
        ModelError: they are on posts of too few accounts.
    """
    from tecolote.corpus.store import Corpus
    from tecolote.decisions.codes import standing
    from tecolote.evidence import Evidence
    from tecolote.networks.nearduplicate import near_groups
    from tecolote.publish.redact import Redactions
    from tecolote.signals.labels import labels

    with Evidence.open(case) as evidence:
        codes, redactions = standing(evidence), Redactions(evidence)
    return labels(
        Corpus(case),
        codes,
        lambda text: redactions.mask(text) != text,
        lambda texts: [int(first) for first in near_groups(texts)],
    )


def evaluate(file: Path, codebooks: list[Path], plot: Path | None = None, model: Path | None = None) -> dict[str, Any]:
    """How well the posts of a labelled file are read; with ``plot`` a calibration plot is written there (SVG)."""
    from tecolote.signals.evaluate import suite, suite_file

    found = suite(suite_file(file), _assessor(codebooks, model))
    if plot is not None:
        from tecolote.publish.calibration import plot as draw

        plot.write_text(draw(found["calibration"], found["calibration error"]), "utf-8")
    return found


def codebook_check(file: Path) -> dict[str, Any]:
    """How many groups and terms a codebook of one's own adds, and the remarks on them."""
    from tecolote import codebook
    from tecolote.codebook.lint import remarks

    shipped, book = codebook.load(), codebook.load(file)
    return {
        "groups": len(book.groups) - len(shipped.groups),
        "terms": len(book.terms) - len(shipped.terms),
        "remarks": [msgspec.structs.asdict(remark) for remark in remarks(book, shipped)],
    }


def codebook_diff(case_dir: Path, file: Path, out: Path | None, progress: Progress | None = None) -> dict[str, Any]:
    """Posts that the case would read otherwise with ``file``: counts, and the changes, protected voices first."""
    from tecolote.analysis import load_codebook, load_model
    from tecolote.corpus.store import Corpus
    from tecolote.signals import shadow

    case = Case.open(case_dir)
    corpus = Corpus(case)
    step = _Counted(progress)
    before, after = load_codebook(case), load_codebook(case, [file])
    changes = [msgspec.structs.asdict(c) for c in shadow.diff(corpus, before, after, step, load_model(case))]
    changes.sort(key=lambda c: (c["kind"] != "flag", not c["protected"], c["kind"], c["platform"], c["post_id"]))
    if out is not None:
        out.write_bytes(b"".join(msgspec.json.encode(change) + b"\n" for change in changes))
    counts = {kind: sum(c["kind"] == kind for c in changes) for kind in ("flag", "unflag", "groups", "abstain")}
    protected = sum(c["kind"] == "flag" and c["protected"] for c in changes)
    return {"posts": step.done, "counts": counts, "protected": protected, "changes": changes}


def codebook_try(case_dir: Path, file: Path, progress: Progress | None = None) -> list[dict[str, Any]]:
    """How each term of ``file`` is used in the case, most used first, with a verdict."""
    from tecolote import codebook
    from tecolote.analysis import load_codebook, load_model
    from tecolote.corpus.store import Corpus
    from tecolote.signals import shadow

    case = Case.open(case_dir)
    own = set(codebook.load(file).terms) - set(codebook.load().terms)
    found = shadow.usage(Corpus(case), load_codebook(case, [file]), own, _Counted(progress), load_model(case))
    return [{**msgspec.structs.asdict(row), "verdict": row.verdict} for row in found]


class _Counted:
    """Turns counts of batches into progress."""

    def __init__(self, progress: Progress | None) -> None:
        self.done, self._progress = 0, progress

    def __call__(self, count: int) -> None:
        self.done += count
        if self._progress is not None:
            self._progress(self.done, 0, "posts")
