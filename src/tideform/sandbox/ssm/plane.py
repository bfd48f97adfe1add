"""The commands of one region: started, followed, cancelled, timed out, and ended with their instance."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

from tideform.sandbox.batch.fleet import memory_of
from tideform.sandbox.batch.logs import LogStream
from tideform.sandbox.market.metadata import variables
from tideform.sandbox.nodes.process import RunningCommand
from tideform.sandbox.ssm.command import RUNNING, Command, Invocation
from tideform.sandbox.world import World

GRACE = 30.0  # seconds between SIGTERM and SIGKILL
_CLOSE_TIMEOUT = 5.0
# On a node of a pool this starts the job's image; the sandbox has none, and runs the command itself.
_RUN = '#!/bin/sh\ncd "${TIDEFORM_WORKDIR:-.}" && exec "$@"\n'


class Plane:
    """Commands of one region; every method may be called from any thread."""

    def __init__(self, world: World, account: str, region: str) -> None:
        from moto.ec2.models import ec2_backends
        from moto.logs.models import logs_backends

        self._world, self.clock, self.region = world, world.clock, region
        self._ec2, self._logs = ec2_backends[account][region], logs_backends[account][region]
        self._lock = threading.RLock()
        self.commands: dict[str, Command] = {}

    def nodes(self) -> dict[str, Any]:
        """The instances on which the agent is online: those that run."""
        found = [one for reservation in list(self._ec2.reservations.values()) for one in list(reservation.instances)]
        return {str(one.id): one for one in found if one.state == "running"}

    def send(self, given: dict[str, Any], instance_ids: list[str]) -> Command:
        """Start a command on every instance."""
        command = Command(given, instance_ids, self.clock.now(), _free_port())
        with self._lock:
            self.commands[command.id] = command
            for instance_id in instance_ids:
                self._start(command, instance_id)
        return command

    def cancel(self, command: Command, instance_ids: list[str]) -> None:
        """Ask what runs to end; what no longer runs because its instance has gone is over as well."""
        with self._lock:
            for one in command.invocations.values():
                if one.status in RUNNING and (not instance_ids or one.instance_id in instance_ids):
                    one.status = one.details = "Cancelling" if one.runs else "Cancelled"
                    self._ask_to_end(command, one)

    def ended(self, instance_id: str) -> None:
        """An instance has ended: what ran on it dies with it.

        SSM does not hear of it: for it the command goes on until it is cancelled, or its time is up.
        """
        for one in self._running(instance_id):
            if one.process is not None:
                one.process.kill()

    def warn(self, instance_id: str) -> None:
        """An instance is about to end: what the node's own watcher does then, end the job in order."""
        for one in self._running(instance_id):
            if one.process is not None:
                one.process.terminate()

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

    def _running(self, instance_id: str) -> list[Invocation]:
        return [one for _, one in self.running if one.instance_id == instance_id]

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
        environment["PATH"] = f"{self._tools(key)}{os.pathsep}{environment['PATH']}"

        def on_line(line: str) -> None:
            one.output.append(line)
            if stream is not None:
                stream.write(line)

        one.status = one.details = "InProgress"
        one.started = self.clock.now()
        one.process = RunningCommand(
            ["sh", "-c", command.script],
            environment=environment,
            folder=surroundings.folder({}),
            on_line=on_line,
            on_exit=lambda code: self._exited(command, one, code),
            memory=memory_of(self.nodes()[instance_id].instance_type),
        )
        self._world.timeline.at(one.started + command.seconds, f"ssm/{key}/timeout", lambda _: self._late(command, one))

    def _exited(self, command: Command, one: Invocation, code: int) -> None:
        with self._lock:
            one.ended = self.clock.now()
            if one.instance_id not in self.nodes():
                return  # nobody is left there to tell how it went
            one.code = code
            if one.status == "Cancelling":
                one.status = one.details = "Cancelled"
            elif one.status == "InProgress":
                one.status = one.details = "Success" if code == 0 else "Failed"
            key = f"{command.id}-{one.instance_id}"
            self._world.timeline.cancel(f"ssm/{key}/timeout")
            self._world.timeline.cancel(f"ssm/{key}/kill")
            self._world.surroundings.clear(key)

    def _late(self, command: Command, one: Invocation) -> None:
        with self._lock:
            if one.status in RUNNING:
                one.status, one.details = "TimedOut", "ExecutionTimedOut"
                self._ask_to_end(command, one)

    def _ask_to_end(self, command: Command, one: Invocation) -> None:
        process = one.process
        if process is None or one.ended:
            return
        process.terminate()
        due = self.clock.now() + GRACE
        self._world.timeline.at(due, f"ssm/{command.id}-{one.instance_id}/kill", lambda _: process.kill())

    def _stream(self, command: Command, instance_id: str) -> LogStream | None:
        if not command.log_group:
            return None
        self._logs.ensure_log_group(command.log_group)
        group, name = self._logs.groups[command.log_group], f"{command.id}/{instance_id}/aws-runShellScript/stdout"
        group.create_log_stream(name)
        return LogStream(group, name, self.clock.now)

    def _tools(self, key: str) -> str:
        folder = self._world.surroundings.home(key) / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "tideform-run").write_text(_RUN, encoding="utf-8")
        (folder / "tideform-run").chmod(0o700)
        return str(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
