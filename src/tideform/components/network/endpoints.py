"""Which AWS services the private network has to reach, judged by what the spec uses.

An interface endpoint costs about 0.01 USD an hour in each zone, used or not, so none is made on suspicion.
Pure: no pulumi here.
"""

from __future__ import annotations

from collections.abc import Iterable

from tideform.registry.serving import backends
from tideform.registry.training import features
from tideform.spec.project import Project
from tideform.spec.serving import Endpoint


def interface_services(spec: Project, served: Iterable[Endpoint]) -> list[str]:
    """The short names of the services that need an interface endpoint, sorted. ``served``: those with a model."""
    needed: set[str] = set()
    for pool in spec.training.values():
        needed.update(features(pool.backend).interface_endpoints)
    if any(pool.job.secrets for pool in spec.training.values()):
        needed.add("secretsmanager")  # the agent on the instance fetches a job's secrets
    for endpoint in served:
        needed.update(backends()[endpoint.backend].interface_endpoints)
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
