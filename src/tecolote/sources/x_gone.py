"""What X's web pages say in the place of a post or an account that they do not show.

The words decide only where they are plain; everything else is 'unknown' or 'restricted', never "deleted".
"""

from __future__ import annotations

from typing import Any

from tecolote.sources.shapes import dig, obj, some

#: Marks in a reason or message, the surest first, and the state each means.
_STATES = (
    ("suspended", "suspended"), ("deactivated", "deactivated"), ("no longer exists", "deactivated"),
    ("withheld", "withheld"), ("deleted by", "deleted"), ("was deleted", "deleted"), ("protected", "protected"),
    ("limits who can view", "protected"), ("violated the", "restricted"), ("age-restricted", "restricted"),
    ("unable to view", "restricted"), ("nsfw", "restricted"), ("blocked", "restricted"), ("limited", "restricted"),
    ("doesn’t exist", "not_found"), ("doesn't exist", "not_found"), ("not found", "not_found"),
)  # fmt: skip
#: Types that stand where a post or an account would.
GONE_ACCOUNTS = frozenset({"UserUnavailable"})
GONE_POSTS = frozenset({"TweetTombstone", "TweetUnavailable"})


def state_of(said: str | None) -> str:
    """State that the platform's words tell of; 'unknown' if they do not tell."""
    lower = (said or "").lower()
    return next((state for mark, state in _STATES if mark in lower), "unknown")


def said_of(value: dict[str, Any]) -> str | None:
    """Reason and message of an answer without its object, as the platform words them."""
    message = value.get("message") or value.get("unavailable_message")
    stated = some(message) or some(dig(message, "text")) or some(dig(value, "tombstone", "text", "text"))
    parts = [part for part in (some(value.get("reason")), stated) if part]
    return ": ".join(parts) or some(dig(obj(value.get("tombstone")), "richText", "text"))
