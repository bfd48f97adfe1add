"""An infrastructure update: the environment is UPDATING while its machines are replaced, and takes no other change.

On AWS that takes minutes, here a moment; either goes on for as long as a job keeps an old machine busy.
https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
"""

from __future__ import annotations

from tideform_sandbox.services.batch.call import Call, client_error
from tideform_sandbox.services.batch.fleet import Fleet

SECONDS = 1.0  # that an update takes where no machine stands


def begin(call: Call, fleet: Fleet) -> None:
    """Let what stands be replaced."""
    fleet.renewed_at = call.clock.now() + SECONDS
    call.plane.changed(fleet)


def goes_on(call: Call, fleet: Fleet) -> bool:
    """Whether an update has not ended yet."""
    return call.clock.now() < fleet.renewed_at or any(host.old for host in fleet.hosts)


def refuse_while(call: Call, fleet: Fleet, doing: str) -> None:
    """Batch refuses every change of an environment that it is updating, its size and state included."""
    if goes_on(call, fleet):
        raise client_error(f"Cannot {doing}, resource is being modified")
