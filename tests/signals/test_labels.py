"""Learning from what people decided in a case: what teaches, what is left out, and what the card says."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from tecolote import verbs
from tecolote.case import Case
from tecolote.cli import cli
from tecolote.corpus.store import Corpus, Writing
from tecolote.decisions.codes import Code
from tecolote.errors import ModelError, UsageError
from tecolote.records import SCHEMAS
from tecolote.signals.labels import Labels, labels

_SAME = "los mismos de la cantera vienen por todos ustedes esta noche {}"
_WORDS = [
    a + b for a in ("lad", "mol", "cer", "pin", "sal", "tor") for b in ("era", "ino", "rado", "ar", "inas", "enta")
]


def words_of(name: str) -> str:
    """Eight words that hardly another name has together."""
    return " ".join(random.Random(name).sample(_WORDS, 8))


def coded(tmp_path: Path, more: list[dict[str, str | None]]) -> tuple[Corpus, list[Code]]:
    """Six accounts on each side with two posts each, and ``more`` posts; a code for every post."""
    rows: list[dict[str, str | None]] = [
        {"id": f"{side}{who}{n}", "account_id": f"{side}{who}", "text": words_of(side + who + n)}
        for side in "pn" for who in "abcdef" for n in "12"
    ]  # fmt: skip
    rows += more
    case = Case.create(tmp_path / "case", title="t", purpose="test")
    with case.writing():
        writing = Writing(case)
        posts = [{"platform": "x", "leaf_index": 0, "record_index": at, **row} for at, row in enumerate(rows)]
        threads = [{"platform": "x", "id": "chat", "private": True, "leaf_index": 0, "record_index": 0}]
        for table, data in (("posts", posts), ("threads", threads)):
            writing.add(table, pa.Table.from_pylist(data, schema=SCHEMAS[table]), label=table)
        writing.commit(writing.manifest({"size": 0, "root": ""}))
    codes = [
        Code("x", id_, "perpetrator" if acts else "neutral", ("threat_rival",) if acts else (), "Ana")
        for row in rows if (id_ := str(row["id"])) for acts in (id_.startswith("p"),)
    ]  # fmt: skip
    return Corpus(case), codes


def taught(corpus: Corpus, codes: list[Code]) -> Labels:
    from tecolote.networks.nearduplicate import near_groups

    return labels(corpus, codes, lambda text: "Nombre Inventado" in text, lambda texts: list(near_groups(texts)))


def test_accounts_and_copies_are_never_divided(tmp_path: Path) -> None:
    copies = [{"id": f"p-{n}", "account_id": f"z{n}", "text": _SAME.format(n)} for n in range(4)]
    short = [{"id": f"n-{n}", "account_id": f"y{n}", "text": "HOLA a todos" if n else "hóla a todos"} for n in range(2)]
    found = taught(*coded(tmp_path, [*copies, *short, {"id": "n-y", "account_id": "z0", "text": "ya casi"}]))
    units = {case.text: case.unit for case in found.cases}
    assert len({units[_SAME.format(n)] for n in range(4)} | {units["ya casi"]}) == 1
    assert units["HOLA a todos"] == units["hóla a todos"]
    assert len(set(units.values())) == 12 + 2
    assert found.left_out == {}


def test_what_may_not_teach_is_left_out_and_counted(tmp_path: Path) -> None:
    more: list[dict[str, str | None]] = [
        {"id": "p-1", "account_id": "q1", "text": "un mensaje privado", "thread_id": "chat"},
        {"id": "p-2", "account_id": "q2", "text": "a los del corral", "visibility": "followers"},
        {"id": "p-3", "account_id": "q3", "text": "ya cayó Nombre Inventado, sigue su gente"},
        {"id": "p-4", "account_id": "q4", "text": None},
        {"id": "p-5", "account_id": "q5", "text": "aquí nadie está de acuerdo"},
    ]
    corpus, codes = coded(tmp_path, more)
    codes += [Code("x", "p-5", "fan", (), "Beto"), Code("x", "erased", "fan", (), "Beto")]
    found = taught(corpus, codes)
    assert found.left_out == {
        "of private threads": 2, "with words that are withheld": 1, "without words": 1, "on which coders differ": 1,
    }  # fmt: skip
    card = "\n".join(found.lines())
    assert (
        "Decisions of 2 people on 24 posts" in card
        and "12 perpetrator" in card
        and "12 neutral" in card
        and "12 units" in card
    )
    assert not any(word in card for word in ("Ana", "Beto", "molino", "pa1"))


def test_many_posts_of_few_accounts_are_too_few(tmp_path: Path) -> None:
    corpus, codes = coded(tmp_path, [{"id": f"p-{n}", "account_id": "one", "text": f"vamos {n}"} for n in range(30)])
    few = [code for code in codes if code.post_id[:2] in ("p-", "pa", "pb", "pc") or code.post_id[0] == "n"]
    with pytest.raises(ModelError, match="perpetrators come from 4 independent accounts"):
        taught(corpus, few)


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    refused = CliRunner().invoke(cli, ["train", "--out", str(tmp_path / "m")])
    assert isinstance(refused.exception, UsageError) and "nothing to learn from" in str(refused.exception)
    case = verbs.init(tmp_path / "case")
    with pytest.raises(ModelError, match="0 independent accounts"):
        verbs.train([], tmp_path / "m", [], case_dir=case.root)
    assert not (tmp_path / "m").exists()
