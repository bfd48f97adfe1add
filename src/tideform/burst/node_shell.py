"""A shell on one of a pool's machines: through Systems Manager on AWS, in the node's environment on the local target.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from tideform.burst.runner import Instance
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "SHELL", "TERM", "USER")


def node_of(pool: str, nodes: Sequence[Instance], number: int) -> Instance:
    """The machine of that number, oldest first. Raises `RefusedError` TD679 if there is none."""
    there = sorted((node for node in nodes if node.state == "running"), key=lambda node: (node.launched, node.id))
    if number < len(there):
        return there[number]
    raise RefusedError.of(
        "TD679",
        "A shell cannot be opened",
        detail=f"{pool} has {len(there)} running machines; there is no number {number}.",
        fix=f"`tideform burst up {pool}` brings its capacity in." if not there else "They are numbered from 0.",
    )


def open_shell(cloud: Cloud, deployment: Deployment, pool: str, node: Instance, command: Sequence[str]) -> int:
    """Run a shell, or a command instead of it, on the machine; returns its exit code."""
    if deployment.target == "local":
        return _run(
            list(command) or [os.environ.get("SHELL", "sh"), "-i"], _surroundings(cloud, deployment, pool, node)
        )
    return _run(_session(deployment, node, command), {**os.environ, **cloud.environ()})


def _surroundings(cloud: Cloud, deployment: Deployment, pool: str, node: Instance) -> dict[str, str]:
    """What a job on the node would find of ours; nothing of the user's but what a shell needs."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {
        "TIDEFORM_PROJECT": deployment.spec.project,
        "TIDEFORM_ENVIRONMENT": deployment.environment,
        "TIDEFORM_POOL": pool,
        "TIDEFORM_INSTANCE": node.id,
    }
    return {**kept, **own, **cloud.environ()}


def _session(deployment: Deployment, node: Instance, command: Sequence[str]) -> list[str]:
    """The AWS CLI's words. Raises `RefusedError` TD679 where it, its plugin, or a way onto the machine is missing."""
    missing = [name for name in ("aws", "session-manager-plugin") if shutil.which(name) is None]
    if missing or not node.id.startswith("i-"):
        lack = f"{' and '.join(missing)} cannot be found" if missing else f"{node.id} is no machine that takes sessions"
        raise RefusedError.of(
            "TD679",
            "A shell cannot be opened",
            detail=f"A shell on {node.id} goes through AWS Systems Manager: {lack}.",
            fix="Install the AWS CLI and its Session Manager plugin; on Kubernetes, use `kubectl exec`.",
        )
    words = ["aws", "ssm", "start-session", "--target", node.id, "--region", deployment.region]
    if not command:
        return words
    document = ["--document-name", "AWS-StartInteractiveCommand", "--parameters"]
    return [*words, *document, f"command={' '.join(command)}"]


def _run(command: list[str], environ: dict[str, str]) -> int:
    return subprocess.run(command, env=environ, check=False).returncode
