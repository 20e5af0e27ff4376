"""Networks as files that other tools open: GEXF 1.3, GraphML, CSV and the JSON of graphology for sigma.js.

GEXF 1.3 (https://gexf.net/schema.html) has a namespace without ``draft``, weights as doubles and ``kind``
for parallel edges. Ids are text, and a character that XML 1.0 cannot hold becomes U+FFFD. Lines of many
edges are made at once, column by column, so that memory is bounded and a million edges take seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

_TEXT = pa.large_string()
_BATCH = 65_536
# Kinds of coaction; their edges have no direction.
_UNDIRECTED = {"link", "hashtag", "text", "media", "reply", "repost", "all", "co_members", None}
_NOT_XML = r"[^\t\n\r\x20-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]"
_ESCAPES = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ('"', "&quot;"),
    ("\t", "&#9;"),
    ("\n", "&#10;"),
    ("\r", "&#13;"),
)
# Both formats name the types alike.
_TYPES = {"int": "long", "float": "double", "double": "double", "bool": "boolean"}
_PLAIN = ("source", "target", "weight", "count", "kind")


def write_gexf(
    edges: pa.Table, stream: BinaryIO, *, directed: bool | None = None, accounts: pa.Table | None = None
) -> None:
    """Write GEXF 1.3.

    Args:
        edges: ``source, target``; optional ``weight`` (or ``count``) and ``kind``; other columns that are no
            lists become attributes. Rows with an unknown end are left out.
        stream: where to write UTF-8.
        directed: whether edges have a direction; None means yes unless every kind is an undirected one
            (those of coaction, ``co_members``).
        accounts: ``id`` and what is known of each account, as attributes of its node.
    """
    edges = _whole(edges)
    accounts = _accounts(edges, accounts)
    type_ = "directed" if _directed(edges, directed) else "undirected"
    stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n')
    stream.write(f'<graph defaultedgetype="{type_}" mode="static">\n'.encode())
    extra, known = _extra(edges, _PLAIN), _extra(accounts, ("id",))
    for kind, table, names in (("node", accounts, known), ("edge", edges, extra)):
        if names:
            stream.write(f'<attributes class="{kind}">\n'.encode())
            for at, name in enumerate(names):
                title = _one(name)
                type_ = _type(table, name)
                stream.write(f'<attribute id="{at}" title="{title}" type="{type_}"/>\n'.encode())
            stream.write(b"</attributes>\n")
    stream.write(b"<nodes>\n")
    for part in _batches(accounts):
        name = _xml(part["id"])
        _lines(stream, '<node id="', name, '" label="', name, '"', _attvalues(part, known), "</node>\n")
    stream.write(b"</nodes>\n<edges>\n")
    written = 0
    for part in _batches(edges):
        number = pc.cast(pa.array(range(written, written + len(part))), _TEXT)
        written += len(part)
        kind = _optional(part, "kind", ' kind="', '"')
        ends = ('" source="', _xml(part["source"]), '" target="', _xml(part["target"]), '"')
        weight = (' weight="', _weight(part), '"')
        _lines(stream, '<edge id="', number, *ends, kind, *weight, _attvalues(part, extra), "</edge>\n")
    stream.write(b"</edges>\n</graph>\n</gexf>\n")


def write_graphml(
    edges: pa.Table, stream: BinaryIO, *, directed: bool | None = None, accounts: pa.Table | None = None
) -> None:
    """Write GraphML (http://graphml.graphdrawing.org); arguments as for `write_gexf`."""
    edges = _whole(edges)
    accounts = _accounts(edges, accounts)
    type_ = "directed" if _directed(edges, directed) else "undirected"
    stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    stream.write(b'<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n')
    extra = [*(["kind"] if "kind" in edges.column_names else []), *_extra(edges, _PLAIN)]
    known = _extra(accounts, ("id",))
    for kind, table, names in (("node", accounts, known), ("edge", edges, extra)):
        for name in names:
            title, type_of = _one(name), _type(table, name)
            stream.write(
                f'<key id="{kind}-{title}" for="{kind}" attr.name="{title}" attr.type="{type_of}"/>\n'.encode()
            )
    stream.write(f'<graph edgedefault="{type_}">\n'.encode())
    for part in _batches(accounts):
        data = [_optional(part, name, f'<data key="node-{_one(name)}">', "</data>") for name in known]
        _lines(stream, '<node id="', _xml(part["id"]), '">', *data, "</node>\n")
    for part in _batches(edges):
        data = [_optional(part, name, f'<data key="edge-{_one(name)}">', "</data>") for name in extra]
        ends = ('<edge source="', _xml(part["source"]), '" target="', _xml(part["target"]))
        _lines(stream, *ends, '"><data key="weight">', _weight(part), "</data>", *data, "</edge>\n")
    stream.write(b"</graph>\n</graphml>\n")


def write_csv(edges: pa.Table, stream: BinaryIO) -> None:
    """Write an edge list with Gephi's column names: ``Source, Target, Weight, Type`` and the rest."""
    from pyarrow import csv

    names = {"source": "Source", "target": "Target", "weight": "Weight", "kind": "Kind"}
    if "weight" not in edges.column_names:
        names["count"] = "Weight"
    listed = [name for name in edges.column_names if not pa.types.is_list(edges[name].type)]
    table = edges.select(listed).rename_columns([names.get(name, name) for name in listed])
    type_ = "Directed" if _directed(edges, None) else "Undirected"
    csv.write_csv(table.append_column("Type", pa.array([type_] * len(table), pa.string())), stream)


def write_json(
    edges: pa.Table,
    stream: BinaryIO,
    *,
    directed: bool | None = None,
    accounts: pa.Table | None = None,
    places: dict[str, tuple[float, float]] | None = None,
) -> None:
    """Write the serialised graph of graphology, which sigma.js draws (https://graphology.github.io).

    Arguments as for `write_gexf`; ``places`` become ``x`` and ``y`` of the accounts.
    """
    edges = _whole(edges)
    accounts = _accounts(edges, accounts)
    type_ = "directed" if _directed(edges, directed) else "undirected"
    options = {"type": type_, "multi": True, "allowSelfLoops": True}
    stream.write(f'{{"options": {json.dumps(options)}, "attributes": {{}}, "nodes": ['.encode())
    for at, row in enumerate(_rows(accounts)):
        key = row.pop("id")
        row["label"] = key
        if places and key in places:
            row["x"], row["y"] = places[key]
        _item(stream, at, {"key": key, "attributes": row})
    stream.write(b'], "edges": [')
    for at, row in enumerate(_rows(edges)):
        ends = {"key": str(at), "source": row.pop("source"), "target": row.pop("target")}
        _item(stream, at, ends | {"attributes": row})
    stream.write(b"]}\n")


def nodes(edges: pa.Table) -> list[str]:
    """Distinct sources and targets, in order."""
    return sorted({*edges["source"].to_pylist(), *edges["target"].to_pylist()} - {None})


def _item(stream: BinaryIO, at: int, value: dict[str, Any]) -> None:
    separator = ", " if at else ""
    stream.write(f"{separator}{json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)}".encode())


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for part in _batches(table):
        for row in part.to_pylist():
            # JSON has neither NaN nor infinity.
            yield {n: v for n, v in row.items() if v is not None and not (isinstance(v, float) and not isfinite(v))}


def _directed(edges: pa.Table, said: bool | None) -> bool:
    if said is not None or "kind" not in edges.column_names:
        return said is not False
    return not set(edges["kind"].unique().to_pylist()) <= _UNDIRECTED or len(edges) == 0


def _whole(edges: pa.Table) -> pa.Table:
    return edges.filter(pc.and_(pc.is_valid(edges["source"]), pc.is_valid(edges["target"])))


def _accounts(edges: pa.Table, known: pa.Table | None) -> pa.Table:
    """One row per account of the edges, in order, with what is known of it."""
    both = [edges[name].cast(_TEXT).combine_chunks() for name in ("source", "target")]
    names = pc.unique(pa.chunked_array(both, _TEXT))
    names = names.take(pc.sort_indices(names))
    if known is None:
        return pa.table({"id": names})
    place = pc.index_in(names, known["id"].cast(_TEXT).combine_chunks())
    return pa.table({"id": names} | {n: known[n].combine_chunks().take(place) for n in known.column_names if n != "id"})


def _extra(table: pa.Table, without: tuple[str, ...]) -> list[str]:
    return [f.name for f in table.schema if f.name not in without and not pa.types.is_nested(f.type)]


def _type(table: pa.Table, name: str) -> str:
    return next(
        (word for start, word in _TYPES.items() if str(table.schema.field(name).type).startswith(start)), "string"
    )


def _batches(table: pa.Table) -> Iterator[pa.Table]:
    for at in range(0, len(table), _BATCH):
        yield table.slice(at, _BATCH).combine_chunks()


def _text(column: pa.ChunkedArray) -> pa.Array:
    """Values as text; times in ISO 8601."""
    plain = column.combine_chunks()
    if pa.types.is_timestamp(plain.type):
        return pc.replace_substring(plain.cast(_TEXT), " ", "T")
    return plain.cast(_TEXT)


def _xml(column: pa.ChunkedArray) -> pa.Array:
    """Values as text that may stand in an attribute or an element."""
    found = _text(column)
    if not pc.any(pc.match_substring_regex(found, r"[^ !#-%'-;=?-~]")).as_py():
        return found
    found = pc.replace_substring_regex(found, _NOT_XML, "\ufffd")
    for plain, escaped in _ESCAPES:
        found = pc.replace_substring(found, plain, escaped)
    return found


def _one(text: str) -> str:
    found: str = _xml(pa.chunked_array([[text]], pa.string()))[0].as_py()
    return found


def _join(*pieces: Any) -> Any:
    """The pieces side by side: columns vary, words are the same in each row; null where a piece is null."""
    return pc.binary_join_element_wise(*[_scalar(p) if isinstance(p, str) else p for p in pieces], _scalar(""))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, _TEXT)


def _optional(part: pa.Table, name: str, before: str, after: str) -> Any:
    """The value between two pieces of text; nothing where it is null."""
    if name not in part.column_names:
        return ""
    return pc.fill_null(_join(before, _xml(part[name]), after), _scalar(""))


def _attvalues(part: pa.Table, names: list[str]) -> Any:
    """The end of a start tag and the attributes of GEXF."""
    if not names:
        return ">"
    values = [_optional(part, name, f'<attvalue for="{at}" value="', '"/>') for at, name in enumerate(names)]
    return _join("><attvalues>", *values, "</attvalues>")


def _weight(part: pa.Table) -> Any:
    name = next((n for n in ("weight", "count") if n in part.column_names), None)
    if name is None:
        return "1.0"
    return pc.cast(pc.fill_null(part[name].combine_chunks().cast(pa.float64()), 1.0), _TEXT)


def _lines(stream: BinaryIO, *pieces: Any) -> None:
    """Write one line per row."""
    joined = _join(*pieces)
    length = pc.sum(pc.binary_length(joined)).as_py() or 0
    data = joined.buffers()[2]
    if data is not None:
        stream.write(memoryview(data)[:length])
