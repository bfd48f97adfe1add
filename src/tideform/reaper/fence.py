"""A check that a request passes when it leaves this process: whoever was frozen since its last look is stopped by it.

A process that is stopped (SIGSTOP, a laptop that sleeps, a function that is frozen) between its look at the table and
its request wakes up with an answer of long ago. So the look is part of the sending: boto3 asks for it right before it
puts each request, and each repetition of one, on the wire; what does not go through boto3 asks by `leave` itself.
https://docs.aws.amazon.com/boto3/latest/guide/events.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Check = Callable[[], None]  # raises where the request must not leave

# What may start capacity, or name the one in whose name it starts.
STARTS = frozenset(
    {
        "CreateOrUpdateTags",
        "CreateTrainingJob",
        "DeleteRolePolicy",  # which keeps Karpenter from launching
        "PATCH",  # of the Kubernetes API: what opens a queue
        "POST",  # of the Kubernetes API: what makes a job
        "PUT",
        "ResumeProcesses",
        "SendCommand",
        "SubmitJob",
        "UpdateAutoScalingGroup",
        "UpdateComputeEnvironment",
        "UpdateJobQueue",
    }
)
_LOOKS = ("Describe", "GET", "Get", "List")
_TABLE = "dynamodb"  # every write there has a condition of its own, and the check itself reads it


class FencedError(Exception):
    """The request did not leave: what it was to end, or to start, is somebody else's by now."""


@dataclass(frozen=True)
class _Fence:
    check: Check
    only: Container[str] | None


_fence: ContextVar[_Fence | None] = ContextVar("tideform_fence", default=None)
_until: ContextVar[tuple[float, Exception] | None] = ContextVar("tideform_until", default=None)


def watch(client: Any) -> Any:
    """Let every request of a boto3 client pass the check of whoever makes it; returns the client."""
    client.meta.events.register_first("before-send", _pass, unique_id="tideform-fence")
    return client


@contextmanager
def fenced(check: Check, only: Container[str] | None = None) -> Iterator[None]:
    """Within this, and in this thread, let no request leave that ``check`` raises for.

    ``only`` names the operations; without it they are all that change something. The lease table is not asked about.
    """
    before = _fence.set(_Fence(check, only))
    try:
        yield
    finally:
        _fence.reset(before)


@contextmanager
def until(when: float, late: Exception) -> Iterator[None]:
    """Within this, and in this thread, let no request of boto3 leave after ``when`` (`time.monotonic`): raise ``late``.

    The lease table is no exception, and no look is one.
    """
    before = _until.set((when, late))
    try:
        yield
    finally:
        _until.reset(before)


def leave(operation: str) -> None:
    """Ask the check of whoever is about to send: of AWS an operation, of the Kubernetes API a method."""
    fence = _fence.get()
    if fence is None:
        return
    if operation in fence.only if fence.only is not None else not operation.startswith(_LOOKS):
        fence.check()


def _pass(event_name: str, **_: Any) -> None:
    if (bound := _until.get()) is not None and time.monotonic() > bound[0]:
        raise bound[1]
    service, operation = event_name.split(".")[1:3]
    if service != _TABLE:
        leave(operation)
