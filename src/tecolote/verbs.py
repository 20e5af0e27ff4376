"""Every verb as one function: what the command line, the web and a notebook call.

A verb opens the case, does its work and returns plain values; it prints nothing. Imports are inside the
functions so that each verb loads only the rooms it needs.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tecolote.case import Case
from tecolote.errors import SourceRefused, UsageError

if TYPE_CHECKING:
    from tecolote.corpus.importer import ImportResult
    from tecolote.demo import DemoPaths
    from tecolote.evidence.fault import Fault
    from tecolote.publish.answers import Answer
    from tecolote.publish.packet import Order, Packet

Progress = Callable[[int, int, str], None]


def init(
    case_dir: Path,
    *,
    title: str = "Untitled case",
    purpose: str = "",
    lawful_basis: str = "",
    retention: date | None = None,
    timezone: str = "UTC",
    fictional: bool = False,
) -> Case:
    """Make a new case with its keys and the first leaf of its log.

    Raises:
        CaseError: the folder is not empty or lies on a network file system.
    """
    from tecolote.evidence import Evidence

    case = Case.create(
        case_dir,
        title=title,
        purpose=purpose,
        lawful_basis=lawful_basis,
        retention=retention,
        timezone=timezone,
        fictional=fictional,
    )
    with case.writing():
        evidence = Evidence.create(case)
        settings = {k: (v.isoformat() if isinstance(v, date) else v) for k, v in asdict(case.settings).items()}
        evidence.append(
            "case.created", payload={"settings": settings | {"groups": list(case.settings.groups)}}, public={}
        )
        evidence.commit()
    return case


def import_exports(
    case_dir: Path,
    exports: list[Path],
    *,
    consent: Path | None = None,
    members: str = "pseudonyms",
    timezone: str | None = None,
    date_order: str | None = None,
    mapping: str | None = None,
    observed_at: str | None = None,
    stop_list: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Take EXPORTS into the case, which is made if it does not exist.

    Raises:
        UsageError: an option cannot be understood.
        ConsentError: the consent record cannot be used.
    """
    from tecolote.corpus.importer import import_exports as take
    from tecolote.sources import consent as consents
    from tecolote.sources.base import Options

    options = Options(
        timezone=_zone(timezone),
        date_order=date_order,
        mapping=_mapping(mapping),
        observed_at=_moment(observed_at),
        keep_members=members == "keep",
    )
    record = consents.load(consent) if consent else None
    case = Case.open(case_dir) if (case_dir / "case.toml").exists() else init(case_dir, title=case_dir.name)
    return take(case, exports, options, record, progress, [stop_list] if stop_list else [])


def fail_if_nothing_read(result: ImportResult) -> None:
    """Raise if not one file of an import could be kept.

    Raises:
        SourceRefused: everything was refused.
    """
    if not any(f.status not in ("refused", "stopped") for f in result.files):
        why = result.files[0].reason if result.files else "there was no file"
        raise SourceRefused("nothing could be read", why)


def analyze(case_dir: Path, codebooks: list[Path] | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Read every post of the case and find who acts together; counts of what was found."""
    from tecolote.analysis import analyze as run_analysis

    return run_analysis(Case.open(case_dir), codebooks or [], progress)


def report(case_dir: Path, lang: str = "en", progress: Progress | None = None) -> dict[str, Path]:
    """Write the report and the fact sheet; their paths by name."""
    from tecolote.publish.report import report as write

    paths = write(Case.open(case_dir), lang, progress)
    return {name: Path(path) for name, path in vars(paths).items() if path is not None}


def verify(path: Path, progress: Progress | None = None, remarks: list[Fault] | None = None) -> list[Fault]:
    """What does not hold in a case, a packet (folder or zip), another's bag, a fact sheet (PDF) or its data (JSON).

    Args:
        path: what is checked.
        progress: called with bytes done, bytes in all, and what is being read.
        remarks: takes what holds but cannot be recomputed any more, because it was erased; and oddities of a bag.

    Raises:
        UsageError: the path is none of these.
    """
    if any((path / name).exists() for name in ("bagit.txt", "seal.txt")) or path.suffix.lower() == ".zip":
        from tecolote.evidence.packets import is_packet, verify_packet

        if is_packet(path):
            return verify_packet(path)
        from tecolote.evidence.bags import check_bag

        judged = check_bag(path)
        if remarks is not None:
            remarks += judged.warnings
        return judged.faults
    if path.is_dir():
        from tecolote.evidence.verify import verify_case

        return verify_case(Case.open(path), progress, remarks)
    if path.suffix.lower() in (".pdf", ".json"):
        from tecolote.publish.since import case_around, erased_since
        from tecolote.publish.verify_statement import verify_statement

        faults = verify_statement(path)
        case = case_around(path)
        if not faults and remarks is not None and case is not None:
            remarks += erased_since(path, case)
        return faults
    raise UsageError(
        f"{path} is no case, packet, fact sheet or data file", "Give a folder, a .zip, a .pdf or its .json"
    )


def packet(case_dir: Path, order: Order, out: Path) -> Packet:
    """Write a sealed packet into the new folder ``out`` and log that it went out."""
    from tecolote.publish.packet import build

    return build(Case.open(case_dir), order, out)


def custody(case_dir: Path, leaf: int | None = None, record: Path | None = None) -> list[dict[str, Any]]:
    """Who did what with the material of a case, when and why; first logs the stay that ``record`` (TOML) tells of."""
    from tecolote.evidence import Evidence
    from tecolote.evidence.custody import custody_from, history, record_custody

    case = Case.open(case_dir)
    if record is not None:
        with case.writing(), Evidence.open(case, write=True) as evidence:
            told, about = custody_from(record)
            record_custody(evidence, told, about=about)
            evidence.commit()
    with Evidence.open(case) as evidence:
        return history(evidence, leaf)


def rotate(case_dir: Path) -> str:
    """Introduce a new signing key, destroy the old one; the new public key."""
    from tecolote.evidence import Evidence
    from tecolote.evidence.keys import signer

    case = Case.open(case_dir)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        evidence.rotate_key()
    return signer(case).verifier.vkey


def witness(case_dir: Path, out: Path | None = None) -> str:
    """The last checkpoint as a page to hand to somebody else; written to ``out``, with a QR code if that is an SVG."""
    from tecolote.evidence.witness import drawing, page

    make = drawing if out is not None and out.suffix.lower() == ".svg" else page
    text = make(Case.open(case_dir))
    if out is not None:
        out.write_text(text, "utf-8")
    return text


def timestamp(
    case_dir: Path, authority: str | None = None, root: Path | None = None, policy: str | None = None
) -> list[dict[str, Any]]:
    """Time-stamp tokens of a case; with an authority first has the last checkpoint stamped by it.

    Raises:
        UsageError: there is an authority but no root, or one of them cannot be used.
        EvidenceError: the authority refuses or its token does not hold.
    """
    from tecolote.evidence import Evidence
    from tecolote.evidence import timestamp as stamps

    case = Case.open(case_dir)
    if authority is not None:
        if root is None:
            raise UsageError(
                "an authority needs a root", "Get its PEM from the authority by another way: --root root.pem"
            )
        with case.writing(), Evidence.open(case, write=True) as evidence:
            stamps.stamp(evidence, authority, root.read_bytes(), policy)
    with Evidence.open(case) as evidence:
        return [stamps.line(event) for event in evidence.events(stamps.EVENT)]


def provenance(
    case_dir: Path | None, files: list[Path], progress: Progress | None = None
) -> list[tuple[dict[str, Any], str]]:
    """What files, or all files of a case, say of their origin: each finding and a line about it."""
    from tecolote.corpus.provenance import in_words, log_provenance, read_provenance

    if case_dir is not None:
        found = log_provenance(Case.open(case_dir), progress)
    else:
        found = []
        for path in files:
            with open(path, "rb") as stream:
                said = read_provenance(stream)
            found += [{"name": str(path), **said}] if said is not None else []
    return [(entry, in_words(entry)) for entry in found]


def check_witness(case_dir: Path, page: Path) -> list[Fault]:
    """What a checkpoint that comes back says of the case: nothing, or that its history is another one."""
    from tecolote.evidence.witness import compare

    return compare(Case.open(case_dir), page)


def rebuild(case_dir: Path, progress: Progress | None = None) -> int:
    """Throw every table away and build it again from the evidence; the number of files read."""
    from tecolote.analysis import analyze as run_analysis
    from tecolote.corpus.importer import project_all

    case = Case.open(case_dir)
    files = project_all(case, progress)
    run_analysis(case, [], progress)
    return files


def export(case_dir: Path, table: str, form: str, out: Path | None) -> None:
    """Write one table of the case in a format for others."""
    from tecolote.publish.tables import export_table

    export_table(Case.open(case_dir), table, form, out)


def census(case_dir: Path) -> list[dict[str, Any]]:
    """Accounts, followers and connected accounts per group and platform, with definitions."""
    from tecolote.corpus.store import Corpus
    from tecolote.networks.census import census as count

    return [asdict(row) for row in count(Corpus(Case.open(case_dir)))]


def network(case_dir: Path, question: str, out: Path | None = None, **how: Any) -> Answer:
    """The answer to one question of `tecolote.publish.answers` about the networks of a case, written to ``out``.

    Raises:
        UsageError: a question, a parameter or a form of file that does not exist.
    """
    from tecolote.publish import answers

    if question not in answers.QUESTIONS:
        raise UsageError(f"no question '{question}'", f"Choose from: {', '.join(answers.QUESTIONS)}")
    found: Answer = answers.QUESTIONS[question](Case.open(case_dir), **how)
    if out is not None:
        answers.write_answer(found, out)
    return found


def coaction(
    file: Path | str,
    out: Path,
    *,
    window: int | None = None,
    objects: list[str] | None = None,
    chance: bool | None = None,
    **how: Any,
) -> dict[str, Any]:
    """Coaction network of a file of events or of a case; facts of the run. Edges go to ``out``.

    Args:
        file: Parquet or CSV, the folder of a case, or for Spark a folder or an address of Parquet.
        out: Parquet, or CSV if it is named so.
        window: seconds; None suggests one from the data.
        objects: kinds of objects to use; None uses all of a file, and links, hashtags and texts of a case.
        chance: compare with chance; None does if the events are not too many (`networks.compared`).
        how: see `tecolote.networks.coaction.coaction`.
    """
    import pyarrow.csv
    import pyarrow.parquet

    from tecolote.networks.chosen import chosen_events
    from tecolote.networks.coaction import coaction as run_coaction
    from tecolote.networks.compared import with_chance
    from tecolote.networks.suggest import suggest_window

    events = chosen_events(file, objects, how.get("engine", "kernel"))
    suggested = window is None
    if window is None:
        if isinstance(events, str):
            raise UsageError("no window can be suggested for events on a cluster", "Give --window in seconds")
        window = suggest_window(events)
    found = run_coaction(events, window=window, **how)
    found = with_chance(found, events, window, how.get("min_repetition", 2), chance)
    if out.suffix.lower() == ".csv":
        pyarrow.csv.write_csv(found.edges, out)
    else:
        pyarrow.parquet.write_table(found.edges, out)
    return {"edges": found.edges.num_rows, **found.facts, "window_suggested": suggested}


def score(file: Path, out: Path, codebooks: list[Path], progress: Progress | None = None) -> dict[str, int]:
    """Read the posts of a JSON Lines file; how many were read, flagged, abstained from, or unreadable."""
    from tecolote import codebook
    from tecolote.signals.assess import Assessor
    from tecolote.signals.score import score_file

    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None and done % 500 == 0:
            progress(done, 0, "posts")

    return score_file(file, out, step, Assessor(codebook.load(*codebooks)))


def evaluate(file: Path, codebooks: list[Path], plot: Path | None = None) -> dict[str, Any]:
    """How well the posts of a labelled file are read; with ``plot`` a calibration plot is written there (SVG)."""
    from tecolote import codebook
    from tecolote.signals.assess import Assessor
    from tecolote.signals.evaluate import suite, suite_file

    found = suite(suite_file(file), Assessor(codebook.load(*codebooks)))
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
    from tecolote.analysis import load_codebook
    from tecolote.corpus.store import Corpus
    from tecolote.signals import shadow

    case = Case.open(case_dir)
    corpus = Corpus(case)
    step = _Counted(progress)
    changes = [
        msgspec.structs.asdict(c) for c in shadow.diff(corpus, load_codebook(case), load_codebook(case, [file]), step)
    ]
    changes.sort(key=lambda c: (c["kind"] != "flag", not c["protected"], c["kind"], c["platform"], c["post_id"]))
    if out is not None:
        out.write_bytes(b"".join(msgspec.json.encode(change) + b"\n" for change in changes))
    counts = {kind: sum(c["kind"] == kind for c in changes) for kind in ("flag", "unflag", "groups", "abstain")}
    protected = sum(c["kind"] == "flag" and c["protected"] for c in changes)
    return {"posts": step.done, "counts": counts, "protected": protected, "changes": changes}


def codebook_try(case_dir: Path, file: Path, progress: Progress | None = None) -> list[dict[str, Any]]:
    """How each term of ``file`` is used in the case, most used first, with a verdict."""
    from tecolote import codebook
    from tecolote.analysis import load_codebook
    from tecolote.corpus.store import Corpus
    from tecolote.signals import shadow

    case = Case.open(case_dir)
    own = set(codebook.load(file).terms) - set(codebook.load().terms)
    found = shadow.usage(Corpus(case), load_codebook(case, [file]), own, _Counted(progress))
    return [{**msgspec.structs.asdict(row), "verdict": row.verdict} for row in found]


class _Counted:
    """Turns counts of batches into progress."""

    def __init__(self, progress: Progress | None) -> None:
        self.done, self._progress = 0, progress

    def __call__(self, count: int) -> None:
        self.done += count
        if self._progress is not None:
            self._progress(self.done, 0, "posts")


def sources() -> list[dict[str, Any]]:
    """The formats that are read."""
    from tecolote.sources.registry import READERS

    return [
        {"name": r.name, "title": r.title, "proven": r.proven, "obtained": r.obtained, "version": r.version}
        for r in READERS
    ]


def write_demo(out: Path, seed: int, hostile: bool, scale: float) -> DemoPaths:
    """Write the demo's export files, its truth and its codebook below ``out``."""
    from tecolote.demo import write_demo as write

    return write(out, seed=seed, hostile=hostile, scale=scale)


def import_demo(made: DemoPaths, case_dir: Path, progress: Progress | None = None) -> ImportResult:
    """Make the fictional case of a demo and take its exports and its truth into it."""
    import json

    from tecolote.evidence import Evidence

    if not (case_dir / "case.toml").exists():
        init(
            case_dir,
            title="Demo: four invented groups in ten invented towns",
            purpose="Demonstration with fictional material",
            lawful_basis="No personal data: every name is invented",
            timezone="America/Mexico_City",
            fictional=True,
        )
    result = import_exports(
        case_dir,
        [made.exports],
        consent=made.consent,
        timezone="America/Mexico_City",
        progress=progress,
    )
    case = Case.open(case_dir)
    with case.writing():
        evidence = Evidence.open(case, write=True)
        truth = json.loads(made.truth.read_bytes())
        if all(event.payload != truth for event in evidence.events("truth")):
            evidence.append("truth", payload=truth, public={})
            evidence.commit()
    return result


class StepTimer:
    """Prints how long each step took, so that a slow one is seen."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    @contextlib.contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time one step."""
        began = time.perf_counter()
        yield
        self._say(f"{time.perf_counter() - began:7.1f} s  {step}")


def _mapping(words: str | None) -> dict[str, str]:
    if words is None:
        return {}
    from tecolote.sources.csv_any import load_mapping

    return load_mapping(words)


def _zone(name: str | None) -> str | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"unknown time zone '{name}'", "Use a name such as America/Mexico_City") from None
    return name


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no time", "Use a form such as 2026-03-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
