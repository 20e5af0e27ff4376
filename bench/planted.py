"""What a made case holds against what is found in it: ``python -m bench.planted`` (``--case DIR`` for one at hand).

The case is that of ``tecolote demo``: the truth is planted, so every share here is of known answers, with Wilson's
95 % interval. Planted clusters stand with their p-value against chance; newsrooms that post within seconds of each
other (``--hostile``) must not be among what is shown as acting together.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.publish.sheet import Sheet, prepare
from tecolote.publish.texts import say, value_name
from tecolote.publish.truth import Measure, compare


def made(folder: Path, seed: int, hostile: bool, scale: float) -> Path:
    """A made case, imported and analyzed."""
    verbs.import_demo(verbs.write_demo(folder / "demo", seed, hostile, scale), folder / "case")
    verbs.analyze(folder / "case")
    return folder / "case"


def _share(value: tuple[float, float, float] | None) -> str:
    return "–" if value is None else f"{100 * value[0]:5.1f} % [{100 * value[1]:.1f}, {100 * value[2]:.1f}]"


def _name(measure: Measure) -> str:
    voice = measure.id.removeprefix("voice.")
    return say("en", f"truth.{measure.id}") if voice == measure.id else f"voice: {value_name('en', 'voice', voice)}"


def print_measures(sheet: Sheet) -> None:
    """Planted, found and right by measure, and the first false alarms and misses of the short lists."""
    print(f"{'planted and found':44}{'planted':>9}{'found':>8}{'right':>8}  {'precision':25} {'recall':25}")
    for measure in compare(sheet):
        counts = f"{measure.planted:9,}{measure.found:8,}"
        if measure.id == "protected":
            print(f"{_name(measure):44}{counts}{'–':>8}  flagged, which nobody should be")
            continue
        shares = f"{_share(measure.precision):25} {_share(measure.recall):25}"
        print(f"{_name(measure):44}{counts}{measure.right:8,}  {shares}".rstrip())


def print_clusters(sheet: Sheet) -> None:
    """Each planted cluster with what was found of it, and what protected accounts have to do with ties."""
    ties = sheet.rows("SELECT DISTINCT a, b, cluster FROM sheet.coaction")
    print(f"\n{'planted cluster':44}{'accounts':>9}{'found':>8}{'others':>8}{'ties':>10}  p against chance")
    for planted in (sheet.truth or {}).get("clusters", []):
        members = {f"{planted['platform']} {account}" for account in planted["accounts"]}
        mine = [tie for tie in ties if members & {tie["a"], tie["b"]}]
        ends = {end for tie in mine for end in (tie["a"], tie["b"])}
        within = sum({tie["a"], tie["b"]} <= members for tie in mine)
        p = min(
            (
                c["p"]
                for c in sheet.chance["found"]
                if len(members & {f"{c['platform']} {m}" for m in c["members"]}) > 1
            ),
            default=None,
        )
        counted = f"{len(members):9}{len(members & ends):8}{len(ends - members):8}"
        possible = len(members) * (len(members) - 1) // 2
        print(f"{planted['name']:44}{counted}{within:6}/{possible}  {'not found' if p is None else f'{p:.3g}'}")
    every = sheet.one("SELECT count(*) FROM coaction_edges WHERE modality = 'all'")
    said = sheet.chance
    print(
        f"ties of protected accounts, none of them shown as acting together: {every - len(ties)} of {every}; "
        f"chance would give {said['chance']} of {said['edges']}"
    )


def main(argv: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", type=Path, help="a case of tecolote demo; without it one is made and thrown away")
    parser.add_argument("--scale", type=float, default=0.3, help="size of the made case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hostile", action="store_true", help="perpetrators write like reporters, newsrooms are quick")
    wanted = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        if not wanted.case:
            os.environ["TECOLOTE_KEYS"] = f"{folder}/keys"
        case = wanted.case or made(Path(folder), wanted.seed, wanted.hostile, wanted.scale)
        with Evidence.open(Case.open(case)) as evidence:
            sheet = prepare(Corpus(Case.open(case)), evidence)
        if sheet.truth is None:
            parser.error(f"{case} holds no planted truth; give a case of tecolote demo")
        print_measures(sheet)
        print_clusters(sheet)


if __name__ == "__main__":
    main()
