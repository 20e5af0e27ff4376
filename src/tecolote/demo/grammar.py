"""A small phrase grammar: many different sentences from few rules.

A grammar file holds sections ``[name]`` with one alternative a line. Inside an alternative ``{a|b}`` is a choice,
``<name>`` another section and ``$name`` a value of the post (town, group, hour). Lines that begin with ``# `` are
comments. Choices may be nested and may be empty.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from importlib import resources

from tecolote.errors import TecoloteError

#: Gives the value of a variable.
Lookup = Callable[[str], str]
Node = tuple[str, object]

_TOKEN = re.compile(r"\{|\}|\||<([a-z0-9_.]+)>|\$([a-z]+[0-9]?)|[^{}|<$]+|[<$]")
_FILES = ("perpetrator", "hostile", "reporter", "victim", "fan", "daily", "english", "chat")


class Grammar:
    """The rules of all grammar files of this package.

    Attributes:
        rules: section name to its alternatives.
    """

    def __init__(self, files: tuple[str, ...] = _FILES) -> None:
        self.rules: dict[str, list[list[Node]]] = {}
        folder = resources.files("tecolote.demo") / "grammar"
        for name in files:
            self._load((folder / f"{name}.txt").read_text("utf-8"))

    def _load(self, text: str) -> None:
        current: list[list[Node]] = []
        for line in text.splitlines():
            heading = re.fullmatch(r"\[([a-z0-9_.]+)\]", line)
            if heading:
                current = self.rules.setdefault(heading[1], [])
            elif line and not line.startswith("# "):
                current.append(_parse(line))

    def expand(self, rule: str, lookup: Lookup, rng: random.Random) -> str:
        """One sentence of ``rule``.

        Raises:
            TecoloteError: there is no such rule.
        """
        if rule not in self.rules:
            raise TecoloteError(f"the demo grammar has no rule '{rule}'", "Reinstall the package")
        out: list[str] = []
        self._emit(rng.choice(self.rules[rule]), lookup, rng, out)
        text = re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r" {2,}", " ", "".join(out))).strip()
        return text[:1].upper() + text[1:]

    def _emit(self, nodes: list[Node], lookup: Lookup, rng: random.Random, out: list[str]) -> None:
        for kind, value in nodes:
            if kind == "text":
                out.append(str(value))
            elif kind == "var":
                out.append(lookup(str(value)))
            elif kind == "ref":
                self._emit(rng.choice(self.rules[str(value)]), lookup, rng, out)
            else:
                assert isinstance(value, list)
                self._emit(rng.choice(value), lookup, rng, out)


def _parse(line: str) -> list[Node]:
    """Nodes of one alternative; a bar outside braces is a bar."""
    root: list[Node] = []
    open_choices: list[list[list[Node]]] = []
    current = root
    parents: list[list[Node]] = []
    for match in _TOKEN.finditer(line):
        sign = match[0]
        if sign == "{":
            parents.append(current)
            current = []
            open_choices.append([current])
        elif sign == "|" and open_choices:
            current = []
            open_choices[-1].append(current)
        elif sign == "}" and open_choices:
            current = parents.pop()
            current.append(("choice", open_choices.pop()))
        elif match[1]:
            current.append(("ref", match[1]))
        elif match[2]:
            current.append(("var", match[2]))
        else:
            current.append(("text", sign))
    return root
