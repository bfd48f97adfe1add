"""The log streams of a pool on EC2: SSM begins the names of all of a command's alike, with its id."""

from __future__ import annotations

from collections.abc import Iterable

from tideform.burst.node_streams import Attempt, ranked
from tideform.burst.runner import cloud_errors
from tideform.burst.streams import Streams, by_beginning
from tideform.cloud import Cloud


class CommandStreams(Streams):
    """A stream for each machine that a command was sent to."""

    def grouped(self, names: list[str]) -> list[Attempt]:
        """By the command."""
        with cloud_errors("the machines of a job were looked for"):
            return [of_command(self.cloud, group) for group in by_beginning(names)]


def of_command(cloud: Cloud, names: Iterable[str]) -> Attempt:
    """Streams of one SSM command (``COMMAND/INSTANCE/…``); rank 0 is the first of the instances it was sent to."""
    found = {name.split("/")[1]: name for name in names}
    (command_id,) = {name.partition("/")[0] for name in found.values()}
    told = cloud.client("ssm").list_commands(CommandId=command_id)["Commands"]  # none where it is long ago
    order = [one for command in told for one in command["InstanceIds"] if one in found]
    return ranked([found[one] for one in order or sorted(found)])
