"""What the commands that change things share: how long to wait for the lock, whether to ask, where remarks go."""

from __future__ import annotations

from typing import Annotated

import typer

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WaitOption = Annotated[
    str, typer.Option("--wait", help="How long to wait for a run that holds the lock: 30s, 10m.", metavar="DURATION")
]


def seconds(text: str) -> float:
    """The seconds of a duration on the command line; ``0`` and ``0s`` are none. Raises `typer.BadParameter`."""
    from tideform.spec.quantities import Duration

    if text in ("0", "0s"):
        return 0.0
    try:
        return float(Duration.parse(text).seconds)
    except ValueError as error:
        raise typer.BadParameter(f"--wait {text}: {error}") from error


def say(text: str) -> None:
    """A remark about the run, on stderr: whom it waits for, what it recovered."""
    from tideform.views.lines import neutral

    typer.echo(neutral(text), err=True)
