"""The phrase grammar: what its notation means, and that the shipped rules hold together."""

from __future__ import annotations

import random
import re

import pytest

from tecolote.demo.acts import CRIMES, LIFE, MIX, RING_CRIMES
from tecolote.demo.grammar import Grammar, _parse
from tecolote.demo.style import disguise, fold, type_it
from tecolote.errors import TecoloteError


def _grammar(**rules: list[str]) -> Grammar:
    grammar = Grammar(files=())
    grammar.rules = {name: [_parse(line) for line in lines] for name, lines in rules.items()}
    return grammar


def test_choices_nest_and_a_bar_outside_braces_is_a_bar() -> None:
    grammar = _grammar(a=["$who | {x{1|2}|y|}."])
    found = {grammar.expand("a", lambda name: name.upper(), random.Random(n)) for n in range(60)}
    assert found == {"WHO | x1.", "WHO | x2.", "WHO | y.", "WHO |."}


def test_a_rule_refers_to_another() -> None:
    grammar = _grammar(a=["<b>, <b>"], b=["uno", "dos"])
    found = {grammar.expand("a", str, random.Random(n)) for n in range(60)}
    assert found == {"Uno, uno", "Uno, dos", "Dos, uno", "Dos, dos"}


def test_an_unknown_rule_is_an_error_of_ours() -> None:
    with pytest.raises(TecoloteError, match="no rule 'nada'"):
        _grammar().expand("nada", str, random.Random(1))


def _refs(nodes: object) -> set[str]:
    if isinstance(nodes, tuple):
        return {str(nodes[1])} if nodes[0] == "ref" else _refs(nodes[1])
    return {name for node in nodes for name in _refs(node)} if isinstance(nodes, list) else set()


def test_every_reference_and_every_act_has_a_rule() -> None:
    rules = Grammar().rules
    assert {name for lines in rules.values() for line in lines for name in _refs(line)} <= set(rules)
    acts = {a for mix in MIX.values() for a in mix if a not in ("@life", "crime", "coded")}
    acts |= set(LIFE) | (set(CRIMES) | set(RING_CRIMES)) - {"coded"}
    assert {a for a in acts if a not in rules and f"{a}.es" not in rules} == set()


def test_typing_leaves_links_tags_and_mentions_alone() -> None:
    text = "Según dicen #ÚltimaHora @Perico_9 https://eltintero.example/N/1 después, señor"
    typed = type_it(text, frozenset({"lower", "plain", "loose", "short"}), random.Random(3))
    assert {"#ÚltimaHora", "@Perico_9", "https://eltintero.example/N/1"} <= set(typed.split())
    assert "segun" in typed and "señor" in typed


def test_a_disguise_changes_words_and_keeps_links() -> None:
    text = "buscamos gente firme para trabajar mañana mismo https://x.example/a #PuraOcotera"
    found = {disguise(text, random.Random(n)) for n in range(30)}
    assert len(found) > 15
    assert all("https://x.example/a" in t and "#PuraOcotera" in t for t in found)


def test_folding_keeps_the_tilde_of_n() -> None:
    assert fold("Peñón está aquí, ÑANDÚ") == "Peñon esta aqui, ÑANDU"


def test_no_variable_is_left_in_a_text() -> None:
    grammar = Grammar()
    for rule in grammar.rules:
        for seed in range(20):
            assert not re.search(r"[{}<>]|\$[a-z]", grammar.expand(rule, lambda name: "X", random.Random(seed))), rule
