"""``tideform status``: what stands, what runs, and who holds the lock."""

from __future__ import annotations

from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_deployment, tell


def command(
    spec: SpecOption = DEFAULT_SPEC, environment: EnvironmentOption = None, as_json: JsonOption = False
) -> None:
    """Show what stands: stacks and their last change, the sandbox, bursts, and who holds the lock."""
    from tideform.plan.status import status
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.status import status_json, status_lines

    found = status(load_deployment(spec, environment))
    tell(found.warnings)
    if as_json:
        write_json(status_json(found))
    else:
        emit(status_lines(found), console())
