"""Which log group a pool's jobs print to, also where the pool itself is removed between bursts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tideform.registry.training import features
from tideform.spec.deployment import Deployment

KEEP_DAYS = 90  # how long every line is kept, in any group of ours


def job_log_group(deployment: Deployment, pool: str) -> str:
    """The group's name.

    A pool whose definitions are removed between bursts has its log apart from them, under another name: with the name
    that its own stack would give it, a pool whose ``between_bursts`` changes would find it taken.
    """
    folder = _lasting(deployment) if _removed(deployment, pool) else _standing(deployment)
    return f"{folder}{deployment.identity('training', pool)}"


def lasting_log_groups(deployment: Deployment) -> Mapping[str, str]:
    """The groups that foundation has for pools whose definitions go, by the name that the pool was made under."""
    return {
        deployment.identity("training", name): job_log_group(deployment, name)
        for name, pool in deployment.spec.training.items()
        if features(pool.backend).own_log_group and _removed(deployment, name)
    }


def is_lasting(deployment: Deployment, group: str) -> bool:
    """Whether a log group stays where its pool goes."""
    return group.startswith(_lasting(deployment))


def is_of_jobs(deployment: Deployment, group: str) -> bool:
    """Whether jobs of ours print to a log group."""
    return group.startswith((_lasting(deployment), _standing(deployment)))


def _standing(deployment: Deployment) -> str:
    return f"/tideform/{deployment.name}/training/"


def _lasting(deployment: Deployment) -> str:
    return f"/tideform/{deployment.name}/bursts/"


def _removed(deployment: Deployment, pool: str) -> bool:
    spec = deployment.spec.training.get(pool)
    return spec is not None and spec.between_bursts == "remove"
