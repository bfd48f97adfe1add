"""SageMaker's warm pools count as machines: those that a new job does not take up make way where there is no room.

https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html#train-warm-pools-matching-criteria
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tideform.backends.training.sagemaker.in_account import ending
from tideform.reaper.base import Clients, Handle
from tideform.reaper.items import Item
from tideform.reaper.shares import machines, taken

_SAME = ("RoleArn", "EnableInterContainerTrafficEncryption", "EnableNetworkIsolation")
_SAME_MACHINES = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")
_SAME_PLACE = ("Subnets", "SecurityGroupIds")


def make_way(clients: Clients, handle: Handle, item: Item, lease: str, most: int, wanted: Mapping[str, Any]) -> bool:
    """Let go of what would make more than ``most`` machines with the job ``wanted``; whether nothing was in its way.

    ``item`` is the pool's, with the machines that ``lease`` has taken for this job and others.
    """
    if not (warm := [ending.describe(clients, job["TrainingJobName"]) for job in ending.warm_pools(clients, handle)]):
        return True
    working = [ending.describe(clients, job["TrainingJobName"]) for job in ending.jobs(clients, handle)]
    own = machines(item, lease) - _count(job for job in working if ending.lease_of(handle, job) == lease)
    over = _count(job for job in working if ending.lease_of(handle, job) not in item["leases"])
    found = in_the_way(warm, wanted, own, most - taken(item, "") - over)
    for name in found:
        ending.let_go(clients, name)
    return not found


def leaving(clients: Clients, handle: Handle, item: Item) -> int:
    """The machines of jobs whose lease is over, and that have not ended yet."""
    jobs = [job for job in ending.jobs(clients, handle) if ending.lease_of(handle, job) not in item["leases"]]
    return _count(ending.describe(clients, job["TrainingJobName"]) for job in jobs)


def in_the_way(warm: Iterable[Mapping[str, Any]], wanted: Mapping[str, Any], own: int, spare: int) -> list[str]:
    """The names of the jobs whose warm machines have to go; ``warm`` and ``wanted`` as the API tells them. Pure.

    ``own`` machines are for the jobs that are to come, which take up what is like them; ``spare`` nobody has taken.
    """
    found = []
    for job in sorted(warm, key=lambda job: not alike(job, wanted)):
        size = int(job["ResourceConfig"]["InstanceCount"])
        if alike(job, wanted) and size <= own:
            own -= size
        elif size <= spare:
            spare -= size
        else:
            found.append(str(job["TrainingJobName"]))
    return found


def alike(job: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a job gets the warm machines of another one."""
    if not wanted["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
        return False
    same = all(job.get(key) == wanted.get(key) for key in _SAME)
    kinds = all(job["ResourceConfig"].get(key) == wanted["ResourceConfig"].get(key) for key in _SAME_MACHINES)
    return same and kinds and all(_ids(job, key) == _ids(wanted, key) for key in _SAME_PLACE)


def _ids(job: Mapping[str, Any], key: str) -> set[str]:
    return set(job.get("VpcConfig", {}).get(key, ()))


def _count(jobs: Iterable[Mapping[str, Any]]) -> int:
    return sum(int(job["ResourceConfig"]["InstanceCount"]) for job in jobs)
