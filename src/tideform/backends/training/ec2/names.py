"""What the parts of an ``ec2`` pool are called, and what such a pool can be: shared by program and burst. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tideform.pools.log_groups import job_log_group
from tideform.pools.shape import PoolShape
from tideform.spec.deployment import Deployment

HEARTBEAT = 120  # seconds that a machine waits for its last checkpoint before it ends
SCHEDULE = "lease-end"
MOST_NODES = 50  # that one SSM command reaches; https://docs.aws.amazon.com/general/latest/gr/ssm.html
LONGEST_RUN = 172_800  # seconds that AWS-RunShellScript lets a command run
_LIMIT = 240  # characters, and what the hook adds; https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
_DEEP_LEARNING = "/aws/service/deeplearning/ami/{arch}/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id"
_PLAIN = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}"


@dataclass(frozen=True)
class GroupNames:
    """The names of one pool on EC2; a pool that was renamed keeps those it had."""

    deployment: Deployment
    pool: str

    @property
    def made_as(self) -> str:
        """The pool's name in names and tags."""
        return self.deployment.identity("training", self.pool)

    @property
    def group(self) -> str:
        """The Auto Scaling group."""
        return self.deployment.physical_name(self.made_as, limit=_LIMIT)

    @property
    def hook(self) -> str:
        """The group's life-cycle hook."""
        return f"{self.group}-checkpoint"

    @property
    def log_group(self) -> str:
        """Where commands log; the project's key is allowed there."""
        return job_log_group(self.deployment, self.pool)

    @property
    def comment(self) -> str:
        """How the comments of the pool's commands begin; the lease follows."""
        return f"{self.deployment.name}/{self.made_as} "


def image_parameter(shape: PoolShape) -> str:
    """The public SSM parameter that names the machine image; EC2 reads it at each launch."""
    arch = "arm64" if shape.types[0].arch == "arm64" else "x86_64"
    return (_DEEP_LEARNING if shape.accelerators else _PLAIN).format(arch=arch)
