"""The tables that every number is counted from: one row per post, account, file, observation and tie.

They are made once per report, in the schema ``sheet`` of the corpus' own connection, by the prelude
below; the prelude is printed with the queries, so that a holder of the case can run both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tecolote.corpus.store import Corpus
from tecolote.evidence import Event, Evidence
from tecolote.networks.significance import case_chance

#: Roles of a planted or reviewed truth whose posts must never be flagged.
PROTECTED_ROLES = ("reporter", "collective", "victim", "citizen")

PRELUDE = """
CREATE SCHEMA IF NOT EXISTS sheet;
CREATE OR REPLACE TABLE sheet.posts AS
SELECT p.platform, p.id, p.leaf_index, p.record_index, p.source_file, p.row_locator, p.account_id, p.created_at,
       strftime(timezone($zone, p.created_at), '%Y-%m') AS month,
       coalesce(a.voice, 'unassessed') AS voice, coalesce(a.flag, false) AS flag, a.post_id IS NOT NULL AS assessed,
       coalesce(a.flag, false) AND (a.severity >= 4 OR a.imminence = 'immediate') AS urgent,
       coalesce(a.victim_risk, false) AS victim_risk,
       coalesce(r.protected, false) AS protected,
       CASE WHEN coalesce(a.flag, false) THEN coalesce(a.themes, []) ELSE [] END AS themes,
       CASE WHEN coalesce(a.flag, false) AND NOT coalesce(r.protected, false)
            THEN coalesce(a.groups, []) ELSE [] END AS groups,
       a.severity, a.imminence, k.known_protected
FROM posts p
LEFT JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
LEFT JOIN account_assessments r ON r.platform = p.platform AND r.account_id = p.account_id
LEFT JOIN sheet.known k ON k.platform = p.platform AND k.id = p.account_id
WHERE p.kind IS DISTINCT FROM 'event';
CREATE OR REPLACE TABLE sheet.accounts AS
SELECT c.platform, c.id, c.leaf_index, c.record_index, c.source_file, c.row_locator,
       coalesce(r.protected, false) AS protected,
       coalesce(r.role = 'suspected_member' AND NOT r.protected, false) AS suspected,
       CASE WHEN r.role = 'suspected_member' AND NOT r.protected THEN coalesce(r.groups, []) ELSE [] END AS groups
FROM accounts c LEFT JOIN account_assessments r ON r.platform = c.platform AND r.account_id = c.id;
CREATE OR REPLACE TABLE sheet.observations AS
SELECT platform, target_kind AS kind, target_id AS id, state, observed_at, leaf_index, record_index, source_file,
       row_locator
FROM observations WHERE target_kind IN ('account', 'post')
QUALIFY row_number() OVER (PARTITION BY platform, target_kind, target_id
                           ORDER BY observed_at DESC NULLS LAST, leaf_index DESC, record_index DESC) = 1;
CREATE OR REPLACE TABLE sheet.coaction AS
SELECT e.cluster, e.platform || ' ' || e.account_id AS a, e.platform || ' ' || e.account_id_y AS b, e.weight
FROM coaction_edges e
WHERE e.modality = 'all' AND NOT EXISTS (
    SELECT 1 FROM account_assessments r
    WHERE r.protected AND r.platform = e.platform AND r.account_id IN (e.account_id, e.account_id_y));
""".strip()


@dataclass
class Sheet:
    """The prepared tables of one report.

    Attributes:
        corpus: the pinned corpus whose connection holds them.
        truth: the planted truth of a demo case, or None.
        files: one row per file read: leaf, name, reader, rows by table, quarantined, first, last.
        day: the day for which the numbers hold: that of the last import or analysis.
        chance: what chance would give for the coaction ties (see `case_chance`), with their ``window`` and
            ``min_repetition``; empty without an analysis.
    """

    corpus: Corpus
    truth: dict[str, Any] | None
    files: list[dict[str, Any]]
    day: str
    chance: dict[str, Any] = field(default_factory=dict)

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a query on the sheet's tables."""
        return self.corpus.rows(sql, parameters)

    def one(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """The only value of a query."""
        return next(iter(self.rows(sql, parameters)[0].values()))


def prepare(corpus: Corpus, evidence: Evidence) -> Sheet:
    """Make the sheet's tables and read what the log says of the files."""
    imports, analyses = (list(evidence.events(type)) for type in ("import.file", "analysis"))
    truth = next((e.payload for e in evidence.events("truth")), None)
    files = _files(imports)
    connection = corpus.connect()
    connection.execute("CREATE SCHEMA IF NOT EXISTS sheet")
    keep(corpus, "files", _file_table(files))
    keep(corpus, "known", _known(truth))
    for statement in PRELUDE.split(";\n"):
        connection.execute(statement, {"zone": corpus.case.settings.timezone} if "$zone" in statement else None)
    day = max((e.at for e in (*imports, *analyses)), default="1970-01-01")[:10]
    how = (analyses[-1].payload.get("coaction") or {}) if analyses else {}
    return Sheet(corpus, truth, files, day, _chance(corpus, how))


def _chance(corpus: Corpus, how: dict[str, Any]) -> dict[str, Any]:
    """What chance would give for ties made with the window and repetitions of the last analysis."""
    if "window" not in how:
        return {}
    window, repetition = int(how["window"]), int(how["min_repetition"])
    return case_chance(corpus, window, repetition) | {"window": window, "min_repetition": repetition}


def _files(events: list[Event]) -> list[dict[str, Any]]:
    """What each file in force gave; a later reading of the same bytes supersedes an earlier one."""
    gone = {e.payload.get("supersedes") for e in events}
    found = []
    for event in events:
        if event.index in gone:
            continue
        said = event.payload
        rows = said.get("rows") or {}
        name = said.get("shown_as") or said.get("name") or f"file {event.index}"
        found.append(
            {
                "leaf_index": event.index,
                "name": name,
                "reader": said.get("source") or said.get("reader") or "",
                "posts": int(rows.get("posts") or 0),
                "accounts": int(rows.get("accounts") or 0),
                "media": int(rows.get("media") or 0),
                "edges": int(rows.get("edges") or 0),
                "quarantined": int(said.get("quarantined") or 0),
                "records": int(event.public.get("records") or 0),
                "first": said.get("first"),
                "last": said.get("last"),
                "first_month": str(said["first"])[:7] if said.get("first") else None,
                "last_month": str(said["last"])[:7] if said.get("last") else None,
                "notes": list(said.get("notes") or []),
            }
        )
    return found


def _file_table(files: list[dict[str, Any]]) -> pa.Table:
    counts = ("leaf_index", "posts", "accounts", "quarantined", "records")
    words = ("name", "reader", "first_month", "last_month")
    columns = {name: pa.array([f[name] for f in files], pa.int64()) for name in counts}
    return pa.table(columns | {name: pa.array([f[name] for f in files], pa.string()) for name in words})


def _known(truth: dict[str, Any] | None) -> pa.Table:
    """Accounts of which a person or the planted truth says whether they must never be flagged."""
    accounts = (truth or {}).get("accounts", [])
    return pa.table(
        {
            "platform": pa.array([a["platform"] for a in accounts], pa.string()),
            "id": pa.array([a["id"] for a in accounts], pa.string()),
            "known_protected": pa.array([a["role"] in PROTECTED_ROLES for a in accounts], pa.bool_()),
        }
    )


def keep(corpus: Corpus, name: str, data: pa.Table) -> None:
    """Make a table of the schema ``sheet`` from Arrow rows, each once."""
    connection = corpus.connect()
    connection.register("sheet_incoming", data)
    connection.execute(f"CREATE OR REPLACE TABLE sheet.{name} AS SELECT DISTINCT * FROM sheet_incoming")
    connection.unregister("sheet_incoming")
