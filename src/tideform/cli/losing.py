"""Stores whose data may be lost, by name: an unknown one is a slip of the pen, and no permission to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment

DeleteDataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--delete-data",
        help="A store whose data may be lost; once for each.",
        metavar="NAME",
        autocompletion=completing.stores,
    ),
]


def losing(deployment: Deployment, names: list[str] | None) -> tuple[str, ...]:
    """The names, each once. Raises `RefusedError` TD333 for one that neither the spec nor what stands has."""
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    named = tuple(dict.fromkeys(names or ()))
    known = {*deployment.spec.storage, *_holders(deployment)} if named else set()
    if unknown := [name for name in named if name not in known]:
        raise RefusedError.of(
            "TD333",
            "There is no such store",
            detail=f"--delete-data {unknown[0]}: neither the spec nor what stands has a store of that name.",
            fix=did_you_mean(unknown[0], sorted(known)) or f"Stores: {', '.join(sorted(known)) or 'none'}.",
        )
    return named


def _holders(deployment: Deployment) -> set[str]:
    from tideform.engine.data import holders
    from tideform.engine.fit import checked_backend

    backend = checked_backend(deployment)
    return holders(filter(None, map(backend.checkpoint, backend.existing())))
