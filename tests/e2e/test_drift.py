"""What is changed or deleted behind our back: a plan that refreshes shows it, and an apply puts it right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, opened

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: drifting
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage:
  data: {kind: dataset, versioning: true}
training:
  nightly:
    instance_types: [c5.large]
    job: &job {image: trainer, command: [python, train.py], inputs: [data]}
  weekly: {instance_types: [c5.large], job: *job, between_bursts: remove}
monitoring: {notify: [{email: oncall@example.com}]}
"""


class Standing:
    """What an apply made, by address, and the sandbox's clients."""

    def __init__(self, project: Workspace, plan: dict[str, Any]) -> None:
        self.client = project.cloud.client
        self._found = {change["address"]: change["change"]["before"] for change in plan["resource_changes"]}

    def one(self, kind: str, word: str = "") -> tuple[str, dict[str, Any]]:
        """Address and inputs of the first resource of a type whose address has this word."""
        return next((a, before) for a, before in self._found.items() if f".{kind}." in a and word in a)


Act = Callable[[Standing], str]  # returns the address of what it did something to


def suspend_versioning(at: Standing) -> str:
    address, inputs = at.one("aws_s3_bucket_versioning", "data")
    at.client("s3").put_bucket_versioning(Bucket=inputs["bucket"], VersioningConfiguration={"Status": "Suspended"})
    return address


def change_a_tag(at: Standing) -> str:
    address, inputs = at.one("aws_iam_role", "nightly-job")
    at.client("iam").tag_role(RoleName=inputs["name"], Tags=[{"Key": "tideform:project", "Value": "other"}])
    return address


def raise_a_threshold(at: Standing) -> str:
    address, inputs = at.one("aws_cloudwatch_metric_alarm", "nightly")
    cloudwatch = at.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[inputs["name"]])["MetricAlarms"]
    taken = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    cloudwatch.put_metric_alarm(**{key: alarm[key] for key in taken if alarm.get(key)} | {"Threshold": 1e6})
    return address


def widen_a_role(at: Standing) -> str:
    address, inputs = at.one("aws_iam_role_policy", "nightly-job")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    name = {"RoleName": inputs["role"], "PolicyName": inputs["name"]}
    at.client("iam").put_role_policy(**name, PolicyDocument=json.dumps(policy))
    return address


CHANGES: tuple[Act, ...] = (suspend_versioning, change_a_tag, raise_a_threshold, widen_a_role)


def delete_a_bucket_policy(at: Standing) -> str:
    address, inputs = at.one("aws_s3_bucket_policy", "data")
    at.client("s3").delete_bucket_policy(Bucket=inputs["bucket"])
    return address


def delete_an_alarm(at: Standing) -> str:
    address, inputs = at.one("aws_cloudwatch_metric_alarm", "weekly")
    at.client("cloudwatch").delete_alarms(AlarmNames=[inputs["name"]])
    return address


def delete_a_rule(at: Standing) -> str:
    address, inputs = at.one("aws_vpc_security_group_egress_rule")
    ec2 = at.client("ec2")
    said = inputs["description"]
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    rule = next(rule for rule in rules if rule["IsEgress"] and rule.get("Description") == said)
    ec2.revoke_security_group_egress(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    return address


def delete_a_queue(at: Standing) -> str:
    address, inputs = at.one("aws_batch_job_queue")
    at.client("batch").delete_job_queue(jobQueue=inputs["name"])
    return address


def delete_a_log_group(at: Standing) -> str:
    address, inputs = at.one("aws_cloudwatch_log_group", "training/nightly")
    at.client("logs").delete_log_group(logGroupName=inputs["name"])
    return address


DELETIONS: tuple[Act, ...] = (
    delete_a_bucket_policy, delete_an_alarm, delete_a_rule, delete_a_queue, delete_a_log_group,
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """What plans that refresh found: before anybody did anything, after it was done, and after the repair."""

    untouched: dict[str, Any]
    touched: dict[str, Any]
    mended: dict[str, Any]
    addresses: dict[Act, str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """What was done is put right by a plan that was saved; `test_saved_plan` tells the same of an apply without one."""
    with opened(tmp_path_factory.mktemp("drift"), SPEC) as project:
        done(project, "apply", "--yes")
        untouched = look(project)
        standing = Standing(project, untouched)
        addresses = {act: act(standing) for act in (*CHANGES, *DELETIONS)}
        touched = look(project, "--out", "the.plan")
        done(project, "apply", "the.plan")
        yield Story(untouched, touched, look(project), addresses)


def done(project: Workspace, *args: str) -> str:
    ended = project.run(*args)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def look(project: Workspace, *more: str) -> dict[str, Any]:
    return dict(json.loads(done(project, "plan", "--refresh", "--json", *more)))


def drifted(plan: dict[str, Any]) -> dict[str, list[str]]:
    return {change["address"]: change["change"]["actions"] for change in plan["resource_drift"]}


def changing(plan: dict[str, Any]) -> dict[str, list[str]]:
    actions = {change["address"]: change["change"]["actions"] for change in plan["resource_changes"]}
    return {address: each for address, each in actions.items() if each not in (["no-op"], ["read"])}


def test_what_nobody_touched_shows_neither_drift_nor_changes(story: Story) -> None:
    assert (drifted(story.untouched), changing(story.untouched)) == ({}, {})


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_shown_and_planned_to_be_put_right(story: Story, change: Act) -> None:
    address = story.addresses[change]
    assert (drifted(story.touched)[address], changing(story.touched)[address]) == (["update"], ["update"])


@pytest.mark.parametrize("deletion", DELETIONS)
def test_what_was_deleted_is_shown_and_planned_to_be_made_again(story: Story, deletion: Act) -> None:
    address = story.addresses[deletion]
    assert (drifted(story.touched)[address], changing(story.touched)[address]) == (["delete"], ["create"])


def test_the_saved_plan_leaves_nothing_of_it(story: Story) -> None:
    assert (drifted(story.mended), changing(story.mended)) == ({}, {})
