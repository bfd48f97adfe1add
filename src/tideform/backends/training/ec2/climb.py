"""Down the ladder until the machines are there: types and zones are the group's own, the rungs are ways of buying.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tideform.backends.training.ec2.in_account import buying, group
from tideform.backends.training.ec2.pace import Pace
from tideform.burst.halt import Halt
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.errors import RefusedError, TideformError
from tideform.pools.purchase import Rung, quota_in
from tideform.reaper.base import Handle
from tideform.reaper.claims import Claim
from tideform.words import counted


@dataclass
class Climb:
    """One attempt to have ``nodes`` machines in service; ``most`` is the group's bound meanwhile.

    ``claim`` says in whose name they come, and raises where that no longer counts.
    """

    cloud: Cloud
    handle: Handle
    pace: Pace
    nodes: int
    most: int
    claim: Callable[[], Claim]
    _reasons: list[str] = field(default_factory=list, init=False)

    def climb(self, ladder: tuple[Rung, ...], halt: Halt) -> None:
        """Ask for the machines, rung by rung; for nothing where enough are there.

        Raises `RefusedError`: TD606 when no rung brought them, TD643 where a quota is the cause: no rung changes that.
        """
        if len(self.in_service()) >= self.nodes:
            group.say_whose(self.cloud, self.handle, self.claim())
            return
        rungs = self._open(ladder)
        for number, rung in enumerate(rungs):
            last = number == len(rungs) - 1
            if self._come(rung, halt, patient=last):
                return
        raise _no_capacity(self.handle["pool"], self.nodes, self._reasons, cut=len(rungs) < len(ladder))

    def _open(self, ladder: tuple[Rung, ...]) -> list[Rung]:
        """The rungs that may be tried; where others may not the reason is noted."""
        bound = buying.bound(self.cloud, self.handle)
        rungs = [rung for rung in ladder if bound.takes(rung.purchase.kind)]
        if len(rungs) < len(ladder):
            self._reasons.append(bound.why)
        return rungs

    def _come(self, rung: Rung, halt: Halt, *, patient: bool) -> bool:
        """Whether they come on this rung; all but the last one are left at the first refusal."""
        before = group.activities(self.cloud, self.handle)
        way = rung.purchase
        group.say_whose(self.cloud, self.handle, self.claim())
        group.ask(self.cloud, self.handle, way.kind, way.reservation, nodes=self.nodes, most=self.most)
        deadline = time.monotonic() + self.pace.start
        why, waiting = "", Waiting(halt.say)
        while len(self.in_service()) < self.nodes:
            halt.check()
            why = group.refusal(before, group.activities(self.cloud, self.handle)) or why
            if quota_in(why):
                raise _quota(self.handle["pool"], rung, why)
            if (why and not patient) or time.monotonic() > deadline:
                self._reasons.append(f"{rung.purchase}: {why or f'nothing came in {self.pace.start:.0f} s'}")
                if not patient:
                    halt.say(f"{self._reasons[-1].rstrip('.')}. The next way of buying is tried.")
                return False
            waiting.on(self._waits(rung, why))
            halt.wait(self.pace.poll)
        return True

    def _waits(self, rung: Rung, why: str) -> str:
        there = f"{len(self.in_service())} of {self.nodes} are there"
        return f"Waiting for machines of {self.handle['pool']}, {rung.purchase}: {there}{f' ({why})' if why else ''}."

    def in_service(self) -> list[str]:
        """The ids of the members that are in service and stay there."""
        return group.in_service(self.cloud, self.handle)


def _no_capacity(pool: str, nodes: int, reasons: list[str], *, cut: bool) -> TideformError:
    """``cut``: not every rung could be tried beside what stands."""
    return RefusedError.of(
        "TD606",
        "The capacity did not come",
        detail=f"{pool} asked for {counted(nodes, 'machine')}. " + "; ".join(reasons),
        fix=f"Wait until what stands is over (`tideform burst status {pool}`), or end it: `tideform burst down {pool}`."
        if cut
        else "Allow more instance types or `fallback: on_demand`, raise the account's quota, or try again later.",
    )


def _quota(pool: str, rung: Rung, why: str) -> TideformError:
    return RefusedError.of(
        "TD643",
        "A quota of the account keeps the capacity away",
        detail=f"{pool}, {rung.purchase}: {why}",
        fix="Ask AWS for a higher quota in Service Quotas, or use fewer or smaller machines; waiting does not help.",
    )
