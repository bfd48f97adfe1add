"""Jobs of several nodes while they run: where all of them find room at once, and what each finds around it.

https://docs.aws.amazon.com/batch/latest/userguide/multi-node-parallel-jobs.html
"""

from __future__ import annotations

import socket

from tideform_sandbox.services.batch.fleet import Fleet, Host, size_of
from tideform_sandbox.services.batch.job import Job


def room_for(job: Job, fleet: Fleet, now: float) -> list[Host] | None:
    """A host of its own for each node, all at once or none; machines that are missing are launched.

    https://docs.aws.amazon.com/batch/latest/userguide/mnp-ce.html: a node shares its machine with nobody.
    """
    wanted, own = size_of(job.nodes[0]), {node.id for node in job.nodes}
    free = [
        host for host in fleet.hosts if host.id and not host.old and set(host.jobs) <= own and host.size.holds(wanted)
    ]
    missing = len(job.nodes) - len(free)
    if missing > 0 and fleet.vcpus + missing * wanted.vcpus > int(fleet.resources.get("maxvCpus", 0)):
        return None
    for _ in range(missing):
        host = fleet.grow_for(job.nodes[0], now)
        if host is None:
            return None
        free.append(host)
    found = free[: len(job.nodes)]
    for node, host in zip(job.nodes, found, strict=True):
        host.jobs = {node.id: host.size}  # kept for it, until all of them run
    return found if all(host.ready for host in found) else None


def variables(job: Job) -> dict[str, str]:
    """What Batch tells a node. ``MASTER_PORT`` is the sandbox's own: here all nodes share one machine's ports.

    https://docs.aws.amazon.com/batch/latest/userguide/mnp-env-vars.html
    """
    if job.node is None or job.head is None:
        return {}
    found = {
        "AWS_BATCH_JOB_NODE_INDEX": str(job.node),
        "AWS_BATCH_JOB_NUM_NODES": str(len(job.head.nodes)),
        "AWS_BATCH_JOB_MAIN_NODE_INDEX": "0",
        "MASTER_PORT": str(job.head.port),
    }
    if job.node:
        found["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = "127.0.0.1"
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
