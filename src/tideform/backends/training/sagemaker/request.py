"""A training job as CreateTrainingJob takes it. Pure.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tideform.backends.training.sagemaker.job_request import check_words
from tideform.backends.training.sagemaker.names import Purchase, TrainingNames, stopping
from tideform.backends.training.sagemaker.place import Place
from tideform.burst.lease import Lease
from tideform.burst.runner import Work
from tideform.components.jobs.environment import image_of, variables
from tideform.components.scope import Scope
from tideform.pools.local_storage import has_local_storage
from tideform.reaper.claims import Claim
from tideform.registry.training import PoolOrder
from tideform.spec.deployment import Deployment

CHECKPOINTS = "/opt/ml/checkpoints"
_URI = "TIDEFORM_CHECKPOINT_URI"
_RETRIES = 3  # after an internal error of SageMaker's
_START = "TIDEFORM_START"
# SageMaker tells a node who it is in a file; what torchrun's kind of job reads are variables. A word of the command
# has 256 characters at most and a variable 512, so the program stands in one.
_FIND_RANK = """\
import json,os,sys
e=os.environ
if 'RANK' not in e:
 c=json.load(open('/opt/ml/input/config/resourceconfig.json'))
 h=sorted(c['hosts'],key=lambda n:int(n.split('-')[1]))
 e.update(RANK=str(h.index(c['current_host'])),WORLD_SIZE=str(len(h)),MASTER_ADDR=h[0])
 e.setdefault('MASTER_PORT','29500')
e['TIDEFORM_NODE_RANK']=e['RANK']
os.execvp(sys.argv[1],sys.argv[1:])
"""


@dataclass(frozen=True)
class JobOrder:
    """One job to be described: for which lease, what it runs, where, and its own variables in an array."""

    deployment: Deployment
    pool: str
    lease: Lease
    work: Work
    place: Place
    index: int = 0
    own: Mapping[str, str] | None = None

    @property
    def names(self) -> TrainingNames:
        """The pool's names."""
        return TrainingNames(self.deployment, self.pool)


def request(order: JobOrder, rung: int, purchase: Purchase, kind: str, rest: int) -> dict[str, Any]:
    """The job on one rung of the ladder; ``rest`` is what is left of its lease, in seconds.

    Raises `RefusedError` TD654 where the command has a word that SageMaker does not take.
    """
    pool, place = order.deployment.spec.training[order.pool], order.place
    spot = purchase == "spot"
    found: dict[str, Any] = {
        "TrainingJobName": order.names.job(order.lease.id, order.index, rung),
        "AlgorithmSpecification": _algorithm(order),
        "RoleArn": place.role_arn,
        "OutputDataConfig": {"S3OutputPath": _outputs(order), "KmsKeyId": place.key_arn},
        "ResourceConfig": _resources(order, purchase, kind),
        "VpcConfig": {"Subnets": list(place.subnets), "SecurityGroupIds": [place.security_group]},
        "StoppingCondition": stopping(rest, purchase),
        "EnableManagedSpotTraining": spot,
        "EnableNetworkIsolation": False,  # jobs read their inputs themselves
        "EnableInterContainerTrafficEncryption": order.work.nodes > 1,
        "Environment": environment(order),
        "Tags": [{"Key": key, "Value": value} for key, value in _tags(order).items()],
    }
    if pool.checkpoint is not None or spot:
        found["CheckpointConfig"] = {"S3Uri": checkpoints(order), "LocalPath": CHECKPOINTS}
    if spot:  # there the longest wait bounds all attempts; on demand each one might wait anew
        found["RetryStrategy"] = {"MaximumRetryAttempts": _RETRIES}
    return found


def environment(order: JobOrder) -> dict[str, str]:
    """What the job finds: where its data is, its folders, its lease, and what the burst and the array add."""
    scope = _scope(order)
    made = PoolOrder(order.pool, _pool(order), scope, site=cast(Any, None), opts=cast(Any, None))
    found = {
        **variables(made),
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
        "SM_CHECKPOINT_DIR": CHECKPOINTS,
        "TIDEFORM_CHECKPOINT_DIR": CHECKPOINTS,
        **order.work.environment,
        **(order.own or {}),
        "TIDEFORM_LEASE": order.lease.id,
    }
    if _URI in found:
        found[_URI] = checkpoints(order)
    return {**found, _START: _FIND_RANK} if order.work.nodes > 1 else found


def checkpoints(order: JobOrder) -> str:
    """Where SageMaker mirrors the job's checkpoints: what the burst says, or a place of this job's own.

    The same for every rung: what a spot job saved, the on-demand job behind it takes up.
    """
    if given := order.work.checkpoint_uri:
        return given if order.own is None else f"{given}/{order.index}"
    return f"{_outputs(order)}/checkpoints/{order.lease.id}/{order.index}"


def _outputs(order: JobOrder) -> str:
    scope, job = _scope(order), _pool(order).job
    return f"s3://{scope.store_bucket(job.outputs[0])}/training/{order.names.unit}"


def _algorithm(order: JobOrder) -> dict[str, Any]:
    job = _pool(order).job
    command = [*(order.work.command or job.command)]
    if order.work.nodes > 1:
        command = ["python3", "-I", "-c", f"import os;exec(os.environ[{_START!r}])", *command]
    check_words(command)
    found = {
        "TrainingImage": image_of(order.work.image or job.image, _scope(order)),
        "TrainingInputMode": "File",
        "ContainerEntrypoint": command[:1],
    }
    return {**found, "ContainerArguments": command[1:]} if command[1:] else found


def _resources(order: JobOrder, purchase: Purchase, kind: str) -> dict[str, Any]:
    pool = _pool(order)
    found: dict[str, Any] = {"InstanceType": kind, "InstanceCount": order.work.nodes}
    # Machines with disks of their own get no volume: no size is theirs to have, and a key is refused.
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    if not has_local_storage(kind):
        found |= {"VolumeSizeInGB": pool.disk_gib, "VolumeKmsKeyId": order.place.key_arn}
    if purchase == "training plan":
        found["TrainingPlanArn"] = pool.capacity.blocks[0]
    elif pool.keep_alive is not None:
        found["KeepAlivePeriodInSeconds"] = pool.keep_alive.seconds
    return found


def _tags(order: JobOrder) -> dict[str, str]:
    lease = order.lease
    return {**_scope(order).tags(), **Claim(lease.id, lease.token, lease.deadline).tags}


def _scope(order: JobOrder) -> Scope:
    return Scope(order.deployment, "training", order.names.unit)


def _pool(order: JobOrder) -> Any:
    return order.deployment.spec.training[order.pool]
