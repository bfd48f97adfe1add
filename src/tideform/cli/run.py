"""What the commands that change things share: how long to wait for the lock, whether to ask, where remarks go."""

from __future__ import annotations

import os
from typing import Annotated

import typer

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WaitOption = Annotated[
    str, typer.Option("--wait", help="How long to wait for a run that holds the lock: 30s, 10m.", metavar="DURATION")
]


ForceOption = Annotated[
    bool, typer.Option("--force-conflicts", help="Take back fields of Kubernetes objects that others have changed.")
]


def take_fields_back(forced: bool) -> None:
    """Have the plugin for Kubernetes take every field that is ours, in all that this command does.

    https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
    """
    if forced:
        os.environ["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"  # it is read in processes of this one


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
