"""EC2 instances by their tags: found, told apart by whether they still cost money, and ended.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tideform.reaper.base import Clients, Node
from tideform.reaper.claims import EXPIRES, Claim, utc
from tideform.reaper.reserved import BLOCK

STANDING = ("pending", "running", "stopping", "stopped", "shutting-down")  # every state but terminated
_COSTS_NOTHING = ("shutting-down", "terminated")
# https://aws.amazon.com/about-aws/whats-new/2017/10/announcing-amazon-ec2-per-second-billing/
_LEAST_BILLED = 60.0  # seconds of Linux instances, spot or not
_AT_ONCE = 500  # ids in one request; EC2 takes a thousand
_MOST_VALUES = 200  # of a filter, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
_WHEN = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")


def tagged(clients: Clients, tags: Mapping[str, str]) -> list[Node]:
    """Every instance with these tags that EC2 still tells of: an ended one for about an hour."""
    return [node_of(found) for found in described(clients, [_tag_filter(*tag) for tag in tags.items()])]


def described(clients: Clients, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The instances as EC2 describes them."""
    pages = clients.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
    return [found for page in pages for reservation in page["Reservations"] for found in reservation["Instances"]]


def running(clients: Clients, ids: Iterable[str]) -> list[tuple[str, str]]:
    """The running ones among these instances and their private addresses, the oldest first."""
    wanted, found = sorted(set(ids)), list[dict[str, Any]]()
    for start in range(0, len(wanted), _MOST_VALUES):
        asked = {"instance-id": wanted[start : start + _MOST_VALUES], "instance-state-name": ["running"]}
        found += described(clients, [{"Name": name, "Values": values} for name, values in asked.items()])
    found.sort(key=lambda one: (one["LaunchTime"], one["InstanceId"]))
    return [(one["InstanceId"], one["PrivateIpAddress"]) for one in found]


def standing(nodes: Iterable[Node]) -> list[Node]:
    """Those that are not gone yet."""
    return [node for node in nodes if node.state in STANDING]


def end(clients: Clients, nodes: Iterable[Node]) -> None:
    """Terminate those that are not on their way out already. Raises what EC2 has refused, after all have been asked.

    EC2 ends none of a request's machines in a zone where one of them is protected, and none at all where one is gone.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
    """
    ids = [node.id for node in standing(nodes) if node.state != "shutting-down"]
    refused: list[Exception] = []
    for start in range(0, len(ids), _AT_ONCE):
        refused += _terminate(clients, ids[start : start + _AT_ONCE])
    if refused:
        raise refused[0]


def _terminate(clients: Clients, ids: list[str]) -> list[Exception]:
    """Together, and where that is refused each by itself; what stays refused. One that is gone is no refusal."""
    from botocore.exceptions import ClientError

    try:
        clients.client("ec2").terminate_instances(InstanceIds=ids)
    except ClientError as error:
        if len(ids) > 1:
            return [one for identity in ids for one in _terminate(clients, [identity])]
        return [] if error.response["Error"]["Code"] == "InvalidInstanceID.NotFound" else [error]
    return []


def tell_lease(clients: Clients, ids: Iterable[str], claim: Claim) -> None:
    """Say on the machines themselves whose they are and until when: that outlives every state file and table."""
    _say(clients, ids, claim.tags)


def tell_end(clients: Clients, ids: Iterable[str], deadline: int) -> None:
    """Say on the machines until when; whose they are stays as they say it."""
    _say(clients, ids, {EXPIRES: utc(deadline)})


def _say(clients: Clients, ids: Iterable[str], said: Mapping[str, str]) -> None:
    tags = [{"Key": key, "Value": value} for key, value in said.items()]
    if machines := list(ids):  # EC2 refuses to tag nothing
        clients.client("ec2").create_tags(Resources=machines, Tags=tags)


def ended_at(reason: str) -> float | None:
    """When the state last changed, out of ``User initiated (2026-11-21 17:40:00 GMT)``; None where it is not said."""
    found = _WHEN.search(reason)
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() if found else None


def _tag_filter(key: str, value: str) -> dict[str, Any]:
    return {"Name": f"tag:{key}", "Values": [value]}


def node_of(found: Mapping[str, Any]) -> Node:
    """One machine as EC2 describes it."""
    state = str(found["State"]["Name"])
    return Node(
        id=found["InstanceId"],
        type=found["InstanceType"],
        state=state,
        spot=found.get("InstanceLifecycle") == "spot",
        launched=found["LaunchTime"].timestamp(),
        ended=ended_at(found.get("StateTransitionReason", "")) if state in _COSTS_NOTHING else None,
        zone=found.get("Placement", {}).get("AvailabilityZone", ""),
        reservation=found.get("CapacityReservationId", ""),
        paid=found.get("InstanceLifecycle") == BLOCK,
        least=_LEAST_BILLED,
        cpus=_cpus(found.get("CpuOptions") or {}),
        tags={tag["Key"]: tag.get("Value", "") for tag in found.get("Tags") or ()},
    )


def _cpus(options: Mapping[str, int]) -> int:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CpuOptions.html"""
    return options.get("CoreCount", 0) * options.get("ThreadsPerCore", 1)
