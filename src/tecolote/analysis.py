"""Analysis of a case: signals, accounts, coaction and alarms to tables, with one leaf that says how.

Derived tables are replaced as a whole. The leaf names the versions and hashes that make the same
tables again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from tecolote import __version__, codebook
from tecolote.case import Case, make_folder, write_durably
from tecolote.corpus.commit import publish_tables
from tecolote.corpus.store import Corpus, Writing
from tecolote.evidence import Evidence
from tecolote.networks.events import case_coaction
from tecolote.records import DERIVED_TABLES
from tecolote.signals.accounts import assess_accounts
from tecolote.signals.assess import Assessor
from tecolote.signals.posts import assess_posts
from tecolote.signals.text.weights import FILES, Weights, load_weights
from tecolote.tracking.takeover import takeover_alarms

Progress = Callable[[int, int, str], None]

#: Seconds within which the same link, hashtag or text counts as acting together.
COACTION_WINDOW = 60
#: Least number of distinct objects that two accounts must share.
COACTION_MIN_REPETITION = 2


def analyze(
    case: Case, codebooks: list[Path], progress: Progress | None = None, model: Path | None = None
) -> dict[str, Any]:
    """Fill the derived tables of ``case``.

    Args:
        case: the case; its lock is taken.
        codebooks: groups and terms to add to the case for good.
        progress: called with posts done, posts in all, and what is being done.
        model: folder of weights (`tecolote train`) that the case reads with from now on.

    Raises:
        CodebookError: a codebook does not validate.
        ModelError: the folder holds no weights.
    """
    if model is not None:
        load_weights(model)
    load_codebook(case, codebooks)  # one that is invalid, alone or beside the others, must not get into the case
    with case.writing():
        for path in codebooks:
            write_durably(case.codebook_folder / path.name, path.read_bytes())
        if model is not None:
            make_folder(case.model_folder)
            for name in FILES:
                write_durably(case.model_folder / name, (model / name).read_bytes())
        assessor = Assessor(load_codebook(case), weights=load_model(case))
        evidence = Evidence.open(case, write=True)
        _write_assessments(case, evidence, assessor, progress)
        return assess_again(case, evidence)


def assess_again(case: Case, evidence: Evidence) -> dict[str, Any]:
    """Fill the tables that are derived from the assessments of posts: accounts and coaction.

    Args:
        case: the case, inside ``case.writing()``.
        evidence: open for writing.
    """
    corpus = Corpus(case)
    writing = Writing(case)
    accounts = _with_alarms(assess_accounts(corpus), takeover_alarms(corpus))
    edges = case_coaction(corpus, window=COACTION_WINDOW, min_repetition=COACTION_MIN_REPETITION)
    for table, rows in (("account_assessments", accounts), ("coaction_edges", edges)):
        writing.clear(table)
        writing.add(table, rows, label="all")
    counts = _counts(corpus, accounts, edges)
    versions = corpus.rows("SELECT DISTINCT assessor_version AS version FROM assessments ORDER BY version")
    _log(evidence, writing, ", ".join(row["version"] for row in versions), counts)
    publish_tables(evidence, writing)
    return counts


def load_codebook(case: Case, proposed: Sequence[Path] = ()) -> codebook.Codebook:
    """The package's codebook with what the case adds; a ``proposed`` file stands in for its namesake of the case.

    Raises:
        CodebookError: a file does not validate, or defines what another defines.
    """
    own = {path.name: path for path in sorted(case.codebook_folder.glob("*.yaml"))}
    own.update((path.name, path) for path in proposed)
    return codebook.load(*own.values())


def load_model(case: Case) -> Weights | None:
    """The weights that the case keeps; None where it reads with the package's."""
    return load_weights(case.model_folder) if case.model_folder.exists() else None


def _write_assessments(case: Case, evidence: Evidence, assessor: Assessor, progress: Progress | None) -> None:
    writing = Writing(case)
    for table in DERIVED_TABLES:
        writing.clear(table)
    corpus = Corpus(case)
    total = corpus.rows("SELECT count(*) AS n FROM posts")[0]["n"]
    done = 0
    for number, (findings, assessments) in enumerate(assess_posts(corpus, assessor)):
        done += assessments.num_rows
        if progress is not None:
            progress(done, total, "posts")
        writing.add("findings", findings, label=f"{number:05}")
        writing.add("assessments", assessments, label=f"{number:05}")
    publish_tables(evidence, writing)


def _with_alarms(accounts: pa.Table, alarms: dict[tuple[str, str], str]) -> pa.Table:
    keys = zip(accounts["platform"].to_pylist(), accounts["account_id"].to_pylist(), strict=True)
    column = pa.array([alarms.get(key) for key in keys], pa.string())
    return accounts.set_column(accounts.schema.get_field_index("alarm"), accounts.schema.field("alarm"), column)


def _counts(corpus: Corpus, accounts: pa.Table, edges: pa.Table) -> dict[str, Any]:
    found = corpus.rows("SELECT count(*) AS posts, count(*) FILTER (WHERE flag) AS flagged FROM assessments")[0]
    return {**found, "accounts": accounts.num_rows, "coaction_edges": edges.num_rows}


def _log(evidence: Evidence, writing: Writing, version: str, counts: dict[str, Any]) -> None:
    """One leaf per analysis that differs from the last: versions, hashes and parameters."""
    tables = sorted((f.table, f.sha256) for f in writing.files if f.table in DERIVED_TABLES)
    payload = {
        "assessor": version,
        "tecolote": __version__,
        "coaction": {"profile": "distinct", "window": COACTION_WINDOW, "min_repetition": COACTION_MIN_REPETITION},
        "counts": counts,
        "tables": [list(t) for t in tables],
    }
    last = None
    for event in evidence.events("analysis"):
        last = event
    if last is None or last.payload != payload:
        evidence.append("analysis", payload=payload, public={"tables": sha256(repr(tables).encode()).hexdigest()})
