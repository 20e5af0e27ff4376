"""What has become of a published number since: how many of the rows that it counts were erased from the case."""

from __future__ import annotations

import json
from pathlib import Path

from tecolote.case import Case
from tecolote.errors import CaseError
from tecolote.evidence import Evidence
from tecolote.evidence.fault import Fault
from tecolote.evidence.keys import origin
from tecolote.evidence.notes import Note, parse_checkpoint
from tecolote.publish.disclose import RECORDS
from tecolote.publish.verify_statement import Rows, open_statement


def case_around(path: Path) -> Case | None:
    """The case in whose folder a file lies, None without one."""
    for folder in path.resolve().parents:
        if (folder / "case.toml").is_file():
            try:
                return Case.open(folder)
            except CaseError:
                return None
    return None


def erased_since(path: Path, case: Case) -> list[Fault]:
    """A remark for each number of a fact sheet (which holds) that counts rows erased from ``case`` since.

    A sheet of another case gives none.
    """
    data = json.loads(open_statement(path)[0])
    name, size, _ = parse_checkpoint(Note.parse(data["log"]["checkpoint"].encode()).text)
    if name != origin(case):
        return []
    with Evidence.open(case) as evidence:
        gone = {(leaf, r) for leaf, told in evidence.erasures().records.items() for r in told}
    if not gone:
        return []
    tables = Rows(
        {key: [dict(zip(t["columns"], row, strict=True)) for row in t["rows"]] for key, t in data["rows"].items()}
    )
    found = []
    for number in data["numbers"]:
        spec = data["queries"][number]["spec"]
        if spec["table"] in RECORDS:
            rows = tables.chosen(spec["table"], spec["where"])
            fewer = sum((row["leaf_index"], row["record_index"]) in gone for row in rows)
            if fewer:
                what = f"was proven at checkpoint {size}; now {fewer} row{'s' * (fewer != 1)} fewer"
                found.append(Fault(f"numbers: {number}", what))
    return found
