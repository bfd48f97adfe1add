"""The commands of one region: started, followed, cancelled, timed out, and ended with their instance.

What the agent ends it kills: SIGKILL to the process group of the script, and nothing is waited for (``killProcess`` in
amazon-ssm-agent's ``executers_unix.go``). A container is no member of that group. On a machine of a pool a watcher
stops it then, SIGTERM first and SIGKILL after 30 seconds: here the script's supervisor does, and `container` stands for
the container. So does docker as its machine shuts down, by ``--stop-timeout`` of ``tideform-run``: EC2 lets a machine
that it terminates shut down, whoever asked for that.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-terminate-methods.html
"""

from __future__ import annotations

import os
import shlex
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from tideform.local.metadata import variables
from tideform_sandbox.nodes.process import RunningCommand
from tideform_sandbox.services.batch.fleet import memory_of
from tideform_sandbox.services.batch.logs import LogStream
from tideform_sandbox.services.ssm.command import RUNNING, Command, Invocation
from tideform_sandbox.world import World

GRACE = 30.0  # seconds between SIGTERM and SIGKILL for a container
_LAST_GRACE = 100.0  # the same where a hook holds the machine's end (`tideform.backends.training.ec2.user_data`)
_KILLED = 137  # the code of a script that the agent has killed, and of a job that was killed for lack of memory
# https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-reboot.html
_REBOOTS = 194
_CLOSE_TIMEOUT = 5.0
_CONTAINER = Path(__file__).with_name("container.py")
# On a node of a pool this starts the job's image; the sandbox has none, and runs the command itself.
_RUN = """#!/bin/sh
cd "${TIDEFORM_WORKDIR:-.}" && %s "$@"
code=$?
[ "$code" != 194 ] || { echo "tideform: the job ended with 194: it is told as 193"; code=193; }
exit "$code"
"""


class Plane:
    """Commands of one region; every method may be called from any thread."""

    def __init__(self, world: World, account: str, region: str) -> None:
        from moto.ec2.models import ec2_backends
        from moto.logs.models import logs_backends

        self._world, self.clock, self.region = world, world.clock, region
        self._ec2, self._logs = ec2_backends[account][region], logs_backends[account][region]
        self._lock = threading.RLock()
        self.commands: dict[str, Command] = {}

    def nodes(self, *states: str) -> dict[str, Any]:
        """The instances in these states; those that run, on which the agent is online, where none are given."""
        found = [one for reservation in list(self._ec2.reservations.values()) for one in list(reservation.instances)]
        return {str(one.id): one for one in found if one.state in (states or ("running",))}

    def send(self, given: dict[str, Any], instance_ids: list[str]) -> Command:
        """Start a command on every instance."""
        command = Command(given, instance_ids, self.clock.now(), _free_port())
        with self._lock:
            self.commands[command.id] = command
            for instance_id in instance_ids:
                self._start(command, instance_id)
        return command

    def cancel(self, command: Command, instance_ids: list[str]) -> None:
        """End what runs on these instances; nobody answers on one that has stopped."""
        there = self.nodes()
        with self._lock:
            for one in command.invocations.values():
                if one.status in RUNNING and one.instance_id in instance_ids:
                    if one.instance_id in there:
                        self._cut(command, one, "Cancelled", "Cancelled")
                    else:
                        one.status = one.details = "Cancelling"

    def ended(self, instance_id: str) -> None:
        """An instance shuts down: what ran on it dies, containers once they have had their time.

        SSM does not hear of it, and takes no cancellation there: for it the command goes on until it expires.
        """
        with self._lock:
            for command, one in self._running(instance_id):
                self._leave(command, one)

    def warn(self, instance_id: str) -> None:
        """An instance is about to end: what the node's own watcher does then, stop the containers."""
        with self._lock:
            for command, one in self._running(instance_id):
                if one.process is not None:
                    one.process.stop()
                    self._kill_in(_LAST_GRACE, command, one)

    @property
    def running(self) -> list[tuple[Command, Invocation]]:
        """What runs now."""
        with self._lock:
            return [(command, one) for command in self.commands.values() for one in command.invocations.values()
                    if one.runs]  # fmt: skip

    def close(self) -> None:
        """End everything; for the server's own end."""
        processes = [one.process for _, one in self.running if one.process is not None]
        for process in processes:
            process.hang_up()
        for process in processes:
            process.wait(_CLOSE_TIMEOUT)

    def _running(self, instance_id: str) -> list[tuple[Command, Invocation]]:
        return [(command, one) for command, one in self.running if one.instance_id == instance_id]

    def _start(self, command: Command, instance_id: str) -> None:
        one = command.invocations[instance_id] = Invocation(instance_id)
        key = f"{command.id}-{instance_id}"
        surroundings, stream = self._world.surroundings, self._stream(command, instance_id)
        service = {
            "AWS_SSM_INSTANCE_ID": instance_id,
            "AWS_SSM_REGION_NAME": self.region,
            **variables(surroundings.credentials, instance_id),
            "TIDEFORM_MASTER_ADDR": "127.0.0.1",
            "TIDEFORM_MASTER_PORT": str(command.port),
        }
        environment = surroundings.environment(key, {}, region=self.region, service=service)
        environment["PATH"] = f"{self._tools(key, instance_id)}{os.pathsep}{environment['PATH']}"

        def on_line(line: str) -> None:
            if one.cut:
                return  # docker's client, which handed lines on, is gone
            one.output.append(line)
            if stream is not None:
                stream.write(line)

        def on_exit(code: int) -> None:
            if code == _REBOOTS:
                on_line("sandbox: on AWS 194 reboots the instance, and runs the command again; here it has failed")
            self._exited(command, one, code)

        one.status = one.details = "InProgress"
        one.started = self.clock.now()
        one.process = RunningCommand(
            ["sh", "-c", command.script],
            environment=environment,
            folder=surroundings.folder({}),
            on_line=on_line,
            on_exit=on_exit,
            memory=memory_of(self.nodes()[instance_id].instance_type),
        )
        timeline = self._world.timeline
        timeline.at(one.started + command.seconds, f"ssm/{key}/timeout", lambda _: self._late(command, one))
        timeline.at(command.expires, f"ssm/{key}/expiry", lambda _: self._expired(one))

    def _exited(self, command: Command, one: Invocation, code: int) -> None:
        with self._lock:
            one.gone = True
            self._world.timeline.cancel(f"ssm/{command.id}-{one.instance_id}/kill")
            if one.instance_id not in self.nodes():
                return  # nobody is left there to tell how it went
            if not one.ended:
                self._end(command, one, *_outcome(code), code)
            self._world.surroundings.clear(f"{command.id}-{one.instance_id}")

    def _end(self, command: Command, one: Invocation, status: str, details: str, code: int) -> None:
        one.ended, one.status, one.details, one.code = self.clock.now(), status, details, code
        for due in ("timeout", "expiry"):
            self._world.timeline.cancel(f"ssm/{command.id}-{one.instance_id}/{due}")

    def _late(self, command: Command, one: Invocation) -> None:
        """The agent ends what has run too long: none does on an instance that has gone."""
        with self._lock:
            if one.status in RUNNING and one.instance_id in self.nodes():
                self._cut(command, one, "TimedOut", "ExecutionTimedOut")

    def _expired(self, one: Invocation) -> None:
        """SSM gives up waiting for the agent's word."""
        with self._lock:
            if one.status in RUNNING:
                one.status, one.details = "TimedOut", "DeliveryTimedOut"

    def _cut(self, command: Command, one: Invocation, status: str, details: str) -> None:
        if one.runs:
            self._leave(command, one)
            self._end(command, one, status, details, _KILLED)

    def _leave(self, command: Command, one: Invocation) -> None:
        """The script is killed, and its container stopped."""
        if one.process is not None:
            one.cut = True
            one.process.cut()
            self._kill_in(GRACE, command, one)

    def _kill_in(self, grace: float, command: Command, one: Invocation) -> None:
        """SIGKILL after so many seconds, or sooner where that was to be before: no second stop gives more time."""
        if (process := one.process) is not None:
            one.kill_at = min(one.kill_at, self.clock.now() + grace)
            key = f"ssm/{command.id}-{one.instance_id}/kill"
            self._world.timeline.at(one.kill_at, key, lambda _: process.kill())

    def _stream(self, command: Command, instance_id: str) -> LogStream | None:
        if not command.log_group:
            return None
        self._logs.ensure_log_group(command.log_group)
        group, name = self._logs.groups[command.log_group], f"{command.id}/{instance_id}/aws-runShellScript/stdout"
        group.create_log_stream(name)
        return LogStream(group, name, self.clock.now)

    def _tools(self, key: str, instance_id: str) -> str:
        folder = self._world.surroundings.home(key) / "bin"
        folder.mkdir(exist_ok=True)
        words = [sys.executable, "-I", "-S", str(_CONTAINER), *self._left(instance_id), "--"]
        (folder / "tideform-run").write_text(_RUN % shlex.join(words), encoding="utf-8")
        (folder / "tideform-run").chmod(0o700)
        return str(folder)

    def _left(self, instance_id: str) -> list[str]:
        """Whom a container waits for on its machine: what is left of commands that the agent has ended."""
        leaving = [one for _, one in self._running(instance_id) if one.leaving]
        return [str(one.process.pid) for one in leaving if one.process is not None]


def _outcome(code: int) -> tuple[str, str]:
    """Status and details: the agent takes a script that ends with 137 for one whose time was up (``GetStatus``)."""
    if code == _KILLED:
        return "TimedOut", "ExecutionTimedOut"
    return ("Success", "Success") if code == 0 else ("Failed", "Failed")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
