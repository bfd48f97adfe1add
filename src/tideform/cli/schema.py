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
    from tideform.spec.schema import json_schema

    text = json.dumps(json_schema(), indent=2)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(file: Path, error: OSError) -> Exception:
    from tideform.errors import TideformError
    from tideform.spec.problems import problem

    return TideformError(problem("TD227", f"{file}: {error.strerror}.", fix="Name a place you may write to."))
