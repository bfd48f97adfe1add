"""``tideform schema``: the JSON Schema of the project spec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file instead.")] = None,
) -> None:
    """Print the JSON Schema of the project spec; editors complete and check with it.

    Name it in the spec's first line: # yaml-language-server: $schema=tideform.schema.json
    """
    from tideform.files import write_plain
    from tideform.spec.schema import json_schema

    text = json.dumps(json_schema(), indent=2)
    if out is None:
        typer.echo(text)
        return
    try:
        write_plain(out, f"{text}\n".encode())
    except (OSError, ValueError) as error:
        raise _unwritable(out, error) from None


def _unwritable(file: Path, error: Exception) -> Exception:
    from tideform.errors import TideformError
    from tideform.spec.problems import problem

    why = getattr(error, "strerror", None) or error
    return TideformError(problem("TD227", f"{file}: {why}.", fix="Name a place you may write to."))
