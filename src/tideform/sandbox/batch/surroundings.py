"""What a job's command finds around it: a clean environment, the sandbox's address, a folder of this workspace."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tideform.cloud import Credentials
from tideform.sandbox.batch.job import Job

WORKDIR = "TIDEFORM_WORKDIR"  # a job's own variable: where to run, relative to the workspace
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class BadFolder(Exception):  # noqa: N818  # the job's failure, told in its status
    """The job's working folder is not one of this workspace."""


@dataclass(frozen=True)
class Surroundings:
    """Where jobs run and what they may reach; ``scratch`` is a private folder for their homes."""

    root: Path
    scratch: Path
    credentials: Credentials

    def folder(self, own: Mapping[str, str]) -> Path:
        """The command's working folder: the workspace, or what the job's own variable names inside it.

        Raises `BadFolder` if that leads out of the workspace or nowhere.
        """
        folder = (self.root / own.get(WORKDIR, "")).resolve()
        if not folder.is_relative_to(self.root.resolve()) or not folder.is_dir():
            raise BadFolder(f"{WORKDIR}={own[WORKDIR]!r} is no folder of the workspace")
        return folder

    def environment(self, job: Job, own: Mapping[str, str], *, region: str, compute: str, queue: str) -> dict[str, str]:
        """The command's environment: nothing of ours but what a container would have, and the sandbox's keys.

        https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
        """
        home = self.home(job)
        variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{_SYSTEM_PATH}",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **own,
            **self.credentials.environ(region),
            "AWS_BATCH_JOB_ID": job.id,
            "AWS_BATCH_JQ_NAME": queue,
            "AWS_BATCH_CE_NAME": compute,
            "AWS_BATCH_JOB_ATTEMPT": str(len(job.attempts)),
        }
        if job.index is not None:
            variables["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        return variables

    def home(self, job: Job) -> Path:
        """A folder of the job's own, gone after it."""
        home = self.scratch / job.id.replace(":", "-")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home
