"""AWS Batch: compute environments, queues and job definitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tideform.resources.actions import actions
from tideform.resources.base import GONE, Note, ResourceType
from tideform.resources.costs import DURING_BURSTS, FREE
from tideform.resources.identity import Inputs, arn, named
from tideform.resources.inventory import Area, Leftover, Place
from tideform.resources.moved_by_bursts import COMPUTE_ENVIRONMENT, JOB_QUEUE

if TYPE_CHECKING:
    from tideform.cloud import Cloud


def job_definition(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The active revisions of that name, the newest first."""
    batch = cloud.client("batch")
    answer = batch.describe_job_definitions(jobDefinitionName=inputs["name"], status="ACTIVE")
    for definition in sorted(answer["jobDefinitions"], key=lambda d: d["revision"], reverse=True):
        yield str(definition["jobDefinitionArn"])


def described_environments(place: Place) -> Iterator[dict[str, Any]]:
    """Every compute environment of the account that is not deleted."""
    found = place.pages("batch", "describe_compute_environments", "computeEnvironments")
    yield from (e for e in found if e.get("status") != "DELETED")


def described_queues(place: Place) -> Iterator[dict[str, Any]]:
    """Every job queue of the account that is not deleted."""
    found = place.pages("batch", "describe_job_queues", "jobQueues")
    yield from (q for q in found if q.get("status") != "DELETED")


def environments(place: Place) -> Iterator[Leftover]:
    """Compute environments; at zero they cost nothing."""
    for found in described_environments(place):
        name = found["computeEnvironmentName"]
        yield from place.claim(
            Leftover("batch", "compute environment", name, note=size(found)), name, found.get("tags", {})
        )


def queues(place: Place) -> Iterator[Leftover]:
    """Job queues."""
    for found in described_queues(place):
        yield from claimed_queue(place, found)


def claimed_queue(place: Place, found: dict[str, Any]) -> Iterator[Leftover]:
    """One queue, as `Place.claim` takes it."""
    name = found["jobQueueName"]
    yield from place.claim(Leftover("batch", "job queue", name), name, found.get("tags", {}))


def definitions(place: Place) -> Iterator[Leftover]:
    """Job definitions that are still active; inactive ones go away by themselves."""
    active = place.pages("batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE")
    for found in active:
        name = found["jobDefinitionName"]
        definition = Leftover("batch", "job definition", f"{name}:{found['revision']}")
        yield from place.claim(definition, name, found.get("tags", {}))


def size(found: dict[str, Any]) -> str:
    """How large an environment is, in words."""
    resources = found.get("computeResources", {})
    return f"minimum {resources.get('minvCpus', 0)}, now {resources.get('desiredvCpus', 0)} vCPUs"


TYPES = (
    ResourceType(
        "aws:batch/computeEnvironment:ComputeEnvironment",
        terraform="aws_batch_compute_environment",
        identify=named("name"),
        cost=DURING_BURSTS,
        inventory=Area("Batch compute environments", environments),
        actions=actions(
            "batch",
            create="CreateComputeEnvironment iam:CreateServiceLinkedRole",
            read="DescribeComputeEnvironments ListTagsForResource",
            update="UpdateComputeEnvironment",
            delete="DeleteComputeEnvironment",
            tag="TagResource UntagResource",
            passes=("batch", "ec2"),
        ),
        in_units=True,
        moved_by_bursts=COMPUTE_ENVIRONMENT,
        # AWS Batch user guide, 'Deleting a compute environment': it must be disabled first, and then takes no new jobs.
        notes=(Note(GONE, "drains first: it takes no new jobs before it goes"),),
    ),
    ResourceType(
        "aws:batch/jobQueue:JobQueue",
        terraform="aws_batch_job_queue",
        identify=arn("batch", "job-queue/"),
        cost=FREE,
        inventory=Area("Batch job queues", queues),
        actions=actions(
            "batch",
            create="CreateJobQueue",
            read="DescribeJobQueues ListTagsForResource",
            update="UpdateJobQueue",
            delete="DeleteJobQueue",
            tag="TagResource UntagResource",
        ),
        read_by=("arn",),
        in_units=True,
        moved_by_bursts=JOB_QUEUE,
        # AWS Batch API, DeleteJobQueue: all jobs in the queue are eventually terminated.
        notes=(Note(GONE, "jobs that wait or run in this queue are ended with it"),),
    ),
    ResourceType(
        "aws:batch/jobDefinition:JobDefinition",
        terraform="aws_batch_job_definition",
        identify=job_definition,
        cost=FREE,
        inventory=Area("Batch job definitions", definitions),
        actions=actions(
            "batch",
            create="RegisterJobDefinition",
            read="DescribeJobDefinitions ListTagsForResource",
            update="RegisterJobDefinition",  # a new revision
            delete="DeregisterJobDefinition",
            tag="TagResource UntagResource",
            passes=("ecs-tasks",),
        ),
        in_units=True,
    ),
)
