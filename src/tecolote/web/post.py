"""One post: its text with the reasons in it, its assessment, counts over time, edges, media and findings."""

from __future__ import annotations

from typing import Any

from tecolote.decisions.codes import key_of
from tecolote.web.accounts import masked
from tecolote.web.library import Pin
from tecolote.web.text import segments

_SOURCE = ("source_file", "row_locator", "raw_sha256", "leaf_index", "record_index", "reader", "reader_version")


def one(pin: Pin, key: str) -> dict[str, Any] | None:
    """Everything that the page of a post shows, but the evidence trail; None if there is no such post."""
    slim = pin.row(
        """SELECT b.platform, b.id, b.account_key, b.thread_key, b.lang, c.name, c.role,
             coalesce(c.protected, false) AS protected
           FROM browse.post b LEFT JOIN browse.account c ON c.key = b.account_key WHERE b.key = ?""",
        [key],
    )
    if slim is None:
        return None
    whose = [slim["platform"], slim["id"]]
    post = pin.row("SELECT * FROM posts WHERE platform = ? AND id = ?", whose)
    if post is None:
        return None
    text = post.pop("text_raw") or post["text"] or ""
    post |= {"key": key, "account_key": slim["account_key"], "thread_key": slim["thread_key"], "role": slim["role"]}
    post["author"] = masked(slim["name"] or post["author_name"], slim["protected"])
    post["protected"] = slim["protected"]
    if slim["protected"]:
        post["author_name"] = post["account_id"] = None
    if post["in_reply_to_id"]:
        post["reply_key"] = key_of(post["platform"], post["in_reply_to_id"])
    source = {name: post.pop(name) for name in _SOURCE}
    assessment = pin.row(
        "SELECT * FROM assessments WHERE platform = ? AND post_id = ? ORDER BY assessor_version DESC LIMIT 1", whose
    )
    reasons = [dict(r, number=n) for n, r in enumerate((assessment or {}).get("reasons") or [], 1)]
    if assessment:
        del assessment["reasons"]
    return {
        "post": post,
        "text": text,
        "segments": segments(text, [(r["a"], r["b"]) for r in reasons]),
        "reasons": reasons,
        "assessment": assessment,
        "source": source,
        **_around(pin, whose, key),
    }


def _around(pin: Pin, whose: list[str], key: str) -> dict[str, Any]:
    """Rows of the other tables that are about the post."""
    sightings = pin.rows(
        """SELECT source_file, row_locator, leaf_index, record_index, reader, reader_version, raw_sha256
           FROM posts_rows WHERE platform = ? AND id = ? ORDER BY leaf_index, record_index LIMIT 100""",
        whose,
    )
    snapshots = pin.rows(
        """SELECT observed_at, observed_basis, likes, reposts, replies, quotes, views, bookmarks, reactions
           FROM post_snapshots WHERE platform = ? AND post_id = ?
           ORDER BY observed_at NULLS FIRST, leaf_index, record_index LIMIT 200""",
        whose,
    )
    edges = pin.rows(
        """SELECT e.type, e.dst, e.dst_kind, c.key AS account_key, c.name, coalesce(c.protected, false) AS protected,
             b.key AS post_key
           FROM edges e
           LEFT JOIN browse.account c ON e.dst_kind = 'account' AND c.platform = e.platform AND c.id = e.dst
           LEFT JOIN browse.post b ON e.dst_kind = 'post' AND b.platform = e.platform AND b.id = e.dst
           WHERE e.platform = ? AND e.post_id = ? ORDER BY e.type, e.dst LIMIT 200""",
        whose,
    )
    for edge in edges:
        edge["label"] = masked(edge.pop("name") or edge["dst"], edge["protected"])
        if edge["protected"]:
            edge["dst"] = None
    media = pin.rows(
        """SELECT id, type, status, sha256, mime, width, height, duration_ms, alt_text, url, local_path FROM media
           WHERE platform = ? AND post_id = ? ORDER BY id LIMIT 100""",
        whose,
    )
    findings = pin.rows(
        """SELECT signal, signal_version, label, score, span_a, span_b, reason FROM findings
           WHERE platform = ? AND target_kind = 'post' AND target_id = ? ORDER BY signal, span_a, label LIMIT 200""",
        whose,
    )
    states = pin.rows(
        """SELECT state, reason, jurisdiction, observed_at, observed_by, state_since FROM browse.observation
           WHERE key = ? AND target_kind = 'post' ORDER BY by_time LIMIT 50""",
        [key],
    )
    return {
        "sightings": sightings, "snapshots": snapshots, "edges": edges, "media": media, "findings": findings,
        "states": states,
    }  # fmt: skip
