"""Answers about the networks of a case, as tables that may leave it.

Protected accounts (reporters, victims, whoever a person has listed) are never key players, brokers or
successors; where they are the end of a tie or the first to share something, they stand under a pseudonym
that is keyed per case.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence.keys import pseudonym
from tecolote.networks.connections import ALL_KINDS, KINDS, connections, protected_accounts

if TYPE_CHECKING:
    from tecolote.networks.communities import Communities

#: Files that an answer can be written to; the graph formats are for connections only.
FORMS = (".csv", ".parquet", ".json", ".gexf", ".graphml")


@dataclass(frozen=True)
class Answer:
    """A table and what must be said with it.

    Attributes:
        table: the rows.
        facts: parameters, sizes and remarks by name.
        accounts: what is known of the accounts of a network (``id``, attributes); None if the table is none.
    """

    table: pa.Table
    facts: dict[str, Any] = field(default_factory=dict)
    accounts: pa.Table | None = None


def ties(case: Case, kinds: Sequence[str] = ALL_KINDS) -> Answer:
    """Who is connected with whom: see `tecolote.networks.connections.connections`."""
    corpus = Corpus(case)
    table = _masked(case, corpus, connections(corpus, kinds), ("source", "target"))
    counts = {row["values"]: row["counts"] for row in pc.value_counts(table["kind"]).to_pylist()}
    return Answer(table, {"edges_by_kind": counts, "layers": "never added up"}, _known(case, corpus))


def universe(
    case: Case, platform: str, seeds: Sequence[str], kinds: Sequence[str], hops: int, hub_cut: int | None
) -> Answer:
    """Accounts within reach of the seeds: ``platform, hop, account_id``; the sizes and their sensitivity as facts."""
    from tecolote.networks import universe as reach

    corpus = Corpus(case)
    ids = reach.find_seeds(corpus, platform, seeds)
    asked = reach.Reach(platform, ids, kinds, hops, hub_cut)
    found, other = reach.universe(corpus, asked), reach.sensitivity(corpus, asked)
    rows = [{"platform": platform, "hop": h.hop, "account_id": member} for h in found for member in h.members]
    schema = pa.schema([("platform", pa.string()), ("hop", pa.int64()), ("account_id", pa.string())])
    table = _masked(case, corpus, pa.Table.from_pylist(rows, schema=schema), ("account_id",))
    facts = {"seeds": len(ids), "ties": list(kinds), "hops": hops, "hub_cut": hub_cut}
    return Answer(table, facts | {"totals": [h.total for h in found], "sensitivity": other})


def players(case: Case, kinds: Sequence[str] = KINDS, most: int = 20, resamples: int = 50) -> Answer:
    """Key players of each layer: see `tecolote.networks.keyplayers.case_key_players`."""
    from tecolote.networks.keyplayers import case_key_players

    corpus = Corpus(case)
    table = case_key_players(corpus, kinds, most=most, resamples=resamples)
    return Answer(table, {"ties": list(kinds), "resamples": resamples, "not_listed": _hidden(corpus)})


def communities(case: Case, kinds: Sequence[str] = KINDS, resamples: int = 20) -> Answer:
    """Accounts with their community: ``platform, account_id, community, size, stability``, communities of one left out.

    Records of all kinds asked for are added up; each platform is divided by itself.
    """
    from tecolote.networks.communities import communities as divide
    from tecolote.networks.graph import graph_of

    corpus = Corpus(case)
    edges, parts, facts = connections(corpus, kinds), [], {}
    for platform in sorted(set(edges["platform"].to_pylist())):
        graph = graph_of(edges.filter(pc.equal(edges["platform"], platform)), directed=False)
        found = divide(graph, resamples=resamples)
        parts.append(_divided(platform, graph.names, found))
        facts[platform] = {
            "communities": int((pc.value_counts(pa.array(found.label)).field("counts").to_numpy() > 1).sum()),
            "method": found.method,
            "modularity": round(found.modularity, 4),
            "agreement": None if found.agreement is None else round(found.agreement, 4),
        }
    table = pa.concat_tables(parts) if parts else _DIVIDED.empty_table()
    masked = _masked(case, corpus, table, ("account_id",))
    return Answer(masked, {"ties": list(kinds), "weight": "records of these kinds added up", "platforms": facts})


_DIVIDED = pa.schema(
    [
        ("platform", pa.string()),
        ("account_id", pa.string()),
        ("community", pa.int64()),
        ("size", pa.int64()),
        ("stability", pa.float64()),
    ]
)


def _divided(platform: str, names: pa.Array, found: Communities) -> pa.Table:
    import numpy as np

    size = np.bincount(found.label)[found.label] if len(found.label) else found.label
    firm = found.stability[found.label] if len(found.stability) else np.full(len(found.label), np.nan)
    columns = {
        "platform": pa.array([platform] * len(names), pa.string()),
        "account_id": names.cast(pa.string()),
        "community": found.label,
        "size": size,
        "stability": pa.array(firm, from_pandas=True),
    }
    made = pa.table(columns).cast(_DIVIDED).filter(pa.array(size > 1))
    return made.sort_by([("community", "ascending"), ("account_id", "ascending")])


def threats(case: Case) -> Answer:
    """Who threatens whom: see `tecolote.networks.threats.who_threatens_whom`."""
    from tecolote.networks.threats import who_threatens_whom

    return Answer(who_threatens_whom(Corpus(case)), {"posts": "flagged, of suspected members, not private"})


def brokers(case: Case, kinds: Sequence[str] = KINDS) -> Answer:
    """Accounts between groups: see `tecolote.networks.brokers.case_brokers`."""
    from tecolote.networks.brokers import case_brokers

    corpus = Corpus(case)
    return Answer(case_brokers(corpus, kinds), {"ties": list(kinds), "not_listed": _hidden(corpus)})


def origins(case: Case, objects: Sequence[str], least: int = 2) -> Answer:
    """First sharers and copiers: see `tecolote.networks.origins.origins`."""
    from tecolote.networks.origins import origins as first

    corpus = Corpus(case)
    table = _masked(case, corpus, first(corpus, objects, least=least), ("first_accounts", "next_accounts"))
    return Answer(table, {"objects": list(objects), "first": "among the records at hand"})


def change(case: Case, platform: str, kinds: Sequence[str], span: int = 56, step: int = 28) -> Answer:
    """Births, deaths and changes of communities on a platform; the windows as facts."""
    from tecolote.networks.change import sliding
    from tecolote.networks.succession import dated_ties

    corpus = Corpus(case)
    dated = dated_ties(corpus, kinds)
    mine = dated.filter(pc.equal(dated["platform"], platform))
    windows, events = sliding(mine, span=timedelta(days=span), step=timedelta(days=step))
    events = events.add_column(0, "platform", pa.array([platform] * len(events), pa.string()))
    masked = _masked(case, corpus, events, ("members",))
    return Answer(masked, {"ties": list(kinds), "span_days": span, "step_days": step, "windows": windows.to_pylist()})


def succession(case: Case, kinds: Sequence[str], span: int = 60) -> Answer:
    """Who takes over from accounts that are gone: see `tecolote.networks.succession.case_succession`."""
    from tecolote.networks.succession import case_succession

    corpus = Corpus(case)
    table = case_succession(corpus, kinds, span=timedelta(days=span))
    return Answer(table, {"ties": list(kinds), "span_days": span, "not_listed": _hidden(corpus)})


QUESTIONS: dict[str, Callable[..., Answer]] = {
    "ties": ties,
    "universe": universe,
    "players": players,
    "communities": communities,
    "threats": threats,
    "brokers": brokers,
    "origins": origins,
    "change": change,
    "succession": succession,
}


def write_answer(answer: Answer, out: Path) -> None:
    """Write the table in the form that the name of ``out`` says, whole or not at all.

    Raises:
        UsageError: an unknown form, or a graph of a table that is no network.
    """
    form = out.suffix.lower()
    if form not in FORMS or (form in (".gexf", ".graphml") and answer.accounts is None):
        forms = FORMS if answer.accounts is not None else FORMS[:3]
        raise UsageError(f"'{out.name}' has no form that fits", f"Give a name that ends in {', '.join(forms)}")
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as stream:
            _WRITERS[form](answer, stream)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _write_csv(answer: Answer, stream: BinaryIO) -> None:
    from tecolote.publish.tables import plain, write_csv

    rows = ([_cell(plain(v)) for v in row.values()] for row in answer.table.to_pylist())
    write_csv(answer.table.column_names, rows, stream)


def _cell(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _write_parquet(answer: Answer, stream: BinaryIO) -> None:
    import pyarrow.parquet as pq

    pq.write_table(answer.table, stream, compression="zstd")


def _write_json(answer: Answer, stream: BinaryIO) -> None:
    import json

    from tecolote.networks.export import write_json
    from tecolote.publish.tables import plain

    if answer.accounts is not None:
        write_json(_graph(answer.table), stream, directed=True, accounts=answer.accounts)
        return
    rows = [{name: plain(value) for name, value in row.items()} for row in answer.table.to_pylist()]
    stream.write(json.dumps(answer.facts | {"rows": rows}, ensure_ascii=False, default=str).encode() + b"\n")


def _write_gexf(answer: Answer, stream: BinaryIO) -> None:
    from tecolote.networks.export import write_gexf

    write_gexf(_graph(answer.table), stream, directed=True, accounts=answer.accounts)


def _write_graphml(answer: Answer, stream: BinaryIO) -> None:
    from tecolote.networks.export import write_graphml

    write_graphml(_graph(answer.table), stream, directed=True, accounts=answer.accounts)


_WRITERS: dict[str, Callable[[Answer, BinaryIO], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".json": _write_json,
    ".gexf": _write_gexf,
    ".graphml": _write_graphml,
}


def _graph(table: pa.Table) -> pa.Table:
    """Connections for the graph writers: accounts as ``platform id``, evidence as text."""
    ends = {n: pc.binary_join_element_wise(table["platform"], table[n], " ") for n in ("source", "target")}
    listed = {n: pc.binary_join(table[n], " ") for n in ("evidence", "records")}
    return pa.table(ends | {n: table[n] for n in ("kind", "count", "first", "last")} | listed)


def _known(case: Case, corpus: Corpus) -> pa.Table:
    """Role and groups of the accounts of a case by ``platform id``, protected ones without them."""
    table = corpus.query(
        "SELECT platform, account_id, CASE WHEN coalesce(protected, false) THEN 'protected' ELSE role END AS role, "
        "CASE WHEN coalesce(protected, false) THEN '' ELSE array_to_string(groups, ' ') END AS groups "
        "FROM account_assessments WHERE account_id IS NOT NULL ORDER BY ALL"
    )
    table = _masked(case, corpus, table, ("account_id",))
    name = pc.binary_join_element_wise(table["platform"], table["account_id"], " ")
    return pa.table({"id": name, "platform": table["platform"], "role": table["role"], "groups": table["groups"]})


def _hidden(corpus: Corpus) -> str:
    return f"{len(protected_accounts(corpus))} protected accounts of the case"


def _masked(case: Case, corpus: Corpus, table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """``table`` with protected accounts in these columns (ids or lists of ids) under pseudonyms."""
    hidden = protected_accounts(corpus)
    platforms = table["platform"].to_pylist()
    kept: dict[tuple[str, str], str] = {}

    def shown(platform: str, name: str) -> str:
        if (platform, name) not in hidden:
            return name
        if (platform, name) not in kept:
            kept[platform, name] = pseudonym(case, platform, name).replace("member-", "protected-")
        return kept[platform, name]

    for column in columns:
        values = [
            [shown(p, n) for n in v] if isinstance(v, list) else v and shown(p, v)
            for p, v in zip(platforms, table[column].to_pylist(), strict=True)
        ]
        at = table.schema.get_field_index(column)
        table = table.set_column(at, table.schema.field(column), pa.array(values, table.schema.field(column).type))
    return table
