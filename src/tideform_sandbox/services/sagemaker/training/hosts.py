"""The instances of a training job: for each a real child process, with the folders that a container has in /opt/ml.

This machine's /opt/ml is nobody's to write: what points there, in variables and in the command, points into the
instance's own folder instead.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-envvariables.html
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tideform_sandbox.nodes.process import RunningCommand
from tideform_sandbox.nodes.surroundings import Surroundings
from tideform_sandbox.services.batch.fleet import memory_of
from tideform_sandbox.services.batch.logs import LogStream
from tideform_sandbox.services.sagemaker.training.job import TrainingJob
from tideform_sandbox.services.sagemaker.training.storage import Mirror, download

log = logging.getLogger(__name__)

OPT_ML = "/opt/ml"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"


@dataclass
class Host:
    """One instance: its name among the hosts, its folder in the place of /opt/ml, its command and how that ended."""

    name: str
    key: str
    folder: Path
    mirror: Mirror | None = None
    command: RunningCommand | None = None
    exit_code: int | None = None
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def model(self) -> Path:
        """What becomes the model."""
        return self.folder / "model"

    def failure(self) -> str:
        """As SageMaker puts it: what the job wrote into its failure file, and the exit code."""
        try:
            told = (self.folder / "output/failure").read_text(encoding="utf-8", errors="replace")[:1024]
        except OSError:
            told = ""
        return f"AlgorithmError: {told}, exit code: {self.exit_code}"


@dataclass(frozen=True)
class Starter:
    """Starts a job's hosts. ``exited`` is told of each end, from another thread."""

    surroundings: Surroundings
    logs: Any  # moto's backend of CloudWatch Logs
    s3: Any
    now: Callable[[], float]
    exited: Callable[[TrainingJob, Host, int], None]

    def prepare(self, job: TrainingJob) -> list[Host]:
        """The hosts with their folders: the channels and the checkpoints of an earlier attempt are in them."""
        hosts = [self._host(job, f"algo-{number}") for number in range(1, job.count + 1)]
        for host in hosts:
            for part in ("model", "output/data", "input/config"):
                (host.folder / part).mkdir(parents=True, exist_ok=True)
            about = {"current_host": host.name, "hosts": [one.name for one in hosts], "network_interface_name": "lo"}
            self._write(host, "resourceconfig.json", about)
            self._write(host, "hyperparameters.json", job.request.get("HyperParameters") or {})
            for name, uri in _channels(job).items():
                download(self.s3, uri, host.folder / "input/data" / name)
            if host.mirror is not None:
                download(self.s3, job.request["CheckpointConfig"]["S3Uri"], _checkpoints(job, host))
                host.mirror.remember()
        return hosts

    def start(self, job: TrainingJob, hosts: list[Host]) -> None:
        """Start every host's command. Raises `BadFolder`, `OSError` or `ValueError` where it cannot be started."""
        algorithm = job.request["AlgorithmSpecification"]
        words = [*(algorithm.get("ContainerEntrypoint") or []), *(algorithm.get("ContainerArguments") or [])]
        if not words:
            raise ValueError("the sandbox pulls no image, so the job has to name a ContainerEntrypoint")
        own = job.request.get("Environment") or {}
        port = _free_port()
        for rank, host in enumerate(hosts):
            stream, here = self._stream(job, host), host
            host.command = RunningCommand(
                [_moved(word, host) for word in words],
                environment=self.surroundings.environment(
                    host.key,
                    {name: _moved(value, host) for name, value in own.items()},
                    region=job.region,
                    service=_variables(job, host, rank, port),
                ),
                folder=self.surroundings.folder(own),
                on_line=stream.write,
                on_exit=lambda code, here=here: self.exited(job, here, code),  # type: ignore[misc]
                memory=memory_of(job.kind),
            )

    def clear(self, hosts: list[Host]) -> None:
        """Remove the folders."""
        for host in hosts:
            self.surroundings.clear(host.key)

    def _host(self, job: TrainingJob, name: str) -> Host:
        key = f"sagemaker-{job.name}-{name}-{job.attempt}"
        host = Host(name, key, self.surroundings.home(key) / OPT_ML.strip("/"))
        if config := job.request.get("CheckpointConfig"):
            host.mirror = Mirror(_checkpoints(job, host), config["S3Uri"])
        return host

    def _stream(self, job: TrainingJob, host: Host) -> LogStream:
        self.logs.ensure_log_group(LOG_GROUP)
        group, name = self.logs.groups[LOG_GROUP], f"{job.name}/{host.name}-{int(self.now() * 1000)}"
        group.create_log_stream(name)
        return LogStream(group, name, self.now)

    @staticmethod
    def _write(host: Host, name: str, content: dict[str, Any]) -> None:
        (host.folder / "input/config" / name).write_text(json.dumps(content), encoding="utf-8")


def send_checkpoints(hosts: Sequence[Host], s3: Any) -> None:
    """What all hosts have saved; the first one has the last word."""
    for host in reversed(hosts):
        if host.mirror is not None:
            try:
                host.mirror.send(s3)
            except Exception:  # the bucket is gone, say: a job goes on without, as on AWS
                log.exception("checkpoints of %s could not be sent", host.key)


def _variables(job: TrainingJob, host: Host, rank: int, port: int) -> dict[str, str]:
    """What SageMaker and its training toolkit set; ranks and the meeting point for several nodes on this machine."""
    folder = host.folder
    found = {
        "TRAINING_JOB_NAME": job.name,
        "TRAINING_JOB_ARN": job.arn,
        "SM_CURRENT_HOST": host.name,
        "SM_HOSTS": json.dumps([f"algo-{number}" for number in range(1, job.count + 1)]),
        "SM_NUM_GPUS": str(_gpus(job.kind)),
        "SM_MODEL_DIR": str(host.model),
        "SM_OUTPUT_DATA_DIR": str(folder / "output/data"),
        "SM_CHECKPOINT_DIR": str(_checkpoints(job, host)),
        **{f"SM_CHANNEL_{name.upper()}": str(folder / "input/data" / name) for name in _channels(job)},
    }
    if job.count > 1:
        found |= {
            "RANK": str(rank),
            "WORLD_SIZE": str(job.count),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
    return found


def _channels(job: TrainingJob) -> dict[str, str]:
    """The input channels that come from S3, by name."""
    return {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in job.request.get("InputDataConfig") or []
        if "S3DataSource" in channel.get("DataSource", {})
    }


def _checkpoints(job: TrainingJob, host: Host) -> Path:
    given = str((job.request.get("CheckpointConfig") or {}).get("LocalPath") or f"{OPT_ML}/checkpoints")
    return Path(_moved(given, host)) if given.startswith(OPT_ML) else host.folder / "checkpoints"


def _moved(text: str, host: Host) -> str:
    """A word or a variable, its /opt/ml being the host's own."""
    return text.replace(OPT_ML, str(host.folder)) if text == OPT_ML or f"{OPT_ML}/" in text else text


def _gpus(kind: str) -> int:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    info = INSTANCE_TYPES.get(kind.removeprefix("ml."), {}).get("GpuInfo") or {}
    return sum(int(gpu["Count"]) for gpu in info.get("Gpus", []))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
