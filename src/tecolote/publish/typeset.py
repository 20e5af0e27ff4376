"""PDF/A-3 by typst from a template of this room: shipped fonts only, and the same words give the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path


def typeset(template: str, files: Mapping[str, bytes], day: date) -> bytes:
    """The pages of ``template``.

    Args:
        template: path below ``templates``.
        files: what the template reads, by name.
        day: the date that the PDF bears, so that no clock is in it.
    """
    import typst

    package = resources.files(__package__)
    with tempfile.TemporaryDirectory(prefix="tecolote-pages-") as name:
        folder = Path(name)
        main = folder / Path(template).name
        main.write_bytes(package.joinpath("templates", template).read_bytes())
        for file, data in files.items():
            (folder / file).write_bytes(data)
        with resources.as_file(package.joinpath("fonts")) as fonts:
            made: bytes = typst.compile(
                str(main),
                root=name,
                font_paths=[str(fonts)],
                ignore_system_fonts=True,
                format="pdf",
                pdf_standards="a-3b",
                timestamp=(day - date(1970, 1, 1)).days * 86400,
            )
    return made
