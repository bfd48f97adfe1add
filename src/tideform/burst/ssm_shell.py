"""A shell on a node: SSM's Session Manager on AWS, a shell of this machine for a node of the sandbox.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment


def shell_command(cloud: Cloud, deployment: Deployment, pool: str, instance_id: str) -> list[str]:
    """The command to run with the terminal as its own; its exit code is the shell's.

    Raises `RefusedError` TD646 where AWS's command line, or its plug-in for sessions, is not installed.
    """
    if deployment.target == "local":
        return [sys.executable, "-m", "tideform_sandbox.nodes.shell", instance_id]
    _require("aws", "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html", pool)
    plugin = (
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
    )
    _require("session-manager-plugin", plugin, pool)
    return ["aws", "ssm", "start-session", "--target", instance_id, "--region", cloud.region]


def shell_environment(cloud: Cloud, instance_id: str) -> Mapping[str, str]:
    """What `shell_command` needs beside the environment: the keys, or where the sandbox is."""
    if cloud.credentials is not None:
        from tideform.local.metadata import variables

        return {**cloud.environ(), **variables(cloud.credentials, instance_id)}
    return cloud.environ()


def _require(program: str, where: str, pool: str) -> None:
    from shutil import which

    if which(program) is None:
        raise RefusedError.of(
            "TD646",
            "A program for shells on nodes is missing",
            detail=f"A shell on a node of {pool} needs {program}, which is not on PATH.",
            fix=f"Install it: {where}",
        )
