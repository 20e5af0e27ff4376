"""A small case, written through the evidence store and the tables, with planted text of every awkward kind."""

from __future__ import annotations

import hashlib
import json
import random
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tecolote.case import Case
from tecolote.corpus.store import Writing
from tecolote.evidence import Evidence
from tecolote.records import DATA_COLUMNS, SCHEMAS

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
    "18dd8db00000000049454e44ae426082"
)
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>" onmouseover="alert(3)'
ASTRAL = "🥷🏽 Comandante 𝗮𝗹𝗶𝗻𝗲́𝗲𝘀𝗲 con la letra, último aviso 👨‍👩‍👧 de la plaza"
BIDI = "factura\u202egpj.exe y se\u200bcreto \u2066oculto\u2069"
NAMES = ["<b>Ana</b>", "Rumor\u202e\u200b", "Diario del Valle Inventado", "colectivo_faro", "los_de_arriba", "mesa9"]
WORDS = [
    "noche",
    "calle",
    "pueblo",
    "plaza",
    "camino",
    "montaña",
    "aviso",
    "gente",
    "trabajo",
    "troca",
    "río",
    "mañana",
    "fiesta",
    "canción",
    "música",
    "lluvia",
    "mercado",
    "domingo",
    "señora",
    "niño",
    "vecino",
    "carretera",
    "radio",
    "noticia",
    "foto",
    "video",
    "corrido",
    "banda",
    "luna",
    "puente",
    "año",
]
START = datetime(2024, 1, 3, 6, 0, tzinfo=UTC)


@dataclass
class Built:
    """The case with its rows as they were written, for plain Python to compare with."""

    case: Case
    posts: list[dict[str, Any]]
    assessments: dict[tuple[str, str], dict[str, Any]]
    keys: Path
    media_sha256: str


def _posts(count: int, rng: random.Random) -> list[dict[str, Any]]:
    rows = []
    for i in range(count):
        platform = ("x", "telegram", "tiktok")[i % 3]
        author = rng.randrange(12)
        text = " ".join(rng.choices(WORDS, k=rng.randrange(4, 30))).capitalize() + rng.choice(
            [".", " 🌙", " #Plaza_Sur", ""]
        )
        text = {5: HOSTILE, 6: ASTRAL, 7: BIDI, 8: "", 9: "MÁÑANA sin acento", 10: "manana con acento"}.get(i, text)
        at = None if i % 41 == 40 else START + timedelta(hours=11 * i, minutes=rng.randrange(600))
        rows.append(
            {
                "platform": platform, "id": f"{i}/../{i}?a#b" if i == 11 else str(10_000 + i), "kind": "post",
                "account_id": f"a{author}", "author_name": NAMES[author % len(NAMES)],
                "created_at": at, "created_at_raw": "31/02/2024" if at is None else at.isoformat(), "tz_basis": "utc",
                "text": text, "lang": rng.choice(["es", "es", "en", None]), "thread_id": f"t{i % 7}",
                "visibility": "public", "url": f"https://example.invalid/{i}",
            }
        )  # fmt: skip
    return rows


def _assessment(post: dict[str, Any], i: int, rng: random.Random) -> dict[str, Any]:
    flag = i == 6 or rng.random() < 0.1
    text = post["text"]
    spans = [(2, 12), (2, 30), (None, None)] if i == 6 else [(0, min(6, len(text)))] if flag and text else []
    return {
        "platform": post["platform"], "post_id": post["id"],
        "voice": "perpetrator" if flag else rng.choice(["reporter", "neutral", "fan", "victim"]),
        "themes": ["threat_authority", "territory"][: 1 + i % 2] if flag else [],
        "topics_mentioned": [] if flag else ["recruitment"][: i % 2], "groups": ["cds"] if flag and i % 2 else [],
        "target": "authority", "imminence": "conditional" if flag else "none", "severity": 3 if flag else i % 2,
        "victim_risk": False, "flag": flag, "abstain": not flag and i % 17 == 0, "probability": 0.9 if flag else 0.1,
        "confidence": "medium", "lang": "es",
        "reasons": [{"signal": "discourse", "label": "you", "a": a, "b": b, "why": f"to {HOSTILE}"} for a, b in spans],
        "assessor_version": "1+test",
    }  # fmt: skip


def _around(posts: list[dict[str, Any]], media_sha256: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of the other record tables, each with the number of the record that it comes from."""
    tables: dict[str, list[dict[str, Any]]] = {t: [] for t in DATA_COLUMNS}
    for i, post in enumerate(posts):
        where = {"platform": post["platform"], "_rec": i}
        tables["post_snapshots"].append(
            where | {"post_id": post["id"], "observed_at": START, "observed_basis": "file", "likes": i, "replies": None}
        )
        if i % 5 == 0:
            tables["media"].append(
                where | {"id": f"m{i}", "post_id": post["id"], "type": "image", "url": "https://example.invalid/a.jpg",
                         "sha256": media_sha256 if i % 10 == 0 else None, "alt_text": HOSTILE,
                         "status": "present" if i % 10 == 0 else "unavailable"}
            )  # fmt: skip
        if i % 3 == 0:
            tables["edges"].append(
                where | {"src": post["account_id"], "dst": f"a{(i * 7) % 12}", "type": "mentions",
                         "dst_kind": "account", "post_id": post["id"], "at": post["created_at"]}
            )  # fmt: skip
        if i % 23 == 0:
            kind = "post" if i % 2 else "account"
            tables["observations"].append(
                where | {"target_kind": kind, "target_id": post["id"] if kind == "post" else post["account_id"],
                         "state": "suspended", "reason": HOSTILE, "observed_at": START, "observed_by": "export"}
            )  # fmt: skip
        if i == 1:  # X answers "unavailable" without saying which account was asked for; a post without an author
            tables["observations"].append(
                where | {"target_kind": "account", "state": "unknown", "observed_by": "export"}
            )
            tables["edges"].append(
                where | {"dst": "a1", "type": "mentions", "dst_kind": "account", "post_id": post["id"]}
            )
    for a in range(12):
        for platform in ("x", "telegram", "tiktok"):
            where = {"platform": platform, "_rec": a}
            tables["accounts"].append(where | {"id": f"a{a}", "id_kind": "native", "created_at": START})
            tables["account_snapshots"].append(
                where | {"account_id": f"a{a}", "observed_at": START, "observed_basis": "file", "followers": 10 * a,
                         "username": f"user{a}_{platform}", "display_name": NAMES[a % len(NAMES)], "bio": BIDI}
            )  # fmt: skip
    return tables


def _provenance(i: int, leaf: int, digest: bytes) -> dict[str, Any]:
    return {
        "source_file": "export <one>.jsonl", "row_locator": f"line {i + 1}", "raw_sha256": digest, "leaf_index": leaf,
        "record_index": i, "reader": "test", "reader_version": "1",
    }  # fmt: skip


def _derived(posts: list[dict[str, Any]], rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    roles = ["suspected_member", "reporter", "victim", "neutral"]
    return {
        "assessments": [_assessment(p, i, rng) for i, p in enumerate(posts)],
        "findings": [
            {"platform": posts[6]["platform"], "target_kind": "post", "target_id": posts[6]["id"], "signal": "codebook",
             "signal_version": "1", "label": HOSTILE, "score": 1.0, "span_a": 2, "span_b": 12, "reason": HOSTILE}
        ],
        "account_assessments": [
            {"platform": platform, "account_id": f"a{a}", "role": roles[a % 4], "protected": a % 4 in (1, 2),
             "groups": ["cds"] if a % 4 == 0 else [], "posts": 1, "flagged": 0, "alarm": HOSTILE if a == 3 else None,
             "reason": "because"}
            for a in range(12) for platform in ("x", "telegram", "tiktok")
        ],
        "coaction_edges": [
            {"platform": "x", "account_id": f"a{a}", "account_id_y": f"a{b}", "modality": modality, "weight": a + b,
             "first": START, "last": START, "exact": True, "cluster": 0 if b < 6 else 1, "objects": ["#plaza", HOSTILE]}
            for a, b in [(0, 1), (0, 2), (1, 2), (3, 4), (6, 7), (7, 8)] for modality in ("all", "hashtag")
        ],
    }  # fmt: skip


def build(root: Path, count: int = 300, **settings: Any) -> Built:
    """Write the case: bytes and leaves first, then the tables."""
    rng = random.Random(7)
    case = Case.create(root, title='Prueba <i>"uno"</i>', purpose="testing", fictional=True, **settings)
    posts = _posts(count, rng)
    lines = [json.dumps({"n": i, "text": p["text"]}, ensure_ascii=i % 2 == 0).encode() for i, p in enumerate(posts)]
    spans, at = [], 0
    for line in lines:
        spans.append((at, len(line)))
        at += len(line) + 1
    raw = b"\n".join(lines) + b"\n"
    digests = [hashlib.sha256(line).digest() for line in lines]
    tables: dict[str, list[dict[str, Any]]]
    with case.writing():
        Evidence.create(case)
        evidence = Evidence.open(case, write=True)
        picture = evidence.put([PNG])
        tables = _around(posts, picture.sha256) | {"posts": [p | {"_rec": i} for i, p in enumerate(posts)]}
        leaf = _log(evidence, raw, spans, digests, {t: len(r) for t, r in tables.items()})
        writing = Writing(case)
        for table, rows in tables.items():
            whole = [r | _provenance(r["_rec"], leaf, digests[r["_rec"]]) for r in rows]
            writing.add(table, _arrow(table, whole), label="test", leaves=[leaf, leaf])
        derived = _derived(posts, rng)
        for table, rows in derived.items():
            writing.add(table, _arrow(table, rows), label="test")
        checkpoint = evidence.commit()
        writing.commit(writing.manifest({"size": checkpoint.size, "root": checkpoint.root}))
    found = {(a["platform"], a["post_id"]): a for a in derived["assessments"]}
    return Built(case, posts, found, case.keys.parent, picture.sha256)


def _log(evidence: Evidence, raw: bytes, spans: Any, digests: Any, rows: dict[str, int]) -> int:
    blob = evidence.put([raw])
    flat = array("Q", [number for span in spans for number in span])
    records = evidence.put_records(flat, b"".join(digests))
    return evidence.append(
        "import.file",
        payload={
            "name": "export <one>.jsonl", "shown_as": "export <one>.jsonl", "sha256": blob.sha256, "private": False,
            "blob": blob.sha256, "container": None, "chain": [], "status": "read", "reason": "", "rows": rows,
            "settings": {"reader": "test", "reader_version": "1"}, "quarantined": 1,
            "quarantine": [["line 9", HOSTILE]], "notes": ["odd <end>"], "first": None, "last": None,
            "records_blob": records.sha256,
        },
        public={"bytes": len(raw), "records": records.count, "records_root": records.root},
    )  # fmt: skip


def _arrow(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMAS[table])


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECOLOTE_KEYS", str(tmp_path_factory.mktemp("web-keys")))
        yield build(tmp_path_factory.mktemp("web") / "case", timezone="America/Mexico_City")


@pytest.fixture(autouse=True)
def _same_folders(
    _keys: None, built: Built, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys that the shared case was written with, and a cache folder that is not the user's."""
    monkeypatch.setenv("TECOLOTE_KEYS", str(built.keys))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def get(built: Built) -> Callable[..., Any]:
    """``get("/posts", q="x")``: the answer to a request for a page of the shared case."""
    from tecolote.web.library import ENVIRON_KEY, Library
    from tecolote.web.serve import configure

    configure()
    from django.test import Client

    client = Client(headers={"host": "localhost"}, **{ENVIRON_KEY: Library(built.case)})

    def ask(path: str, language: str = "en", **query: Any) -> Any:
        client.cookies.clear()
        return client.get(path, query, headers={"accept-language": language})

    return ask
