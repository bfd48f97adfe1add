"""``backend: sagemaker``: training jobs on SageMaker's own machines, with managed spot and warm pools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.backends.training.sagemaker import names as rules
from tideform.backends.training.sagemaker.job_request import check_words, told_problems
from tideform.backends.training.sagemaker.names import TrainingNames, rungs
from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.blocks import of_one_type
from tideform.pools.images import host_of
from tideform.pools.purchase import purchases
from tideform.pools.shape import PoolShape, shape_of, shape_problems
from tideform.pools.unattended import starter_key, sweep_at_once
from tideform.registry.features import Features
from tideform.registry.training import Exports, Failure, PoolOrder, TrainingBackend, plain_handle
from tideform.spec.problems import error_at, problem
from tideform.spec.training import Pool

if TYPE_CHECKING:
    from tideform.burst.runner import Runner
    from tideform.burst.streams import Streams
    from tideform.cloud import Cloud
    from tideform.components.scope import Scope
    from tideform.spec.deployment import Deployment

_FEATURES = Features(
    ml_machines=True,
    own_keys=("keep_alive",),
    # Reservations are refused.
    does=("capacity.reservations", "job.nodes", "schedule", "trigger", "job.sweep"),
    # Each job is described anew, with its machines: what stands is the role.
    applied=("job.repository", "job.inputs", "job.outputs", "tracking"),
    mirrors_checkpoints=True,  # its CheckpointConfig does
    blocks="arn:",
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateTrainingJob.html
    keeps_end="SageMaker keeps the longest run time that a job started with: one that runs now ends by it",
)


@dataclass(frozen=True)
class SageMaker(TrainingBackend):
    """A role stands between bursts; machines come with each job and go with it."""

    id: str = "sagemaker"
    summary: str = "SageMaker training jobs, managed spot first"
    features: Features = _FEATURES

    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """What SageMaker does not take. Machines that it does not have are no machines (`shape_of`)."""
        path = f"training.{name}"
        found = [*_job(path, pool), *_times(path, pool), *_keep_alive(path, pool)]
        if not list(shape_problems(name, pool)):
            shape = shape_of(pool)
            found += [*_ladder(path, pool), *_first_rung(path, pool, shape)]
            found += sweep_at_once(path, pool, shape, "Each combination is a training job")
        return found

    def build(self, order: PoolOrder) -> Exports:
        """The jobs' role, and what starts one. A burst describes each job anew, by what the spec says then."""
        from tideform.backends.training.sagemaker.infrastructure import TrainingRole

        made = TrainingRole(order)
        if starter_key(order.pool):
            from tideform.backends.training.sagemaker.start import requests
            from tideform.backends.training.sagemaker.starter import on_sagemaker
            from tideform.burst.carrying import carried
            from tideform.components.jobs.schedule import ScheduledBurst

            cargo = carried(order.scope.deployment, order.name)
            begins = on_sagemaker(order, requests(order.scope.deployment, order.name, cargo))
            ScheduledBurst(order, shape_of(order.pool), cargo, begins)
        return {
            "role_arn": made.role.arn,
            "job_name_prefix": made.names.prefix,
            "log_group": rules.LOG_GROUP,
        }

    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """Jobs are found by what their names begin with, and told apart by their tags."""
        names = TrainingNames(deployment, pool)
        return {**plain_handle(deployment, self.id, pool), "job_prefix": names.prefix, "role": names.role}

    def told_problems(self, deployment: Deployment, name: str) -> Iterator[Diagnostic]:
        """SageMaker bounds a command's words and a job's variables, each and in number."""
        return told_problems(deployment, name)

    def check_command(self, command: Sequence[str]) -> None:
        """Raise `RefusedError` TD654 where SageMaker does not take a command."""
        check_words(command)

    def block_problems(self, deployment: Deployment, path: str, pool: Pool) -> Iterator[Diagnostic]:  # noqa: ARG002
        """A job takes one training plan, and machines of one type."""
        yield from _plan(path, pool)
        yield from of_one_type(path, pool)

    def failure(self, pool: str, scope: Scope) -> Failure:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
        names = [{"prefix": rules.job_prefix(scope.deployment, pool)}]
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Training Job State Change"],
            "detail": {"TrainingJobStatus": ["Failed"], "TrainingJobName": names},
        }
        return Failure(pattern, "$.detail.TrainingJobName", "$.detail.FailureReason")

    def held_nodes(self, pool: Pool) -> int:  # noqa: ARG002
        """One: a job brings its own."""
        return 1

    def detached_remarks(self, pool: Pool, nodes: int) -> Iterator[str]:  # noqa: ARG002
        """Another rung is another job."""
        yield "Nobody goes down the ladder: the job asks for the first way of buying alone, and waits for it."

    def logs(self, cloud: Cloud, deployment: Deployment, pool: str) -> Streams:
        """CloudWatch, in a group of the whole account."""
        from tideform.backends.training.sagemaker.streams import HostStreams

        prefix = deployment.physical_name(deployment.identity("training", pool))
        return HostStreams(cloud, rules.LOG_GROUP, prefix)

    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """Capacity and work are one: a training job."""
        from tideform.backends.training.sagemaker.runner import Pace, SageMakerRunner

        return SageMakerRunner(cloud, deployment, pool, Pace.of(deployment))


def _job(path: str, pool: Pool) -> Iterator[Diagnostic]:
    job = pool.job
    if job.secrets:
        detail = "SageMaker shows a job's variables to everybody who may describe it, and puts no secrets into them."
        yield _cannot_run(
            f"{path}.job.secrets", detail, "Let the job ask Secrets Manager itself, or use another backend."
        )
    host = host_of(job.image)
    if host and ".dkr.ecr." not in host:
        detail = f"SageMaker pulls images from Amazon ECR alone, not from {host}."
        yield _cannot_run(f"{path}.job.image", detail, "Copy the image to a repository of the account.")
    if not job.outputs:
        detail = "A training job ends with its model in a bucket, and the job names no store that it writes."
        yield _cannot_run(f"{path}.job", detail, "Add outputs: [STORE].")
    if pool.capacity.reservations:
        detail = "Training jobs use no capacity reservations of EC2; what they use is a training plan, in blocks."
        yield _cannot_run(f"{path}.capacity.reservations", detail, "Remove them, or use the backend ec2, batch or eks.")


def _times(path: str, pool: Pool) -> Iterator[Diagnostic]:
    ways = [way.kind for way in purchases(pool)]
    if "on-demand" in ways and pool.lease.seconds < rules.SHORTEST_ON_DEMAND:
        detail = (
            "A job may wait half an hour for on-demand machines, and SageMaker ends it by how long it has run alone: "
            f"{rules.HELD_BACK // 60} minutes of the lease are held back so that nothing outlives it, and {pool.lease} "
            "leaves nothing to run in."
        )
        yield _limit(f"{path}.lease", detail, "Lease for half an hour at least, or use capacity: {spot: only}.")


def _keep_alive(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html"""
    if pool.keep_alive is None:
        return
    path = f"{path}.keep_alive"
    if pool.keep_alive.seconds > rules.LONGEST_KEEP_ALIVE:
        yield _limit(
            path, f"SageMaker keeps a machine warm for an hour at most, not {pool.keep_alive}.", "Use 1h or less."
        )
    if pool.capacity.spot != "never":
        detail = "SageMaker keeps no machine of managed spot training warm, and refuses to try."
        yield _limit(path, detail, "Add capacity: {spot: never}, or remove keep_alive.")
        return
    yield Diagnostic(
        "TD652",
        Severity.WARNING,
        "A warm pool goes on costing money",
        f"After a job its machines stay, and are paid for, up to {pool.keep_alive} longer. Where every brake but "
        "SageMaker's own fails, that is how long they outlive the lease.",
        "Remove keep_alive where jobs do not follow each other closely.",
        path=path,
    )


def _ladder(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """A job has one type of machine: several are tried one after the other, each by a job of its own."""
    steps = list(rungs(pool, shape_of(pool).instance_types))
    if len({kind for _, kind in steps}) > 1 and pool.instance_types:
        yield Diagnostic(
            "TD653",
            Severity.NOTE,
            "A training job has one type of machine",
            f"They are tried one after the other: {', then '.join(f'{kind} ({way})' for way, kind in steps)}.",
            path=f"{path}.instance_types",
        )


def _first_rung(path: str, pool: Pool, shape: PoolShape) -> Iterator[Diagnostic]:
    """Nobody watches a training job that waits for machines, and tries others."""
    if not (key := starter_key(pool)):
        return
    steps = list(rungs(pool, shape.instance_types))
    if len(steps) > 1:
        way, kind = steps[0]
        yield Diagnostic(
            "TD681",
            Severity.NOTE,
            "A training job that starts by itself goes down no ladder",
            f"It asks for {kind} ({way}) alone, and waits for it within its lease; `burst run` would try "
            f"{len(steps) - 1} more.",
            "Write first what is easiest to get, or capacity: {spot: never}.",
            path=f"{path}.{key}",
        )


def _plan(path: str, pool: Pool) -> Iterator[Diagnostic]:
    if len(pool.capacity.blocks) > 1:
        detail = "A training job takes one training plan."
        yield problem("TD685", detail, fix="Keep one.", path=path)
    if key := starter_key(pool):
        detail = f"A {key} begins its job outside the plan: nobody is there to see whether that has machines."
        fix = "Use `tideform burst run` for what is to run in the plan."
        yield problem("TD685", detail, fix=fix, path=path, severity=Severity.WARNING)


def _cannot_run(path: str, detail: str, fix: str) -> Diagnostic:
    return error_at("TD650", "SageMaker cannot run this job", path, detail=detail, fix=fix)


def _limit(path: str, detail: str, fix: str) -> Diagnostic:
    return error_at("TD651", "SageMaker's limits do not allow this", path, detail=detail, fix=fix)


ENTRY = SageMaker()
