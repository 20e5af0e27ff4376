"""A small fictional case, written through the evidence store and the tables as an import and an analysis would."""

from __future__ import annotations

import random
from array import array
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tecolote.case import Case
from tecolote.corpus.store import Writing
from tecolote.evidence import Evidence
from tecolote.records import SCHEMAS

PLATFORMS = ("x", "telegram", "tiktok")
START = datetime(2024, 1, 3, 12, tzinfo=UTC)
GROUPS = ("cds", "cjng")
THEMES = ("recruitment", "weapons_display", "threat_rival", "glorification")
VOICES = (("perpetrator", 20), ("reporter", 30), ("victim", 14), ("fan", 16), ("neutral", 20))


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of that name; absent columns are null."""
    return pa.Table.from_pylist(rows, schema=SCHEMAS[name])


class Made:
    """Rows of the small case, by table, and the planted truth that goes with them."""

    def __init__(self, posts: int = 900, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self.truth: dict[str, Any] = {"format": 1, "posts": [], "accounts": [], "clusters": []}
        self.files: dict[str, list[bytes]] = {p: [] for p in PLATFORMS}
        for at in range(60):
            self._account(at)
        for at in range(posts):
            self._post(at)
        self._coaction()
        self._gone()

    def record(self, platform: str, raw: str) -> dict[str, Any]:
        """Provenance of one more record of a platform's file."""
        self.files[platform].append(raw.encode())
        leaf = 1 + PLATFORMS.index(platform)
        at = len(self.files[platform]) - 1
        return {
            "source_file": f"{platform}.jsonl",
            "row_locator": f"line {at + 1}",
            "raw_sha256": sha256(raw.encode()).digest(),
            "leaf_index": leaf,
            "record_index": at,
            "reader": "test",
            "reader_version": "1",
        }

    def _account(self, at: int) -> None:
        platform, id = PLATFORMS[at % 3], f"a{at}"
        role = ("member", "reporter", "fan", "collective", "citizen")[at % 5]
        member = role == "member"
        self.rows["accounts"].append({"platform": platform, "id": id, "id_kind": "native"} | self.record(platform, id))
        self.rows["account_assessments"].append(
            {
                "platform": platform,
                "account_id": id,
                "role": "suspected_member" if member else "neutral",
                "protected": role in ("reporter", "collective"),
                "groups": [GROUPS[at % 2]] if member else [],
                "posts": 15,
                "flagged": 3,
                "alarm": "sudden change of hour and style" if at == 8 else None,
                "reason": "test",
            }
        )
        self.truth["accounts"].append(
            {
                "platform": platform,
                "id": id,
                "role": "hijacked" if at == 8 else role,
                "group": GROUPS[at % 2] if member else None,
                "ring": "harvest" if member and at < 30 else None,
                "cluster": None,
                "goes_dark": None,
                "dark_state": None,
            }
        )

    def _post(self, at: int) -> None:
        pick = self.random
        account = self.rows["accounts"][at % 60]
        voice = pick.choices([v for v, _ in VOICES], [w for _, w in VOICES])[0]
        flag = voice == "perpetrator"
        group = [GROUPS[at % 2]] if flag and pick.random() < 0.6 else []
        themes = sorted({pick.choice(THEMES), pick.choice(THEMES)}) if flag else []
        text = f"post {at} of the fictional town \u202ereversed" if at % 50 == 0 else f"post {at} of the fictional town"
        when = START + timedelta(hours=at * 14 + pick.randrange(9))
        platform, id = account["platform"], f"p{at}"
        self.rows["posts"].append(
            {
                "platform": platform,
                "id": id,
                "kind": "post",
                "account_id": account["id"],
                "author_name": f"user{at % 60}",
                "created_at": when,
                "created_at_raw": when.isoformat(),
                "tz_basis": "utc",
                "text": text,
                "visibility": "public",
            }
            | self.record(platform, f'{{"id":"{id}"}}')
        )
        severity = pick.choice((1, 2, 3, 4)) if flag else 0
        self.rows["assessments"].append(
            {
                "platform": platform,
                "post_id": id,
                "voice": voice,
                "themes": themes,
                "topics_mentioned": [],
                "groups": group,
                "target": "none",
                "imminence": "immediate" if severity == 4 and at % 2 else "none",
                "severity": severity,
                "victim_risk": voice == "victim" and at % 4 == 0,
                "flag": flag,
                "abstain": False,
                "probability": 0.9 if flag else 0.1,
                "confidence": "high",
                "lang": "es",
                "reasons": [{"signal": "terms", "label": "word", "a": 0, "b": 4, "why": "a coded word beside an offer"}]
                if flag
                else [],
                "assessor_version": "test",
            }
        )
        known = self.truth["accounts"][at % 60]["role"] in ("reporter", "collective", "citizen")
        self.truth["posts"].append(
            {
                "platform": platform,
                "id": id,
                "voice": voice if at % 17 else "reporter",
                "themes": themes,
                "group": group[0] if group else None,
                "flag": flag and not (known and at % 3) and bool(at % 17),
            }
        )

    def _coaction(self) -> None:
        for cluster, members in enumerate(((0, 15, 30, 45), (5, 20, 35, 50), (10, 25, 40, 55, 12, 27))):
            for i, a in enumerate(members):
                for b in members[i + 1 :]:
                    low, high = sorted((f"a{a}", f"a{b}"))
                    self.rows["coaction_edges"].append(
                        {
                            "platform": PLATFORMS[cluster],
                            "account_id": low,
                            "account_id_y": high,
                            "modality": "all",
                            "weight": 2 + (a + b) % 5,
                            "first": START,
                            "last": START + timedelta(days=30),
                            "exact": True,
                            "cluster": cluster,
                            "objects": ["hashtag:harvest"],
                        }
                    )
            self.truth["clusters"].append(
                {
                    "name": f"c{cluster}",
                    "platform": PLATFORMS[cluster],
                    "accounts": [f"a{m}" for m in members[:-1]],
                }
            )

        # A reporter shares the same things at the same time; who publishes this must leave the tie out.
        member = self.rows["coaction_edges"][-1]
        reporter = next(
            r["account_id"]
            for r in self.rows["account_assessments"]
            if r["protected"] and r["platform"] == member["platform"]
        )
        low, high = sorted((member["account_id"], reporter))
        self.rows["coaction_edges"].append(member | {"account_id": low, "account_id_y": high})

    def _gone(self) -> None:
        for at in range(60):
            platform, id = PLATFORMS[at % 3], f"a{at}"
            seen = START + timedelta(days=10)
            for week in range(8):
                state = "live"
                if at % 3 == 0 and week > at % 7:
                    state = ("suspended", "deleted")[at % 2]
                self.rows["observations"].append(
                    {
                        "platform": platform,
                        "target_kind": "account",
                        "target_id": id,
                        "state": state,
                        "observed_at": seen + timedelta(days=7 * week),
                        "observed_by": "export",
                    }
                    | self.record(platform, f"{id}@{week}")
                )
            if at % 3 == 0:
                self.truth["accounts"][at] |= {
                    "goes_dark": seen.isoformat(),
                    "dark_state": ("suspended", "deleted")[at % 2],
                }

    def write(self, root: Path, **settings: Any) -> Case:
        """A case folder that holds all this."""
        told = {"title": "The valley files", "purpose": "Testing the fact sheet", "fictional": True} | settings
        case = Case.create(root, **told)
        with case.writing():
            evidence = Evidence.create(case)
            evidence.append("case.created", payload={"title": case.settings.title})
            for platform in PLATFORMS:
                self._file(evidence, platform)
            evidence.append("truth", payload=self.truth)
            evidence.append("analysis", payload={"codebook": "test"})
            checkpoint = evidence.commit()
            writing = Writing(case)
            for name, rows in self.rows.items():
                writing.add(name, table(name, rows), label="all")
            writing.commit(writing.manifest({"size": checkpoint.size, "root": checkpoint.root}))
            evidence.close()
        return case

    def _file(self, evidence: Evidence, platform: str) -> None:
        spans, at = array("Q"), 0
        for raw in self.files[platform]:
            spans.extend((at, len(raw)))
            at += len(raw)
        blob = evidence.put(self.files[platform])
        records = evidence.put_records(spans, b"".join(sha256(raw).digest() for raw in self.files[platform]))
        posts = [p for p in self.rows["posts"] if p["platform"] == platform]
        payload = {
            "name": f"{platform}.jsonl",
            "shown_as": f"{platform}.jsonl",
            "sha256": blob.sha256,
            "source": "test",
            "rows": {"posts": len(posts), "accounts": 20},
            "quarantined": 2,
            "first": min(p["created_at_raw"] for p in posts),
            "last": max(p["created_at_raw"] for p in posts),
            "notes": [],
        }
        public = {"bytes": blob.size, "records": records.count, "records_root": records.root}
        evidence.append("import.file", payload=payload, public=public)


@pytest.fixture(scope="session")
def made() -> Made:
    """The rows of the small case."""
    return Made()


@pytest.fixture
def case(made: Made, tmp_path: Path) -> Case:
    """The small case on disk."""
    return made.write(tmp_path / "case")
