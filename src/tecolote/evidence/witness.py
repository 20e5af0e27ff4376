"""A witness: somebody else keeps a checkpoint, and a history that was rewritten later is caught.

The page is text, or an SVG with a QR code: the signed note, the key, and what to do with it. The log's owner holds
the signing key, so only a copy that lies elsewhere can show that an entry was changed and everything behind it made
anew.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from tecolote.case import Case
from tecolote.errors import EvidenceError, UsageError
from tecolote.evidence import keys, log, notes, qr, segments
from tecolote.evidence.fault import Fault
from tecolote.evidence.store import Evidence
from tecolote.evidence.tree import EMPTY_ROOT, Tree, leaf_hash

_MAX_BYTES = 1 << 20
_NOTE = re.compile(
    r"^[ \t]*(?P<origin>tecolote/\S+)[ \t]*\r?\n[ \t]*(?P<size>\d+)[ \t]*\r?\n[ \t]*(?P<root>\S+)[ \t]*\r?\n"
    r"[ \t]*\r?\n[ \t]*(?P<signature>\u2014 \S+ \S+)[ \t]*\r?$",
    re.MULTILINE,
)
_PAGE = """WITNESS OF A LOG

Keep this page, or this file, where the holder of the case cannot change it. It says what the log
was on that day; it says nothing about what is in it. If it ever matters, give it back, and let
somebody run:  tecolote witness --case CASE --check THIS-FILE

{note}
Key of the signer:
{key}

Typed in from paper it works too: the five lines from "tecolote/" to the signature.
"""


def page(case: Case) -> str:
    """The last checkpoint as a page of text.

    Raises:
        EvidenceError: there is no evidence.
    """
    note, key = _last(case)
    return _PAGE.format(note=note, key=key)


def drawing(case: Case) -> str:
    """The same as an A4 page in SVG with a QR code of the signed note; the note is also in its description.

    Raises:
        EvidenceError: there is no evidence, or the note is too long for the code.
    """
    note, key = _last(case)
    lines = [
        line[at : at + 80] for line in _PAGE.format(note=note, key=key).splitlines() for at in (0, 80) if line[at:]
    ]
    shown = "".join(f'<tspan x="20" dy="5">{escape(line)}</tspan>' for line in lines)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297">'
        f'<desc>\n{escape(note)}</desc><rect width="210" height="297" fill="#fff"/>'
        f'<path transform="translate(36 26) scale(2)" shape-rendering="crispEdges" d="{qr.path(note.encode())}"/>'
        f'<text y="176" font-family="monospace" font-size="3.4" xml:space="preserve">{shown}</text></svg>\n'
    )


def _last(case: Case) -> tuple[str, str]:
    """The signed note of the last checkpoint, and a key that signed it."""
    with Evidence.open(case) as evidence:
        checkpoint = evidence.checkpoint()
    signers = notes.Note.parse(checkpoint.note.encode()).signers(_known(case))
    return checkpoint.note, signers[-1].vkey


def compare(case: Case, path: Path) -> list[Fault]:
    """Whether the log of ``case`` begins with the history of the page at ``path``; what speaks against it.

    The leaves are read from the log itself, not from its index.

    Raises:
        UsageError: there is no checkpoint on the page.
    """
    with open(path, "rb") as stream:
        found = _NOTE.search(stream.read(_MAX_BYTES).decode("utf-8", "replace"))
    if found is None:
        raise UsageError(f"{path} holds no checkpoint", "Give the five lines from 'tecolote/' to the signature")
    note = notes.Note.parse(f"{found['origin']}\n{found['size']}\n{found['root']}\n\n{found['signature']}\n".encode())
    origin, size, root = notes.parse_checkpoint(note.text)
    if origin != keys.origin(case):
        return [Fault("witness", f"it is of the log {origin}, not of this one")]
    try:
        note.signers(_known(case))
    except EvidenceError as error:
        return [Fault("witness", error.what)]
    tree = Tree()
    for entry in log.scan(log.log_path(case.evidence_folder), log.start(segments.case_tag(case.settings.id))):
        if entry.kind == log.LEAF and tree.size < size:
            tree.extend([leaf_hash(entry.body)])
    if tree.size < size:
        return [Fault("log", f"it has {tree.size} leaves where the witness saw {size}: entries were cut off")]
    if (tree.root() if size else EMPTY_ROOT) != root:
        return [Fault("log", f"its first {size} leaves are not those that the witness saw: the history was rewritten")]
    return []


def _known(case: Case) -> list[notes.Verifier]:
    """The public keys in the case folder."""
    return [notes.Verifier.parse(p.read_text("ascii").strip()) for p in (case.evidence_folder / "keys").glob("*.vkey")]
