"""``tideform status``: what stands, what runs, and who holds the lock."""

from __future__ import annotations

import typer

from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_ending, tell
from tideform.errors import ExitCode


def command(
    spec: SpecOption = DEFAULT_SPEC, environment: EnvironmentOption = None, as_json: JsonOption = False
) -> None:
    """Show what stands: stacks and their last change, the sandbox, bursts, and who holds the lock.

    What could not be asked, and what cannot be read, is told in its place with its reason; the exit code is 1 then.
    """
    from tideform.operations.status import status
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.status import status_json, status_lines

    found = status(load_ending(spec, environment, quiet=True))
    tell(found.warnings)
    if as_json:
        write_json(status_json(found))
    else:
        emit(status_lines(found), console())
    if found.gaps:
        raise typer.Exit(ExitCode.ERROR)
