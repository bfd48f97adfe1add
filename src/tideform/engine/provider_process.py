"""The sandbox's provider as one process for all engines of a run.

An engine starts its providers anew for every call, and a Python process that has imported what a provider needs costs
most of a second. So the run starts one and tells its engines where it listens. It ends with this process: it watches
its parent, and a killed run's is found by its mark and ended before anything is recovered.
"""

from __future__ import annotations

import atexit
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from tideform.errors import EngineError

# What would lead the provider's clients to a real account, or to credentials that the sandbox did not give.
_FOREIGN = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
)


class ProviderProcess:
    """A provider that engines attach to; it starts at once and is waited for at its first use."""

    def __init__(self, script: Path, environ: Mapping[str, str], log: Path) -> None:
        base = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [str(script)],
                env={**base, **environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Ctrl-C is for the engines: they finish the step at hand, and for that they need the provider.
                start_new_session=True,
            )
        atexit.register(self.stop)

    @cached_property
    def port(self) -> int:
        """Where it listens. Raises `EngineError` if it could not start."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.strip().isdigit():
            raise EngineError.of(
                "TD406",
                "The sandbox's provider did not start",
                detail=f"It wrote no port; its log is {self._log}.",
                fix="Run `tideform doctor`, and then the command again.",
            )
        return int(line)

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def write_launcher(folder: Path, provider: str) -> Path:
    """Write the script for ``aws`` or ``kubernetes`` into a folder of its own, mode 0700, and return its path.

    ``-P`` keeps the engine's working folder off the import path: a user's file there must not become our module.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    script = folder / f"pulumi-resource-{provider}"
    module = f"tideform_sandbox.providers.{provider}"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m {module} "$@"\n')
    script.chmod(0o700)
    return script
