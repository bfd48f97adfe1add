"""What a pool has to be like for a capacity block to serve it. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.purchase import pool_zones
from tideform.pools.shape import shape_of
from tideform.pools.unattended import starter_key
from tideform.spec.deployment import Deployment
from tideform.spec.problems import problem
from tideform.spec.training import Pool

_EC2, _PLAN = "cr-", "arn:"
_TAKES = {"batch": _EC2, "eks": _EC2, "sagemaker": _PLAN}
_CALLED = {_EC2: "capacity blocks by id (cr-…)", _PLAN: "SageMaker training plans by ARN"}


def block_problems(deployment: Deployment, path: str, pool: Pool) -> Iterator[Diagnostic]:
    """Why a pool's blocks cannot serve it; its words have to name machines. Karpenter finds type and zone itself."""
    blocks = pool.capacity.blocks
    if not blocks:
        return
    path = f"{path}.capacity.blocks"
    takes = _TAKES.get(pool.backend)
    if takes is None:
        yield _nowhere(path, pool.backend)
        return
    for place, block in enumerate(blocks):
        if not block.startswith(takes):
            detail = f"The backend {pool.backend} takes {_CALLED[takes]}, and this is none: {block}."
            yield problem("TD685", detail, fix="Name one of these, or none.", path=f"{path}.{place}")
    if pool.backend == "eks":
        return
    if pool.backend == "sagemaker":
        yield from _plan_problems(path, pool)
    types = shape_of(pool).instance_types
    if len(types) > 1:
        detail = f"This pool may get {', '.join(types)}, and only one of them is the block's."
        yield problem("TD686", detail, fix="Name that one: instance_types: [TYPE].", path=path)
    if pool.backend == "batch" and not _in_one_zone(deployment, pool):
        detail = "This pool has several zones, and machines start in the block's alone."
        fix = "Name the block's: zones: [a], or one subnet in network.subnets."
        yield problem("TD686", detail, fix=fix, path=path)


def _plan_problems(path: str, pool: Pool) -> Iterator[Diagnostic]:
    if len(pool.capacity.blocks) > 1:
        detail = "A training job takes one training plan."
        yield problem("TD685", detail, fix="Keep one.", path=path)
    if key := starter_key(pool):
        detail = f"A {key} begins its job outside the plan: nobody is there to see whether that has machines."
        fix = "Use `tideform burst run` for what is to run in the plan."
        yield problem("TD685", detail, fix=fix, path=path, severity=Severity.WARNING)


def _in_one_zone(deployment: Deployment, pool: Pool) -> bool:
    network = deployment.spec.network
    return len(network.subnets) == 1 if network.existing is not None else len(pool_zones(pool, deployment)) == 1


def _nowhere(path: str, backend: str) -> Diagnostic:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-template-capacity-blocks.html#capacity-blocks-limitations"""
    why = " Auto Scaling takes none in a group with several ways of buying." if backend == "ec2" else ""
    detail = f"The backend {backend} cannot start machines in a capacity block.{why}"
    return problem("TD685", detail, fix="Use the backend batch or eks, or remove the blocks.", path=path)
