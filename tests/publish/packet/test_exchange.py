"""Packets in the formats of others, judged by the programs of others: BagIt, STIX 2.1, CASE/UCO, RO-Crate."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.publish.packet.parts import rows_of


def test_the_reference_library_finds_the_bag_valid(world: Path) -> None:
    import bagit

    from tecolote.evidence.bags import check_bag

    for audience in ("court", "press"):
        bagit.Bag(str(world / audience)).validate()
        judged = check_bag(world / audience)
        assert (judged.faults, judged.warnings) == ([], [])


@pytest.mark.data
def test_stix_is_valid_by_the_validator_of_oasis(world: Path, data: Path) -> None:
    from stix2validator import ValidationOptions, validate_string

    def valid(text: str) -> bool:
        return bool(validate_string(text, ValidationOptions(version="2.1", strict=False)).is_valid)

    vectors = sorted((data / "evidence/stix").glob("*.json"))
    assert len(vectors) == 6
    assert all(valid(path.read_text("utf-8")) for path in vectors)
    for audience in ("platform", "law-enforcement", "court"):
        text = (world / audience / "data/stix.json").read_text("utf-8")
        assert valid(text), audience
    assert not valid(text.replace('"observed-data--', '"observed-data-', 1))
    ours = json.loads(text)
    theirs = [json.loads(path.read_bytes()) for path in vectors]
    assert set(ours) <= set.union(*(set(bundle) for bundle in theirs))
    common = {"type", "spec_version", "id", "created", "modified"}
    assert all(common <= set(thing) for thing in ours["objects"] if thing["type"] in ("identity", "note", "grouping"))


@pytest.mark.data
def test_case_conforms_by_the_validator_of_its_community(small: Path, data: Path) -> None:
    program = Path(sys.executable).with_name("case_validate")
    graphs = [small / "data/case.jsonld", data / "evidence/case/message.json"]
    for graph in graphs:
        done = subprocess.run([program, graph], capture_output=True, text=True)
        assert "Conforms: True" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]


def _crate_faults(graph: Any) -> list[str]:
    """What RO-Crate 1.1 says a crate must have: descriptor, root, and every file described once."""
    entities = graph.get("@graph", []) if isinstance(graph, dict) else []
    by_id = {entity.get("@id"): entity for entity in entities if isinstance(entity, dict)}
    faults = [] if len(by_id) == len(entities) and all("@type" in e for e in by_id.values()) else ["ids or types"]
    about = by_id.get("ro-crate-metadata.json", {})
    if "CreativeWork" not in str(about.get("@type")) or "/ro/crate/" not in str(about.get("conformsTo")):
        faults.append("descriptor")
    root = by_id.get((about.get("about") or {}).get("@id"), {})
    if "Dataset" not in str(root.get("@type")):
        faults.append("root")
    faults += [name for name in ("name", "description", "datePublished", "license") if not root.get(name)]
    faults += [] if isinstance(graph, dict) and "@context" in graph else ["context"]
    described = {unquote(id) for id in by_id if id}
    faults += [part["@id"] for part in root.get("hasPart", []) if unquote(part["@id"]) not in described]
    return faults


@pytest.mark.data
def test_the_crate_has_what_the_format_asks_for(world: Path, data: Path, tmp_path: Path) -> None:
    with tarfile.open(data / "evidence/rocrate/crates.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    good = [tmp_path / "valid" / name for name in ("rocrate-with-data-entities", "rocrate-with-custom-terms")]
    for crate in good:
        assert _crate_faults(json.loads((crate / "ro-crate-metadata.json").read_bytes())) == []
    bad = list((tmp_path / "invalid/0_file_descriptor_format/invalid_jsonld_format").glob("missing_*"))
    assert len(bad) == 3
    for crate in bad:
        assert _crate_faults(json.loads((crate / "ro-crate-metadata.json").read_bytes()))
    for audience in ("court", "press", "platform"):
        graph = json.loads((world / audience / "data/ro-crate-metadata.json").read_bytes())
        assert _crate_faults(graph) == []
        listed = {entity["@id"]: entity for entity in graph["@graph"]}
        assert all((world / audience / "data" / name).is_file() for name in listed if name not in ("./",))
        assert len(rows_of(world / audience)) >= 1


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
    assert sum(thing["type"] == "note" for thing in bundle["objects"]) == len(rows_of(world / "platform"))


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
