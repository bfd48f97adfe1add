"""A shell, or a command, on one of a pool's machines, whichever backend brought it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence

from tideform.burst.runner import Instance
from tideform.burst.ssm_shell import shell_command, shell_environment
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment
from tideform.words import counted

_COMMAND = "AWS-StartInteractiveCommand"  # the document that runs a command and ends
_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "SHELL", "TERM", "USER")


def node_of(pool: str, nodes: Sequence[Instance], number: int) -> Instance:
    """The machine of that number, oldest first. Raises `RefusedError` TD679 if there is none."""
    there = sorted((node for node in nodes if node.state == "running"), key=lambda node: (node.launched, node.id))
    if number < len(there):
        return there[number]
    raise RefusedError.of(
        "TD679",
        "A shell cannot be opened",
        detail=f"{pool} has {counted(len(there), 'running machine')}; there is no number {number}.",
        fix=f"`tideform burst up {pool}` brings its capacity in." if not there else "They are numbered from 0.",
    )


def open_shell(cloud: Cloud, deployment: Deployment, pool: str, node: Instance, command: Sequence[str]) -> int:
    """Run a shell, or a command instead of it, on the machine; returns its exit code.

    Raises `RefusedError` TD679 where the backend has no machine of its own to enter, TD646 where a program is missing.
    """
    if not node.id.startswith("i-"):
        raise RefusedError.of(
            "TD679",
            "A shell cannot be opened",
            detail=f"{node.id} of {pool} is a machine of the service's own, which takes no sessions.",
            fix="Read its log with `tideform logs`; a pool of backend ec2 is made for interactive work.",
        )
    words = _words(cloud, deployment, pool, node, list(command))
    return subprocess.run(words, env=_environment(cloud, deployment, pool, node), check=False).returncode


def _words(cloud: Cloud, deployment: Deployment, pool: str, node: Instance, command: list[str]) -> list[str]:
    if deployment.target == "local" and command:
        return command
    words = shell_command(cloud, deployment, pool, node.id)
    if not command:
        return words
    return [*words, "--document-name", _COMMAND, "--parameters", f"command={json.dumps([shlex.join(command)])}"]


def _environment(cloud: Cloud, deployment: Deployment, pool: str, node: Instance) -> dict[str, str]:
    """On the local target what a job on the node would find, and of the user's own what a shell needs."""
    reached = shell_environment(cloud, node.id)
    if deployment.target != "local":
        return {**os.environ, **reached}
    own = {
        "TIDEFORM_PROJECT": deployment.spec.project,
        "TIDEFORM_ENVIRONMENT": deployment.environment,
        "TIDEFORM_POOL": pool,
        "TIDEFORM_NODE": node.id,
    }
    return {**{name: os.environ[name] for name in _KEPT if name in os.environ}, **own, **reached}
