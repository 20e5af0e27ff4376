"""Words for the codes in the tables, in the language of the page."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from tecolote.codebook import Codebook

_CODES: dict[str, dict[str, Promise]] = {
    "voice": {
        "perpetrator": _("perpetrator"),
        "reporter": _("reporter"),
        "victim": _("victim"),
        "fan": _("fan"),
        "neutral": _("neutral"),
        "none": _("not assessed"),
    },
    "role": {
        "suspected_member": _("suspected member"),
        "reporter": _("reporter"),
        "victim": _("victim"),
        "fan": _("fan"),
        "neutral": _("neutral"),
        "none": _("not assessed"),
    },
    "state": {
        "live": _("live"),
        "deleted": _("deleted"),
        "suspended": _("suspended"),
        "deactivated": _("deactivated"),
        "protected": _("protected by its owner"),
        "withheld": _("withheld"),
        "restricted": _("restricted"),
        "not_found": _("not found"),
        "not_in_later_export": _("not in a later export"),
        "unknown": _("unknown"),
    },
    "kind": {
        "post": _("post"),
        "comment": _("comment"),
        "message": _("message"),
        "story": _("story"),
        "video": _("video"),
        "event": _("event"),
        "account": _("account"),
        "media": _("media"),
        "thread": _("thread"),
        "image": _("picture"),
        "audio": _("audio"),
        "animation": _("animation"),
        "sticker": _("sticker"),
        "document": _("document"),
        "link_preview": _("link preview"),
        "present": _("present"),
        "omitted": _("omitted from the export"),
        "unavailable": _("unavailable"),
        "none": _("not stated"),
    },
    "edge": {
        "follows": _("follows"),
        "mentions": _("mentions"),
        "replies": _("replies to"),
        "quotes": _("quotes"),
        "reposts": _("reposts"),
        "forwards": _("forwards"),
        "links_to": _("links to"),
        "hashtag": _("hashtag"),
        "attaches": _("attaches"),
        "member_of": _("member of"),
        "link": _("same link"),
        "text": _("same text"),
        "all": _("all together"),
    },
    "imminence": {
        "none": _("none"),
        "conditional": _("conditional"),
        "dated_or_placed": _("dated or placed"),
        "immediate": _("immediate"),
    },
    "target": {
        "none": _("nobody"),
        "rival": _("a rival group"),
        "authority": _("authorities"),
        "journalist_or_citizen_reporter": _("journalists or citizen reporters"),
        "civilian_named": _("a named civilian"),
        "public_at_large": _("the public at large"),
        "business": _("a business"),
        "migrant": _("migrants"),
        "minor": _("minors"),
        "platform_user": _("a user of the platform"),
    },
    "visibility": {
        "public": _("public"),
        "unlisted": _("unlisted"),
        "followers": _("followers only"),
        "private": _("private"),
    },
    "basis": {"record": _("by the record"), "file": _("by the file"), "user": _("by the user")},
    "confidence": {"high": _("high"), "medium": _("medium"), "low": _("low")},
    "severity": {
        "0": _("context only"),
        "1": _("image-building"),
        "2": _("facilitation"),
        "3": _("coercion"),
        "4": _("immediate danger"),
    },
    "table": {
        "posts": _("posts"),
        "post_snapshots": _("counts of posts"),
        "accounts": _("accounts"),
        "account_snapshots": _("profiles"),
        "media": _("media"),
        "edges": _("edges"),
        "threads": _("threads"),
        "observations": _("observations"),
    },
}


@functools.cache
def _book() -> Codebook:
    from tecolote import codebook

    return codebook.load()


def label(code: object, axis: str) -> str:
    """What ``code`` of ``axis`` is called; a code without a name is shown as it is, underscores as spaces.

    Axes: those of `_CODES`, and theme, group and platform, whose words are in the codebook.
    """
    if code is None:
        return ""
    text = str(code)
    if axis == "theme" and text in _book().themes:
        names = _book().themes[text].name
        return names.get((get_language() or "en")[:2]) or names.get("en", text)
    if axis == "group" and text in _book().groups:
        return _book().groups[text].name
    if axis == "platform" and text in _book().platforms:
        return _book().platforms[text].name
    known = _CODES.get(axis, {}).get(text)
    return str(known) if known is not None else text.replace("_", " ")
