"""The facts of a packet in formats for machines: STIX 2.1, CASE/UCO and RO-Crate 1.1.

Sources: STIX 2.1 (OASIS, 2021), ids of observables by section 2.9; CASE 1.x and UCO 1.x (JSON-LD); RO-Crate 1.1.
Ids are computed from the content (UUID version 5), so the same packet gives the same graph. Addresses in records are
data: nothing here fetches them.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

_STIX = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
_AMBER = {
    "type": "marking-definition",
    "spec_version": "2.1",
    "id": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "created": "2017-01-20T00:00:00.000Z",
    "definition_type": "tlp",
    "name": "TLP:AMBER",
    "definition": {"tlp": "amber"},
}
_CONTEXT = {
    "kb": "urn:tecolote:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
Facts = dict[str, Any]
Rows = list[dict[str, Any]]
Thing = dict[str, Any]


# -- STIX 2.1


def stix(facts: Facts, rows: Rows) -> Thing:
    """A bundle: accounts, addresses and posts as observed data with a note each, in one grouping; TLP:AMBER."""
    at, space = _milliseconds(facts["at"]), uuid.uuid5(_STIX, f"{facts['origin']} {facts['leaf']}")

    def domain(type_: str, key: str, **fields: Any) -> Thing:
        head = {"type": type_, "spec_version": "2.1", "id": f"{type_}--{uuid.uuid5(space, f'{type_} {key}')}"}
        made = head | {"created": at, "modified": at, "object_marking_refs": [_AMBER["id"]]} | fields
        return made if type_ == "identity" else made | {"created_by_ref": identity["id"]}

    identity = domain("identity", "case", name=facts["title"], identity_class="organization")
    things: dict[str, Thing] = {}
    for number, row in enumerate(rows):
        seen = _observables(row)
        things |= {thing["id"]: thing for thing in seen}
        moment = _milliseconds(row["created_at"]) if row["created_at"] else at
        observed = domain(
            "observed-data",
            str(number),
            first_observed=moment,
            last_observed=moment,
            number_observed=1,
            object_refs=[thing["id"] for thing in seen],
            external_references=[_reference(facts, row)],
        )
        note = domain(
            "note",
            str(number),
            abstract=f"severity {row['severity']}, {', '.join(row['themes'] or ())}" if row["flag"] else "not flagged",
            content=row["text"] or "(no text)",
            object_refs=[observed["id"]],
        )
        things |= {thing["id"]: thing for thing in (observed, note)}
    grouping = domain(
        "grouping", "all", name=facts["purpose"], context="suspicious-activity", object_refs=sorted(things)
    )
    objects = [_AMBER, identity, *things.values(), grouping]
    return {"type": "bundle", "id": f"bundle--{uuid.uuid5(space, 'bundle')}", "objects": objects}


def _observables(row: dict[str, Any]) -> list[Thing]:
    """Account and address of a post; the account alone where no address is stated, a bare one where neither is."""
    found = []
    if row["account_id"] or not (row["url"] or "").startswith(("https://", "http://")):
        account = {
            "user_id": str(row["account_id"] or f"unknown author of {row['id']}"),
            "account_type": row["platform"],
        }
        shown = {"display_name": row["author_name"]} if row["author_name"] else {}
        found.append(_observable("user-account", account, shown))
    if (row["url"] or "").startswith(("https://", "http://")):
        found.append(_observable("url", {"value": row["url"]}, {}))
    return found


def _observable(type_: str, identifying: Thing, shown: Thing) -> Thing:
    """An observable with the deterministic id of section 2.9."""
    key = json.dumps(identifying, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"type": type_, "spec_version": "2.1", "id": f"{type_}--{uuid.uuid5(_STIX, key)}"} | identifying | shown


def _reference(facts: Facts, row: dict[str, Any]) -> Thing:
    reference = {
        "source_name": facts["origin"],
        "external_id": f"leaf {row['leaf_index']} record {row['record_index']}",
    }
    return reference | ({"description": f"SHA-256 of the record: {row['raw_sha256']}"} if row["raw_sha256"] else {})


def _milliseconds(moment: str) -> str:
    """A moment in UTC with exactly three digits behind the point."""
    head, _, fraction = moment.removesuffix("Z").partition(".")
    return f"{head}.{fraction[:3]:0<3}Z"


# -- CASE/UCO


def case_uco(facts: Facts, rows: Rows) -> Thing:
    """A graph: the investigation, the hand-over as an action, accounts, and messages with their hashes."""
    space = uuid.uuid5(uuid.NAMESPACE_URL, f"{facts['origin']}/{facts['leaf']}")

    def named(kind: str, key: str) -> str:
        return f"kb:{kind}-{uuid.uuid5(space, f'{kind} {key}')}"

    def thing(kind: str, key: str, type_: str) -> Thing:
        return {"@id": named(kind, key), "@type": type_}

    graph: list[Thing] = []
    accounts = {(row["platform"], row["account_id"]): row for row in rows if row["account_id"]}
    for (platform, id), row in sorted(accounts.items()):
        facet = thing("account-facet", f"{platform} {id}", "uco-observable:AccountFacet")
        facet["uco-observable:accountIdentifier"] = id
        name = {"uco-core:name": row["author_name"]} if row["author_name"] else {}
        account = thing("account", f"{platform} {id}", "uco-observable:ObservableObject") | name
        graph.append(account | {"uco-core:description": platform, "uco-core:hasFacet": [facet]})
    messages = []
    for number, row in enumerate(rows):
        facets = [_message(thing("message-facet", str(number), "uco-observable:MessageFacet"), row, named)]
        if row["raw_sha256"]:
            facets.append(_content(thing, number, row["raw_sha256"]))
        messages.append(thing("message", str(number), "uco-observable:Message") | {"uco-core:hasFacet": facets})
    graph += messages
    ids = [{"@id": made["@id"]} for made in graph]
    record = thing("provenance", "packet", "case-investigation:ProvenanceRecord")
    record |= {"uco-core:description": f"leaf {facts['leaf']} of the log {facts['origin']}", "uco-core:object": ids}
    action = thing("action", "packet", "case-investigation:InvestigativeAction")
    action |= {"uco-core:name": "packet", "uco-core:description": facts["purpose"]}
    action |= {"uco-action:endTime": {"@type": "xsd:dateTime", "@value": facts["at"]}}
    action |= {"uco-action:result": [{"@id": record["@id"]}]}
    whole = thing("investigation", "case", "case-investigation:Investigation")
    whole |= {"uco-core:name": facts["title"], "uco-core:object": [{"@id": record["@id"]}, {"@id": action["@id"]}]}
    return {"@context": _CONTEXT, "@graph": [whole, action, record, *graph]}


def _message(facet: Thing, row: dict[str, Any], named: Any) -> Thing:
    facet |= {"uco-observable:messageText": row["text"] or "", "uco-observable:messageID": row["id"]}
    if row["created_at"]:
        facet["uco-observable:sentTime"] = {"@type": "xsd:dateTime", "@value": row["created_at"]}
    if row["account_id"]:
        facet["uco-observable:from"] = {"@id": named("account", f"{row['platform']} {row['account_id']}")}
    return facet


def _content(thing: Any, number: int, digest: str) -> Thing:
    hashed: Thing = thing("hash", str(number), "uco-types:Hash") | {"uco-types:hashMethod": "SHA256"}
    hashed |= {"uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": digest.upper()}}
    facet: Thing = thing("content-facet", str(number), "uco-observable:ContentDataFacet")
    return facet | {"uco-observable:hash": [hashed]}


# -- RO-Crate


def ro_crate(facts: Facts, hashes: dict[str, str]) -> Thing:
    """Metadata of the payload folder; ``hashes`` is SHA-256 by file name."""
    types = {"pdf": "application/pdf", "csv": "text/csv", "json": "application/json", "txt": "text/plain"}
    types |= {"jsonld": "application/ld+json"}
    files = [
        {
            "@id": name,
            "@type": "File",
            "sha256": digest,
            "encodingFormat": types.get(name.rpartition(".")[2], "application/octet-stream"),
        }
        for name, digest in sorted(hashes.items())
    ]
    about = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence packet: {facts['title']}",
        "description": f"{facts['records']} records for {facts['audience']}: {facts['purpose']}",
        "datePublished": facts["at"],
        "license": "No licence: evidence for the stated purpose only",
        "identifier": f"{facts['origin']}/{facts['leaf']}",
        "hasPart": [{"@id": file["@id"]} for file in files],
    }
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [about, root, *files]}
