"""What nobody would write by hand: each gives an assessment with reasons or an abstention, in bounded time."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
from click.testing import CliRunner

from tecolote.cli import cli

_ACT = "Vamos a matar a todos los contras de esta plaza. Atte: el cártel "
_MB = 1_000_000
#: Text, and whether it must be flagged, must be abstained from, or either of "clean" and "abstain".
BAD = {
    "empty": ("", "abstain"),
    "blank": (" \n\t\u3000", "abstain"),
    "1 MB of nothing": ("\n" * _MB, "abstain"),
    "1 MB of an act": (_ACT * (_MB // len(_ACT)), "flag"),
    "an act behind 1 MB": ("Buen día. " * (_MB // 10) + _ACT, "abstain"),
    "one letter": ("a" * _MB, "abstain"),
    "one digit": ("1" * _MB, "abstain"),
    "one mark": ("#" * _MB, "abstain"),
    "NUL": ("\0" * _MB, "abstain"),
    "10,000 emoji": ("🥷" * 10_000, "clean"),
    "10,000 families": ("👨‍👩‍👧‍👦" * 10_000, "clean"),
    "bidi flood": ("\u202e\u2066\u202d\u2069" * 50_000, "abstain"),
    "an act in bidi": ("\u202e".join(_ACT * 100), "flag"),
    "zero-width flood": ("\u200b" * _MB, "abstain"),
    "an act in zero-width": ("\u200b".join(_ACT * 100), "flag"),
    "marks on one letter": ("a" + "\u0301" * _MB, "abstain"),
    "an act under marks": ("".join(c + "\u0301\u0328" for c in _ACT * 50), "flag"),
    "lone surrogates": ("\ud83d" * 10_000, "clean"),
    "an act beside lone surrogates": ("\ud800\udfff" + _ACT + "\ud83d", "flag"),
    "Hebrew": ("שלום עולם ומה נשמע היום " * 200, "abstain"),
    "Chinese": ("我们知道你住在哪里明天就来找你" * 500, "abstain"),
    "German": ("Wir wissen genau, wo du wohnst, und morgen kommen wir alle vorbei", "abstain"),
    "dots": (".".join("matar" * 100_000), "abstain"),
    "hashtags": ("#a " * 300_000, "abstain"),
    "open quotes": ("«" * 500_000, "abstain"),
}


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """All of them through the terminal's verb."""
    folder: Path = tmp_path_factory.mktemp("bad")
    lines = [json.dumps({"id": name, "text": text}) for name, (text, _) in BAD.items()]
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n", "ascii")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    words = ["score", str(folder / "in.jsonl"), "--out", str(folder / "out.jsonl")]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 60  # a hang, not a speed
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("name", BAD)
def test_it_is_read_or_abstained_from_with_reasons(name: str, scored: dict[str, dict[str, object]]) -> None:
    row = scored[name]
    said = "flag" if row["flag"] else "abstain" if row["abstain"] else "clean"
    assert said == BAD[name][1]
    assert row["reasons"]
