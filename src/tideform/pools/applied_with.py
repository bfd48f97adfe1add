"""What of a pool a burst takes as it was applied, and not from the spec, in words for people. Pure.

Each pool's stack exports its words: only an apply writes them, and one of this pool alone does. A refresh reads back
what stands, and the handles that the reaper has are those of the last apply of foundation.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping

from tideform.pools.purchase import pool_zones, purchases
from tideform.pools.shape import shape_of
from tideform.registry.training import features
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool

APPLIED_WITH = "applied_with"  # what the stack's output is called
_Words = Callable[[Deployment, Pool], str]


def applied_with(deployment: Deployment, name: str) -> dict[str, str]:
    """What would stand of a pool of the spec; nothing of a backend that takes all from the spec.

    Raises `TideformError` where its words name no machines.
    """
    pool = deployment.spec.training[name]
    return {word: _WORDS[word](deployment, pool) for word in features(pool.backend).applied}


def _zones(deployment: Deployment, pool: Pool) -> str:
    """Letters; in an existing network its subnets are what the spec says."""
    network = deployment.spec.network
    if network.existing is not None:
        return _listed(network.subnets) if network.subnets else f"all of {network.existing}"
    return _listed(zone[-1] for zone in pool_zones(pool, deployment))


def _listed(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]"


def _repository(image: str) -> str:
    """An image without its tag or digest: roles may pull from one repository."""
    name = image.partition("@")[0]
    return name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name


def _pairs(words: Mapping[str, str]) -> str:
    return _listed(f"{name}={shlex.quote(value)}" for name, value in sorted(words.items()))


_WORDS: Mapping[str, _Words] = {
    "instance_types": lambda _, pool: _listed(shape_of(pool).instance_types),
    "nodes": lambda _, pool: f"at most {shape_of(pool).nodes}",
    "capacity": lambda _, pool: ", then ".join(map(str, purchases(pool))),
    "zones": _zones,
    "disk": lambda _, pool: f"{pool.disk_gib}GiB",
    "interconnect": lambda _, pool: pool.interconnect,
    "checkpoint": lambda _, pool: f"every {pool.checkpoint.every}" if pool.checkpoint else "none",
    "job.nodes": lambda _, pool: str(pool.job.nodes),
    "job.image": lambda _, pool: pool.job.image,
    "job.command": lambda _, pool: shlex.join(pool.job.command),
    "job.environment": lambda _, pool: _pairs(pool.job.environment),
    "job.repository": lambda _, pool: _repository(pool.job.image),
    "job.secrets": lambda _, pool: _pairs(pool.job.secrets),
    "job.inputs": lambda _, pool: _listed(sorted(pool.job.inputs)),
    "job.outputs": lambda _, pool: _listed(sorted(pool.job.outputs)),
    "tracking": lambda deployment, _: deployment.spec.tracking.kind if deployment.spec.tracking else "none",
}
# What backends have in common, and name in their `features`.
MACHINES = ("instance_types", "zones", "disk", "interconnect")
BOUNDS = ("nodes", "capacity", "job.nodes")
ROLE = ("job.secrets", "job.inputs", "job.outputs", "tracking")  # what jobs may read and write
