"""Which AWS services the private network has to reach, judged by what the spec uses.

An interface endpoint costs about 0.01 USD an hour in each zone, used or not, so none is made on suspicion.
Pure: no pulumi here.
"""

from __future__ import annotations

from collections.abc import Iterable

from tideform.spec.project import Project
from tideform.spec.serving import Endpoint

# What an instance of a managed Batch environment talks to.
# https://docs.aws.amazon.com/batch/latest/userguide/vpc-interface-endpoints.html
_BATCH = ("ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs")

# What a machine of an ``ec2`` pool talks to: SSM's agent, the registry of images, the log.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
_EC2 = ("ec2messages", "ecr.api", "ecr.dkr", "logs", "ssm", "ssmmessages")

# What a cluster, its nodes and Karpenter talk to where there is no way to the internet.
# https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
_EKS = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sqs", "ssm", "sts")


def interface_services(spec: Project, served: Iterable[Endpoint]) -> list[str]:
    """The short names of the services that need an interface endpoint, sorted. ``served``: those with a model."""
    needed: set[str] = set()
    if any(pool.backend == "batch" for pool in spec.training.values()):
        needed.update(_BATCH)
    if any(pool.backend == "ec2" for pool in spec.training.values()):
        needed.update(_EC2)
    if any(pool.backend == "eks" for pool in spec.training.values()):
        needed.update(_EKS)
    if any(pool.job.secrets for pool in spec.training.values()):
        needed.add("secretsmanager")  # the agent on the instance fetches a job's secrets
    if any(endpoint.backend == "sagemaker" for endpoint in served):
        needed.add("sagemaker.runtime")  # callers inside the network
    if spec.tracking is not None and spec.training:
        needed.add("sagemaker.experiments")  # jobs that log their runs
    return sorted(needed)


def service_name(service: str, region: str) -> str:
    """The full name by which EC2 knows the service. MLflow's does not follow the pattern of the others.

    https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-private-link.html
    """
    if service == "sagemaker.experiments":
        return f"aws.sagemaker.{region}.experiments"
    prefix = "cn.com" if region.startswith("cn-") and service.startswith("ec") else "com"
    return f"{prefix}.amazonaws.{region}.{service}"
