"""Networks as files that other tools open: GEXF 1.3, GraphML and CSV, written edge by edge.

GEXF 1.3 (https://gexf.net/schema.html) has a namespace without ``draft``, weights as doubles and ``kind``
for parallel edges. Ids are text, and a character that XML 1.0 cannot hold becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO
from xml.sax.saxutils import quoteattr

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCH = 8192
_GEXF_TYPE = {"weight": "double", "count": "long", "first": "string", "last": "string", "kind": "string"}
#: Accounts that `layout` places; each step costs the square of their number.
MOST_NODES = 2000


def write_gexf(edges: pa.Table, stream: BinaryIO, *, directed: bool | None = None) -> None:
    """Write GEXF 1.3.

    Args:
        edges: ``source, target``; optional ``weight`` (or ``count``), ``kind``, ``first``, ``last``.
        stream: where to write UTF-8.
        directed: whether edges have a direction; None means yes unless every kind is an undirected one
            of coaction (link, hashtag, text, all).
    """
    type_ = "directed" if _directed(edges, directed) else "undirected"
    write = _writer(stream)
    write('<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n')
    write(f'<graph defaultedgetype="{type_}" mode="static">\n')
    extra = [name for name in ("first", "last") if name in edges.column_names]
    if extra:
        write('<attributes class="edge">\n')
        for name in extra:
            write(f'<attribute id="{name}" title="{name}" type="{_GEXF_TYPE[name]}"/>\n')
        write("</attributes>\n")
    write("<nodes>\n")
    for name in nodes(edges):
        quoted = _quoted(name)
        write(f"<node id={quoted} label={quoted}/>\n")
    write("</nodes>\n<edges>\n")
    for number, row in enumerate(_rows(edges)):
        kind = f" kind={_quoted(row['kind'])}" if row.get("kind") is not None else ""
        head = f'<edge id="{number}" source={_quoted(row["source"])} target={_quoted(row["target"])}{kind}'
        values = "".join(f'<attvalue for="{n}" value={_quoted(_text(row[n]))}/>' for n in extra if row[n] is not None)
        tail = f"><attvalues>{values}</attvalues></edge>\n" if values else "/>\n"
        write(f'{head} weight="{_weight(row)}"{tail}')
    write("</edges>\n</graph>\n</gexf>\n")


def write_graphml(edges: pa.Table, stream: BinaryIO, *, directed: bool | None = None) -> None:
    """Write GraphML (http://graphml.graphdrawing.org); arguments as for `write_gexf`."""
    type_ = "directed" if _directed(edges, directed) else "undirected"
    write = _writer(stream)
    write('<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    write('<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n')
    extra = [name for name in ("kind", "first", "last") if name in edges.column_names]
    for name in extra:
        write(f'<key id="{name}" for="edge" attr.name="{name}" attr.type="string"/>\n')
    write(f'<graph edgedefault="{type_}">\n')
    for name in nodes(edges):
        write(f"<node id={_quoted(name)}/>\n")
    for row in _rows(edges):
        write(f"<edge source={_quoted(row['source'])} target={_quoted(row['target'])}>")
        write(f'<data key="weight">{_weight(row)}</data>')
        for name in extra:
            if row[name] is not None:
                write(f'<data key="{name}">{_escaped(_text(row[name]))}</data>')
        write("</edge>\n")
    write("</graph>\n</graphml>\n")


def write_csv(edges: pa.Table, stream: BinaryIO) -> None:
    """Write an edge list with Gephi's column names: ``Source, Target, Weight, Type`` and the rest."""
    from pyarrow import csv

    names = {"source": "Source", "target": "Target", "weight": "Weight", "kind": "Kind"}
    listed = [name for name in edges.column_names if not pa.types.is_list(edges[name].type)]
    table = edges.select(listed).rename_columns([names.get(name, name) for name in listed])
    type_ = "Directed" if _directed(edges, None) else "Undirected"
    csv.write_csv(table.append_column("Type", pa.array([type_] * len(table), pa.string())), stream)


def nodes(edges: pa.Table) -> list[str]:
    """Distinct sources and targets, in order."""
    return sorted({*edges["source"].to_pylist(), *edges["target"].to_pylist()})


def _directed(edges: pa.Table, said: bool | None) -> bool:
    if said is not None or "kind" not in edges.column_names:
        return said is not False
    return not set(edges["kind"].unique().to_pylist()) <= {"link", "hashtag", "text", "all"} or len(edges) == 0


def _rows(edges: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in edges.to_batches(max_chunksize=_BATCH):
        columns = {name: batch.column(i).to_pylist() for i, name in enumerate(batch.schema.names)}
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))


def _writer(stream: BinaryIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text.encode("utf-8"))

    return write


def _weight(row: dict[str, Any]) -> float:
    value = row.get("weight", row.get("count"))
    return float(value) if value is not None else 1.0


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _clean(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _NOT_XML.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))


def _escaped(text: str) -> str:
    return _clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def layout(edges: pa.Table, seed: int = 1991, rounds: int = 200) -> dict[str, tuple[float, float]]:
    """Positions of the accounts in the square from -1 to 1: springs and repulsion.

    Fruchterman and Reingold (Software: Practice and Experience 21, 1991), with gravity so that separate
    clusters stay in the picture. The same edges and seed give the same picture.

    Args:
        edges: ``source, target`` and optionally ``weight``.
        seed: of the first positions.
        rounds: steps.

    Raises:
        ValueError: more than `MOST_NODES` accounts; draw the largest clusters.
    """
    names = nodes(edges)
    if len(names) > MOST_NODES:
        raise ValueError(f"{len(names)} accounts are too many for a picture")
    if not names:
        return {}
    number = {name: i for i, name in enumerate(names)}
    x = np.array([number[n] for n in edges["source"].to_pylist()], dtype=np.int64)
    y = np.array([number[n] for n in edges["target"].to_pylist()], dtype=np.int64)
    place = np.random.default_rng(seed).uniform(-1, 1, (len(names), 2))
    ideal = 1 / np.sqrt(len(names))
    for step in range(rounds):
        push = _repulsion(place, ideal) - place * ideal
        gap = place[x] - place[y]
        pull = gap * (np.linalg.norm(gap, axis=1) / ideal)[:, None]
        np.subtract.at(push, x, pull)
        np.add.at(push, y, pull)
        length = np.maximum(np.linalg.norm(push, axis=1), 1e-9)[:, None]
        place += push / length * np.minimum(length, 0.2 * (1 - step / rounds))
    place -= (place.max(axis=0) + place.min(axis=0)) / 2
    place /= max(float(np.abs(place).max()), 1e-9)
    return {name: (round(float(p[0]), 4), round(float(p[1]), 4)) for name, p in zip(names, place, strict=True)}


def _repulsion(place: Floats, ideal: float) -> Floats:
    gap = place[:, None, :] - place[None, :, :]
    square = np.maximum((gap**2).sum(axis=2), 1e-6)
    found: Floats = (gap * (ideal * ideal / square)[:, :, None]).sum(axis=1)
    return found
