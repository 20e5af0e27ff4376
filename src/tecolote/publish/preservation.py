"""The annex of a preservation request: what a public authority asks a platform to keep, and how long that lasts.

Only an authority can ask (in the United States under 18 U.S.C. 2703(f)); so there is an annex only in a case whose
settings name one, it is a list and no letter, and what it may name is what may go to a platform. Drawn up, sent and
asked again are events of the log; the clock is computed from them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from tecolote import codebook
from tecolote.case import Case, make_folder, write_durably
from tecolote.codebook import Platform
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Event, Evidence
from tecolote.evidence.reader import Reading
from tecolote.publish.packet_items import Items, choose
from tecolote.publish.packet_query import parse
from tecolote.publish.texts import texts
from tecolote.publish.typeset import typeset
from tecolote.publish.visible import broken, legible

EVENT = "preservation"
SENT = "preservation.sent"
#: Days before the end in which the clock says that it is time to ask again.
SOON = 14
#: Accounts and posts printed; the CSV files hold all.
_PRINTED = 300
_ACCOUNT = ("account_id", "names", "posts", "first", "last")
_POST = ("id", "created_at", "account_id", "url", "kind", "raw_sha256")


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        items: query of posts, as for packets; all of one platform.
        reference: file number of the proceeding.
        lang: language of the annex.
    """

    items: str
    reference: str
    lang: str = "en"


@dataclass(frozen=True)
class Annex:
    """What was made: where, for which platform, how many accounts and posts, left out by reason, leaf."""

    path: Path
    platform: str
    accounts: int
    posts: int
    left_out: dict[str, int]
    leaf: int


@dataclass(frozen=True)
class Clock:
    """How long a platform keeps what it was asked to keep.

    Attributes:
        leaf: leaf of the annex, by which it is named.
        platform, reference, prepared: of the annex; the day is in the case's zone.
        sent: days on which it was sent, first the request and then its renewals.
        until: last day, None before it is sent or where no term is known.
        days_left: until then; negative when it is over.
        state: ``prepared``, ``running``, ``soon`` (`SOON` days or less), ``over``, or ``no term`` where none is known.
        renewals: how often it can be asked for again.
    """

    leaf: int
    platform: str
    reference: str
    prepared: str
    sent: tuple[str, ...]
    until: str | None
    days_left: int | None
    state: str
    renewals: int


def build(case: Case, request: Request, out: Path) -> Annex:
    """Write ``annex.pdf``, ``accounts.csv`` and ``posts.csv`` into the new folder ``out`` and log their hashes.

    Raises:
        UsageError: the case is no authority's, there is no reference, nothing fits or it is of several platforms, or
            the folder is there already.
    """
    agency = case.settings.agency.strip()
    if not agency:
        raise UsageError(
            "only a public authority can ask a platform to preserve",
            "Hand a packet to one: tecolote packet --for law-enforcement. An authority sets agency in case.toml",
        )
    if not request.reference.strip():
        raise UsageError("a preservation request needs a reference", 'Give the file number: --reference "..."')
    if out.exists():
        raise UsageError(f"{out} exists already", "Name a new folder")
    texts(request.lang)
    query = parse(request.items, case.settings.zone)
    if query.table != "posts":
        raise UsageError("an annex is of posts and their accounts", "Leave out table=")
    with case.writing(), Evidence.open(case, write=True) as evidence:
        items = choose(case, Corpus(case), evidence, query, "platform", request.reference)
        platform = _platform(items)
        files = {"accounts.csv": _csv(_ACCOUNT, _accounts(items)), "posts.csv": _csv(_POST, items.rows)}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        leaf = evidence.append(
            EVENT,
            {"platform": platform.id, "reference": request.reference, "agency": agency, "items": request.items},
            {"files": hashes, "about": sorted({row["leaf_index"] for row in items.rows})[:1000]},
        )
        evidence.commit()
        event = next(e for e in evidence.events(EVENT) if e.index == leaf)
        files["annex.pdf"] = _pdf(case, request, platform, items, event)
        make_folder(out)
        for name, data in files.items():
            write_durably(out / name, data)
    return Annex(out, platform.id, len(_accounts(items)), len(items.rows), dict(items.left_out), leaf)


def record_sent(evidence: Evidence, case: Case, leaf: int, on: date, by: str) -> int:
    """Log that the annex at ``leaf`` was sent, or after the first time that it was asked for again; that event's leaf.

    Raises:
        UsageError: no such annex, no name, a day out of order, or no renewal left.
    """
    if not by.strip():
        raise UsageError("who sent it?", 'Say --by "NAME"')
    clock = next((c for c in clocks(evidence, case, on) if c.leaf == leaf), None)
    if clock is None:
        raise UsageError(f"leaf {leaf} is no annex", "tecolote preserve lists them")
    if clock.sent and clock.until and clock.renewals < 1:
        raise UsageError("it cannot be renewed once more", "Ask the authority's counsel for an order")
    if on.isoformat() < max((clock.prepared, *clock.sent)):
        raise UsageError(f"{on} lies before it was drawn up or last sent", "Check the day")
    return evidence.append(SENT, {"on": on.isoformat(), "by": by}, {"of": leaf})


def clocks(evidence: Reading, case: Case, today: date) -> list[Clock]:
    """The clock of every annex, in the order of the log."""
    book = codebook.load()
    sent: dict[int, list[str]] = {}
    for event in evidence.events(SENT):
        sent.setdefault(event.public["of"], []).append(event.payload["on"])
    return [
        _clock(
            event, case, tuple(sorted(sent.get(event.index, ()))), book.platforms.get(event.payload["platform"]), today
        )
        for event in evidence.events(EVENT)
    ]


def _clock(event: Event, case: Case, sent: tuple[str, ...], platform: Platform | None, today: date) -> Clock:
    days = platform.preservation_days if platform else 0
    renewals = platform.preservation_renewals if platform else 0
    until = None
    if sent and days:
        # A renewal adds a term to the one that runs, whichever day it was asked for.
        until = date.fromisoformat(sent[0]) + timedelta(days=days * len(sent))
    left = (until - today).days if until else None
    state = "prepared" if not sent else "no term" if left is None else _state(left)
    return Clock(
        event.index,
        event.payload["platform"],
        event.payload["reference"],
        datetime.fromisoformat(event.at).astimezone(case.settings.zone).date().isoformat(),
        sent,
        until.isoformat() if until else None,
        left,
        state,
        max(renewals - max(len(sent) - 1, 0), 0),
    )


def _state(left: int) -> str:
    return "over" if left < 0 else "soon" if left <= SOON else "running"


def _platform(items: Items) -> Platform:
    named = sorted({row["platform"] for row in items.rows})
    if len(named) > 1:
        raise UsageError(f"these are posts of {', '.join(named)}", f"An annex is for one: add platform={named[0]}")
    found = codebook.load().platforms.get(named[0])
    if found is None:
        raise UsageError(
            f"the codebook does not know the platform '{named[0]}'", "tecolote census shows those there are"
        )
    return found


def _accounts(items: Items) -> list[dict[str, Any]]:
    """One row per account: its id, the names it bore, and how many of the posts, first and last, are its own."""
    found: dict[str, dict[str, Any]] = {}
    for row in items.rows:
        mine = found.setdefault(row["account_id"] or "", {"names": set(), "times": [], "posts": 0})
        mine["names"] |= {row["author_name"]} - {None, ""}
        mine["times"] += [row["created_at"]] if row["created_at"] else []
        mine["posts"] += 1
    return [
        {
            "account_id": id,
            "names": "; ".join(sorted(mine["names"])),
            "posts": mine["posts"],
            "first": min(mine["times"], default=""),
            "last": max(mine["times"], default=""),
        }
        for id, mine in sorted(found.items())
    ]


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> bytes:
    from tecolote.evidence.verify_packet import cell

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return out.getvalue().encode()


def _pdf(case: Case, request: Request, platform: Platform, items: Items, event: Event) -> bytes:
    said = json.loads(resources.files(__package__).joinpath("templates", "annex", "words.json").read_bytes())
    words = said[request.lang]
    accounts, agency = _accounts(items), legible(case.settings.agency)
    times = sorted(row["created_at"] for row in items.rows if row["created_at"])
    facts = [
        legible(case.settings.agency),
        legible(request.reference),
        f"{platform.name} ({platform.company})",
        str(len(accounts)),
        str(len(items.rows)),
        " – ".join(_minute(time) for time in times[:: max(len(times) - 1, 1)]) + " UTC" if times else "–",
        ", ".join(f"{count} {words['reasons'].get(why, why)}" for why, count in items.left_out.items()) or "–",
        words["leaf"].format(leaf=event.index, at=event.at[:19].replace("T", " ")),
    ]
    term = words["term"] if platform.preservation_days else words["no_term"]
    data = {
        "lang": request.lang,
        "words": words,
        "title": legible(case.settings.title),
        "fictional": case.settings.fictional,
        "notes": [words["no_letter"].format(agency=agency), words["protected"]],
        "facts": list(zip(words["facts"], facts, strict=True)),
        "law": [platform.preservation, term.format(days=platform.preservation_days), words["check"]],
        "accounts": list(_printed(accounts, _account_row)),
        "posts": list(_printed(items.rows, _post_row)),
        "more": words["more"] if max(len(accounts), len(items.rows)) > _PRINTED else "",
    }
    return typeset(
        "annex/annex.typ",
        {"annex.json": json.dumps(data, ensure_ascii=False).encode()},
        date.fromisoformat(event.at[:10]),
    )


def _printed(rows: list[dict[str, Any]], row: Any) -> Iterator[list[str]]:
    return (row(each) for each in rows[:_PRINTED])


def _account_row(row: dict[str, Any]) -> list[str]:
    span = f"{_minute(row['first'])} – {_minute(row['last'])}"
    return [broken(row["account_id"], 16), broken(legible(row["names"]), 22), str(row["posts"]), span]


def _post_row(row: dict[str, Any]) -> list[str]:
    address = broken(legible(row["url"] or ""), 24)
    return [_minute(row["created_at"] or ""), broken(row["id"], 16), broken(row["account_id"] or "", 14), address]


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")
