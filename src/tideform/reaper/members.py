"""Machines by what AWS itself says of who launched them, which nobody can take off: tags that begin with ``aws:``.

Auto Scaling puts its group's name on every machine, https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
(tag lifecycle). Batch launches through groups that it names after the environment: ``AWSBatch-<environment>-…`` under
its service-linked role, whose policy takes no other names (BatchServiceRolePolicy in the AWS managed policy reference),
and ``<environment>-asg-<id>`` under a role of one's own. So a machine that lost the pool's tags, all or some, is found
all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from tideform.reaper import instances
from tideform.reaper.base import Clients, Node

GROUP, ENVIRONMENT = "aws:autoscaling:groupName", "aws:batch:compute-environment"
_OF_BATCH = ("AWSBatch-{}-", "{}-asg-")
_BATCHS_OWN = re.compile(r"(asg|[0-9a-f]+)(-(asg|[0-9a-f]+))*")  # what Batch puts behind an environment's name
_MOST_VALUES = 100  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html: 200 of a filter


def of_groups(clients: Clients, groups: Iterable[str]) -> list[Node]:
    """The machines of groups of Auto Scaling that cost something, or may again."""
    return list(_launched(clients, GROUP, groups))


def of_environments(clients: Clients, environments: Iterable[str]) -> list[Node]:
    """The same for Batch's compute environments. What a filter finds of a group that only begins alike is left out."""
    names = list(environments)
    groups = _launched(clients, GROUP, [f"{start.format(name)}*" for name in names for start in _OF_BATCH])
    found = {node.id: node for node in chain(groups, _launched(clients, ENVIRONMENT, names))}
    return [node for node in found.values() if launcher(node.tags, names)]


def launcher(tags: Mapping[str, str], known: Iterable[str]) -> str:
    """Which of the groups and environments that are ``known`` has launched a machine; empty where none has."""
    said = {tags.get(ENVIRONMENT, ""), group := tags.get(GROUP, "")}
    return next((name for name in known if name in said or _is_batchs(group, name)), "")


def _is_batchs(group: str, environment: str) -> bool:
    """Whether Batch would call a group of this environment so; those of one that only begins alike are left out."""
    starts = (start.format(environment) for start in _OF_BATCH)
    return any(group.startswith(start) and _BATCHS_OWN.fullmatch(group.removeprefix(start)) for start in starts)


def _launched(clients: Clients, tag: str, names: Iterable[str]) -> Iterator[Node]:
    wanted = sorted(names)
    for start in range(0, len(wanted), _MOST_VALUES):
        filters: list[dict[str, Any]] = [
            {"Name": f"tag:{tag}", "Values": wanted[start : start + _MOST_VALUES]},
            {"Name": "instance-state-name", "Values": [*instances.STANDING]},
        ]
        yield from map(instances.node_of, instances.described(clients, filters))
