"""The life of EC2 instances: launches ask the market, states change in time, the ended vanish after an hour.

Works inside moto's EC2, whoever launches or ends: the API, Batch, Auto Scaling. The price of each second goes into the
ledger, each change of state onto the event bus.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tideform.sandbox.backends import backends
from tideform.sandbox.bill.ledger import Entry
from tideform.sandbox.extension.request import AwsError, put
from tideform.sandbox.market import reclaim, spot
from tideform.sandbox.market.market import refusal_message
from tideform.sandbox.market.supply import Standing

if TYPE_CHECKING:
    from tideform.sandbox.world import World

VISIBLE = 3600.0  # seconds that a terminated instance is still described
_PENDING, _RUNNING = ("pending", 0), ("running", 16)
_STANDS = ("pending", "running")


def install(world: World) -> None:
    """Change moto's instances."""
    from moto.ec2.models.instances import Instance, InstanceBackend

    lives = Lives(world)
    world.market.standing.append(lives.standing)
    put(InstanceBackend, "run_instances", _run(lives, InstanceBackend.run_instances))
    put(Instance, "terminate", _end(lives, Instance.terminate))
    put(Instance, "stop", _end(lives, Instance.stop))
    put(Instance, "start", _start(lives, Instance.start))
    spot.install(world)
    reclaim.install(world)


def all_instances() -> Iterator[Any]:
    """moto's instances of all accounts and regions, the ended ones too."""
    for backend in backends("ec2"):
        for reservation in list(backend.reservations.values()):
            yield from list(reservation.instances)


def tags_of(instance: Any) -> dict[str, str]:
    """An instance's tags."""
    return {tag["key"]: tag["value"] for tag in instance.get_tags()}


class Lives:
    """What happens to instances between their launch and their end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.launching = threading.Lock()  # what is looked up against a quota must not change before it is used

    def standing(self) -> Iterator[Standing]:
        """What counts against EC2's quotas."""
        for one in all_instances():
            if one.state in _STANDS:
                yield Standing(one.instance_type, one.availability_zone or "", one.lifecycle == "spot")

    def check(self, backend: Any, count: int, launch: dict[str, Any]) -> None:
        """Raise EC2's error where the market has nothing."""
        kind = launch.get("instance_type", "m1.small")
        is_spot = bool(launch.get("instance_market_options")) or launch.get("lifecycle") == "spot"
        zone = _zone(backend, launch)
        if code := self._world.market.launch_refusal(kind, zone, is_spot, count, self._world.clock.now()):
            raise AwsError(code, refusal_message(code, kind, zone))

    def launched(self, instance: Any) -> None:
        """An instance stands: it costs from now on, and runs now or after its delay."""
        self._enter(instance)
        delay = self._world.market.start_delay(instance.instance_type)
        self.tell(instance, "pending")
        if delay <= 0:
            self.tell(instance, "running")
            return
        instance._state.name, instance._state.code = _PENDING
        due = self._world.clock.now() + delay
        self._world.timeline.at(due, f"ec2/{instance.id}/running", lambda _: self._runs(instance))

    def started(self, instance: Any) -> None:
        """A stopped instance runs again."""
        self._enter(instance)
        self.tell(instance, "running")

    def ended(self, instance: Any) -> None:
        """An instance was stopped or terminated."""
        self._world.ledger.end(instance.id)
        instance._reason = instance._reason.replace("UTC", "GMT")  # which is how EC2 calls it
        self.tell(instance, instance.state)
        self._world.timeline.at(self._world.clock.now(), "market/freed", lambda _: self._world.market.changed())
        if instance.state == "terminated":
            gone = self._world.clock.now() + VISIBLE
            self._world.timeline.at(gone, f"ec2/{instance.id}/vanishes", lambda _: _vanish(instance))

    def tell(self, instance: Any, state: str) -> None:
        """Put a change of state on the bus."""
        backend = instance.ec2_backend
        self._world.bus.publish(
            "aws.ec2",
            "EC2 Instance State-change Notification",
            {"instance-id": instance.id, "state": state},
            account=backend.account_id,
            region=backend.region_name,
            resources=[f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:instance/{instance.id}"],
        )

    def _enter(self, instance: Any) -> None:
        zone, is_spot = instance.availability_zone or "", instance.lifecycle == "spot"
        price = spot.hourly(self._world, instance.instance_type, zone, spot=is_spot)
        now = self._world.clock.now()
        entry = Entry(instance.id, "ec2", instance.instance_type, zone, is_spot, now, price)
        self._world.ledger.start(entry, lambda: tags_of(instance))

    def _runs(self, instance: Any) -> None:
        if instance.state == "pending":
            instance._state.name, instance._state.code = _RUNNING
            self.tell(instance, "running")
            self._world.market.changed()


def _run(lives: Lives, original: Any) -> Any:
    def run_instances(self: Any, image_id: str, count: int, *given: Any, **launch: Any) -> Any:
        _take_market(self, launch)
        with lives.launching:
            lives.check(self, count, launch)
            reservation = original(self, image_id, count, *given, **launch)
        for instance in reservation.instances:
            lives.launched(instance)
        return reservation

    return run_instances


def _take_market(backend: Any, launch: dict[str, Any]) -> None:
    """A launch template may ask for spot and for a type; moto looks for neither in time."""
    given = launch.get("launch_template")
    if not given:
        return
    template = backend._get_template_from_args(given).data
    if (options := template.get("InstanceMarketOptions")) and not launch.get("instance_market_options"):
        launch["instance_market_options"] = options
    if launch.get("is_instance_type_default") and template.get("InstanceType"):
        launch["instance_type"], launch["is_instance_type_default"] = template["InstanceType"], False


def _zone(backend: Any, launch: dict[str, Any]) -> str:
    subnets = [launch.get("subnet_id"), *(nic.get("SubnetId") for nic in launch.get("nics") or [])]
    if subnet := next((one for one in subnets if one), None):
        return str(backend.get_subnet(subnet).availability_zone)
    return str(launch.get("placement") or f"{backend.region_name}a")


def _end(lives: Lives, original: Any) -> Any:
    def end(self: Any) -> Any:
        if self.state == "terminated":
            return type(self._state)(self._state.name, self._state.code)  # EC2 takes it, and nothing changes
        previous = original(self)
        lives.ended(self)
        return previous

    return end


def _start(lives: Lives, original: Any) -> Any:
    def start(self: Any) -> Any:
        was = self.state
        previous = original(self)
        if was == "stopped":
            lives.started(self)
        return previous

    return start


def _vanish(instance: Any) -> None:
    backend = instance.ec2_backend
    for key, reservation in list(backend.reservations.items()):
        if instance in reservation.instances:
            reservation.instances.remove(instance)
            if not reservation.instances:
                backend.reservations.pop(key, None)
    backend.tags.pop(instance.id, None)
