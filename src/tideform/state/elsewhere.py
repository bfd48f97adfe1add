"""What stands in another region or account than the spec says now: nothing here would find it, or end it.

Each stack's state has its AWS provider's settings. With another region the engine would make everything anew and ask
there for what it takes away; leases, capacity and data are looked for where the spec says, and not where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tideform.errors import CloudError, RefusedError
from tideform.spec.deployment import SANDBOX_ACCOUNT
from tideform.state.checkpoint import BrokenStateError
from tideform.state.entries import PROVIDER, STACK, accounts
from tideform.unasked import each
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs, Checkpoint

_NOTHING = (STACK, "pulumi:providers:")  # how entries begin that stand nowhere


def refuse_elsewhere(deployment: Deployment, blobs: Blobs) -> None:
    """Raise `RefusedError` TD418 where stacks of the deployment stand in another region, or another account.

    A stack that cannot be read hides no other: `CloudError` TD415 is raised after all have been looked at.
    """
    from tideform.state.backend import Backend

    backend = Backend(deployment, blobs)
    states, unread = each({one.key: partial(backend.checkpoint, one) for one in backend.existing()})
    for key, state in states.items():
        if state is not None and (there := _elsewhere(deployment, state)):
            raise _refused(deployment, key, there, state)
    if unread.unreadable:
        raise BrokenStateError(unread.problems)
    if unread:
        raise CloudError(unread.problems)


def _elsewhere(deployment: Deployment, state: Checkpoint) -> str:
    """``region eu-west-1``, if it is not the deployment's; empty where nothing stands."""
    for inputs in providers(state) if count_standing(state) else ():
        if (there := accounts(inputs)) and deployment.account not in there:
            return "target local" if there == [SANDBOX_ACCOUNT] else f"account {', '.join(there)}"
        if (region := inputs.get("region")) and region != deployment.region:
            return f"region {region}"
    return ""


def providers(state: Checkpoint) -> Iterator[Mapping[str, Any]]:
    """The settings of each AWS provider that a state has."""
    return (entry.get("inputs", {}) for entry in state.resources if entry["type"] == PROVIDER)


def count_standing(state: Checkpoint) -> int:
    """How many resources of a cloud a state knows."""
    return sum(bool(entry.get("custom")) and not entry["type"].startswith(_NOTHING) for entry in state.resources)


def _refused(deployment: Deployment, key: str, there: str, state: Checkpoint) -> RefusedError:
    what, _, where = there.partition(" ")
    here = {"region": deployment.region, "account": deployment.account, "target": deployment.target}[what]
    count = count_standing(state)
    return RefusedError.of(
        "TD418",
        "What stands is somewhere else than the spec says",
        detail=f"{counted(count, 'resource')} of {key} in {deployment.name} "
        f"stand{'s' * (count == 1)} in {there}, "
        f"and the spec says {here} now. Nothing was started, and nothing is moved.",
        fix=f"Set {what} to {where} again. To go to {here}: `tideform destroy` first, while it says {where}; "
        "or take it as a new environment, with a name of its own, beside this one.",
    )
