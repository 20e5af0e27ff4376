"""Two exports of one channel: what the later one lacks, what was edited, and what only the platform says is gone."""

from __future__ import annotations

import json
from pathlib import Path

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.tracking.observations import observations


def channel(numbers: range, texts: dict[int, str], without: tuple[int, ...] = ()) -> bytes:
    messages = [
        {
            "id": n, "type": "message", "date": "2024-01-01T00:00:00", "date_unixtime": str(1_704_067_200 + 3600 * n),
            "from": "Canal", "from_id": "channel5", "text": texts.get(n, f"mensaje {n}"),
        } | ({"edited_unixtime": str(1_704_067_200 + 3600 * 50), "edited": "2024-01-03T02:00:00"} if n in texts else {})
        for n in numbers if n not in without
    ]  # fmt: skip
    return json.dumps({"name": "Canal", "type": "public_channel", "id": 5, "messages": messages}).encode()


def test_absence_and_edits_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "enero.json").write_bytes(channel(range(20), {}))
    (tmp_path / "febrero.json").write_bytes(channel(range(5, 30), {7: "otra cosa"}, without=(9,)))
    verbs.import_exports(tmp_path / "case", [tmp_path / "enero.json", tmp_path / "febrero.json"])
    corpus = Corpus(Case.open(tmp_path / "case"))
    (absent,) = observations(corpus).to_pylist()
    assert (absent["target_id"], absent["state"], absent["observed_by"]) == ("5/9", "not_in_later_export", "export")
    assert "enero.json" in absent["reason"] and "febrero.json" in absent["reason"]
    edited = corpus.rows("SELECT text, edited_at, source_file FROM posts_rows WHERE id = '5/7' ORDER BY source_file")
    assert [(row["text"], row["edited_at"] is None) for row in edited] == [("mensaje 7", True), ("otra cosa", False)]
    assert corpus.rows("SELECT count(*) AS n FROM posts") == [{"n": 30}]
    assert corpus.rows("SELECT count(*) AS n FROM posts_rows WHERE id = '5/9'") == [{"n": 1}]
