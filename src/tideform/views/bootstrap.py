"""What a bootstrap would do, and what it did, as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tideform.engine.bootstrap import Step
    from tideform.spec.deployment import Deployment


def todo_text(deployment: Deployment, steps: Sequence[Step]) -> str:
    """The list of steps, to be read before anybody says yes."""
    head = f"Account {deployment.account}, {deployment.region}, for {deployment.settings.state}:"
    if not steps:
        return f"{head}\nNothing to do: the account is prepared."
    return "\n".join([head, *(f"  + {step.resource}: {step.what}" for step in steps)])


def done_text(step: Step) -> str:
    """One line for a step that was carried out."""
    return f"{step.resource}: {step.what}: done"


def as_data(deployment: Deployment, steps: Sequence[Step], *, applied: bool, role: str | None) -> dict[str, Any]:
    """The same for programs; ``role`` is what CI takes, as ARN."""
    from tideform.engine.bootstrap import state_bucket, state_key_alias

    return {
        "account": deployment.account,
        "region": deployment.region,
        "bucket": state_bucket(deployment),
        "key": f"alias/{state_key_alias(deployment)}",
        "role": role,
        "steps": [{"resource": step.resource, "what": step.what} for step in steps],
        "applied": applied,
    }
