"""What a pool has to be like for a capacity block to serve it. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.pools.shape import shape_of
from tideform.registry.training import backends, features
from tideform.spec.deployment import Deployment
from tideform.spec.problems import problem
from tideform.spec.training import Pool

_CALLED = {"cr-": "capacity blocks by id (cr-…)", "arn:": "SageMaker training plans by ARN"}


def block_problems(deployment: Deployment, path: str, pool: Pool) -> Iterator[Diagnostic]:
    """Why a pool's blocks cannot serve it; its words have to name machines."""
    blocks = pool.capacity.blocks
    if not blocks:
        return
    path = f"{path}.capacity.blocks"
    takes = features(pool.backend).blocks
    if not takes:
        yield _nowhere(path, pool.backend)
        return
    for place, block in enumerate(blocks):
        if not block.startswith(takes):
            detail = f"The backend {pool.backend} takes {_CALLED[takes]}, and this is none: {block}."
            yield problem("TD685", detail, fix="Name one of these, or none.", path=f"{path}.{place}")
    if (backend := backends().get(pool.backend)) is not None:
        yield from backend.block_problems(deployment, path, pool)


def of_one_type(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """A block has machines of one type, and the pool has to ask for it."""
    types = shape_of(pool).instance_types
    if len(types) > 1:
        detail = f"This pool may get {', '.join(types)}, and only one of them is the block's."
        yield problem("TD686", detail, fix="Name that one: instance_types: [TYPE].", path=path)


def _nowhere(path: str, backend: str) -> Diagnostic:
    why = f" {reason}." if (reason := features(backend).no_blocks) else ""
    detail = f"The backend {backend} cannot start machines in a capacity block.{why}"
    return problem("TD685", detail, fix="Use the backend batch or eks, or remove the blocks.", path=path)
