"""Verbs of the front door: a case is made and takes exports in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tecolote.case import Case
from tecolote.errors import SourceRefused, UsageError

if TYPE_CHECKING:
    from tecolote.corpus.asking import Questions
    from tecolote.corpus.consents import Ended
    from tecolote.corpus.importer import ImportResult
    from tecolote.verbs.progress import Progress


def init(
    case_dir: Path,
    *,
    title: str = "Untitled case",
    purpose: str = "",
    lawful_basis: str = "",
    retention: date | None = None,
    timezone: str = "UTC",
    fictional: bool = False,
    agency: str = "",
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
        agency=agency,
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
    ask: Questions | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Take EXPORTS into the case, which is made if it does not exist; ``ask`` answers what nothing else says.

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
    return take(case, exports, options, record, progress, [stop_list] if stop_list else [], ask)


def ended_consents(case_dir: Path) -> list[Ended]:
    """The consents of a case that have ended while chats taken under them are still kept."""
    from tecolote.corpus.consents import ended
    from tecolote.evidence import Evidence

    case = Case.open(case_dir)
    with Evidence.open(case) as evidence:
        return ended(evidence, datetime.now(case.settings.zone).date())


def fail_if_nothing_read(result: ImportResult) -> None:
    """Raise if not one file of an import could be kept.

    Raises:
        SourceRefused: everything was refused.
    """
    if not any(f.status not in ("refused", "stopped") for f in result.files):
        why = result.files[0].reason if result.files else "there was no file"
        raise SourceRefused("nothing could be read", why)


def sources() -> list[dict[str, Any]]:
    """The formats that are read."""
    from tecolote.sources.registry import READERS

    return [
        {"name": r.name, "title": r.title, "proven": r.proven, "obtained": r.obtained, "version": r.version}
        for r in READERS
    ]


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


def rebuild(case_dir: Path, progress: Progress | None = None) -> int:
    """Throw every table away and build it again from the evidence; the number of files read."""
    from tecolote.analysis import analyze as run_analysis
    from tecolote.corpus.importer import project_all

    case = Case.open(case_dir)
    files = project_all(case, progress)
    run_analysis(case, [], progress)
    return files


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
