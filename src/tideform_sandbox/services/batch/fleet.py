"""The capacity of one compute environment: which instances it has, launches and ends, in moto's EC2.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tideform_sandbox.market import market
from tideform_sandbox.services.batch.job import Job

log = logging.getLogger(__name__)

DESIRED_GRACE = 600.0  # seconds that capacity asked for by desiredvCpus stands idle before it goes
_USABLE_MEMORY = 0.94  # the system and the container agent keep the rest of an instance's memory
_DEFAULT_IMAGE = "ami-0ec50a11d3b25e1a4"
_MAX_LAUNCHES = 1000


@dataclass
class Size:
    """What an instance offers, or a job asks for; memory in MiB."""

    vcpus: int
    memory: int
    gpus: int = 0

    def holds(self, other: Size) -> bool:
        """Whether the other fits in."""
        return self.vcpus >= other.vcpus and self.memory >= other.memory and self.gpus >= other.gpus


@dataclass
class Host:
    """One instance (``id`` is None for a Fargate task's own), the jobs on it, and since when it has none.

    While the instance is pending, the jobs are those that wait for it.
    """

    id: str | None
    size: Size
    idle_since: float
    keep_until: float = 0.0
    jobs: dict[str, Size] = field(default_factory=dict)
    instance: Any = field(default=None, repr=False)
    old: bool = False  # of before an update: no further job comes to it

    @property
    def ready(self) -> bool:
        """Whether commands can start on it."""
        return self.instance is None or self.instance.state == "running"

    @property
    def free(self) -> Size:
        """What is not taken by jobs."""
        used = self.jobs.values()
        return Size(
            self.size.vcpus - sum(size.vcpus for size in used),
            self.size.memory - sum(size.memory for size in used),
            self.size.gpus - sum(size.gpus for size in used),
        )


def size_of(job: Job) -> Size:
    """What a job asks for."""
    return Size(job.needs("VCPU"), job.needs("MEMORY"), job.needs("GPU"))


class Fleet:
    """The hosts of one compute environment. Not thread-safe: the plane's lock guards it.

    ``problem`` is what is wrong with the environment, as AWS puts it in an INVALID one's reason; ``lack`` is why the
    last launch found no capacity, which leaves it VALID.
    """

    def __init__(self, environment: Any, ec2: Any) -> None:
        self.environment, self._ec2 = environment, ec2
        self.hosts: list[Host] = []
        self.problem = self.lack = ""
        self.renewed_at = 0.0  # when its last infrastructure update ends, if no job holds that up
        self._subnets = count()

    @property
    def resources(self) -> dict[str, Any]:
        """The environment's ``computeResources`` as last updated."""
        return self.environment.compute_resources or {}

    @property
    def is_fargate(self) -> bool:
        return str(self.resources.get("type", "")).startswith("FARGATE")

    @property
    def vcpus(self) -> int:
        """What stands now."""
        return sum(host.size.vcpus for host in self.hosts)

    def room_for(self, job: Job) -> Host | None:
        """A host with enough left for a job."""
        kept = next((host for host in self.hosts if job.id in host.jobs), None)
        wanted = size_of(job)
        fresh = (host for host in self.hosts if host.id and host.ready and not host.old)
        return kept or next((host for host in fresh if host.free.holds(wanted)), None)

    def grow_for(self, job: Job, now: float) -> Host | None:
        """A new host that the job fits on; None if there is no such type, no room below maxvCpus, or no launch."""
        wanted = size_of(job)
        if self.is_fargate:
            return self._add(Host(None, wanted, now)) if self._allows(wanted.vcpus) else None
        asked_for = job.container.get("instanceType")
        sizes = {kind: size_of_type(kind) for kind in self.types() if asked_for in (None, kind)}
        fitting = [kind for kind, size in sizes.items() if size.holds(wanted) and self._allows(size.vcpus)]
        return self._launch_any(fitting, now)

    def could_ever_hold(self, job: Job) -> bool:
        """Whether the job would fit on an empty instance of this environment."""
        wanted = size_of(job)
        return self.is_fargate or any(size_of_type(kind).holds(wanted) for kind in self.types())

    def grow_to(self, vcpus: int, now: float, *, keep_until: float = 0.0) -> None:
        """Launch until so many vCPUs stand, as far as maxvCpus allows."""
        kinds = [] if self.is_fargate else self.types()
        for _ in range(_MAX_LAUNCHES):
            allowed = [kind for kind in kinds if self._allows(size_of_type(kind).vcpus)]
            if sum(host.size.vcpus for host in self.hosts if not host.old) >= vcpus or not allowed:
                return
            host = self._launch_any(allowed, now)
            if host is None:
                return
            host.keep_until = keep_until

    def shrink(self, now: float) -> float | None:
        """End hosts that are idle for long enough and not needed for minvCpus; returns when to look again."""
        delay = 60.0 * float((self.resources.get("scalingPolicy") or {}).get("minScaleDownDelayMinutes", 0))
        floor = int(self.resources.get("minvCpus", 0))
        due: float | None = None
        for host in [host for host in self.hosts if not host.jobs]:
            if host.id is not None and not host.old and self.vcpus - host.size.vcpus < floor:
                continue
            goes_at = now if host.old else max(host.idle_since + delay, host.keep_until)
            if goes_at <= now:
                self.end([host])
            else:
                due = goes_at if due is None else min(due, goes_at)
        return due

    def end(self, hosts: list[Host]) -> None:
        """Terminate hosts; forget them first, so that the news of their end finds nothing to do."""
        self.hosts = [host for host in self.hosts if host not in hosts]
        ids = [host.id for host in hosts if host.id is not None and self._stands(host.id)]
        if ids:
            self._ec2.terminate_instances(ids)

    def renew(self) -> None:
        """What machines are launched with has changed: those that stand go, and those at work after their jobs."""
        for host in self.hosts:
            host.old = True
        self.end([host for host in self.hosts if not host.jobs])

    def forget(self, instance_id: str) -> Host | None:
        """An instance that somebody else ended."""
        gone = next((host for host in self.hosts if host.id == instance_id), None)
        self.hosts = [host for host in self.hosts if host is not gone]
        return gone

    def free(self, job_id: str, now: float) -> None:
        """A job holds nothing any more."""
        for host in self.hosts:
            if host.jobs.pop(job_id, None) is not None and not host.jobs:
                host.idle_since, host.keep_until = now, 0.0

    def types(self) -> list[str]:
        """The instance types in the order given; a family stands for its members, smallest first."""
        return [kind for given in self.resources.get("instanceTypes") or [] for kind in _expand(given)]

    def _allows(self, vcpus: int) -> bool:
        """Below maxvCpus; all strategies but the best fit on demand go beyond it with the last machine.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResourceUpdate.html
        """
        bound = int(self.resources.get("maxvCpus", 0))
        kept_to = self.is_fargate or (
            self.resources.get("type") == "EC2" and self.resources.get("allocationStrategy", "BEST_FIT") == "BEST_FIT"
        )
        return self.vcpus + vcpus <= bound if kept_to else self.vcpus < bound

    def _stands(self, instance_id: str) -> bool:
        return any(
            instance.id == instance_id and instance.state != "terminated"
            for reservation in self._ec2.reservations.values()
            for instance in reservation.instances
        )

    def _add(self, host: Host) -> Host:
        self.hosts.append(host)
        return host

    def _launch_any(self, kinds: list[str], now: float) -> Host | None:
        """One of the first type that is to be had."""
        return next((host for kind in kinds if (host := self._launch(kind, now)) is not None), None)

    def _launch(self, kind: str, now: float) -> Host | None:
        """Launch in whichever subnet has capacity, starting with the next one in turn."""
        subnets, first = self.resources["subnets"], next(self._subnets)
        for number in range(len(subnets)):
            try:
                instance = self._run_instance(kind, subnets[(first + number) % len(subnets)])
            except Exception as error:  # noqa: BLE001  # moto's errors have no base; AWS tells them in the environment
                if self._failed(kind, error):
                    continue  # there may be some in another zone
                return None
            self.problem = self.lack = ""
            return self._add(Host(instance.id, size_of_type(kind), now, instance=instance))
        return None

    def _failed(self, kind: str, error: Exception) -> bool:
        """Note why a launch failed; whether it was the market, and not the environment."""
        code, says = getattr(error, "code", ""), getattr(error, "message", None) or str(error)
        log.warning("%s could not launch %s: %s", self.environment.name, kind, says)
        if code not in market.CODES:
            self.problem = f"CLIENT_ERROR - {says}"
            return False
        self.lack = f"{code} - {says}"
        if code == market.NO_CAPACITY:
            told = f"Service cannot fulfill the capacity requested for instance type [{kind}]"
            self.lack = f"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - {told}"
        return True

    def _run_instance(self, kind: str, subnet: str) -> Any:
        resources = self.resources
        template = _template(resources.get("launchTemplate"))
        spot = {"MarketType": "spot"} if resources.get("type") == "SPOT" else None
        reservation = self._ec2.run_instances(
            image_id=_image(resources),
            count=1,
            user_data=None,
            security_group_names=[],
            instance_type=kind,
            is_instance_type_default=False,
            region_name=self._ec2.region_name,
            subnet_id=subnet,
            security_group_ids=list(resources.get("securityGroupIds") or []),
            key_name=resources.get("ec2KeyPair"),
            **({"instance_market_options": spot} if spot else {}),
            **({"launch_template": template} if template else {}),
        )
        instance = reservation.instances[0]
        instance.placement.group_name = resources.get("placementGroup") or ""
        instance.add_tags({**(resources.get("tags") or {}), **self._own_tags()})
        return instance

    def _own_tags(self) -> dict[str, str]:  # no page of AWS's promises one that names the environment
        group = f"AWSBatch-{self.environment.name}-asg-{self.environment.ecs_name.rpartition('_')[2]}"
        return {"AWSBatchServiceTag": "batch", "aws:autoscaling:groupName": group}


def size_of_type(kind: str) -> Size:
    """What an instance type offers to jobs, from EC2's own data in moto."""
    data = _catalogue()[kind]
    gpus = sum(gpu["Count"] for gpu in (data.get("GpuInfo") or {}).get("Gpus", []))
    memory = int(data["MemoryInfo"]["SizeInMiB"] * _USABLE_MEMORY)
    return Size(data["VCpuInfo"]["DefaultVCpus"], memory, gpus)


def memory_of(kind: str) -> int:
    """MiB that a command has on a machine of a type, ``ml.`` types included; 0 where nobody knows."""
    kind = kind.removeprefix("ml.")
    return size_of_type(kind).memory if kind in _catalogue() else 0


def _catalogue() -> dict[str, Any]:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    found: dict[str, Any] = INSTANCE_TYPES
    return found


def _expand(given: str) -> list[str]:
    catalogue = _catalogue()
    if given in catalogue:
        return [given]
    family = "m5" if given in ("optimal", "default_x86_64") else given
    members = [kind for kind in catalogue if kind.split(".")[0] == family]
    return sorted(members, key=lambda kind: catalogue[kind]["VCpuInfo"]["DefaultVCpus"])


def _image(resources: dict[str, Any]) -> str:
    overrides = [entry.get("imageIdOverride") for entry in resources.get("ec2Configuration") or []]
    return next((image for image in (*overrides, resources.get("imageId")) if image), _DEFAULT_IMAGE)


def _template(given: dict[str, Any] | None) -> dict[str, str] | None:
    if not given:
        return None
    names = {"launchTemplateId": "LaunchTemplateId", "launchTemplateName": "LaunchTemplateName"}
    found = {names[key]: value for key, value in given.items() if key in names and value}
    return {**found, "Version": str(given.get("version") or "$Default")}
