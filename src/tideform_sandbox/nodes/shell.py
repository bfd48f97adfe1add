"""A shell that stands for one on a node of the sandbox: it is of this machine, and ends with its node.

``python -m tideform_sandbox.nodes.shell INSTANCE``, with the sandbox's address and keys in the environment. Nothing
that was started in it lives on: not after the shell, not after the node, not after this process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

from tideform_sandbox.nodes.supervisor import adopt_orphans, descendants, die_with_parent

_LOOK = 0.5  # seconds between two looks at the node


def main(instance_id: str) -> int:
    """Run the shell to its end, or the node's; the exit code is the shell's, or 128 + the signal that ended it."""
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for what runs in the shell
    shell = subprocess.Popen([_shell()], preexec_fn=_as_found, env={**os.environ, "TIDEFORM_NODE": instance_id})
    threading.Thread(target=_end_with_node, args=(shell, instance_id), daemon=True).start()
    code = shell.wait()
    _kill_rest()
    return code if code >= 0 else 128 - code


def _shell() -> str:
    return os.environ.get("SHELL") or "/bin/sh"


def _as_found() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent()


def _end_with_node(shell: subprocess.Popen[bytes], instance_id: str) -> None:
    """Wait until the node no longer runs, then end the shell with all that it started."""
    import boto3

    ec2 = boto3.client("ec2")
    waiting = threading.Event()
    while shell.poll() is None and _runs(ec2, instance_id):
        waiting.wait(_LOOK)
    if shell.poll() is None:
        sys.stderr.write(f"\r\n{instance_id} has ended, and its shell with it.\r\n")
        _kill_rest()


def _runs(ec2: Any, instance_id: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    except (BotoCoreError, ClientError):  # the sandbox has gone, or forgotten the instance
        return False
    return any(one["State"]["Name"] in ("pending", "running") for r in found for one in r["Instances"])


def _kill_rest() -> None:
    """Kill whatever was started here; interactive shells put each command into a process group of its own."""
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
