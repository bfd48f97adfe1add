"""What the operations share: the group of a request, and AWS's way to refuse."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.services.autoscaling.group import Group
from tideform_sandbox.services.autoscaling.plane import Plane


def invalid(message: str, code: str = "ValidationError") -> Exception:
    """The error that Auto Scaling has for nearly everything."""
    from tideform_sandbox.extension.request import AwsError

    error: Exception = AwsError(code, message)
    return error


def group_of(plane: Plane, given: dict[str, Any]) -> Group:
    """The group that a request names."""
    name = given["AutoScalingGroupName"]
    if name not in plane.groups:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return plane.groups[name]


def number(given: dict[str, Any], member: str) -> int | None:
    """An optional whole number."""
    value = given.get(member)
    return None if value is None else int(value)


def paged(items: list[Any], given: dict[str, Any], result: str, *, most: int = 100) -> dict[str, Any]:
    """One page of a listing; the token is where the next one begins."""
    start, size = int(given.get("NextToken") or 0), int(given.get("MaxRecords") or most)
    rest = {"NextToken": str(start + size)} if len(items) > start + size else {}
    return {result: items[start : start + size], **rest}
