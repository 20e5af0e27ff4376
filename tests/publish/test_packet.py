"""Packets: who gets what, what a stranger can check, and that no damage and no lie passes."""

from __future__ import annotations

import base64
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import TecoloteError, UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.custody import Custody
from tecolote.evidence.keys import signer
from tecolote.evidence.notes import Signer
from tecolote.evidence.packets import ZipCheck, second_opinion, verify_packet
from tecolote.evidence.verify_packet import Check
from tecolote.publish.packet import Order, Packet, build
from tecolote.publish.packet_bag import Bag
from tecolote.publish.packet_items import AUDIENCES, Consents, Names
from tecolote.publish.packet_query import parse

from ..evidence.authority import make, serving

#: The verifier promises Python 3.9: run there if one can be found, else where the tests run.
OLDEST = next(
    (
        str(path)
        for path in (*(Path.home() / ".pyenv/versions").glob("3.9.*/bin/python"), Path("/usr/bin/python3.9"))
        if path.exists()
    ),
    sys.executable,
)
PURPOSE = "Documentation of an extortion for a complaint and for anonymous statistics (fictional demo)"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small fictional case, analyzed, with its keys beside it, and a packet for each addressee."""
    folder = tmp_path_factory.mktemp("packets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECOLOTE_KEYS", str(folder / "keys"))
        verbs.import_demo(verbs.write_demo(folder / "demo", seed=3, hostile=False, scale=0.05), folder / "case")
        verbs.analyze(folder / "case")
        for audience in AUDIENCES:
            items = "flag" if audience != "court" else "platform=whatsapp severity>=1 severity=0"
            build(Case.open(folder / "case"), Order(audience, items, PURPOSE, "R", "B", "es"), folder / audience)
        yield folder


@pytest.fixture
def case(world: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """The case of that world, with its keys in place."""
    monkeypatch.setenv("TECOLOTE_KEYS", str(world / "keys"))
    return Case.open(world / "case")


@pytest.fixture
def small(case: Case, world: Path, tmp_path: Path) -> Path:
    """A packet of a few records, for many checks."""
    if not (world / "small").exists():
        post = next(r for r in _rows(world / "law-enforcement") if r["platform"] == "telegram")
        build(case, Order("law-enforcement", f"post={post['id']}", "test"), world / "small")
    shutil.copytree(world / "small", tmp_path / "packet")
    return tmp_path / "packet"


def _rows(packet: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((packet / "data/records.json").read_bytes())["records"]
    return found


def _script(packet: Path, *more: str) -> int:
    """Exit status of the verifier inside, on a Python without site packages."""
    script = next(
        iter(packet.glob("verify_packet.py")), Path(verify_packet.__code__.co_filename).with_name("verify_packet.py")
    )
    return subprocess.run([OLDEST, "-I", "-S", str(script), str(packet), *more], capture_output=True).returncode


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_stranger_and_the_verb_say_yes(world: Path, case: Case, audience: str) -> None:
    inside = world / audience / "verify_packet.py"
    assert inside.read_bytes() == Path(sys.modules[Check.__module__].__file__ or "").read_bytes()
    assert subprocess.run([sys.executable, "-I", "-S", str(inside)], capture_output=True).stdout.startswith(b"YES.")
    assert verbs.verify(world / audience) == []
    assert len(PdfReader(world / audience / "data/cover.pdf").pages) >= 1
    names = {path.name for path in (world / audience / "data").iterdir()}
    assert {"records.csv", "records.json", "proof.json", "custody.json", "certification.txt", "cover.pdf"} <= names
    assert ("stix.json" in names) is (audience != "press")


def test_it_goes_out_only_after_it_is_logged(world: Path, case: Case) -> None:
    with Evidence.open(case) as evidence:
        logged = {event.public["for"]: event for event in evidence.events("packet")}
    assert set(logged) == set(AUDIENCES)
    proof = json.loads((world / "press/data/proof.json").read_bytes())
    assert proof["packet"] == logged["press"].index
    assert logged["press"].payload["purpose"] == PURPOSE
    custody = json.loads((world / "press/data/custody.json").read_bytes())["events"][-1]["payload"]["custody"]
    assert set(custody) == set(Custody.__dataclass_fields__)
    assert verbs.verify(case.root) == []
    assert any(event["type"] == "packet" and PURPOSE in event["what"] for event in verbs.custody(case.root))


def test_press_and_platform_get_nothing_protected_and_nothing_private(world: Path, case: Case) -> None:
    corpus = Corpus(case)
    names = Names(corpus)
    protected = "SELECT count(*) AS n FROM account_assessments WHERE protected"
    assert corpus.rows(protected)[0]["n"] > 0
    private = {row["id"] for row in corpus.rows("SELECT id FROM threads WHERE private")}
    for audience in ("press", "platform"):
        for path in (world / audience).rglob("*"):
            if path.is_file() and path.suffix != ".pdf" and path.name != "verify_packet.py":
                assert not names.inside(path.read_bytes()), path
        text = "".join(page.extract_text() for page in PdfReader(world / audience / "data/cover.pdf").pages)
        assert not names.inside(text.encode())
        rows = _rows(world / audience)
        assert rows
        assert not private & {row["thread_id"] for row in rows}
        assert not {"reporter", "victim"} & {row["voice"] for row in rows}
        assert {row["source_file"] for row in rows} == {None}


def test_a_record_with_posts_that_were_not_asked_for_is_withheld(world: Path, case: Case) -> None:
    rows = _rows(world / "platform")
    shown = {(row["leaf_index"], row["record_index"]) for row in rows if row["raw_sha256"]}
    chosen = {(row["leaf_index"], row["record_index"], row["platform"], row["id"]) for row in rows}
    query = "SELECT leaf_index, record_index, platform, id FROM posts_rows"
    for row in Corpus(case).rows(query):
        assert (row["leaf_index"], row["record_index"]) not in shown or tuple(row.values()) in chosen


def test_private_chats_go_out_within_the_consent_alone(case: Case, world: Path, tmp_path: Path) -> None:
    assert {row["platform"] for row in _rows(world / "court")} == {"whatsapp"}
    for audience, purpose in (("court", "another purpose"), ("press", PURPOSE), ("platform", PURPOSE)):
        with pytest.raises(UsageError, match="no record can go"):
            build(case, Order(audience, "platform=whatsapp", purpose), tmp_path / "none")
    assert not list(tmp_path.iterdir())
    types = [event["type"] for event in json.loads((world / "court/data/custody.json").read_bytes())["events"]]
    assert "consent" in types
    assert types[-1] == "packet"


def test_a_consent_holds_for_its_days_and_its_purpose(case: Case) -> None:
    with Evidence.open(case) as evidence:
        leaf = next(event.index for event in evidence.events("import.file") if event.payload["private"])
        said = next(iter(evidence.events("consent"))).payload
        for purpose, day, holds in (
            (PURPOSE, said["given_on"], True),
            (f"For the court: {PURPOSE.upper()}!", said["until"], True),
            (PURPOSE, "2000-01-01", False),
            (PURPOSE, "2099-01-01", False),
            ("Documentation", said["until"], False),
        ):
            assert (Consents(evidence, purpose, day).of(leaf, None) is not None) is holds


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (Order("platform", "flag", " "), "purpose"),
        (Order("neighbour", "flag", "x"), "addressee"),
        (Order("court", "flag; drop table posts", "x"), "term"),
        (Order("court", "severity>=7", "x"), "severity"),
        (Order("court", "since=yesterday", "x"), "day"),
        (Order("court", "", "x"), "empty"),
        (Order("court", 'account="', "x"), "quote"),
        (Order("court", "account=nobody", "x"), "no record"),
        (Order("court", "flag", "x", lang="xx"), "language"),
    ],
)
def test_what_cannot_be_made_is_said_and_not_logged(case: Case, tmp_path: Path, order: Order, why: str) -> None:
    with Evidence.open(case) as evidence:
        before = evidence.size
    with pytest.raises(UsageError, match=why):
        build(case, order, tmp_path / "out")
    with Evidence.open(case) as evidence:
        assert evidence.size == before


@pytest.mark.parametrize(
    ("items", "view"),
    [
        ("table=edges type=mentions", "edges"),
        ("table=profiles all", "account_snapshots"),
        ("table=observations", "observations"),
    ],
)
def test_ties_profiles_and_availability_go_out_with_their_proofs(
    case: Case, tmp_path: Path, items: str, view: str
) -> None:
    corpus = Corpus(case)
    protected = {r["account_id"] for r in corpus.rows("SELECT account_id FROM account_assessments WHERE protected")}
    for audience in ("law-enforcement", "press"):
        made = build(case, Order(audience, items, PURPOSE), tmp_path / audience)
        rows = _rows(made.path)
        assert verbs.verify(made.path) == []
        assert all(set(row) >= {"said", "text", "leaf_index"} and row["flag"] is False for row in rows)
        where = "WHERE type = 'mentions'" if view == "edges" else ""
        there = corpus.rows(f"SELECT count(DISTINCT (leaf_index, record_index)) AS n FROM {view} {where}")[0]["n"]
        assert 0 < len({(row["leaf_index"], row["record_index"]) for row in rows}) <= there
        if audience == "press":
            assert not protected & {value for row in rows for value in (row["account_id"], *row["said"].values())}
            assert not (made.path / "data/raw").exists()
            assert not Names(corpus).inside((made.path / "data/records.json").read_bytes())


@pytest.mark.parametrize(
    "items", ["table=edges table=profiles", "table=raw", "table=edges flag", "table=profiles state=live"]
)
def test_a_table_has_its_own_terms(case: Case, tmp_path: Path, items: str) -> None:
    with pytest.raises(UsageError, match=r"term|one table"):
        build(case, Order("court", items, "x"), tmp_path / "out")


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_a_value_never_becomes_part_of_the_query(value: str) -> None:
    from zoneinfo import ZoneInfo

    quoted = "'" + value.replace("'", "'\"'\"'") + "'"
    try:
        query = parse(f"account={quoted} theme={quoted}", ZoneInfo("UTC"))
    except UsageError:
        assert not value
        return
    assert query.parameters == {"q0": value, "q1": value}
    assert query.where == parse("account=a theme=b", ZoneInfo("UTC")).where
    try:
        parse(value, ZoneInfo("UTC"))
    except TecoloteError:
        return


def _damage(packet: Path, source: random.Random) -> str:
    """One random damage; what it was."""
    files = sorted(p for p in packet.rglob("*") if p.is_file())
    path = source.choice(files)
    raw = bytearray(path.read_bytes())
    kind = source.choice(("flip", "flip", "flip", "cut", "more", "gone", "new", "swap"))
    if kind == "flip":
        raw[source.randrange(len(raw))] ^= 1 << source.randrange(8)
        path.write_bytes(raw)
    elif kind == "cut":
        path.write_bytes(raw[: source.randrange(len(raw))])
    elif kind == "more":
        path.write_bytes(raw + b"\n")
    elif kind == "gone":
        path.unlink()
    elif kind == "new":
        (path.parent / f"new{source.randrange(100)}.txt").write_bytes(b"x")
    else:
        other = source.choice([p for p in files if p != path and p.read_bytes() != raw])
        content = other.read_bytes()
        other.write_bytes(raw)
        path.write_bytes(content)
    return f"{kind} {path.relative_to(packet)}"


def test_good_and_damaged_packets_get_the_same_verdict(small: Path, tmp_path: Path) -> None:
    """The verb and the file inside say the same: no of every damage, yes of every tenth packet, which has none.

    ``TECOLOTE_PACKETS=2000`` is the full number; some are judged by the oldest Python here, in a process of its own.
    """
    source, other = random.Random(11), tmp_path / "judged"
    count = int(os.environ.get("TECOLOTE_PACKETS", "200"))
    for number in range(count):
        shutil.copytree(small, other)
        what = "nothing" if number % 10 == 9 else _damage(other, source)
        verdict = bool(verbs.verify(other))
        assert verdict is bool(Check(other).run()) is (what != "nothing"), what
        if number % (count // 20) == 0:
            assert _script(other) == int(verdict), what
        shutil.rmtree(other)


def test_a_packet_carries_the_time_stamp_token_and_the_verifier_says_what_it_does_not_check(
    tmp_path: Path,
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    _chat(tmp_path)
    root = tmp_path / "root.pem"
    with serving(make(tmp_path / "tsa")) as authority:
        root.write_bytes(authority.root)
        (token,) = verbs.timestamp(tmp_path / "case", authority.url, root)
    made = build(Case.open(tmp_path / "case"), Order("court", "all", "complaint"), tmp_path / "packet")
    assert verbs.verify(made.path) == []
    script = made.path / "verify_packet.py"
    done = subprocess.run([OLDEST, "-I", "-S", script], capture_output=True, text=True)
    assert done.returncode == 0 and token["time"] in done.stdout and "NOT checked: who signed it" in done.stdout
    stamps = made.path / f"data/stamps/{token['leaf']}"
    words = ["openssl", "ts", "-verify", "-in", f"{stamps}.tsr", "-data", f"{stamps}.note", "-CAfile", root]
    assert b"Verification: OK" in subprocess.run(words, capture_output=True, check=True).stdout
    text = "".join(page.extract_text() for page in PdfReader(made.path / "data/cover.pdf").pages)
    assert "CN=Clock" in text.replace("\n", "")
    assert "openssl ts -verify" in (made.path / "README.txt").read_text("utf-8")
    proof = json.loads((made.path / "data/proof.json").read_bytes())
    key = signer(Case.open(tmp_path / "case"))
    for number, change in enumerate(({"0": ["00" * 32]}, {"7": []})):
        lie = copy.deepcopy(proof)
        lie["stamps"][0]["paths"] |= change
        sealed = _reseal(made.path, tmp_path / f"lie{number}", {"proof.json": json.dumps(lie).encode()}, key)
        assert verify_packet(sealed) and Check(sealed).run()
    for suffix in ("tsr", "note"):
        content = Path(f"{stamps}.{suffix}").read_bytes() + b"\n"
        name = f"stamps/{token['leaf']}.{suffix}"
        assert Check(_reseal(made.path, tmp_path / suffix, {name: content}, key)).run()


@pytest.mark.parametrize(
    "name", ["bagit.txt", "seal.txt", "manifest-sha512.txt", "data/proof.json", "data/custody.json"]
)
def test_a_file_that_is_missing_is_named(small: Path, name: str) -> None:
    (small / name).unlink()
    assert any(name in f"{fault.where} {fault.what}" for fault in verbs.verify(small))


def test_a_zip_of_it_holds_and_a_damaged_one_never_says_another_thing(small: Path, tmp_path: Path) -> None:
    """A flip in a zip is either found or in bytes that are no content (dates, padding): both programs agree."""
    path = tmp_path / "packet.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(small.rglob("*")):
            if file.is_file():
                archive.write(file, f"packet/{file.relative_to(small)}")
    assert verbs.verify(path) == []
    raw, source, found = path.read_bytes(), random.Random(5), 0
    for _ in range(150):
        changed = bytearray(raw)
        changed[source.randrange(len(raw))] ^= 1 << source.randrange(8)
        path.write_bytes(changed)
        verdict = bool(verbs.verify(path))
        assert verdict is bool(ZipCheck(path).run())
        found += verdict
    assert found > 100


def _reseal(packet: Path, out: Path, changes: dict[str, bytes], key: Signer) -> Path:
    """The packet with changed payload files, and manifests and seal made anew."""
    out.mkdir()
    bag = Bag(out)
    for file in sorted((packet / "data").rglob("*")):
        if file.is_file():
            name = file.relative_to(packet / "data").as_posix()
            bag.add(name, changes.get(name, file.read_bytes()))
    bag.close(key, {"Bagging-Date": "2026-01-01"}, "read me")
    return out


def test_manifests_made_anew_do_not_help_without_the_key(small: Path, case: Case, tmp_path: Path) -> None:
    stranger = Signer(signer(case).verifier.name, bytes(32))
    forged = (small / "data/cover.pdf").read_bytes() + b"% another word\n"
    made = _reseal(small, tmp_path / "forged", {"cover.pdf": forged}, stranger)
    assert any(fault.where == "seal.txt" for fault in verify_packet(made))
    assert _script(made) == 1
    assert verify_packet(_reseal(small, tmp_path / "own", {}, signer(case))) == []


def test_another_key_is_noticed_by_who_knows_the_right_one(small: Path, case: Case) -> None:
    right, wrong = signer(case).verifier.vkey, Signer(signer(case).verifier.name, bytes(32)).verifier.vkey
    assert verify_packet(small, right) == []
    assert [fault.where for fault in verify_packet(small, wrong)] == ["key"]
    assert (_script(small, "--key", right), _script(small, "--key", wrong)) == (0, 1)


def test_a_holder_of_the_key_cannot_change_a_record_afterwards(small: Path, case: Case, tmp_path: Path) -> None:
    """Sealed anew with the right key: rows, raw records, custody and proofs are still bound to the log."""
    rows = json.loads((small / "data/records.json").read_bytes())
    rows["records"][0]["text"] = "another text"
    raw = next((small / "data/raw").iterdir())
    custody = json.loads((small / "data/custody.json").read_bytes())
    custody["events"][-1]["payload"]["purpose"] = "another purpose"
    for number, (name, content) in enumerate(
        {
            "records.json": json.dumps(rows).encode(),
            "records.csv": (small / "data/records.csv").read_bytes().replace(b"telegram", b"telegraf"),
            f"raw/{raw.name}": raw.read_bytes() + b" ",
            "custody.json": json.dumps(custody).encode(),
        }.items()
    ):
        made = _reseal(small, tmp_path / str(number), {name: content}, signer(case))
        assert any(name in fault.where for fault in verify_packet(made)), name


def test_both_programs_judge_changed_proofs_alike(small: Path, case: Case, tmp_path: Path) -> None:
    """Digits of hashes, base64 and numbers changed in the proof, sealed anew with the right key."""
    text = (small / "data/proof.json").read_text("utf-8")
    places = [m.start() for m in re.finditer(r"(?<=[0-9a-f])[0-9a-f](?=[0-9a-f])", text)]
    source = random.Random(2)
    for number in range(60):
        at = source.choice(places)
        changed = text[:at] + source.choice("0123456789abcdef".replace(text[at], "")) + text[at + 1 :]
        made = _reseal(small, tmp_path / str(number), {"proof.json": changed.encode()}, signer(case))
        faults = Check(made).run()
        assert faults, text[at - 40 : at + 10]
        try:
            second = second_opinion(json.loads(changed), (made / "seal.txt").read_bytes())
        except ValueError:
            second = []
        # What the second does not read is the files themselves.
        assert second or any(where.startswith("data/") for where, _ in faults), text[at - 40 : at + 10]
        shutil.rmtree(made)


def test_stix_refers_to_what_is_there(world: Path) -> None:
    bundle = json.loads((world / "platform/data/stix.json").read_bytes())
    ids = [thing["id"] for thing in bundle["objects"]]
    assert len(ids) == len(set(ids))
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    required = {
        "note": {"content", "object_refs", "created", "modified"},
        "observed-data": {"first_observed", "last_observed", "number_observed", "object_refs"},
        "grouping": {"context", "object_refs"},
        "identity": {"name"},
        "user-account": {"user_id", "account_type"},
        "url": {"value"},
        "marking-definition": {"definition_type", "definition"},
    }
    for thing in bundle["objects"]:
        assert re.fullmatch(rf"{thing['type']}--[0-9a-f-]{{36}}", thing["id"])
        assert thing["spec_version"] == "2.1"
        assert required[thing["type"]] <= set(thing)
        assert set(thing.get("object_refs", ())) | set(thing.get("object_marking_refs", ())) <= set(ids)
        assert thing.get("created_by_ref", ids[0]) in ids
        stamps = [thing[name] for name in ("created", "modified", "first_observed", "last_observed") if name in thing]
        assert all(moment.fullmatch(stamp) for stamp in stamps)
    assert sum(thing["type"] == "note" for thing in bundle["objects"]) == len(_rows(world / "platform"))


def test_case_and_crate_describe_what_is_there(world: Path) -> None:
    graph = json.loads((world / "law-enforcement/data/case.jsonld").read_bytes())
    ids = [thing["@id"] for thing in graph["@graph"]]
    assert len(ids) == len(set(ids))
    used = {word for thing in graph["@graph"] for word in _keys(thing)}
    assert {word.partition(":")[0] for word in used if ":" in word} <= set(graph["@context"])
    crate = json.loads((world / "law-enforcement/data/ro-crate-metadata.json").read_bytes())["@graph"]
    listed = {part["@id"] for part in crate[1]["hasPart"]}
    there = {
        p.relative_to(world / "law-enforcement/data").as_posix() for p in (world / "law-enforcement/data").rglob("*")
    }
    assert listed == {name for name in there if "." in name and not name.startswith("ro-crate")}
    assert crate[0]["about"] == {"@id": "./"} and crate[0]["conformsTo"]["@id"].endswith("/1.1")


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def _chat(tmp_path: Path) -> None:
    """A case with a small private chat and its consent."""
    chat = "[01/03/2026, 10:00:01] Eva: hola\n[01/03/2026, 10:01:00] Otro: \u200e<attached: 00000002-PHOTO.png>\n"
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as archive:
        archive.writestr("_chat.txt", chat)
        archive.writestr("00000002-PHOTO.png", PICTURE)
    consent = (
        'giver = "Eva"\ngiven_on = 2026-01-01\npurpose = "complaint"\nuntil = 2090-01-01\ncontact = "e@example.org"\n'
    )
    (tmp_path / "consent.toml").write_text(consent)
    verbs.import_exports(tmp_path / "case", [tmp_path / "chat.zip"], consent=tmp_path / "consent.toml", timezone="UTC")


def test_an_attachment_goes_to_a_court_with_its_proof(tmp_path: Path) -> None:
    _chat(tmp_path)
    made: Packet = build(Case.open(tmp_path / "case"), Order("court", "all", "a complaint"), tmp_path / "packet")
    assert made.media == 1
    (path,) = (tmp_path / "packet/data/media").iterdir()
    assert path.read_bytes() == PICTURE
    assert verbs.verify(tmp_path / "packet") == [] and _script(tmp_path / "packet") == 0
    path.write_bytes(PICTURE + b"x")
    assert any("media" in fault.where for fault in verbs.verify(tmp_path / "packet"))
