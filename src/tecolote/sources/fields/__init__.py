"""What becomes of every field of the real sample files: read into columns, kept in the bytes only, or unknown.

One TOML file per format stands beside this module. A field is a path of keys in which every place of a list is
written ``[]``, the column of a table, or a part of a text format. The tests find the fields in the bytes of the
samples by the standard library and change each: a mapped field must change exactly its columns, any other none.
``python -m tecolote.sources.fields`` prints the page that ``docs/formats.md`` is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Fields:
    """The fields of one format.

    Attributes:
        mapped: field to the columns that change with it, as ``table.column``; a table's name alone says that the
            field decides how many rows there are.
        instead: field that is read only where others are absent, to these others and its columns then.
        raw: field to the reason why it is kept in the evidence and in no column.
        unknown: fields of which no sample shows what they hold.
    """

    mapped: dict[str, tuple[str, ...]]
    instead: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    raw: dict[str, str]
    unknown: frozenset[str]

    @property
    def all(self) -> list[str]:
        """Every field, once for each class that names it."""
        return [*self.mapped, *self.instead, *self.raw, *self.unknown]


def load(reader: str) -> Fields | None:
    """The fields of the format of ``reader``; None if there is no real sample of it."""
    file = resources.files(__name__) / f"{reader}.toml"
    if not file.is_file():
        return None
    found = tomllib.loads(file.read_text("utf-8"))
    return Fields(
        {field: tuple(columns) for field, columns in found.get("mapped", {}).items()},
        {field: (tuple(i["of"]), tuple(i["columns"])) for field, i in found.get("instead", {}).items()},
        {field: group["because"] for group in found.get("raw", ()) for field in group["fields"]},
        frozenset(found.get("unknown", ())),
    )


def page() -> str:
    """The page of all formats, as Markdown."""
    from tecolote.sources.registry import READERS

    return "\n".join([_HEAD, *(line for reader in READERS for line in _section(reader.name))])


def _section(name: str) -> Iterator[str]:
    from tecolote.sources.registry import READERS

    reader = next(r for r in READERS if r.name == name)
    fields = load(name)
    yield f"\n## {reader.title}\n"
    yield f"`{name}`, {'proven' if reader.proven else '**unproven**'}. Obtained from: {reader.obtained}.\n"
    if fields is None:
        yield "No real file of it could be had: its fields are read from what the platform documents.\n"
        return
    yield f"{len(fields.mapped) + len(fields.instead)} fields mapped, {len(fields.raw)} kept raw, " + (
        f"{len(fields.unknown)} unknown.\n"
    )
    yield "| field | what becomes of it |"
    yield "| --- | --- |"
    rows = {field: "mapped to " + _columns(columns) for field, columns in fields.mapped.items()}
    for field, (others, columns) in fields.instead.items():
        rows[field] = f"mapped to {_columns(columns)} where {_columns(others)} is absent"
    rows |= {field: f"kept raw, because: {why}" for field, why in fields.raw.items()}
    rows |= {field: "unknown: empty in every sample" for field in fields.unknown}
    for field in sorted(rows):
        yield f"| `{field}` | {rows[field]} |"


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


_HEAD = """# Formats and their fields

Every field of every real sample file, found in its bytes, and what becomes of it. Nothing is lost: a field that is
*kept raw* stays in the evidence, byte for byte, and a later reader can take it up.

- A path like `messages[].id` is the key `id` of each entry of the list `messages`.
- *mapped to* `posts.text`: the column changes with the field, and nothing else does. A table without a column,
  like `edges`, has more or fewer rows with it.
- *unknown*: the field is empty in every sample, so nobody has seen what it holds.

The list is data beside the readers (`src/tecolote/sources/fields/`). A test finds the fields in the bytes without our
readers, and changes every one of them: a mapped field must alter exactly the columns named here, any other none."""
