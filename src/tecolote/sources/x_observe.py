"""What X says of posts and accounts that are gone: partial errors, compliance rows, stream notices.

"Not found", "suspended" and "protected" are different states and are never merged. X answers "not
authorized" for a post both when its author is protected and when the author is suspended, so such a post
is only `restricted`; for an account it means protected, because a suspended one is named as such.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tecolote.sources.base import Options, Sink
from tecolote.sources.shapes import epoch, ident, moment, obj, seq, some
from tecolote.sources.x_shapes import Problem, Thing

_KINDS = {"tweet": "post", "post": "post", "user": "account", "media": "media", "list": "thread", "space": "thread"}
_REASONS = {"deleted": "deleted", "deactivated": "deactivated", "suspended": "suspended", "protected": "protected"}
_EVENTS = {
    "delete": "deleted", "undelete": "live", "withheld": "withheld", "status_withheld": "withheld",
    "drop": "restricted", "undrop": "live", "user_delete": "deactivated", "user_undelete": "live",
    "user_withheld": "withheld", "user_protect": "protected", "user_unprotect": "live",
    "user_suspend": "suspended", "user_unsuspend": "live",
}  # fmt: skip
_TWITTER_EPOCH_MS = 1288834974657


def problem_state(problem: Problem) -> str:
    """State that a partial error tells of."""
    detail = (problem.detail or "").lower()
    for word in ("suspended", "deactivated", "withheld", "protected"):
        if word in detail:
            return word
    title, kind = (problem.title or "").lower(), problem.type or ""
    if "not-authorized" in kind or "authorization" in title or "not authorized" in detail:
        return "protected" if problem.resource_type == "user" else "restricted"
    if "resource-not-found" in kind or "not found" in title or "could not find" in detail:
        return "not_found"
    return "restricted" if "resource-unavailable" in kind or "forbidden" in title else "unknown"


def problem(sink: Sink, rec: int, found: Problem, names: dict[str, str], at: datetime | None) -> None:
    """Add the observation that a partial error states; an error that names no post or account is noted.

    ``names`` turns a username of the page into its id, where another record of the page states it.
    """
    kind = _KINDS.get((found.resource_type or "").lower())
    target = ident(found.resource_id or found.value)
    if kind is None or target is None:
        sink.note(f"the platform answered: {found.title or ''}: {(found.detail or '')[:200]}")
        return
    if kind == "account" and not target.isdigit():
        target = ident(names.get(target.lower(), target))
    reason = some(": ".join(part for part in (found.title, found.detail) if part))
    sink.add(
        "observations", rec, platform="x", target_kind=kind, target_id=target, state=problem_state(found),
        reason=reason, observed_at=at, observed_by="export",
    )  # fmt: skip


def compliance_kind(row: Thing, name: str) -> str:
    """Whether a row of a compliance job speaks of a post or an account; the row itself does not say.

    Ids made since November 2010 hold their time of creation. A row whose ``created_at`` disagrees with its
    id has an old account id; of those that agree, only posts carry milliseconds or ``redacted_at``.
    """
    created = moment(row.created_at)[0]
    if row.redacted_at:
        return "post"
    stated = int(row.id) if row.id and row.id.isdigit() else 0
    if created is not None and created.year >= 2011:
        made = datetime.fromtimestamp(min(((stated >> 22) + _TWITTER_EPOCH_MS) / 1000, 4e9), UTC)
        if abs((made - created).total_seconds()) > 2:
            return "account"
    if created is not None and "." in (row.created_at or ""):
        return "post"
    return "post" if "tweet" in name.lower() else "account"


def compliance(sink: Sink, rec: int, row: Thing, name: str, options: Options) -> None:
    """Add the observation of one row of a batch compliance job."""
    said = (row.reason or "").lower()
    state = _REASONS.get(said) or ("deleted" if row.action == "delete" and not said else "unknown")
    sink.add(
        "observations", rec, platform="x", target_kind=compliance_kind(row, name), target_id=ident(row.id), state=state,
        reason=some(": ".join(p for p in (row.action, row.reason) if p)), observed_at=options.observed_at,
        observed_by="export", state_since=moment(row.redacted_at)[0],
    )  # fmt: skip


def notice(sink: Sink, rec: int, name: str, body: dict[str, Any], options: Options) -> bool:
    """Add the observation of a compliance event in a stream (v2: ``{"data": {name: body}}``, v1.1: ``{name: body}``).

    False if ``name`` is no such event.
    """
    state = _EVENTS.get(name)
    if state is None:
        return False
    inner = obj(body.get("tweet")) or obj(body.get("status")) or obj(body.get("user")) or body
    kind = "account" if name.startswith("user_") else "post"
    target = ident(inner.get("id_str")) or ident(inner.get("id"))
    if target is None:
        return False
    since = moment(body.get("event_at"))[0] or epoch(body.get("timestamp_ms"), 1000)[0]
    where = [c for c in map(some, seq(body.get("withheld_in_countries"))) if c]
    sink.add(
        "observations", rec, platform="x", target_kind=kind, target_id=target, state=state,
        reason=some(name), jurisdiction=",".join(where) or None, observed_at=options.observed_at,
        observed_by="export", state_since=since,
    )  # fmt: skip
    return True
