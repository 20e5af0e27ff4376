"""Themes, groups, terms and platforms: what a coder and the reader of posts have to know.

``load()`` reads the four files that ship with the package; ``load("my.yaml")`` adds groups and terms of
one's own. Everything is validated when it is loaded, with one line naming the file and the entry.
"""

from tecolote.codebook.book import (
    Codebook,
    Emoji,
    Group,
    Name,
    Platform,
    Term,
    Theme,
    active_on,
    load,
)

__all__ = ["Codebook", "Emoji", "Group", "Name", "Platform", "Term", "Theme", "active_on", "load"]
