"""What the documents say is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[1]
TECOLOTE = [sys.executable, "-c", "import sys; from tecolote.cli import main; main(sys.argv[1:])"]


def test_every_command_of_the_guide_works_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text('{"id": "1", "text": "Buenos días a todos"}\n')
    (tmp_path / "coded.jsonl").write_text('{"text": "Reportan balacera, eviten la zona", "voice": "reporter"}\n')
    events = ["object_id,account_id,content_id,timestamp_share"]
    events += [f"o{o},a{a},c{o}{a},{1000 * o + a}" for o in range(3) for a in range(2)]
    (tmp_path / "events.csv").write_text("\n".join(events) + "\n")
    guide = (ROOT / "docs" / "guide.md").read_text("utf-8")
    commands = re.findall(r"^\$ (.+)$", guide, re.M)
    assert len(commands) > 10
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "tecolote"
        done = subprocess.run([*TECOLOTE, *words[1:]], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr
    for lang in ("en", "es"):
        assert len(PdfReader(tmp_path / f"my-case/published/factsheet.{lang}.pdf").pages) == 2
    for name in ("posts.csv", "assessments.jsonl", "coaction.gexf", "scored.jsonl", "edges.csv"):
        assert (tmp_path / name).stat().st_size > 0, name


def test_the_readme_shows_both_commands_and_a_picture_first() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen
    picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", first_screen)
    assert picture
    assert (ROOT / picture[1]).stat().st_size > 20_000


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if not target.startswith(("http", "mailto")):
                assert (page.parent / target).exists(), f"{page}: {target}"
