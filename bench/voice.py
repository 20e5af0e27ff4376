"""Reading of posts on one core: rules alone, the whole chain, and a keyword list: ``python -m bench.voice``.

The posts are those of the demo case. The codebook is the shipped one with invented terms up to 5,000, so that
the search has its full width.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from pathlib import Path

from bench.run import BIN, WORK, peers, timed

TERMS = 5_000
LOAD = """
import json, sys, time
posts = [json.loads(l)["text"] for l in open(sys.argv[1], encoding="utf-8")]
def rate(what, step):
    for t in posts[:200]: step(t)
    began = time.process_time()
    for t in posts: step(t)
    print(json.dumps([what, len(posts) / (time.process_time() - began)]))
"""
OURS = """
from tecolote import codebook
from tecolote.signals.assess import Assessor
from tecolote.signals.text.normalise import lane1, lane2
from tecolote.signals.text.reading import read
from tecolote.signals.text.terms import TermFinder
book = codebook.load(sys.argv[2])
finder, reader = TermFinder(book), Assessor(book)
rate("casefold alone (floor)", str.casefold)
rate("normalise", lambda t: lane2(lane1(t)))
rate("normalise + codebook + discourse", lambda t: read(t, finder, None, None))
rate("whole chain", reader.assess)
"""
PEER = """
import ahocorasick
search = ahocorasick.Automaton()
for word in open(sys.argv[2], encoding="utf-8").read().split("\\n"): search.add_word(word, word)
search.make_automaton()
rate("pyahocorasick, casefolded keywords", lambda t: list(search.iter(t.casefold())))
"""


def write_terms(folder: Path) -> tuple[Path, Path]:
    """A codebook with invented words, and all its terms one a line."""
    from tecolote import codebook

    rng, have = random.Random(5), codebook.load().terms
    words = {"".join(rng.choices("abcdefgilmnoprstuvz", k=rng.randrange(6, 12))) for _ in range(TERMS - len(have))}
    lines = [f"  - {{id: made-{i}, term: {w}, kind: word, weight: 0.1}}" for i, w in enumerate(sorted(words))]
    book, plain = folder / "terms.yaml", folder / "terms.txt"
    book.write_text("terms:\n" + "\n".join(lines) + "\n")
    plain.write_text("\n".join([t.term.casefold() for t in have.values()] + sorted(words)))
    return book, plain


def write_posts(folder: Path) -> Path:
    """The texts of the demo case."""
    keys = {"TECOLOTE_KEYS": str(folder / "keys")}
    tecolote = str(BIN / "tecolote")
    timed([tecolote, "demo", "--out", str(folder / "demo")], env=keys)
    out = folder / "posts.jsonl"
    words = ["export", "posts", "--case", str(folder / "demo/case"), "--format", "jsonl", "--out", str(folder / "all")]
    timed([tecolote, *words], env=keys)
    with open(folder / "all", encoding="utf-8") as source, open(out, "w", encoding="utf-8") as sink:
        for line in source:
            text = json.loads(line).get("text")
            if text:
                sink.write(json.dumps({"text": text}) + "\n")
    return out


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    given = parser.parse_args(argv)
    WORK.mkdir(exist_ok=True)
    try:
        posts = write_posts(WORK)
        book, plain = write_terms(WORK)
        runs = [(sys.executable, LOAD + OURS, book)]
        if not given.no_peers:
            runs.append((str(peers() / "python"), LOAD + PEER, plain))
        rates: list[tuple[str, float]] = []
        for python, code, terms in runs:
            timed([python, "-c", code, str(posts), str(terms)], one_core=True)
            rates += [json.loads(line) for line in (WORK / "last.log").read_text().splitlines() if line[:1] == "["]
    finally:
        shutil.rmtree(WORK)
    chain = dict(rates)["whole chain"]
    print(f"{'one core':40}{'posts/s':>12}{'x whole chain':>15}")
    for name, rate in rates:
        print(f"{name:40}{rate:12,.0f}{rate / chain:15.1f}")


if __name__ == "__main__":
    main()
