"""The groups of one region, and what happens to them by themselves: launches, replacements, waits, schedules.

Everything happens on the sandbox's timeline, news from EC2 (an instance was ended) included: they come by the bus.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter, deque
from typing import Any

from tideform_sandbox.services.autoscaling import launches, replacing
from tideform_sandbox.services.autoscaling.group import HELD, TERMINATING, WAITING, Group, Member
from tideform_sandbox.world import World

log = logging.getLogger(__name__)

_RETRY = 15.0  # seconds after which a launch that failed is tried again
_MOST_LAUNCHES = 200  # in one step
_STARTED = "an instance was started in response to a difference between desired and actual capacity"
_TAKEN_OUT = "an instance was taken out of service in response to"


class Plane:
    """Groups of one region; every method may be called from any thread."""

    def __init__(self, world: World, ec2: Any) -> None:
        self._world, self._ec2, self.clock = world, ec2, world.clock
        self.key = f"autoscaling/{ec2.account_id}/{ec2.region_name}"
        self.lock = threading.RLock()
        self.groups: dict[str, Group] = {}
        self._risky: deque[str] = deque()
        self._again = False

    def changed(self) -> None:
        """Look at everything, soon."""
        self._world.timeline.at(self.clock.now(), self.key, self._step)

    def try_again(self) -> None:
        """A launch that was refused may succeed now."""
        self._again = True
        self.changed()

    def rebalance(self, instance_ids: list[str]) -> None:
        """EC2 recommends to replace these."""
        self._risky.extend(instance_ids)
        if self.groups:
            self.changed()

    def zones(self, group: Group) -> list[str]:
        """The zones that a group spreads over."""
        return launches.zones(self._ec2, group)

    def reason_against_place(self, group: Group) -> str:
        """Why a group cannot be where it is to be; empty if it can."""
        return launches.reason_against_place(self._ec2, group)

    def resize(self, group: Group, minimum: int | None, maximum: int | None, desired: int | None) -> None:
        """Set the sizes that are given; the desired capacity stays between the other two."""
        group.minimum = group.minimum if minimum is None else minimum
        group.maximum = group.maximum if maximum is None else maximum
        wanted = group.desired if desired is None else desired
        group.desired = max(group.minimum, min(group.maximum, wanted))
        group.retry_at = 0.0
        self.changed()

    def terminate(self, group: Group, member: Member, cause: str) -> None:
        """Begin a member's end: at once, or after the wait that a hook asks for."""
        now, hook = self.clock.now(), group.terminating_hook
        if member.state not in HELD:
            return
        if hook is None:
            self._end(group, member, cause)
            return
        member.state, member.token = WAITING, secrets.token_hex(16)
        member.wait_until = now + float(hook["HeartbeatTimeout"])
        group.note(now, f"Terminating EC2 instance: {member.id}", cause)
        self._tell_wait(group, member, str(hook["LifecycleHookName"]))
        self.changed()

    def complete(self, group: Group, instance_id: str) -> bool:
        """The wait is over; whether there was one."""
        member = next((m for m in group.members if m.id == instance_id and m.state == WAITING), None)
        if member is not None:
            self._end(group, member, "")
            self.changed()
        return member is not None

    def schedule(self, group: Group, name: str) -> None:
        """Let a scheduled action fire when its time comes."""
        action = group.schedule[name]
        self._world.timeline.at(action["at"], f"{self.key}/{group.name}/{name}", lambda _: self._fire(group, name))

    def unschedule(self, group: Group, name: str) -> None:
        """Forget a scheduled action."""
        group.schedule.pop(name, None)
        self._world.timeline.cancel(f"{self.key}/{group.name}/{name}")

    def delete(self, group: Group) -> None:
        """Forget a group, with all its members ended."""
        for name in list(group.schedule):
            self.unschedule(group, name)
        group.deleting = True
        for member in list(group.members):
            self._end(group, member, "a user deleted the group")
        self.groups.pop(group.name, None)

    def _tell_wait(self, group: Group, member: Member, hook: str) -> None:
        """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html"""
        detail = {
            "LifecycleActionToken": member.token,
            "AutoScalingGroupName": group.name,
            "LifecycleHookName": hook,
            "EC2InstanceId": member.id,
            "LifecycleTransition": TERMINATING,
        }
        _, account, region = self.key.split("/")
        kind = "EC2 Instance-terminate Lifecycle Action"
        self._world.bus.publish("aws.autoscaling", kind, detail, account=account, region=region, resources=[group.arn])

    def _fire(self, group: Group, name: str) -> None:
        with self.lock:
            action = group.schedule.pop(name, None)
            if action is None or "ScheduledActions" in group.suspended or group.name not in self.groups:
                return
            self.resize(group, action.get("MinSize"), action.get("MaxSize"), action.get("DesiredCapacity"))
            self._reconcile(group, self.clock.now())

    def _step(self, _due: float) -> float | None:
        with self.lock:
            now = self.clock.now()
            again, self._again = self._again, False
            risky = {self._risky.popleft() for _ in range(len(self._risky))}
            dues = []
            for group in list(self.groups.values()):
                group.retry_at = 0.0 if again else group.retry_at
                self._bury(group, now)
                for member in group.members:
                    member.at_risk = member.at_risk or member.id in risky
                dues.append(self._look(group, now))
            return min((due for due in dues if due is not None), default=None)

    def _look(self, group: Group, now: float) -> float | None:
        try:
            return self._reconcile(group, now)
        except Exception:  # the others' groups must outlive a bug
            log.exception("a step of the group %s failed", group.name)
            return now + _RETRY

    def _bury(self, group: Group, now: float) -> None:
        for member in [m for m in group.members if not m.stands]:
            group.members.remove(member)
            cause = f"{_TAKEN_OUT} an EC2 health check indicating it has been terminated or stopped."
            group.note(now, f"Terminating EC2 instance: {member.id}", cause)

    def _reconcile(self, group: Group, now: float) -> float | None:
        """Bring a group nearer to what is wanted; returns when to look again."""
        for member in list(group.members):
            if member.state == "Pending" and member.runs:
                member.state = "InService"
            if member.state == WAITING and (member.wait_until or 0) <= now:
                self._end(group, member, "")
        self._grow(group, now)
        self._shrink(group)
        again = self._replace(group, now)
        dues = [m.wait_until or now for m in group.members if m.state == WAITING]
        dues += [due for due in (again, group.retry_at, *(m.ends_at for m in group.held)) if due and due > now]
        return min(dues, default=None)

    def _grow(self, group: Group, now: float) -> None:
        rebalances = bool(group.settings.get("CapacityRebalance"))
        extra = sum(m.at_risk and m.state == "InService" for m in group.members) if rebalances else 0
        for _ in range(_MOST_LAUNCHES):
            healthy = len(group.held)
            if "Launch" in group.suspended or healthy >= group.desired + extra or group.retry_at > now:
                return
            cause = f"{_STARTED}, increasing the capacity from {healthy} to {healthy + 1}."
            try:
                self._launch(group, now, cause)
            except launches.NoLaunch as why:
                group.note(now, "Launching a new EC2 instance", cause, failure=str(why))
                group.retry_at = now + _RETRY
                return

    def _launch(self, group: Group, now: float, cause: str, zone: str = "") -> None:
        member = launches.launch(self._ec2, group, now, zone)
        if member.runs:
            member.state = "InService"
        group.members.append(member)
        details = {"Subnet ID": str(member.instance.subnet_id), "Availability Zone": member.zone}
        group.note(now, f"Launching a new EC2 instance: {member.id}", cause, **details)

    def _replace(self, group: Group, now: float) -> float | None:
        """Launch the next one in another's place, which `_shrink` ends after it; when to try again what failed."""
        found = replacing.next_of(group, self.zones(group))
        if found is None:
            return None
        try:
            self._launch(group, now, f"{_STARTED}, in response to {found.cause}.", found.zone)
        except launches.NoLaunch:  # nothing is ended for what does not come
            return now + _RETRY
        found.member.ends_at = now + replacing.PACE
        return None

    def _shrink(self, group: Group) -> None:
        """End what is too much: what is at risk first, then in the fullest zone the oldest."""
        while "Terminate" not in group.suspended:
            held, ready = group.held, [m for m in group.held if m.state == "InService" and not m.goes]
            if len(held) <= group.desired:
                for member in held:
                    member.ends_at = None  # what was to take its place has gone itself
                return
            due = replacing.due(group, self.clock.now())
            waits = len(ready) < group.desired or not due
            if waits and any(member.goes for member in held) and group.desired > 0:
                return
            counted = Counter(member.zone for member in held)
            victim = min(due or held, key=lambda m: (-counted[m.zone], m.launched))
            self.terminate(group, victim, f"{_TAKEN_OUT} a difference between desired and actual capacity.")

    def _end(self, group: Group, member: Member, cause: str) -> None:
        group.members.remove(member)
        if cause:
            group.note(self.clock.now(), f"Terminating EC2 instance: {member.id}", cause)
        if member.stands:
            self._ec2.terminate_instances([member.id])
