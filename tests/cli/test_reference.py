"""The documented help is the help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tecolote.cli import VERBS, cli

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_verbs_is_what_help_prints() -> None:
    # In a process of its own: click keeps the help option of a command that was called before.
    made = subprocess.run([sys.executable, "-m", "tecolote.cli.reference"], capture_output=True, text=True, check=True)
    written = (DOCS / "verbs.md").read_text("utf-8")
    assert written == made.stdout, "run: python -m tecolote.cli.reference > docs/verbs.md"


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_sentence_and_an_example(verb: str) -> None:
    command = cli.get_command(None, verb)  # type: ignore[arg-type]
    commands = command.commands.values() if verb == "network" else [command]
    for found in commands:
        assert (found.help and found.help.strip().split("\n")[0].endswith((".", ","))) or "\n" in found.help
        assert found.epilog and found.epilog.startswith("Example: tecolote ")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from tecolote.cli import main; main(sys.argv[1:])"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=os.environ)


def test_exit_statuses() -> None:
    assert run("--version").returncode == 0
    assert run("--help").returncode == 0
    assert run("unheard-of").returncode == 2
    assert run("report", "--case", "/nonexistent/case").returncode == 1


def test_a_failure_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    done = run("analyze", "--case", str(tmp_path / "no"))
    assert done.returncode == 1
    assert done.stderr.startswith("tecolote: ")
    assert done.stderr.count("\n") == 1
    assert "tecolote init" in done.stderr


def test_the_version_needs_no_heavy_library() -> None:
    code = (
        "import sys; from tecolote.cli import cli\n"
        "try: cli.main(['--version'])\nexcept SystemExit: pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'pyarrow','duckdb','django','numpy','altair','rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
