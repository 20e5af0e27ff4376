"""The evidence behind one line of a network: the posts that met, or the records that state the tie."""

from __future__ import annotations

from typing import Any

from tecolote.networks.events import OBJECTS, WINDOW
from tecolote.networks.together import MOST_MEETINGS, meetings
from tecolote.web.accounts import masked
from tecolote.web.library import Pin

_ENDS = """
SELECT key, platform, id, name, role, protected, cluster FROM browse.account WHERE key = ? OR key = ? ORDER BY key = ?
"""
_TOGETHER = """
SELECT weight, first, last, exact FROM coaction_edges
WHERE platform = ? AND account_id = least(?, ?) AND account_id_y = greatest(?, ?) AND modality = ?
"""
_STATED = """
SELECT e.post_id, coalesce(e."at", e.observed_at) AS moment, e.source_file, e.row_locator, count(*) OVER () AS total
FROM edges e WHERE e.platform = ? AND e.type = ? AND e.src = ?
  AND CASE WHEN e.dst_kind = 'account' THEN e.dst ELSE e.dst_account_id END = ?
ORDER BY moment NULLS LAST, e.leaf_index, e.record_index LIMIT ?
"""
_POSTS = "SELECT id, key, excerpt FROM browse.post WHERE platform = ? AND id IN (SELECT unnest(?::VARCHAR[]))"


def line(pin: Pin, view: str, kind: str, one: str, other: str) -> dict[str, Any] | None:
    """What stands behind the line between two accounts; None if there is no such line.

    Args:
        pin: the state of the case.
        view: coaction or connections.
        kind: kind of object (``all`` for all of them) or of connection.
        one: key of an account; of a connection its source.
        other: key of another account on the same platform.

    Returns:
        ``one`` and ``other`` (accounts), ``tie`` (weight, first, last), ``rows`` (coaction: kind, object, and the two
        posts ``first`` and ``second`` with their times and seconds apart; connections: one post or record each),
        ``total`` (how many there are), ``things`` and ``window`` (coaction).
    """
    ends = pin.rows(_ENDS, [one, other, other])
    if [end["key"] for end in ends] != [one, other] or ends[0]["platform"] != ends[1]["platform"]:
        return None
    told = _together(pin, kind, *ends) if view == "coaction" else _stated(pin, kind, *ends)
    if told is None:
        return None
    for end in ends:
        end["label"] = masked(end.pop("name"), end["protected"])
        end["id"] = None if end["protected"] else end["id"]
    return {"view": view, "kind": kind, "one": ends[0], "other": ends[1], "most": MOST_MEETINGS, **told}


def _together(pin: Pin, kind: str, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    ids = [one["id"], other["id"]]
    tie = pin.row(_TOGETHER, [one["platform"], *ids, *ids, kind])
    if tie is None or one["protected"] or other["protected"]:
        return None
    window = _window(pin)
    objects = OBJECTS if kind == "all" else (kind,)
    rows, total, things = meetings(pin.corpus, one["platform"], *ids, window=window, objects=objects)
    posts = _posts(pin, one["platform"], [row[name] for row in rows for name in ("post", "post_y")])
    shown = [
        {
            "kind": row["kind"],
            "object": row["object"],
            "apart": row["apart"],
            "first": {"at": row["at"]} | posts[row["post"]],
            "second": {"at": row["at_y"]} | posts[row["post_y"]],
        }
        for row in rows
    ]
    return {"tie": tie, "rows": shown, "total": total, "things": things, "window": window}


def _stated(pin: Pin, kind: str, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    rows = pin.rows(_STATED, [one["platform"], kind, one["id"], other["id"], MOST_MEETINGS])
    if not rows:
        return None
    moments = [row["moment"] for row in rows if row["moment"]]
    posts = _posts(pin, one["platform"], [row["post_id"] for row in rows if row["post_id"]])
    tie = {"weight": rows[0]["total"], "first": min(moments, default=None), "last": max(moments, default=None)}
    shown = [
        {"at": row["moment"], "source_file": row["source_file"], "row_locator": row["row_locator"]}
        | posts.get(row["post_id"], {"key": None})
        for row in rows
    ]
    return {"tie": tie, "rows": shown, "total": rows[0]["total"]}


def _posts(pin: Pin, platform: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Key and beginning of the text of each post, by id; the key is None where the case holds no such post."""
    held = {row.pop("id"): row for row in pin.rows(_POSTS, [platform, sorted(set(ids))])}
    return {id_: held.get(id_, {"key": None}) for id_ in ids}


def _window(pin: Pin) -> int:
    """Seconds within which the last analysis counted two shares as together."""
    if "window" not in pin.kept:
        how = [event.payload.get("coaction") or {} for event in pin.evidence.events("analysis")]
        pin.kept["window"] = int((how[-1] if how else {}).get("window", WINDOW))
    found: int = pin.kept["window"]
    return found
