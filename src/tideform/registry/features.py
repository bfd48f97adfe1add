"""What a training backend says of itself, once and in its entry: nobody else compares or lists the ids of backends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Features:
    """What pools on a backend need, can have, and are like; each default is that of a backend with nothing to say.

    What is in words is said to people as it stands, as a sentence or the end of one, without a full stop.
    """

    interface_endpoints: tuple[str, ...] = ()  # short names of the services that its machines talk to
    needs_cluster: bool = False  # its pools are objects in a Kubernetes cluster: one of ours, or an existing one
    ml_machines: bool = False  # machines are SageMaker's own: named and priced apart, and outside the pool's network
    own_log_group: bool = False  # a pool's jobs print to a log group that is ours to make
    least_gpu_disk_gib: int = 30  # GiB that the machine image of its machines with accelerators takes

    own_keys: tuple[str, ...] = ()  # words of a pool that do nothing on any other backend
    does: tuple[str, ...] = ()  # of what a pool may ask for: what is done for it, or refused (`checks.not_built`)
    applied: tuple[str, ...] = ()  # what a burst takes as it was applied, and not from the spec (`pools.applied_with`)

    gangs_on_spot: bool = True  # jobs of several nodes may be on spot machines
    gangs_in_one_zone: bool = False  # it brings the machines of a job of several nodes side by side
    shares_machines: bool = False  # jobs of several bursts run beside each other on the same machines
    queues_sweeps: bool = False  # of a sweep that nobody stays for, what has no room waits in the backend's own queue
    mirrors_checkpoints: bool = False  # its service does what the wrapper around a command does elsewhere

    blocks: Literal["", "cr-", "arn:"] = ""  # what the names of the capacity blocks begin with that it takes
    no_blocks: str = ""  # why it takes none
    keeps_end: str = ""  # what does not follow a lease that is extended
    late_machines: str = ""  # what machines that come after that say of their end
