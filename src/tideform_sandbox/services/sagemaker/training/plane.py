"""What happens to the training jobs of one region: machines come, commands run, times run out, models go to S3.

All of it happens on the timeline, one event of a job after the other. Nothing waits for a process under the lock.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from tideform.cloud import Cloud
from tideform_sandbox.market.market import ML_NO_QUOTA, refusal_message
from tideform_sandbox.nodes.surroundings import BadFolder
from tideform_sandbox.services.sagemaker.training.checks import check
from tideform_sandbox.services.sagemaker.training.hosts import Host, Starter, send_checkpoints
from tideform_sandbox.services.sagemaker.training.job import ENDED, TrainingJob
from tideform_sandbox.services.sagemaker.training.machines import Machines
from tideform_sandbox.services.sagemaker.training.storage import send_model
from tideform_sandbox.services.sagemaker.training.warm import WarmPools
from tideform_sandbox.world import World

log = logging.getLogger(__name__)

STARTING, DOWNLOADING, UPLOADING = 0.2, 0.1, 0.1  # seconds that these stages take
GRACE = 120.0  # seconds from SIGTERM to SIGKILL
RETRY = 10.0  # seconds until spot capacity is asked for again
MIRROR = 15.0  # seconds between two looks at the checkpoints
_LISTEN = 1.0  # real seconds that a command has to end within the event that asked it to
_CLOSE_TIMEOUT = 5.0


class Plane:
    """The training jobs of one account's region; every method may be called from any thread."""

    def __init__(self, backend: Any, world: World) -> None:
        self._backend, self._world, self._clock = backend, world, world.clock
        self._lock = threading.RLock()
        self._s3 = Cloud(backend.region_name, backend.account_id, world.inner).client("s3")
        self._starter = Starter(world.surroundings, _logs(backend), self._s3, world.clock.now, self._exited)
        self.machines = Machines(world, f"{backend.region_name}:{backend.account_id}", lambda: self.jobs)
        self.warm = WarmPools(world, self.machines, self._lock)
        world.market.listeners.append(self._try_again)

    @property
    def jobs(self) -> list[TrainingJob]:
        """All jobs; moto keeps them, so that its tagging finds them."""
        return [job for job in list(self._backend.training_jobs.values()) if isinstance(job, TrainingJob)]

    def job(self, name: str) -> TrainingJob | None:
        """A job by its name."""
        found = self._backend.training_jobs.get(name)
        return found if isinstance(found, TrainingJob) else None

    def create(self, request: dict[str, Any]) -> TrainingJob:
        """Take a job in. Raises `AwsError` as SageMaker does, the quota's among it."""
        from tideform_sandbox.extension.request import AwsError

        with self._lock:
            check(request, request.get("TrainingJobName") in self._backend.training_jobs)
            now, region = self._clock.now(), self._backend.region_name
            arn = f"arn:aws:sagemaker:{region}:{self._backend.account_id}:training-job/{request['TrainingJobName']}"
            job = TrainingJob(request, arn, region, now, [*(request.get("Tags") or [])])
            if self.machines.refusal(job, now) == ML_NO_QUOTA:
                raise AwsError(ML_NO_QUOTA, refusal_message(ML_NO_QUOTA, job.kind, region))
            job.enter("Starting", now, "Starting the training job")
            self._backend.training_jobs[job.name] = job
            self._at(job, "machines", now, self._ask_for_machines)
            waits = job.limit("MaxWaitTimeInSeconds" if job.spot else "MaxPendingTimeInSeconds")
            if waits is not None:
                self._at(job, "wait", now + waits, self._waited_too_long)
            return job

    def stop(self, job: TrainingJob, reason: str = "Stopped", now: float | None = None) -> None:
        """End a job: its commands get SIGTERM, and SIGKILL after a grace; what it saved goes to S3."""
        with self._lock:
            if job.status != "InProgress" or job.stage == "Uploading":
                return
            now = self._clock.now() if now is None else now
            job.status, job.leaving = "Stopping", reason
            job.enter("Stopping", now, "Stopping the training job")
            self._ask_to_end(job, now)

    def reclaim(self, name: str, notice: float) -> dict[str, Any]:
        """The spot machines of a job are taken back. Raises `ValueError` where there are none."""
        with self._lock:
            job = self.job(name.partition("#")[0])
            if job is None or not job.spot or job.stage != "Training" or job.status != "InProgress":
                raise ValueError(f"no spot training job {name} runs")
            now = self._clock.now()
            job.leaving = "Interrupted"
            self._ask_to_end(job, now, min(notice, GRACE))
            return {"instance": name, "at": now + notice}

    def running(self) -> list[dict[str, Any]]:
        """The jobs and warm pools that hold machines, for the status."""
        with self._lock:
            held = [(job, job.stage) for job in self.jobs if job.status not in ENDED]
            held += [(job, "warm pool") for job in self.jobs if job.warm and job.warm.status == "Available"]
            return [{"id": job.name, "name": job.name, "queue": "sagemaker", "status": stage} for job, stage in held]

    def close(self) -> None:
        """End everything; for the server's own end."""
        with self._lock:
            commands = [host.command for job in self.jobs for host in job.hosts if host.command]
        for command in commands:
            command.hang_up()
        for command in commands:
            command.wait(_CLOSE_TIMEOUT)

    # What happens by itself

    def _at(self, job: TrainingJob, what: str, when: float, event: Any) -> None:
        self._world.timeline.at(when, f"sagemaker/{job.arn}/{what}", lambda due: event(job, due))

    def _cancel(self, job: TrainingJob, *events: str) -> None:
        for what in events:
            self._world.timeline.cancel(f"sagemaker/{job.arn}/{what}")

    def _ask_for_machines(self, job: TrainingJob, due: float) -> float | None:
        with self._lock:
            if job.status != "InProgress" or job.has_machines:
                return None
            reused = self.warm.reuse(job, self.jobs, due)
            refusal = None if reused else self.machines.refusal(job, due)
            if refusal is not None:
                return self._no_machines(job, due, refusal)
            job.has_machines = True
            delay = 0.0 if reused else STARTING + self._world.market.start_delay(job.kind)
            job.enter("Starting", due, "Preparing the instances for training")
            self._at(job, "download", due + delay, self._download)
            return None

    def _no_machines(self, job: TrainingJob, due: float, refusal: str) -> float | None:
        """Managed spot and plans wait for machines as long as they may; on demand SageMaker gives up."""
        if not (job.spot or job.plan):
            message = refusal_message(refusal, job.kind, job.region)
            self._end(job, "Failed", "Failed", due, f"{refusal}: {message}")
            return None
        again = "Insufficient capacity error from EC2 while launching instances, retrying!"
        if job.stages[-1].message != again:
            job.enter(job.stage, due, again)
        return due + RETRY

    def _download(self, job: TrainingJob, due: float) -> None:
        """The machines are there, and cost from now on."""
        with self._lock:
            if job.status != "InProgress":
                return
            self.machines.come(job, due)
            job.enter("Downloading", due, "Downloading the training image")
            if (longest := job.limit("MaxRuntimeInSeconds")) is not None:
                self._at(job, "run", due + longest - job.billed, self._ran_too_long)
            self._at(job, "train", due + DOWNLOADING, self._train)

    def _train(self, job: TrainingJob, due: float) -> None:
        with self._lock:
            if job.status != "InProgress":
                return
            job.enter("Training", due, "Training image download completed. Training in progress.")
            try:
                job.hosts = self._starter.prepare(job)
                self._starter.start(job, job.hosts)
            except (BadFolder, OSError, ValueError) as error:
                self._kill(job)
                self._end(job, "Failed", "Failed", due, f"ClientError: {error}")
                return
            except Exception as error:  # whatever S3 says of a channel
                log.exception("a training job could not start")
                self._end(job, "Failed", "Failed", due, f"ClientError: Data download failed: {error}")
                return
            self._at(job, "mirror", due + MIRROR, self._mirror)

    def _mirror(self, job: TrainingJob, due: float) -> float | None:
        with self._lock:
            if job.stage != "Training" or job.status != "InProgress":
                return None
            send_checkpoints(job.hosts, self._s3)
            return due + MIRROR

    def _exited(self, job: TrainingJob, host: Host, code: int) -> None:
        host.exit_code = code
        host.over.set()
        self._at(job, "over", self._clock.now(), self._settle)

    def _settle(self, job: TrainingJob, due: float) -> None:
        """Go on once every command has ended, or one of them has failed."""
        with self._lock:
            if job.status in ENDED or job.stage == "Uploading" or not job.hosts:
                return
            failed = [host for host in job.hosts if host.exit_code]
            if failed and not job.leaving:
                self._kill(job)  # the others would wait for it for ever
            elif not all(host.over.is_set() for host in job.hosts):
                return
            due = due if job.kill_at is None else min(due, job.kill_at)
            self._cancel(job, "kill", "mirror")
            send_checkpoints(job.hosts, self._s3)
            if job.leaving == "Interrupted":
                self._interrupted(job, due)
            elif failed and not job.leaving:
                self._end(job, "Failed", "Failed", due, failed[0].failure())
            else:
                job.enter("Uploading", due, "Uploading generated training model")
                self._at(job, "upload", due + UPLOADING, self._upload)

    def _upload(self, job: TrainingJob, due: float) -> None:
        with self._lock:
            try:
                send_model(self._s3, job.artefact, [host.model for host in job.hosts])
            except Exception as error:  # noqa: BLE001  # whatever S3 says is the job's failure
                self._end(job, "Failed", "Failed", due, f"ClientError: Artifact upload failed: {error}")
                return
            stopped = job.leaving or "Completed"
            self._end(job, "Stopped" if job.leaving else "Completed", stopped, due)

    def _interrupted(self, job: TrainingJob, due: float) -> None:
        """The machines are gone; the job waits for others, and starts from its checkpoints."""
        self._let_go(job, due)
        self._cancel(job, "run")
        job.leaving, job.kill_at = "", None
        job.enter("Interrupted", due, "Training job was interrupted, since its spot capacity was reclaimed")
        self._at(job, "machines", due + STARTING, self._ask_for_machines)

    def _ran_too_long(self, job: TrainingJob, due: float) -> None:
        if "sagemaker-maximum-run-time" not in self._world.broken:
            self._stop_in_time(job, "MaxRuntimeExceeded", due)

    def _waited_too_long(self, job: TrainingJob, due: float) -> None:
        """Spot: waiting and running together. On demand: waiting alone."""
        if (job.spot or not job.has_machines) and "sagemaker-maximum-run-time" not in self._world.broken:
            self._stop_in_time(job, "MaxWaitTimeExceeded" if job.spot else "Stopped", due)

    def _stop_in_time(self, job: TrainingJob, reason: str, due: float) -> None:
        """As `stop`; a command that hears the signal at once also ends at this time of the clock."""
        self.stop(job, reason, due)
        self._listen(job, _LISTEN)
        self._settle(job, due)

    def _ask_to_end(self, job: TrainingJob, now: float, grace: float = GRACE) -> None:
        if not job.hosts:
            if job.leaving != "Interrupted":
                self._end(job, "Stopped", job.leaving, now)
            return
        job.kill_at = min(job.kill_at or float("inf"), now + grace)  # who is asked again gets no more time
        for host in job.hosts:
            if host.command is not None:
                host.command.terminate()
        self._at(job, "kill", job.kill_at, self._kill_late)

    def _kill_late(self, job: TrainingJob, due: float) -> None:
        with self._lock:
            self._kill(job)
        self._listen(job, _CLOSE_TIMEOUT)
        self._settle(job, due)

    def _end(self, job: TrainingJob, status: str, secondary: str, due: float, reason: str = "") -> None:
        had_machines = job.on_since is not None
        self._let_go(job, due)
        job.status, job.reason, job.ended = status, reason, due if job.started is not None else None
        job.enter(secondary, due, reason)
        self._cancel(job, "machines", "download", "train", "mirror", "kill", "run", "wait", "upload")
        if had_machines and job.keep_alive:
            self.warm.keep(job, due)
        self._tell(job)
        self._world.market.changed()

    def _let_go(self, job: TrainingJob, due: float) -> None:
        """The machines cost nothing more."""
        self.machines.go(job, due)
        self._starter.clear(job.hosts)
        job.hosts = []

    def _kill(self, job: TrainingJob) -> None:
        for host in job.hosts:
            if host.command is not None:
                host.command.kill()

    @staticmethod
    def _listen(job: TrainingJob, seconds: float) -> None:
        for host in list(job.hosts):
            host.over.wait(seconds)

    def _try_again(self) -> None:
        for job in self.jobs:
            if job.status == "InProgress" and not job.has_machines:
                self._at(job, "machines", self._clock.now(), self._ask_for_machines)

    def _tell(self, job: TrainingJob) -> None:
        detail = {"TrainingJobName": job.name, "TrainingJobStatus": job.status, "FailureReason": job.reason}
        place = {"account": self._backend.account_id, "region": job.region}
        name = "SageMaker Training Job State Change"
        self._world.bus.publish("aws.sagemaker", name, detail, resources=[job.arn], **place)


def _logs(backend: Any) -> Any:
    from moto.logs.models import logs_backends

    return logs_backends[backend.account_id][backend.region_name]
