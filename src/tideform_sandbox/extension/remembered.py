"""Members that moto takes and forgets: kept beside it when they are sent, put back when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult

from tideform_sandbox.extension.request import parameters, response_class


@dataclass(frozen=True)
class Remembered:
    """What one pair of moto's methods loses.

    ``key`` is the member by which both name the resource; ``items`` the list that the describing one answers with,
    if it answers with several.
    """

    responses: str  # moto's class, ``module:Class``
    create: str
    describe: str
    key: str
    members: tuple[str, ...]
    items: str | None = None
    update: str | None = None


def install(row: Remembered) -> None:
    """Wrap the methods."""
    kept: dict[tuple[str, str, str], dict[str, Any]] = {}
    responses = response_class(row.responses)
    _wrap(responses, row.create, lambda sent, told, where: _keep(row, kept, sent, told, where, anew=True))
    if row.update:
        _wrap(responses, row.update, lambda sent, told, where: _keep(row, kept, sent, told, where, anew=False))
    _wrap(responses, row.describe, lambda _, told, where: _put_back(row, kept, told, where))


def _wrap(responses: Any, name: str, after: Callable[[dict[str, Any], dict[str, Any], tuple[str, str]], None]) -> None:
    original = getattr(responses, name)

    def answer(self: Any) -> Any:
        answered = original(self)
        is_text = isinstance(answered, str)
        told: dict[str, Any] = json.loads(answered) if is_text else dict(answered.result)
        after(parameters(self), told, (self.current_account, self.region))
        return json.dumps(told) if is_text else ActionResult(told)

    setattr(responses, name, answer)


def _keep(
    row: Remembered,
    kept: dict[tuple[str, str, str], dict[str, Any]],
    sent: dict[str, Any],
    told: dict[str, Any],
    where: tuple[str, str],
    *,
    anew: bool,
) -> None:
    identity = (*where, str(told.get(row.key) or sent[row.key]))
    before = {} if anew else kept.get(identity, {})
    kept[identity] = {**before, **{member: sent[member] for member in row.members if member in sent}}


def _put_back(
    row: Remembered,
    kept: dict[tuple[str, str, str], dict[str, Any]],
    told: dict[str, Any],
    where: tuple[str, str],
) -> None:
    for item in told.get(row.items, []) if row.items else [told]:
        item.update(kept.get((*where, str(item.get(row.key))), {}))
