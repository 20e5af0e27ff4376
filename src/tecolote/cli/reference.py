"""The help of every verb as one Markdown page: ``python -m tecolote.cli.reference > docs/verbs.md``."""

from __future__ import annotations

import click

from tecolote.cli import VERBS, cli


def page() -> str:
    """The text of ``docs/verbs.md``."""
    parts = [
        "# Verbs\n\nThe help of each verb, as `--help` prints it. "
        "Exit status: 0 done, 1 failed with one line that says what to do, 2 wrong usage.\n"
    ]
    with click.Context(cli, info_name="tecolote", max_content_width=100, terminal_width=100) as top:
        parts.append(_section(cli, top, "tecolote"))
        for verb in VERBS:
            command = cli.get_command(top, verb)
            if command is not None:
                parts += _verb(command, top, verb)
    return "\n".join(parts)


def _verb(command: click.Command, parent: click.Context, name: str) -> list[str]:
    with click.Context(command, parent=parent, info_name=name, max_content_width=100, terminal_width=100) as ctx:
        parts = [_section(command, ctx, ctx.command_path)]
        if isinstance(command, click.Group):
            for sub in command.list_commands(ctx):
                found = command.get_command(ctx, sub)
                if found is not None:
                    parts += _verb(found, ctx, sub)
    return parts


def _section(command: click.Command, ctx: click.Context, title: str) -> str:
    return f"## {title}\n\n```\n{command.get_help(ctx)}\n```\n"


if __name__ == "__main__":
    print(page(), end="")
