"""The verb `report`: count, log, and write the page, the fact sheets and the rows behind the numbers."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tecolote import codebook
from tecolote.case import Case, write_durably
from tecolote.corpus.store import Corpus
from tecolote.errors import EvidenceError
from tecolote.evidence import Evidence
from tecolote.publish import charts, page, pdf, truth
from tecolote.publish.counter import Counter
from tecolote.publish.network import network
from tecolote.publish.statement import Binding, Statement, bind, build, compact, data_file
from tecolote.publish.survival import curves, points
from tecolote.publish.texts import LANGUAGES, texts
from tecolote.publish.verify_statement import verify_statement

Progress = Callable[[int, int, str], None]
#: Rows written behind one number; the query gives the rest.
MAX_ROWS = 200_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class ReportPaths:
    """Where a report was written: the private page, the fact sheet in the language asked for, and its data."""

    report: Path
    factsheet: Path
    data: Path


def report(case: Case, lang: str = "en", progress: Progress | None = None) -> ReportPaths:
    """Write the report of a case into its folder ``published``, and log what it says.

    Args:
        case: the case; nobody else may be writing to it.
        lang: language of the page; the fact sheet is written in every language.
        progress: called with steps done, steps in all, and what is being done.

    Raises:
        UsageError: a language that is not shipped.
        EvidenceError: a fact sheet that does not pass its own check; nothing of it should be handed on.
    """
    texts(lang)
    tell = progress or (lambda done, of, what: None)
    folder = case.published_folder
    folder.mkdir(exist_ok=True)
    book = codebook.load(*sorted(case.codebook_folder.glob("*.yaml")))
    with case.writing(), Evidence.open(case, write=True) as evidence:
        corpus = Corpus(case)
        tell(0, 6, "counting")
        statement = build(case, corpus, evidence, book)
        tell(1, 6, "logging")
        binding = bind(statement, evidence)
        counter = Counter(statement.sheet, book)
        said = data_file(statement, binding, evidence)
        for at, each in enumerate(LANGUAGES):
            tell(2 + at, 6, f"fact sheet ({each})")
            _sheet(statement, binding, compact(said | {"lang": each}), counter, each, folder)
        tell(4, 6, "rows")
        files = write_rows(statement, folder / "rows")
        measures = truth.compare(statement.sheet)
        write_misses(measures, folder / "rows")
        tell(5, 6, "page")
        drawn = _charts(statement, counter, lang, page.WIDTHS)
        made = page.render(statement, binding, counter, drawn, measures, files, lang)
        write_durably(folder / "report.html", made.encode())
    tell(6, 6, "")
    return ReportPaths(folder / "report.html", folder / f"factsheet.{lang}.pdf", folder / f"factsheet.{lang}.json")


def _sheet(statement: Statement, binding: Binding, data: bytes, counter: Counter, lang: str, folder: Path) -> None:
    drawn = _charts(statement, counter, lang, pdf.WIDTHS)
    path = folder / f"factsheet.{lang}.pdf"
    write_durably(folder / f"factsheet.{lang}.json", data)
    write_durably(path, pdf.factsheet_pdf(statement, binding, data, drawn, lang))
    faults = verify_statement(path, binding.vkey)
    if faults:
        raise EvidenceError(f"{path} does not pass its own check: {faults[0]}", "Do not hand it on; report this defect")


def _charts(statement: Statement, counter: Counter, lang: str, widths: dict[str, int]) -> dict[str, charts.Chart]:
    """The charts that have data and a width in this publication."""
    sheet, numbers = statement.sheet, statement.numbers

    def names(kind: str, value: str) -> str:
        return counter.names(kind, value)[lang]

    def lives() -> list[dict[str, Any]]:
        return [
            {"platform": names("platform", platform), "kind": names("kind", kind), "points": points(found)}
            for (platform, kind), found in curves(counter).items()
            if kind == "account"
        ]

    makers: dict[str, Callable[[int], charts.Spec | None]] = {
        "timeline": lambda width: charts.timeline(sheet, lang, width),
        "themes": lambda width: charts.themes(numbers, lang, width),
        "heat": lambda width: charts.heat(sheet, lang, names, width),
        "voices": lambda width: charts.voices(numbers, lang, names, width),
        "survival": lambda width: charts.survival(lives(), lang, width),
        "network": lambda width: network(sheet, lang, width),
    }
    drawn = {}
    for name, width in widths.items():
        spec = makers[name](width)
        if spec is not None:
            drawn[name] = charts.draw(name, lang, spec)
    return drawn


def write_rows(statement: Statement, folder: Path) -> dict[str, str]:
    """One CSV per query behind the numbers; number id to file name.

    Rows of protected accounts keep their place in the evidence and lose their id.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    written: dict[tuple[str, str], str] = {}
    files = {}
    protected = {
        (r["platform"], r["id"]) for r in statement.sheet.rows("SELECT platform, id FROM sheet.posts WHERE protected")
    }
    protected |= {
        (r["platform"], r["id"])
        for r in statement.sheet.rows("SELECT platform, id FROM sheet.accounts WHERE protected")
    }
    for number in statement.numbers:
        if not number.rows_query or number.value in (0, None):
            continue
        key = (number.rows_query, repr(number.parameters))
        if key not in written:
            name = re.sub(r"[^A-Za-z0-9._-]", "-", number.id)[:100] + ".csv"
            rows = statement.sheet.rows(f"{number.rows_query} LIMIT {MAX_ROWS}", number.parameters)
            write_durably(folder / name, _csv(_hide(rows, protected)))
            written[key] = name
        files[number.id] = f"rows/{written[key]}"
    return files


def _hide(rows: list[dict[str, Any]], protected: set[tuple[str, str]]) -> list[dict[str, Any]]:
    return [row | {"id": "protected"} if (row.get("platform"), row.get("id")) in protected else row for row in rows]


def write_misses(measures: list[truth.Measure], folder: Path) -> None:
    """Every miss and false alarm of a case with planted truth, by name."""
    rows = [
        {"measure": m.id, "what": what, "name": name}
        for m in measures
        for what, names in (("missed", m.missed), ("false alarm", m.false_alarms))
        for name in names
    ]
    if measures:
        write_durably(folder / "misses.csv", _csv(rows))


def _csv(rows: list[dict[str, Any]]) -> bytes:
    """CSV that a spreadsheet cannot take for formulas: a cell that begins like one gets an apostrophe."""
    out = io.StringIO()
    if rows:
        writer = csv.writer(out)
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
