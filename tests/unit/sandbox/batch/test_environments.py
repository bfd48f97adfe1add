from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.waiting import until
from tideform.cloud import Cloud


def _described(pool: Pool) -> dict[str, Any]:
    answer = pool.batch.describe_compute_environments(computeEnvironments=[pool.environment])
    found: dict[str, Any] = answer["computeEnvironments"][0]
    return found


def test_raising_minvcpus_brings_instances_without_a_job(pool: Pool) -> None:
    pool.update(computeResources={"minvCpus": 8})
    until(lambda: len(pool.instances()) == 2)
    assert _described(pool)["computeResources"]["desiredvCpus"] == 8


def test_lowering_minvcpus_ends_idle_instances(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(minvCpus=8)
    until(lambda: len(pool.instances()) == 2)
    pool.update(computeResources={"minvCpus": 0}, state="DISABLED")
    until(lambda: not pool.instances())


def test_a_disabled_environment_lets_its_job_go_on_and_starts_no_other(pool: Pool) -> None:
    running = pool.python("import signal; signal.pause()")
    pool.running(running)
    pool.update(state="DISABLED")
    waiting = pool.python("pass")
    until(lambda: pool.job(waiting)["status"] == "RUNNABLE")
    assert pool.job(running)["status"] == "RUNNING"
    assert len(pool.instances()) == 1
    pool.batch.terminate_job(jobId=running, reason="enough")
    until(lambda: not pool.instances())
    pool.batch.cancel_job(jobId=waiting, reason="enough")


def test_an_environment_is_not_made_disabled(cloud: Cloud, ground: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="must be created in the ENABLED state"):
        cloud.client("batch").create_compute_environment(
            computeEnvironmentName="closed", type="MANAGED", state="DISABLED", computeResources=ground
        )


def test_desired_capacity_stands_idle_for_a_while_only(pool: Pool) -> None:
    pool.update(computeResources={"desiredvCpus": 4})
    until(lambda: len(pool.instances()) == 1)
    pool.advance(601)
    until(lambda: not pool.instances())


def test_an_idle_delay_keeps_instances_until_it_has_passed(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(scalingPolicy={"minScaleDownDelayMinutes": 20})
    pool.ended(pool.python("pass"))
    assert len(pool.instances()) == 1
    pool.advance(1201)
    until(lambda: not pool.instances())


def test_updates_are_read_back(pool: Pool) -> None:
    pool.update(computeResources={"maxvCpus": 64})
    assert _described(pool)["computeResources"]["maxvCpus"] == 64


@pytest.mark.parametrize("changes", [{"minvCpus": 17}, {"desiredvCpus": 17}, {"maxvCpus": 1, "minvCpus": 2}])
def test_bounds_that_contradict_are_refused(pool: Pool, changes: dict[str, int]) -> None:
    with pytest.raises(ClientError, match="vCpus must be between"):
        pool.update(computeResources=changes)


def test_an_environment_is_deleted_only_disabled_and_without_a_queue(pool: Pool) -> None:
    with pytest.raises(ClientError, match="JobQueue relationship"):
        pool.batch.delete_compute_environment(computeEnvironment=pool.environment)
    with pytest.raises(ClientError, match="DISABLED"):
        pool.batch.delete_job_queue(jobQueue=pool.queue)
    pool.batch.update_job_queue(jobQueue=pool.queue, state="DISABLED")
    pool.batch.delete_job_queue(jobQueue=pool.queue)
    with pytest.raises(ClientError, match="DISABLED"):
        pool.batch.delete_compute_environment(computeEnvironment=pool.environment)
    pool.update(state="DISABLED")
    pool.batch.delete_compute_environment(computeEnvironment=pool.environment)
    assert pool.batch.describe_compute_environments(computeEnvironments=[pool.environment])["computeEnvironments"] == []


def test_a_launch_that_fails_is_told_in_the_environment(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(launchTemplate={"launchTemplateName": "absent", "version": "$Latest"}, minvCpus=4)
    until(lambda: _described(pool)["status"] == "INVALID")
    assert "CLIENT_ERROR" in _described(pool)["statusReason"]


def test_an_environment_recovers_when_what_made_launches_fail_is_changed(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(launchTemplate={"launchTemplateName": "later", "version": "$Latest"}, minvCpus=4)
    until(lambda: _described(pool)["status"] == "INVALID")
    data = {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"}]}]}
    pool.cloud.client("ec2").create_launch_template(LaunchTemplateName="later", LaunchTemplateData=data)
    pool.update(computeResources={"minvCpus": 8})
    until(lambda: len(pool.instances()) == 2)
    assert _described(pool)["status"] == "VALID"
    assert {"Key": "from", "Value": "template"} in pool.instances()[0]["Tags"]


def test_what_moto_forgets_of_queues_and_definitions_is_read_back(pool: Pool) -> None:
    actions = [
        {
            "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            "state": "RUNNABLE",
            "maxTimeSeconds": 600,
            "action": "CANCEL",
        }
    ]
    pool.batch.update_job_queue(jobQueue=pool.queue, jobStateTimeLimitActions=actions)
    queue = pool.batch.describe_job_queues(jobQueues=[pool.queue])["jobQueues"][0]
    assert queue["jobStateTimeLimitActions"] == actions
    definition = pool.batch.register_job_definition(
        jobDefinitionName=pool.queue,
        type="container",
        schedulingPriority=7,
        containerProperties={"image": "x", "command": ["true"], "vcpus": 1, "memory": 512},
    )["jobDefinitionArn"]
    found = pool.batch.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"][0]
    assert found["schedulingPriority"] == 7


def test_without_a_service_role_the_service_linked_one_is_used(pool: Pool) -> None:
    assert "/aws-service-role/batch.amazonaws.com/" in _described(pool)["serviceRole"]


def test_nothing_is_left_of_ended_instances(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(minvCpus=4)
    ids = [instance["InstanceId"] for instance in until(pool.instances)]
    pool.update(computeResources={"minvCpus": 0})
    until(lambda: not pool.instances())
    ec2 = pool.cloud.client("ec2")
    attached = [{"Name": "attachment.instance-id", "Values": ids}]
    assert ec2.describe_network_interfaces(Filters=attached)["NetworkInterfaces"] == []
    assert ec2.describe_volumes(Filters=attached)["Volumes"] == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"jobName": "a b"}, "valid pattern"),
        ({"jobQueue": "absent"}, "absent not found"),
        ({"jobDefinition": "absent"}, "absent not found"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60"),
        ({"arrayProperties": {"size": 1}}, "between 2"),
        ({"dependsOn": [{"jobId": "absent"}]}, "does not exist"),
    ],
)
def test_a_wrong_submission_is_refused(pool: Pool, wrong: dict[str, Any], message: str) -> None:
    name = f"{pool.queue}-definition"
    container = {"image": "x", "command": ["true"], "vcpus": 1, "memory": 512}
    pool.batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=container)
    right = {"jobName": "right", "jobQueue": pool.queue, "jobDefinition": name}
    with pytest.raises(ClientError, match=message):
        pool.batch.submit_job(**{**right, **wrong})


def test_jobs_are_listed_by_status_name_and_page(pool: Pool) -> None:
    done = {pool.python("pass") for _ in range(3)}
    for job in done:
        pool.ended(job)
    listed = pool.batch.list_jobs(jobQueue=pool.queue, jobStatus="SUCCEEDED", maxResults=2)
    rest = pool.batch.list_jobs(jobQueue=pool.queue, jobStatus="SUCCEEDED", nextToken=listed["nextToken"])
    assert {job["jobId"] for page in (listed, rest) for job in page["jobSummaryList"]} == done
    assert pool.batch.list_jobs(jobQueue=pool.queue)["jobSummaryList"] == []
    name = pool.job(next(iter(done)))["jobName"]
    named = pool.batch.list_jobs(jobQueue=pool.queue, filters=[{"name": "JOB_NAME", "values": [name]}])
    assert [job["jobName"] for job in named["jobSummaryList"]] == [name]


_PROGRESSIVE = {"allocationStrategy": "BEST_FIT_PROGRESSIVE"}


def _whose(pool: Pool) -> list[str]:
    return [tag["Value"] for machine in pool.instances() for tag in machine["Tags"] if tag["Key"] == "whose"]


def _ids(pool: Pool) -> set[str]:
    return {machine["InstanceId"] for machine in pool.instances()}


def test_new_tags_and_a_new_size_come_in_one_request(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(**_PROGRESSIVE)
    pool.update(computeResources={"minvCpus": 4, "tags": {"whose": "mine"}})
    until(lambda: len(pool.instances()) == 1)
    assert _whose(pool) == ["mine"]


def test_new_tags_replace_the_machines_that_stand(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(minvCpus=4, **_PROGRESSIVE)
    until(lambda: len(pool.instances()) == 1)
    before = _ids(pool)
    pool.update(computeResources={"tags": {"whose": "mine"}})
    until(lambda: len(pool.instances()) == 1 and _ids(pool) != before)
    assert _whose(pool) == ["mine"]


def test_a_machine_at_work_is_replaced_when_its_job_is_over(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(**_PROGRESSIVE)
    job = pool.python("import signal; signal.pause()")
    pool.running(job)
    before = _ids(pool)
    pool.update(computeResources={"tags": {"whose": "mine"}})
    assert pool.job(job)["status"] == "RUNNING"
    pool.batch.terminate_job(jobId=job, reason="enough")
    until(lambda: not before & _ids(pool))


def test_an_environment_that_places_by_best_fit_takes_no_new_tags(pool: Pool) -> None:
    with pytest.raises(ClientError, match="allocation strategy other than BEST_FIT"):
        pool.update(computeResources={"minvCpus": 4, "tags": {"whose": "mine"}})


def test_new_tags_are_an_update_in_which_no_size_is_taken(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    pool.update(computeResources={"tags": {"new": "yes"}})
    assert _described(pool)["status"] == "UPDATING"
    with pytest.raises(ClientError, match="Cannot update, resource is being modified"):
        pool.update(computeResources={"minvCpus": 0})
    until(lambda: _described(pool)["status"] == "VALID")
    pool.update(computeResources={"minvCpus": 4})


def test_an_update_goes_on_while_a_job_is_on_an_old_machine(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    running = pool.python("import signal; signal.pause()")
    pool.running(running)
    pool.update(computeResources={"tags": {"new": "yes"}})
    pool.advance(600)
    assert _described(pool)["status"] == "UPDATING"
    pool.batch.terminate_job(jobId=running, reason="enough")
    until(lambda: _described(pool)["status"] == "VALID")


def test_a_new_size_is_no_update_of_that_kind(pool: Pool) -> None:
    pool.update(computeResources={"minvCpus": 4, "maxvCpus": 8})
    assert _described(pool)["status"] == "VALID"
