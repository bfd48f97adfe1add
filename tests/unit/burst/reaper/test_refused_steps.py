"""What AWS refuses the reaper keeps no machine alive, and its own role's policy lets it end what lost its tags."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.burst.reaper.conftest import Reaped
from tests.unit.sandbox.waiting import until
from tideform.backends.training.batch.in_account import ending as batch
from tideform.backends.training.ec2.in_account import ending as ec2
from tideform.cloud import Cloud
from tideform.components.reaper.statements import reaper_statements
from tideform.components.scope import Scope
from tideform.reaper.base import Node
from tideform.reaper.fence import FencedError
from tideform.reaper.steps import Steps
from tideform.spec.deployment import Deployment

Allowed = Callable[[str, Mapping[str, Any]], bool]


@contextmanager
def under(cloud: Cloud, service: str, allowed: Allowed) -> Iterator[None]:
    """Requests of a service are refused as IAM refuses them, where they are not ``allowed``."""
    events = cloud.client(service).meta.events

    def ask(params: Mapping[str, Any], event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if not allowed(operation, params):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    events.register(f"before-parameter-build.{service}", ask, unique_id="under")
    try:
        yield
    finally:
        events.unregister(f"before-parameter-build.{service}", unique_id="under")


@pytest.mark.parametrize("operation", ["TerminateJob", "UpdateJobQueue", "UpdateComputeEnvironment", "ListJobs"])
def test_whatever_batch_refuses_machines_end_and_the_refusal_is_told(pool: Reaped, operation: str) -> None:
    pool.raise_to(2)
    pool.submit("by-hand")
    before = set(pool.standing())
    with (
        under(pool.cloud, "batch", lambda asked, _: asked != operation),
        pytest.raises(ClientError, match=operation),
    ):
        batch.stop(pool.cloud, pool.handle, machines=False)
    assert not before & set(pool.standing())


class Group:
    """Auto Scaling, EC2 and SSM with one machine of a group, where every change of the group is refused."""

    def __init__(self) -> None:
        self.asked, self.ended = list[str](), list[str]()

    def client(self, _service: str) -> Any:
        return self

    def describe_auto_scaling_groups(self, **_: Any) -> Any:
        member = {"InstanceId": "i-1", "LifecycleState": "InService"}
        sizes = {"MinSize": 1, "MaxSize": 1, "DesiredCapacity": 1}
        named = {"AutoScalingGroupName": "demo-dev-fit", "SuspendedProcesses": [], "Tags": []}
        return {"AutoScalingGroups": [{**named, **sizes, "Instances": [member]}]}

    def suspend_processes(self, **_: Any) -> None:
        self._refuse("SuspendProcesses")

    def update_auto_scaling_group(self, **_: Any) -> None:
        self._refuse("UpdateAutoScalingGroup")

    def _refuse(self, operation: str) -> None:
        self.asked.append(operation)
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    def terminate_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803  # EC2's name
        self.ended += InstanceIds


def test_a_group_that_cannot_be_held_keeps_no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Group()
    machine = Node("i-1", "c5.large", "running", spot=False, launched=0.0)
    monkeypatch.setattr(ec2, "nodes", lambda *_: [machine])
    monkeypatch.setattr(ec2, "commands", lambda *_: [])
    with pytest.raises(ClientError, match="SuspendProcesses"):
        ec2.stop(clients, {"group": "demo-dev-fit", "hook": "h", "schedule": "s", "comment": "c", "tags": {}})
    assert clients.asked == ["SuspendProcesses", "UpdateAutoScalingGroup"]
    assert clients.ended == ["i-1"]


def test_behind_a_fence_no_further_step_is_taken() -> None:
    taken: list[str] = []

    def fence(name: str) -> None:
        taken.append(name)
        raise FencedError("somebody else's")

    with pytest.raises(FencedError), Steps() as steps:
        steps.each(fence, ["first", "second"])
    assert taken == ["first"]


def tags_of(cloud: Cloud, arn: str) -> dict[str, str]:
    found: dict[str, str] = cloud.client("batch").list_tags_for_resource(resourceArn=arn)["tags"]
    return found


def allows(statements: list[Mapping[str, Any]], action: str, arn: str, tags: Mapping[str, str]) -> bool:
    """As IAM evaluates the kinds of statements and conditions that the reaper's role has."""
    return any(
        action in one["Action"]
        and any(fnmatch.fnmatchcase(arn, pattern) for pattern in one["Resource"])
        and all(_holds(test, keys, tags) for test, keys in one.get("Condition", {}).items())
        for one in statements
    )


def _holds(test: str, keys: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    told = [(tags.get(key.removeprefix("aws:ResourceTag/")), value) for key, value in keys.items()]
    if test == "StringEqualsIfExists":
        return all(found is None or found == value for found, value in told)
    return all(found is not None and fnmatch.fnmatchcase(found, value) for found, value in told)


def as_the_role(pool: Reaped, deployment: Deployment) -> Allowed:
    """What the role may do with this pool's queue, environment and jobs."""
    words = {"table_arn": "t", "topic_arn": "t", "log_group": "l"}
    scope = Scope(deployment, "foundation")
    statements = reaper_statements(scope, **words, launch_roles=(), reserved=(), handles=[pool.handle])

    def allowed(operation: str, params: Mapping[str, Any]) -> bool:
        action = f"batch:{operation}"
        kinds = {"jobQueue": "job-queue", "computeEnvironment": "compute-environment", "jobId": "job"}
        named = [(kind, str(params[key])) for key, kind in kinds.items() if key in params]
        if not named or not operation.startswith(("Update", "Terminate")):
            return any(action in one["Action"] for one in statements) or operation.startswith("ListTags")
        kind, name = named[0]
        arn = scope.arn("batch", f"{kind}/{name}")
        return allows(statements, action, arn, tags_of(pool.cloud, arn))

    return allowed


def test_under_its_own_role_the_reaper_ends_a_pool_whose_parts_and_jobs_carry_no_tags(
    pool: Reaped, deployment: Deployment
) -> None:
    pool.raise_to(2)
    job = pool.submit("by-hand")
    with under(pool.cloud, "batch", as_the_role(pool, deployment)):
        until(partial(batch.stop, pool.cloud, pool.handle))
    assert (pool.standing(), pool.status(job)) == ([], "FAILED")


def test_under_its_own_role_the_reaper_touches_nothing_of_another_project(pool: Reaped, deployment: Deployment) -> None:
    asked = {"computeEnvironment": pool.environment, "state": "DISABLED"}
    may = as_the_role(pool, deployment)
    assert may("UpdateComputeEnvironment", asked)
    arn = pool.environment_now()["computeEnvironmentArn"]
    pool.cloud.client("batch").tag_resource(resourceArn=arn, tags={"tideform:project": "other"})
    assert not may("UpdateComputeEnvironment", asked)
