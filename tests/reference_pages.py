"""The reference pages that are made from the program itself: the spec's fields and the commands.

Write them anew with: ``python -m tests.reference_pages``
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tideform.cli.app import app
from tideform.spec.fields import keys_of
from tideform.spec.project import Project
from tideform.views.field_guide import Entry, look_up

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
BLUEPRINTS = sorted((ROOT / "blueprints").glob("*/tideform.yaml"), key=lambda file: -file.stat().st_size)

_SPEC_HEAD = """\
# The project spec

Every key of `tideform.yaml`, made from the models that read it; `tideform explain training.lease` tells the same, and
`tideform schema` is the JSON Schema for editors. NAME is yours to choose. The last column says what an apply does where
the key is changed: `in place`, `replace` the resource, `drains first`, when no burst holds the pool, or `refused` while
anything stands (TD407, TD418, TD419): destroy first, take a new environment, or for `state`: `tideform state move`.
"""
_COMMANDS_HEAD = """\
# Commands

Every command with its arguments and options, made from the program itself: `tideform COMMAND --help` prints the same.
[Exit codes](exit-codes.md) are told apart. `--no-color` may stand anywhere.
"""


def spec_page() -> str:
    """The page of the spec's fields, a table for each section, with an example from a blueprint."""
    parts = [_SPEC_HEAD, *(_table(look_up(key) for key in keys_of(Project))), ""]
    for key in keys_of(Project):
        entry = look_up(key)
        if entry.keys:
            parts += [f"## {key}\n", f"{entry.description}\n" if entry.description else "", *_example(key)]
            parts += [line for section in _sections(entry) for line in section]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts))


def _sections(entry: Entry) -> Iterator[list[str]]:
    """A table for a section, and one for each section in it."""
    yield [f"### {entry.path}\n", *_table(entry.keys), ""]
    for key in entry.keys:
        below = look_up(key.path)
        if below.keys:
            yield from _sections(below)


def _table(entries: Any) -> Iterator[str]:
    yield "| Key | Type | Default | Meaning | A change is done |"
    yield "|---|---|---|---|---|"
    for entry in entries:
        name, default = entry.path.rpartition(".")[2], "required" if entry.required else entry.default or "none"
        yield f"| `{name}` | {_cell(entry.type)} | {_cell(default)} | {_cell(entry.description)} | {entry.update} |"


def _example(key: str) -> Iterator[str]:
    """The section as the largest blueprint that has it writes it."""
    for file in BLUEPRINTS:
        if found := re.search(rf"^{key}:.*\n(?:(?:[ #].*)?\n)*", file.read_text(encoding="utf-8"), re.MULTILINE):
            yield f"From `blueprints/{file.parent.name}`:\n\n```yaml\n{found[0].rstrip()}\n```\n"
            return


def commands_page() -> str:
    """The page of commands."""
    root: Any = typer.main.get_command(app)
    return "\n".join([_COMMANDS_HEAD, *_commands(root, typer.Context(root, info_name="tideform"))])


def _commands(group: Any, above: Any) -> Iterator[str]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        context = typer.Context(command, info_name=name, parent=above)
        if hasattr(command, "list_commands"):
            yield from _commands(command, context)
        else:
            yield f"## {context.command_path}\n\n{(command.help or '').strip()}\n"
            yield f"```\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"
            yield from _options(command, context)


def _options(command: Any, context: Any) -> Iterator[str]:
    records = [record for each in command.params if (record := each.get_help_record(context))]
    if records:
        rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in records]
        yield "\n".join(["| Argument or option | |", "|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {"spec.md": spec_page, "commands.md": commands_page}

if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"  # a usage line breaks by the terminal
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
