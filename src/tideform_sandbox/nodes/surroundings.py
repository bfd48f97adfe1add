"""What a job's command finds around it: a clean environment, the sandbox's address, a folder of this workspace."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tideform.cloud import Credentials

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

    def environment(
        self, key: str, own: Mapping[str, str], *, region: str, service: Mapping[str, str]
    ) -> dict[str, str]:
        """The command's environment: nothing of ours but what a container would have, and the sandbox's keys.

        ``key`` names the command's `home`; ``service`` is what the service that runs it sets last.
        """
        home = self.home(key)
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{_SYSTEM_PATH}",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **own,
            **self.credentials.environ(region),
            **service,
        }

    def home(self, key: str) -> Path:
        """A private folder of one command's own."""
        home = self._home(key)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home

    def clear(self, key: str) -> None:
        """Remove the command's folder, after its end."""
        shutil.rmtree(self._home(key), ignore_errors=True)

    def _home(self, key: str) -> Path:
        return self.scratch / key.replace(":", "-").replace("/", "-")
