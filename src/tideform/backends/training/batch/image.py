"""Another image than the job definition's, or more than a job can be told: it gets a definition of its own.

It is struck off as soon as the job is in the queue; the job goes on with it.
https://docs.aws.amazon.com/batch/latest/APIReference/API_DeregisterJobDefinition.html
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_COPIED = (
    "type", "parameters", "schedulingPriority", "containerProperties", "nodeProperties", "retryStrategy",
    "propagateTags", "timeout", "tags", "platformCapabilities",
)  # fmt: skip


@contextmanager
def definition_with(
    batch: Any, definition: Mapping[str, Any], image: str | None, told: Mapping[str, Any]
) -> Iterator[str]:
    """The ARN of a definition like the given one, but for the image, if any, and ``told``; good until the block ends.

    ``told`` is a ``command`` and an ``environment``, as ``containerOverrides`` have them.
    """
    like = copy.deepcopy({key: definition[key] for key in _COPIED if definition.get(key) is not None})
    for container in _containers(like):
        container["image"] = image or container["image"]
        container["command"] = told.get("command", container.get("command", []))
        environment = {one["name"]: one for one in (*container.get("environment", []), *told.get("environment", []))}
        container["environment"] = list(environment.values())
    name = f"{definition['jobDefinitionName'][:120]}-image"
    arn = str(batch.register_job_definition(jobDefinitionName=name, **like)["jobDefinitionArn"])
    try:
        yield arn
    finally:
        batch.deregister_job_definition(jobDefinition=arn)


def _containers(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "containerProperties" in definition and definition.get("type") != "multinode":
        yield definition["containerProperties"]
    for nodes in definition.get("nodeProperties", {}).get("nodeRangeProperties", []):
        yield nodes["container"]
