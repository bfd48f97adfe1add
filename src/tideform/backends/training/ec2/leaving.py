"""What this process has cancelled and whose containers may still save their work: SSM calls it over at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.ec2.in_account import commands
from tideform.cloud import Cloud
from tideform.reaper import instances


@dataclass
class Leaving:
    """Commands as SSM lists them, and when their end was asked for."""

    cloud: Cloud
    _asked: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict, init=False)

    def note(self, cancelled: Iterable[dict[str, Any]]) -> None:
        """These have just been cancelled."""
        now = self.cloud.clock()
        self._asked.update({one["CommandId"]: (now, one) for one in cancelled})

    def commands(self) -> list[dict[str, Any]]:
        """Those that may still be at work on a machine that runs; one that ended by itself is not."""
        now = self.cloud.clock()
        recent = [one for when, one in self._asked.values() if now - when <= commands.LEAVES]
        return [{**one, "Status": "Cancelling"} for one in recent if self._stays(one)]

    def _stays(self, command: dict[str, Any]) -> bool:
        found = commands.invocations(self.cloud, command["CommandId"])
        killed = [one["InstanceId"] for one in found if commands.was_killed(one)]
        return bool(killed and instances.running(self.cloud, killed))
