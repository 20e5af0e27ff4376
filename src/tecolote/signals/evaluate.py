"""How well posts are read: ``python -m tecolote.signals.evaluate [--data DIR] [--encoder NAME] [--card FILE]``.

Prints tables per source and per functionality, with Wilson intervals (Wilson 1927), the misses first, and
the recall of hidden codebook terms. Sets without a licence are measured here and used for nothing else.
With ``--card`` the same figures are written as the model card.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from tecolote import codebook
from tecolote.decisions.codes import PROTECTED
from tecolote.errors import TecoloteError
from tecolote.signals.assess import Assessment, Assessor
from tecolote.signals.card import FIGURES, card
from tecolote.signals.text.encoder import load_encoder
from tecolote.signals.text.examples import examples
from tecolote.signals.text.normalise import fold, lane1, lane2
from tecolote.signals.text.terms import TermFinder

_Z = 1.959964
_SHOWN = 10


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share."""
    if not of:
        return (0.0, 1.0)
    share, z2 = hits / of, _Z * _Z
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return (max(0.0, centre - half), min(1.0, centre + half))


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits}/{of} = {hits / of if of else 0:.3f} [{low:.3f}, {high:.3f}]"


def calibration_bins(pairs: list[tuple[float, bool]], bins: int = 10) -> list[dict[str, float]]:
    """Bins of equal width that hold something: cases, mean probability said, share that is so, with its interval."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for p, so in pairs:
        cell = sums[min(bins - 1, int(p * bins))]
        cell[0] += 1
        cell[1] += p
        cell[2] += so
    found = []
    for _, (of, said, hits) in sorted(sums.items()):
        low, high = wilson(int(hits), int(of))
        found.append({"cases": of, "said": said / of, "so": hits / of, "low": low, "high": high})
    return found


def calibration_error(pairs: list[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015) over equal-width bins."""
    cells = calibration_bins(pairs, bins)
    return sum(c["cases"] * abs(c["said"] - c["so"]) for c in cells) / max(1, len(pairs))


class Case(msgspec.Struct, frozen=True):
    """One labelled text; ``voices`` are those that count as right, ``pair`` holds twins together.

    Texts with one ``unit`` are never divided between what is learnt and what measures; "" means ``pair``.
    """

    text: str
    name: str
    functionality: str
    must_flag: bool
    voices: tuple[str, ...]
    themes: tuple[str, ...]
    pair: str
    lang: str | None = None
    unit: str = ""


def suite_file(path: Path) -> list[Case]:
    """The labelled cases of a JSON Lines file.

    A line has ``text``, ``voice`` and, where known, ``id``, ``must_flag`` (else: whether the voice is a
    perpetrator's), ``functionality``, ``themes``, ``pair``, ``lang``, ``voice_ok`` (other voices that count as right).

    Raises:
        TecoloteError: the file or a line cannot be read, or has a voice that is none of `VOICES`.
    """
    cases: list[Case] = []
    try:
        with open(path, "rb") as lines:
            for number, raw in enumerate(lines, 1):
                if raw.strip():
                    cases.append(_labelled(msgspec.json.decode(raw, type=_Labelled), number))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TecoloteError(f"{path}, line {len(cases) + 1}: {error}", _LABELS) from None
    except OSError as error:
        raise TecoloteError(f"{path} cannot be read: {error.strerror}", "Check the path") from None
    if not cases:
        raise TecoloteError(f"{path} holds no labelled text", _LABELS)
    return cases


_LABELS = 'A line is {"text": "...", "voice": "reporter"}, with must_flag, functionality, themes, pair if known'


class _Labelled(msgspec.Struct):
    """A line of a labelled file."""

    text: str
    voice: Literal["perpetrator", "reporter", "victim", "fan", "neutral"]
    id: str | int | None = None
    must_flag: bool | None = None
    functionality: str = "all"
    themes: list[str] = []
    pair: str | None = None
    lang: str | None = None
    voice_ok: list[str] = []


def _labelled(row: _Labelled, number: int) -> Case:
    flag = row.voice == "perpetrator" if row.must_flag is None else row.must_flag
    voices = tuple(dict.fromkeys((row.voice, *row.voice_ok)))
    name = str(number if row.id is None else row.id)
    return Case(row.text, name, row.functionality, flag, voices, tuple(row.themes), row.pair or "", row.lang)


def own_cases(held: bool) -> dict[str, list[Case]]:
    """Shipped pairs by file: those that only measure, or those that the weights were fitted on."""
    found: dict[str, list[Case]] = defaultdict(list)
    for row in examples():
        if row.held == held and ":s" not in row.unit:
            flag = row.voice == "perpetrator"
            case = Case(row.text, row.unit, row.functionality, flag, (row.voice,), row.themes, row.unit)
            found[row.unit.split(":")[0]].append(case)
    return dict(found)


class Reads(Protocol):
    """What is judged: an `Assessor`, or what stands in for one."""

    def assess(self, text: str, lang: str | None, /) -> Assessment: ...  # noqa: D102


def suite(cases: Sequence[Case], reader: Reads) -> dict[str, Any]:
    """Figures on labelled cases, with the misses."""
    groups: dict[str, list[bool]] = defaultdict(list)
    pairs: dict[str, list[bool]] = defaultdict(list)
    calibrated: list[tuple[float, bool]] = []
    hits = dict.fromkeys(("yes", "yes_of", "no", "no_of", "kept", "kept_of", "voice", "tp", "fp", "fn"), 0)
    misses: list[tuple[str, str, float]] = []
    confusion: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    flagged: list[dict[str, Any]] = []
    for case in cases:
        found = reader.assess(case.text, case.lang)
        right = found.flag == case.must_flag
        kind = "yes" if case.must_flag else "no"
        hits[kind] += right
        hits[kind + "_of"] += 1
        if not case.must_flag and case.voices[0] in PROTECTED:
            hits["kept"] += right
            hits["kept_of"] += 1
        hits["voice"] += found.voice in case.voices
        wanted, said = set(case.themes), set(found.themes)
        hits["tp"] += len(wanted & said)
        hits["fp"] += len(said - wanted)
        hits["fn"] += len(wanted - said)
        groups[case.functionality].append(right)
        if case.pair:
            pairs[case.pair].append(right)
        calibrated.append((found.probability, case.must_flag))
        confusion[case.voices[0]][found.voice] += 1
        if not right:
            misses.append((case.functionality, case.name, found.probability))
            if found.flag:
                flagged.append(_false_flag(case, found))
    return {
        "cases": len(cases),
        "recall": _share(hits["yes"], hits["yes_of"]),
        "specificity": _share(hits["no"], hits["no_of"]),
        "reporter and victim specificity": _share(hits["kept"], hits["kept_of"]),
        "pairs all right": _share(sum(all(p) for p in pairs.values()), len(pairs)),
        "voice accuracy": _share(hits["voice"], len(cases)),
        "theme micro-F1": round(2 * hits["tp"] / max(1, 2 * hits["tp"] + hits["fp"] + hits["fn"]), 3),
        "calibration error": round(calibration_error(calibrated), 3),
        "functionalities": {
            k: _share(sum(v), len(v)) for k, v in sorted(groups.items(), key=lambda g: sum(g[1]) / len(g[1]))
        },
        "misses": misses,
        "voices": {right: dict(said) for right, said in sorted(confusion.items())},
        "calibration": calibration_bins(calibrated),
        "false flags": sorted(flagged, key=lambda row: (-row["protected"], -row["probability"])),
    }


def _false_flag(case: Case, found: Assessment) -> dict[str, Any]:
    return {
        "id": case.name,
        "functionality": case.functionality,
        "voice": case.voices[0],
        "protected": case.voices[0] in PROTECTED,
        "probability": round(found.probability, 3),
        "because": [reason.why for reason in found.reasons[:3]],
        "text": case.text,
    }


def sources(data: Path, reader: Assessor, limit: int = 3000) -> Iterator[tuple[str, str]]:
    """Flag rate and mean probability per class of each labelled source; at most ``limit`` rows, evenly spaced."""
    import pyarrow.parquet as pq

    for name, column in (
        ("narco_voice_es", "subtype"),
        ("hatecheck_es", "speech"),
        ("hatecheck_en", "speech"),
        ("gold_toxicity_es", "toxic"),
        ("fakenews_es", "topic"),
        ("edos_en", "threat"),
        ("openai_mod_en", "V"),
    ):
        path = data / name / "dev.parquet"
        if not path.exists():
            continue
        classes: dict[str, list[str]] = defaultdict(list)
        for row in pq.read_table(path, columns=["text", column]).to_pylist():
            classes[str(row[column])].append(row["text"])
        for label, texts in sorted(classes.items()):
            chosen = texts[:: max(1, -(-len(texts) // limit))]
            found = [reader.assess(t) for t in chosen]
            mean = sum(f.probability for f in found) / len(found)
            share = _share(sum(f.flag for f in found), len(found))
            yield f"{name} {column}={label}", f"{share}, mean probability {mean:.3f}"


_LEET = str.maketrans("aeiost", "431057")
_ALIKE = str.maketrans("aeopcx", "аеорсх")


def _disguises(word: str, chance: random.Random) -> dict[str, str]:
    at = chance.randrange(1, max(2, len(word)))
    return {
        "leet": word.translate(_LEET),
        "look-alikes": word.translate(_ALIKE),
        "bold": "".join(chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in word),
        "zero width": word[:at] + "\u200b" + word[at:],
        "repeats": word[:at] + word[at - 1] * 3 + word[at:] if word[at - 1].isalpha() else word,
        "dots": ".".join(word) if " " not in word else " ".join(".".join(w) for w in word.split()),
        "accents": word.translate(str.maketrans("aeiou", "áéíóú")),
    }


def hidden_terms(book: codebook.Codebook, count: int = 600) -> dict[str, str]:
    """Share of codebook words found again after each disguise, planted in an ordinary sentence."""
    chance = random.Random(7)  # noqa: S311 - a fixed sample, not a secret
    finder = TermFinder(book)
    words = [
        t
        for t in book.terms.values()
        if t.kind in ("word", "phrase", "name")
        and len(fold(t.term)) >= 4
        and fold(t.term).replace(" ", "").isalpha()
        and not t.combine_with
    ]
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for term in (chance.choice(words) for _ in range(count)):
        for name, hidden in _disguises(fold(term.term), chance).items():
            if hidden == fold(term.term):
                continue
            first = lane1(f"hoy vimos {hidden} por la tarde")
            hits = {h.entry.label for h in finder.find([first, *lane2(first)], None)}
            found[name][0] += term.id in hits
            found[name][1] += 1
    return {name: _share(*counts) for name, counts in found.items()}


def _asking(encoder: str, book: codebook.Codebook, suites: dict[str, list[Case]]) -> dict[str, dict[str, Any]]:
    """Figures of ``suites`` with the encoder of that name, printed as they come."""
    reader = Assessor(book, meaning=load_encoder(encoder))
    found = {}
    for name, cases in suites.items():
        found[name] = suite(cases, reader)
        print(f"{name}, asking {encoder}:", *(f"{row} {found[name][row]};" for row in FIGURES))
    return found


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with labelled text; without it the shipped pairs only")
    parser.add_argument("--encoder", help="measure the suites with this encoder as well: use, or module:attribute")
    parser.add_argument("--card", type=Path, help="write the model card here")
    wanted = parser.parse_args()
    book = codebook.load()
    reader = Assessor(book)
    print("reader", reader.version)
    files = sorted(wanted.data.glob("*.jsonl")) if wanted.data else []
    files_cases = {path.name: suite_file(path) for path in files}
    held_cases = own_cases(held=True)
    suites = {name: suite(cases, reader) for name, cases in files_cases.items()}
    held = {name: suite(cases, reader) for name, cases in held_cases.items()}
    fitted = {name: suite(cases, reader) for name, cases in own_cases(held=False).items()}
    for name, figures in (suites | held).items():
        shown = {**figures, "false flags": figures["false flags"][:_SHOWN]}
        print(name, json.dumps(shown, indent=1, ensure_ascii=False))
    rates = dict(sources(wanted.data, reader)) if wanted.data else {}
    for name, words in rates.items():
        print(f"{name:55} {words}")
    hidden = hidden_terms(book)
    for name, words in hidden.items():
        print(f"hidden by {name:15} {words}")
    asked = _asking(wanted.encoder, book, files_cases | held_cases) if wanted.encoder else {}
    if wanted.card:
        wanted.card.write_text(card(reader.version, suites, held, fitted, rates, hidden, asked))


if __name__ == "__main__":
    main()
