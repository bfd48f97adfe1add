"""Names that the shell completes: pools, environments, units, stores and outputs of the spec at hand.

A spec that cannot be read completes nothing: the command itself says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tideform.errors import TideformError

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment

Complete = Callable[[typer.Context, str], list[str]]


def _completes(names: Callable[[typer.Context], Iterable[str]]) -> Complete:
    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            return sorted(name for name in names(ctx) if name.startswith(incomplete))
        except (TideformError, OSError):
            return []

    return complete


def _deployment(ctx: typer.Context) -> Deployment:
    """In the environment that was chosen so far; their units have the same names."""
    from tideform.spec.load import validate

    return validate(_spec(ctx), ctx.params.get("environment")).deployment


def _spec(ctx: typer.Context) -> Path:
    return Path(ctx.params.get("spec") or "tideform.yaml")


def _environments(ctx: typer.Context) -> Iterable[str]:
    from tideform.spec.load import validate

    return validate(_spec(ctx), None).environments


def _units(ctx: typer.Context) -> Iterable[str]:
    spec = _deployment(ctx).spec
    return [*spec.training, *spec.serving]


def _outputs(ctx: typer.Context) -> Iterable[str]:
    """Of the local target alone: a key on the keyboard asks no cloud."""
    from tideform.engine.fit import checked_backend
    from tideform.views.outputs import named

    deployment = _deployment(ctx)
    return named(checked_backend(deployment).outputs()) if deployment.target == "local" else ()


def _jobs(ctx: typer.Context) -> Iterable[str]:
    """Those that were begun or listed here."""
    from tideform.burst.job_names import remembered

    return remembered(_deployment(ctx))


pools = _completes(lambda ctx: _deployment(ctx).spec.training)
stores = _completes(lambda ctx: _deployment(ctx).spec.storage)
units = _completes(_units)
environments = _completes(_environments)
outputs = _completes(_outputs)
jobs = _completes(_jobs)
pools_and_jobs = _completes(lambda ctx: [*_deployment(ctx).spec.training, *_jobs(ctx)])
