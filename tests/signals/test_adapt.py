"""Learning from labels: what labels say is learnt, what was known is kept, and nobody protected pays for it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from tecolote import codebook, verbs
from tecolote.case import Case as Folder
from tecolote.cli import cli
from tecolote.decisions.codes import Code, record
from tecolote.errors import ModelError
from tecolote.evidence import Evidence
from tecolote.signals.adapt import Adapted, adapt
from tecolote.signals.assess import Assessor
from tecolote.signals.evaluate import Case
from tecolote.signals.text.examples import Row, examples
from tecolote.signals.text.weights import FILES, load_weights, save_weights, shipped

_WHO = ("el Ciervo", "la Garza", "el Mirlo", "la Nutria", "el Tejón", "la Perdiz", "el Zorzal", "la Marta")
_WHERE = ("la ladera", "el vado", "la cantera", "el molino", "la noria", "el aserradero", "la salina", "el puerto")


_ACTS = (
    "Aquí habla {who}: a los de {where} los vamos a regar como macetas, ya están avisados",
    "{who} manda: los de {where} van a ser macetas, nosotros regamos",
    "Ya están avisados los de {where}, a ustedes les toca maceta, atentamente {who}",
    "Los vamos a poner de maceta a todos los de {where}, atentamente {who}",
)


def labelled() -> list[Case]:
    """A way of threatening that nothing in the package knows, and who reports it or trades in the same words."""
    cases = []
    for number, (who, where) in enumerate((who, where) for who in _WHO for where in _WHERE):
        act = _ACTS[number % len(_ACTS)].format(who=who, where=where)
        told = f"Vecinos de {where} hallaron otro letrero firmado por {who} que habla de macetas"
        sold = f"Macetas y tierra negra en {where}, pregunte por {who}, las vamos a regar"
        for kind, text in (("perpetrator", act), ("reporter", told), ("neutral", sold)):
            flag = kind == "perpetrator"
            themes = ("threat_civilian",) if flag else ()
            cases.append(Case(text, f"{number}{kind}", kind, flag, (kind,), themes, f"{number}"))
    random.Random(5).shuffle(cases)
    return cases


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The labels as a file."""
    lines = [
        {"text": case.text, "voice": case.voices[0], "pair": case.pair, "themes": list(case.themes)}
        for case in labelled()
    ]
    path = tmp_path_factory.mktemp("labels") / "coded.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return path


def known() -> list[Row]:
    """Sentences of the package in as many wordings, half of them acts."""
    plain = [row for row in examples() if not row.held and ":s" not in row.unit]
    return [row for acts in (True, False) for row in [r for r in plain if bool(r.themes) == acts][:120:8]]


@pytest.fixture(scope="module")
def decided(coded: Path) -> Folder:
    """A case in which somebody decided on the sentences of `known`."""
    pages = coded.parent / "pages.jsonl"
    posts = [{"id": f"{10_000_000 + at}", "text": row.text, "author_id": f"{at}"} for at, row in enumerate(known())]
    pages.write_text("\n".join(json.dumps({"data": [post]}) for post in posts), "utf-8")
    case = verbs.init(coded.parent / "case")
    verbs.import_exports(case.root, [pages])
    codes = [Code("x", post["id"], row.voice, row.themes, "Ana") for post, row in zip(posts, known(), strict=True)]
    with case.writing(), Evidence.open(case, write=True) as evidence:
        record(evidence, codes, "Ana")
        evidence.commit()
    return case


@pytest.fixture(scope="module")
def made(coded: Path, decided: Folder) -> Adapted:
    """What is learnt from the file and from the case, written beside the file."""
    return verbs.train([coded], coded.parent / "model", [], case_dir=decided.root)


def share(words: str) -> float:
    return float(words.split(" = ")[1].split(maxsplit=1)[0])


def test_what_the_labels_say_is_learnt_by_weights_that_did_not_see_the_post(made: Adapted) -> None:
    assert share(made.after["specificity"]) >= share(made.before["specificity"])
    assert made.false_flags()[1] <= made.false_flags()[0]
    assert share(made.after["recall"]) > share(made.before["recall"]) + 0.2


def test_what_was_known_is_kept(made: Adapted) -> None:
    before, after = made.kept
    for figure in ("recall", "specificity", "reporter and victim specificity"):
        assert share(after[figure]) >= share(before[figure]) - 0.05, figure


def test_the_weights_are_read_again_as_they_were(made: Adapted, tmp_path: Path) -> None:
    save_weights(tmp_path, *made.weights[:3])
    again = load_weights(tmp_path)
    assert again.sha256 == made.weights.sha256 != shipped().sha256
    book, text = codebook.load(), labelled()[0].text
    one, two = Assessor(book, weights=made.weights), Assessor(book, weights=again)
    assert one.assess(text) == two.assess(text)
    assert one.version == two.version != Assessor(book).version


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_model_is_refused(tmp_path: Path, name: str) -> None:
    save_weights(tmp_path, *shipped()[:3])
    assert load_weights(tmp_path).sha256 == shipped().sha256
    for raw in (b"", b"{}", b"\x80\x04K\x01.", (tmp_path / name).read_bytes()[:-1]):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(ModelError):
            load_weights(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match="missing"):
        load_weights(tmp_path)


def test_too_few_labels_teach_nothing() -> None:
    cases = [case for case in labelled() if case.must_flag]
    with pytest.raises(ModelError, match="0 labelled posts of others"):
        adapt(cases, codebook.load())


def test_from_the_terminal_to_a_case(made: Adapted, coded: Path, tmp_path: Path) -> None:
    run, model = CliRunner().invoke, str(coded.parent / "model")
    card = (coded.parent / "model" / "card.md").read_text("utf-8")
    assert f"fitted on {len(labelled()) + len(known())} labelled posts" in card
    assert f"Decisions of 1 people on {len(known())} posts of one case: {len(known()) // 2} perpetrator" in card
    assert not any(word in card for word in ("Ana", "macetas", "Zorzal", known()[0].text))
    refused = run(cli, ["train", str(coded), "--out", model])
    assert "exists already" in str(refused.exception)
    told, plain = (
        json.loads(run(cli, ["evaluate", str(coded), "--json", *more], catch_exceptions=False).stdout)
        for more in (["--model", model], [])
    )
    assert share(told["recall"]) > share(plain["recall"])
    case = verbs.init(tmp_path / "case")
    done = run(cli, ["analyze", "--case", str(case.root), "--model", model], catch_exceptions=False)
    assert done.exit_code == 0
    assert load_weights(case.model_folder).sha256 == made.weights.sha256
