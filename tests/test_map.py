"""The map of the house holds: a room imports only rooms above it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src" / "tecolote"
ORDER = [
    "errors",
    "records",
    "codebook",
    "case",
    "evidence",
    "sources",
    "corpus",
    "decisions",
    "signals",
    "networks",
    "tracking",
    "violence",
    "publish",
    "analysis",
    "lifecycle",
    "verbs",
    "notebook",
    "web",
    "cli",
]
ONLY = {"evidence": {"errors", "records", "case"}, "demo": {"errors"}, "codebook": {"errors"}}


def room_of(path: Path) -> str:
    """First part of the module's path below the package."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a module imports, at its head or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by the full name"
            names = [node.module or ""]
            if node.module == "tecolote":
                names = [f"tecolote.{a.name}" for a in node.names]
        found |= {n.split(".")[1] for n in names if n.startswith("tecolote.")}
    return found - {"__version__", "Case"}


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: str(p.relative_to(SRC)))
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    allowed = ONLY.get(room) or set(ORDER[: ORDER.index(room)])
    if room in ("analysis", "verbs"):
        allowed = allowed | {"demo"}
    assert imported_rooms(path) <= allowed | {room}


def test_the_map_in_the_documentation_is_this_one() -> None:
    text = (SRC.parents[1] / "docs" / "architecture.md").read_text("utf-8")
    listed = [part.strip("` /\n") for part in text.split("\n\n")[2].replace("\n", " ").split("·")]
    assert listed == ORDER


def test_only_the_web_imports_django() -> None:
    for path in SRC.rglob("*.py"):
        if room_of(path) != "web":
            assert "django" not in path.read_text("utf-8"), path
