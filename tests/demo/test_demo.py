"""The demo as a whole: the same bytes again, the size that was promised, and the truth that was planted."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

import tecolote.demo
from tecolote.demo import write_demo
from tecolote.errors import UsageError


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes(small, tmp_path) -> None:
    write_demo(tmp_path / "again", scale=0.05)
    assert _digest(tmp_path / "again") == _digest(small.paths.truth.parent)


def test_the_bytes_do_not_depend_on_the_hash_seed(small, tmp_path) -> None:
    import os
    import subprocess

    code = "import sys, pathlib, tecolote.demo as d; d.write_demo(pathlib.Path(sys.argv[1]), scale=0.05)"
    env = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "d")], check=True, env=env)
    assert _digest(tmp_path / "d") == _digest(small.paths.truth.parent)


@pytest.mark.parametrize("options", [{"seed": 2}, {"hostile": True}])
def test_another_seed_or_the_hostile_one_gives_another_world(small, tmp_path, options) -> None:
    write_demo(tmp_path / "other", scale=0.05, **options)
    assert _digest(tmp_path / "other") != _digest(small.paths.truth.parent)


def test_the_full_demo_has_the_promised_size(full) -> None:
    posts, accounts = full.truth["posts"], full.truth["accounts"]
    assert 19_000 <= len(posts) <= 21_000 and full.paths.posts == len(posts)
    assert 570 <= len(accounts) <= 630 and full.paths.accounts == len(accounts)
    assert len({(p["platform"], p["id"]) for p in posts}) == len(posts)
    assert len({(a["platform"], a["id"]) for a in accounts}) == len(accounts)
    assert len({p["platform"] for p in posts}) >= 7


def test_ordinary_life_is_the_large_majority(full) -> None:
    voices = Counter(p["voice"] for p in full.truth["posts"])
    total = sum(voices.values())
    assert voices["neutral"] > 0.6 * total
    assert 0.05 * total < voices["perpetrator"] < 0.12 * total
    assert min(voices["reporter"], voices["fan"]) > 0.05 * total and voices["victim"] > 300


def test_a_flag_is_a_performed_theme(full) -> None:
    for post in full.truth["posts"]:
        assert post["flag"] == (post["voice"] == "perpetrator") == bool(post["themes"])
    themes = {t for p in full.truth["posts"] for t in p["themes"]}
    assert len(themes) >= 23 and "account_takeover" in themes


def test_what_is_planted_is_there(full) -> None:
    accounts = full.truth["accounts"]
    roles = Counter(a["role"] for a in accounts)
    assert roles["hijacked"] == 1 and roles["collective"] >= 15 and roles["reporter"] >= 50
    assert len([a for a in accounts if a["ring"] == "aserradero"]) >= 15
    assert {c["name"]: len(c["accounts"]) for c in full.truth["clusters"]} == {"brasa": 8, "ceniza": 7, "faro": 6}
    dark = [a for a in accounts if a["goes_dark"]]
    assert len(dark) > 25 and {a["dark_state"] for a in dark} >= {"suspended", "deactivated", "protected"}
    for account in dark:
        assert datetime(2023, 3, 6) < datetime.fromisoformat(account["goes_dark"][:19]) < datetime(2025, 3, 4)


def test_all_planted_kinds_are_in_the_small_demo_too(small, hostile) -> None:
    for demo in (small, hostile):
        roles = {a["role"] for a in demo.truth["accounts"]}
        assert roles == {"member", "reporter", "collective", "fan", "citizen", "victim", "neutral", "hijacked"}
        assert all(len(c["accounts"]) >= 3 for c in demo.truth["clusters"])


def test_it_says_that_it_is_fiction(small) -> None:
    assert small.truth["fictional"] is True and small.truth["format"] == 1
    assert "FICTION" in (small.paths.truth.parent / "FICTION.txt").read_text("utf-8")
    assert "fictional" in small.paths.codebook.read_text("utf-8")


def test_it_refuses_a_folder_that_holds_something_and_an_absurd_scale(tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_demo(tmp_path)
    with pytest.raises(UsageError, match="scale"):
        write_demo(tmp_path / "new", scale=900)


def test_progress_is_told(tmp_path) -> None:
    told: list[tuple[str, int]] = []
    paths = write_demo(tmp_path / "d", scale=0.05, progress=lambda step, number: told.append((step, number)))
    assert [s for s, _ in told][-1] == "truth" and {"x", "telegram", "bluesky"} <= {s for s, _ in told}
    assert told[-1][1] >= paths.posts


def test_the_generator_knows_nothing_of_the_rooms_it_serves_to_test() -> None:
    allowed = set(sys.stdlib_module_names) | {"tecolote.errors"}
    for path in Path(tecolote.demo.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            else:
                continue
            for name in names:
                mine = name == "tecolote.demo" or name.startswith("tecolote.demo.")
                assert mine or name in allowed or name.split(".")[0] in allowed, f"{path.name} imports {name}"


@pytest.mark.parametrize("seed", range(3, 8))
def test_any_seed_makes_a_whole_world_however_small(tmp_path, seed) -> None:
    paths = write_demo(tmp_path / "d", seed=seed, scale=0.02, hostile=seed % 2 == 0)
    truth = json.loads(paths.truth.read_text("utf-8"))
    assert len({(p["platform"], p["id"]) for p in truth["posts"]}) == len(truth["posts"]) == paths.posts
    assert [a["role"] for a in truth["accounts"]].count("hijacked") == 1
    assert any("account_takeover" in p["themes"] for p in truth["posts"])
    assert all(len(c["accounts"]) >= 3 for c in truth["clusters"])
