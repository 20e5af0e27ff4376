"""Verbs of the evidence: what holds, who touched it, who has seen its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tecolote.case import Case
from tecolote.errors import UsageError

if TYPE_CHECKING:
    from tecolote.evidence.fault import Fault
    from tecolote.verbs.progress import Progress


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


def check_witness(case_dir: Path, page: Path) -> list[Fault]:
    """What a checkpoint that comes back says of the case: nothing, or that its history is another one."""
    from tecolote.evidence.witness import compare

    return compare(Case.open(case_dir), page)


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
