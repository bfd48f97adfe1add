"""Spot interruptions on the local target, on demand: a node is taken back while its job runs, as the market does it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tideform.burst.halt import Say
from tideform.burst.runner import Instance, Runner
from tideform.cloud import Cloud
from tideform.errors import TideformError
from tideform.spec.deployment import Deployment

_POLL = 0.2  # seconds
_LONGEST_NOTICE = 120.0  # seconds; AWS gives two minutes


@dataclass(frozen=True)
class Interruptions:
    """``after`` so many seconds of a running job a node of the pool goes, once for each; a notice comes half-way.

    Seconds count from the job's start, and then from each start after an interruption.
    """

    cloud: Cloud
    deployment: Deployment
    runner: Runner
    after: Sequence[float]
    say: Say
    _over: threading.Event = field(default_factory=threading.Event, init=False)

    @contextmanager
    def during(self) -> Iterator[None]:
        """Interrupt for as long as the block runs."""
        thread = threading.Thread(target=self._all, name="interruptions", daemon=True)
        if self.after:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            if self.after:
                thread.join()

    def _all(self) -> None:
        for seconds in self.after:
            try:
                self._one(seconds)
            except (TideformError, OSError, ValueError) as error:
                self.say(f"The interruption did not work: {error}")
            if self._over.is_set():
                return

    def _one(self, seconds: float) -> None:
        while not (nodes := self._busy()):
            if self._over.wait(_POLL):
                return
        notice = min(_LONGEST_NOTICE, seconds / 2)
        if self._over.wait(seconds - notice):
            return
        self._take(nodes[0], notice)
        deadline = time.monotonic() + notice + _LONGEST_NOTICE
        while nodes[0].id in {node.id for node in self.runner.capacity()} and time.monotonic() < deadline:
            if self._over.wait(_POLL):
                return

    def _busy(self) -> list[Instance]:
        """The machines under the pool's running jobs; all where the backend does not tell which."""
        running = [job for job in self.runner.jobs() if job.status == "RUNNING"]
        if not running:
            return []
        under = {node for job in running for node in job.nodes}
        return [one for one in self.runner.capacity() if one.state == "running" and (not under or one.id in under)]

    def _take(self, node: Instance, notice: float) -> None:
        from tideform.local import client

        if node.spot:
            self.say(f"Taking {node.id} back in {notice:.0f} s, as the spot market does.")
            client.market(self.deployment.workspace, {"reclaim": [{"instance": node.id, "notice": notice}]})
        else:
            self.say(f"{node.id} is no spot instance, which nobody takes back: it fails in {notice:.0f} s.")
            if not self._over.wait(notice):
                self.cloud.client("ec2").terminate_instances(InstanceIds=[node.id])
