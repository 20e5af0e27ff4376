"""The verb `packet`: a sealed referral that a stranger can check with Python alone.

What goes out is logged before it is written: for whom, why, what, and the hashes of the tables; the leaf of that event
is in the packet. Layout: ``data/`` holds the cover, the records as CSV and JSON, raw records, attachments,
``proof.json`` (commitments, paths, leaves, checkpoint, key), custody, the draft of a certification and metadata.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tecolote import __version__
from tecolote.case import Case, sync_folder
from tecolote.corpus.files import open_evidence
from tecolote.corpus.store import Corpus
from tecolote.errors import EvidenceError, UsageError
from tecolote.evidence import Event, Evidence, RecordSet, keys, timestamp
from tecolote.evidence.custody import Custody, Stay
from tecolote.evidence.verify_packet import FORMAT, Check, cell
from tecolote.publish import packet_exchange, packet_pages
from tecolote.publish.packet_bag import Bag
from tecolote.publish.packet_items import AUDIENCES, AUTHORITIES, Items, Names, choose
from tecolote.publish.packet_query import parse
from tecolote.publish.redact import Redactions
from tecolote.publish.texts import texts

_EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "video/mp4": "mp4",
    "video/webm": "webm", "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a",
}  # fmt: skip
#: Most leaves that the event of a packet names in public.
_MAX_ABOUT = 1000
#: Longest attachment that is put in, in bytes.
_MAX_MEDIA = 512 << 20
EVENT = "packet"


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes:
        audience: one of `AUDIENCES`.
        items: the query.
        purpose: why; for private chats it must contain the purpose that the giver consented to.
        recipient: who gets it, by name; "" if it is not said.
        by: who hands it over, by name; "" for the pseudonym in the log.
        lang: language of cover and README.
    """

    audience: str
    items: str
    purpose: str
    recipient: str = ""
    by: str = ""
    lang: str = "en"


@dataclass(frozen=True)
class Packet:
    """What was made: where, how many records, how many raw records withheld, attachments, left out by reason, leaf."""

    path: Path
    records: int
    withheld: int
    media: int
    left_out: dict[str, int]
    leaf: int
    key: str


def build(case: Case, order: Order, out: Path) -> Packet:
    """Write a packet into the new folder ``out``.

    Raises:
        UsageError: no purpose, an unknown addressee, items that cannot be read or that nothing fits, or a folder that
            is there already.
        EvidenceError: a record is damaged, or the packet does not pass its own check.
    """
    if order.audience not in AUDIENCES:
        raise UsageError(f"no addressee '{order.audience}'", f"Use one of: {', '.join(AUDIENCES)}")
    if not order.purpose.strip():
        raise UsageError("a packet needs a purpose", 'Say why it goes out: --purpose "..."')
    if out.exists():
        raise UsageError(f"{out} exists already", "Name a new folder")
    texts(order.lang)
    query = parse(order.items, case.settings.zone)
    with case.writing(), Evidence.open(case, write=True) as evidence:
        corpus = Corpus(case)
        items = choose(case, corpus, evidence, query, order.audience, order.purpose)
        making = _Making(case, evidence, order, items, out)
        names = None if order.audience in AUTHORITIES else Names(corpus)
        temporary = out.with_name(f".{out.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            packet = making.write(Bag(temporary), names)
            faults = Check(temporary, packet.key).run()
            if faults:
                raise EvidenceError(f"the packet does not pass its own check: {faults[0]}", "Report this defect")
            temporary.rename(out)
            sync_folder(out.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return packet


class _Making:
    """One packet being made."""

    def __init__(self, case: Case, evidence: Evidence, order: Order, items: Items, out: Path) -> None:
        self.case, self.evidence, self.order, self.items, self.out = case, evidence, order, items, out
        self.files = {event.index: event.payload for event in evidence.events("import.file")}
        self.opened: set[int] = set(items.consents)
        self.proof: dict[str, Any] = {"format": FORMAT, "leaves": [], "records": [], "media": [], "stamps": []}

    def write(self, bag: Bag, names: Names | None) -> Packet:
        """Everything into the bag."""
        self._spans(bag, names)
        self._tables(bag)
        media = self._media(bag)
        leaf = self._log(bag.hashes())
        self._prove(leaf, bag)
        facts = self._facts(leaf)
        custody = self._custody(leaf)
        bag.add("custody.json", _json({"article": "CNPP 227", "events": custody}))
        bag.add("certification.txt", packet_pages.certification(facts).encode())
        if self.order.audience != "press":
            bag.add("stix.json", _json(packet_exchange.stix(facts, self.items.rows)))
            bag.add("case.jsonld", _json(packet_exchange.case_uco(facts, self.items.rows)))
        bag.add("cover.pdf", packet_pages.cover(facts, self.items.rows, custody[-1]["payload"]["custody"]))
        bag.add("ro-crate-metadata.json", _json(packet_exchange.ro_crate(facts, bag.hashes())))
        info = {
            "Source-Organization": self.case.settings.title,
            "Bagging-Date": facts["at"][:10],
            "External-Description": f"Tecolote packet for {self.order.audience}: {self.order.purpose}",
            "External-Identifier": f"{facts['origin']}/{leaf}",
            "Bag-Software-Agent": f"tecolote {__version__}",
        }
        bag.close(keys.signer(self.case), info, packet_pages.readme(facts))
        held = len(self.items.withheld)
        return Packet(self.out, len(self.items.rows), held, media, dict(self.items.left_out), leaf, facts["key"])

    # -- records

    def _spans(self, bag: Bag, names: Names | None) -> None:
        """Raw records with their commitments and paths; those that name somebody protected are withheld."""
        entries, redactions = {}, Redactions(self.evidence)
        for leaf, record, records, raw in self._raw():
            entry: dict[str, Any] = {"leaf": leaf, "record": record}
            entry["proof"] = [part.hex() for part in records.proof(record)]
            named = names is not None and names.inside(raw)
            if named or (leaf, record) in self.items.withheld or redactions.inside(raw):
                self.items.withheld.add((leaf, record))
                entry["commitment"] = records.commitment(record).hex()
            else:
                name = f"raw/{leaf}-{record}.raw"
                bag.add(name, raw)
                entry |= {"raw": name, "salt": records.salt(record).hex(), "sha256": records.digest(record).hex()}
            entries[leaf, record] = entry
        for row in self.items.rows:
            entry = entries[row["leaf_index"], row["record_index"]]
            row["raw_sha256"] = entry.get("sha256")
            self.proof["records"].append(entry)

    def _raw(self) -> Iterator[tuple[int, int, RecordSet, bytes]]:
        """Leaf, record, the records of its file, and bytes as found of every record chosen."""
        for leaf, places in groupby(self.items.places(), key=lambda place: place[0]):
            records = self.evidence.records(leaf)
            with open_evidence(self.evidence, self.files[leaf]) as stream:
                for _, record in places:
                    start, length = records.span(record)
                    stream.seek(start)
                    yield leaf, record, records, stream.read(length)

    def _tables(self, bag: Bag) -> None:
        bag.add("records.json", _json({"columns": list(self.items.columns), "records": self.items.rows}))
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.items.columns)
        writer.writerows([cell(row[name]) for name in self.items.columns] for row in self.items.rows)
        bag.add("records.csv", out.getvalue().encode())

    def _media(self, bag: Bag) -> int:
        """Attachments, each with the leaf of its file; of records that are withheld none."""
        by_hash = {said["sha256"]: leaf for leaf, said in self.files.items()}
        for digest, mime in sorted(self.items.media.items()):
            leaf = by_hash.get(digest)
            if leaf is None:
                self.items.left_out["attachments without a leaf"] += 1
                continue
            with open_evidence(self.evidence, self.files[leaf]) as stream:
                data = stream.read(_MAX_MEDIA + 1)
            if len(data) > _MAX_MEDIA:
                self.items.left_out["attachments too long"] += 1
                continue
            name = f"media/{digest}.{_EXTENSIONS.get(mime or '', 'bin')}"
            bag.add(name, data)
            self.opened.add(leaf)
            self.proof["media"].append({"leaf": leaf, "sha256": digest, "path": name})
        return len(self.proof["media"])

    # -- the log

    def _log(self, hashes: dict[str, str]) -> int:
        """Log what goes out, before anything does; the leaf."""
        order, items = self.order, self.items
        about = sorted({leaf for leaf, _ in items.places()})
        custody = self._article_227(about)
        custody.check()
        payload = {
            "for": order.audience,
            "recipient": order.recipient,
            "by": order.by,
            "purpose": order.purpose,
            "items": order.items,
            "records": len(items.rows),
            "withheld": len(items.withheld),
            "media": [entry["sha256"] for entry in self.proof["media"]],
            "left_out": dict(items.left_out),
            "files": {name: hashes[name] for name in ("records.json", "records.csv")},
            "custody": json.loads(json.dumps(asdict(custody))),
        }
        public = {"for": order.audience, "records": len(items.rows), "about": about if len(about) <= _MAX_ABOUT else []}
        leaf = self.evidence.append(EVENT, payload=payload, public=public)
        self.opened.add(leaf)
        if order.audience in AUTHORITIES:
            self.opened.update(about)
        self.evidence.commit()
        return leaf

    def _article_227(self, about: list[int]) -> Custody:
        """The fields of CNPP article 227 for this hand-over, from what the log knows."""
        first, now, order = self.evidence.event(about[0]), self.evidence.checkpoint(), self.order
        texts = packet_pages.article_227(
            order.lang,
            asdict(order)
            | {
                "records": len(self.items.rows),
                "files": len(about),
                "origin": keys.origin(self.case),
                "leaves": ", ".join(map(str, about[:50])),
                "size": now.size,
                "root": now.root,
                "first": first.at,
                "readers": ", ".join(sorted({f"{row['reader']} {row['reader_version']}" for row in self.items.rows})),
                "withheld": len(self.items.withheld),
            },
        )
        persons = {self.evidence.event(leaf).actor for leaf in about} | ({order.by} if order.by else set())
        fields = {name: texts[name] for name in Custody.__dataclass_fields__ if name in texts}
        return Custody(**fields, stays=(Stay(texts["place"], first.at),), persons=tuple(sorted(persons)))

    def _prove(self, leaf: int, bag: Bag) -> None:
        """Leaves with their paths, the checkpoint and the key."""
        checkpoint = self.evidence.checkpoint()
        stamp = self._stamp(bag)
        self.proof["packet"] = leaf
        self.proof["checkpoint"] = checkpoint.note
        self.proof["key"] = keys.signer(self.case).verifier.vkey
        gone = self.evidence.erasures().gone  # payloads that were destroyed; their leaves still prove that they were
        needed = {place for place, _ in self.items.places()} | {event for event in self.opened} | set(self._history())
        for index in sorted(needed):
            path = [part.hex() for part in self.evidence.inclusion(index, checkpoint.size)]
            entry = {"index": index, "leaf": self.evidence.leaf_bytes(index).decode(), "proof": path}
            if index in self.opened and index not in gone:
                salt, payload = self.evidence.disclosed(index)
                entry |= {"salt": salt.hex(), "payload": payload.decode()}
            self.proof["leaves"].append(entry)
        if stamp is not None:
            size = stamp.public["size"]
            below = [index for index in sorted(needed) if index < size]
            paths = {str(i): [part.hex() for part in self.evidence.inclusion(i, size)] for i in below}
            self.proof["stamps"].append({"leaf": stamp.index, "paths": paths})
        bag.add("proof.json", _json(self.proof))

    def _stamp(self, bag: Bag) -> Event | None:
        """The first time-stamp token about a checkpoint that holds all files of the packet; token and note go in."""
        last = max(place for place, _ in self.items.places())
        stamps = (event for event in self.evidence.events(timestamp.EVENT) if event.public["size"] > last)
        found = next(stamps, None)
        if found is not None:
            self.opened.add(found.index)
            bag.add(f"stamps/{found.index}.tsr", base64.b64decode(found.payload["reply"]))
            bag.add(f"stamps/{found.index}.note", found.payload["note"].encode())
            bag.add(f"stamps/{found.index}.pem", found.payload["roots"].encode())
        return found

    def _history(self) -> list[int]:
        """Custody and earlier packets of the same files; only authorities are told of other addressees."""
        about = {leaf for leaf, _ in self.items.places()}
        found = sorted(about | self.items.consents)
        if self.order.audience in AUTHORITIES:
            for type_ in ("custody", EVENT):
                for event in self.evidence.events(type_):
                    if not event.public["about"] or not about.isdisjoint(event.public["about"]):
                        found.append(event.index)
                        self.opened.add(event.index)
        return sorted(set(found))

    def _custody(self, leaf: int) -> list[dict[str, Any]]:
        """Events from the import of the files to this packet, as the leaves say them."""
        events = []
        for index in [*(i for i in self._history() if i < leaf), leaf]:
            shown = self.evidence.event(index).payload if index in self.opened else None
            events.append(json.loads(self.evidence.leaf_bytes(index)) | {"leaf": index, "payload": shown})
        return events

    def _stamped(self) -> str:
        """Time and authority of the time-stamp token in the packet; "" without one."""
        found = [self.evidence.event(entry["leaf"]).payload for entry in self.proof["stamps"]]
        return "; ".join(f"{said['time']}, {said['authority']} ({said['signer']})" for said in found)

    def _facts(self, leaf: int) -> dict[str, Any]:
        """What cover, README, certification and metadata say."""
        rows, event, checkpoint = self.items.rows, self.evidence.event(leaf), self.evidence.checkpoint()
        times = sorted(row["created_at"] for row in rows if row["created_at"])
        return {
            "title": self.case.settings.title,
            "fictional": self.case.settings.fictional,
            "lawful_basis": self.case.settings.lawful_basis,
            "origin": keys.origin(self.case),
            **asdict(self.order),
            "at": event.at,
            "actor": event.actor,
            "leaf": leaf,
            "version": __version__,
            "key": self.proof["key"],
            "size": checkpoint.size,
            "root": checkpoint.root,
            "records": len(rows),
            "accounts": len({(row["platform"], row["account_id"]) for row in rows if row["account_id"]}),
            "platforms": dict(sorted(Counter(row["platform"] for row in rows).items())),
            "severities": {str(k): v for k, v in sorted(Counter(row["severity"] or 0 for row in rows).items())},
            "themes": dict(Counter(theme for row in rows for theme in row["themes"] or ()).most_common(8)),
            "flagged": sum(bool(row["flag"]) for row in rows),
            "first": times[0] if times else None,
            "last": times[-1] if times else None,
            "withheld": len(self.items.withheld),
            "raws": len(self.items.places()) - len(self.items.withheld),
            "media": len(self.proof["media"]),
            "left_out": dict(self.items.left_out),
            "files": len({leaf for leaf, _ in self.items.places()}),
            "stamp": self._stamped(),
            "stamp_leaf": next((entry["leaf"] for entry in self.proof["stamps"]), None),
        }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
