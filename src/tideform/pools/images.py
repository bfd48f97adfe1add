"""Whether a pool's machines can get its image: the network that tideform makes leads to the region's own ECR. Pure.

There are endpoints for the registries of the region, and none for public ones, that of AWS (public.ecr.aws) included.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.registry.training import features
from tideform.spec.deployment import Deployment
from tideform.spec.problems import problem

_REGISTRY = re.compile(r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com|on\.aws)(\.cn)?")
_FIX = "Copy it to a repository of the account, or pull it through ECR's cache (a pull-through cache rule)."


def image_problems(deployment: Deployment, name: str) -> Iterator[Diagnostic]:
    """What is wrong with a pool's image; what its name means, where that may surprise."""
    pool, path = deployment.spec.training[name], f"training.{name}.job.image"
    on = features(pool.backend)
    if not on.ml_machines and not (on.needs_cluster and _foreign_cluster(deployment)):
        yield from unreachable(deployment, pool.job.image, path)
    if "/" in pool.job.image and not host_of(pool.job.image) and pool.job.build is None:
        detail = (
            f"{pool.job.image} names no registry, so it is the repository {pool.job.image.partition(':')[0]} of the "
            f"account's own ECR, and not Docker Hub's."
        )
        fix = "Write the registry's host before it where another one is meant."
        yield problem("TD181", detail, fix=fix, path=path, severity=Severity.NOTE)


def unreachable(deployment: Deployment, image: str, path: str) -> Iterator[Diagnostic]:
    """An error on AWS, where machines would come and be paid for; the sandbox pulls no image."""
    host = host_of(image)
    if deployment.spec.network.existing is not None or not host:
        return
    match = _REGISTRY.fullmatch(host)
    if match is not None and match["region"] == deployment.region:
        return
    where = f"the registries of {deployment.region}" if match else "Amazon ECR"
    detail = f"The network has no way to the internet, and reaches {where} alone, not {host}: machines would come, and "
    severity = Severity.ERROR if deployment.target == "aws" else Severity.WARNING
    yield problem("TD180", f"{detail}the pull would fail.", fix=_FIX, path=path, severity=severity)


def host_of(image: str) -> str:
    """The registry's host in an image's name; empty where it names none."""
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else ""


def _foreign_cluster(deployment: Deployment) -> bool:
    return deployment.spec.cluster is not None and deployment.spec.cluster.existing is not None
