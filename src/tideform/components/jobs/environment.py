"""What a job finds when it starts: its image, its variables, its secrets. Pure."""

from __future__ import annotations

from tideform.components.scope import Scope
from tideform.pools.images import host_of
from tideform.registry.training import PoolOrder
from tideform.spec.training import Job


def image_of(image: str, scope: Scope) -> str:
    """A bare name is a repository of the account's own registry; anything with a host is taken as it stands."""
    if host_of(image):
        return image
    return f"{scope.account}.dkr.ecr.{scope.region}.{scope.dns_suffix}/{image}"


def variables(order: PoolOrder) -> dict[str, str]:
    """The job's environment, sorted: where its data is, and what the spec adds.

    ``TIDEFORM_INPUT_<STORE>`` and ``TIDEFORM_OUTPUT_<STORE>`` hold ``s3://<bucket>``.
    """
    scope, job = order.scope, order.pool.job
    found = {
        "AWS_DEFAULT_REGION": scope.region,
        "TIDEFORM_PROJECT": scope.deployment.spec.project,
        "TIDEFORM_ENVIRONMENT": scope.deployment.environment,
        "TIDEFORM_POOL": order.name,
    }
    found |= {_variable("INPUT", store): f"s3://{scope.store_bucket(store)}" for store in job.inputs}
    found |= {_variable("OUTPUT", store): f"s3://{scope.store_bucket(store)}" for store in job.outputs}
    if order.pool.checkpoint is not None:
        found["TIDEFORM_CHECKPOINT_SECONDS"] = str(order.pool.checkpoint.every.seconds)
    if scope.deployment.spec.tracking is not None:
        found["MLFLOW_TRACKING_URI"] = tracking_arn(scope)
    return dict(sorted({**found, **job.environment}.items()))


def empty_variables(job: Job) -> set[str]:
    """The names of the job's own variables that are set and empty, and that no sweep sets."""
    swept = job.sweep.grid if job.sweep is not None else {}
    return {name for name, value in job.environment.items() if not value and name not in swept}


def secret_arn(reference: str, scope: Scope) -> str:
    """``secret:NAME`` as the ARN of a Secrets Manager secret, less the suffix that only AWS knows."""
    return scope.arn("secretsmanager", f"secret:{reference.removeprefix('secret:')}")


def tracking_arn(scope: Scope) -> str:
    """The tracking server's ARN, which MLflow's SageMaker plug-in takes for its address."""
    return scope.arn("sagemaker", f"mlflow-tracking-server/{scope.name('tracking', limit=256)}")


def _variable(kind: str, store: str) -> str:
    return f"TIDEFORM_{kind}_{store.upper().replace('-', '_')}"
