"""Jobs of several nodes as they are asked for: what is refused, and what each node is made of.

https://docs.aws.amazon.com/batch/latest/APIReference/API_NodeProperties.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform_sandbox.services.batch.call import client_error
from tideform_sandbox.services.batch.job import Job

_MOST_NODES = 1000


def check_nodes(body: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    """What Batch refuses of a multi-node job when it is submitted."""
    number = _number(body, properties)
    if not 1 <= number <= _MOST_NODES:
        raise client_error(f"numNodes must be between 1 and {_MOST_NODES}.")
    if int(properties.get("mainNode", 0)) != 0:
        raise client_error("not emulated: a main node other than the first")
    if body.get("arrayProperties"):
        raise client_error("Array properties are not allowed for multi-node jobs.")
    if body.get("containerOverrides"):
        raise client_error("containerOverrides must not be set for multinode jobs: use nodeOverrides.")


def nodes_of(job: Job) -> list[Job]:
    """The nodes that a multi-node job consists of; none if it is another one."""
    properties = job.definition.get("nodeProperties")
    if not properties:
        return []
    number = _number(job.request, properties)
    return [_node(job, index, number, properties) for index in range(number)]


def _number(body: Mapping[str, Any], properties: Mapping[str, Any]) -> int:
    overrides = body.get("nodeOverrides") or {}
    return int(overrides.get("numNodes") or properties["numNodes"])


def _node(job: Job, index: int, number: int, properties: Mapping[str, Any]) -> Job:
    overrides = (job.request.get("nodeOverrides") or {}).get("nodePropertyOverrides") or []
    own = _of_range(properties["nodeRangeProperties"], index, number).get("container", {})
    asked = _of_range(overrides, index, number).get("containerOverrides", {})
    return Job(
        f"{job.id}#{index}",
        f"{job.arn}#{index}",
        job.queue,
        job.priority,
        {**job.definition, "containerProperties": own},
        {**job.request, "containerOverrides": asked},
        job.created,
        job.tags,
        node=index,
        head=job,
    )


def _of_range(ranges: list[dict[str, Any]], index: int, number: int) -> dict[str, Any]:
    """The last of the ranges (``0:``, ``1:3``, ``2``) that a node is in: more special ones come later."""
    found: dict[str, Any] = {}
    for one in ranges:
        low, colon, high = str(one["targetNodes"]).partition(":")
        last = int(high) if high else (number - 1 if colon else int(low))
        if int(low or 0) <= index <= last:
            found = one
    return found
