"""The life of EC2 instances: launches ask the market, states change in time, the ended vanish after an hour.

Works inside moto's EC2, whoever launches or ends: the API, Batch, Auto Scaling. The price of each second goes into the
ledger, each change of state onto the event bus.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tideform_sandbox.backends import backends
from tideform_sandbox.bill.ledger import Entry
from tideform_sandbox.extension.request import AwsError, parameters, put
from tideform_sandbox.market import reclaim, reservation_operations, spot
from tideform_sandbox.market.market import refusal_message
from tideform_sandbox.market.reservations import BLOCK, Reservations, Reserved, Wish
from tideform_sandbox.market.supply import Standing

if TYPE_CHECKING:
    from tideform_sandbox.world import World

VISIBLE = 3600.0  # seconds that a terminated instance is still described
_PENDING, _RUNNING = ("pending", 0), ("running", 16)
_STANDS = ("pending", "running")
_said: ContextVar[dict[str, Any] | None] = ContextVar("CapacityReservationSpecification", default=None)


def install(world: World) -> None:
    """Change moto's instances."""
    from moto.ec2.models.instances import Instance, InstanceBackend
    from moto.ec2.responses import EC2Response

    lives = Lives(world, Reservations(world))
    world.market.standing.append(lives.standing)
    put(InstanceBackend, "run_instances", _run(lives, InstanceBackend.run_instances))
    put(Instance, "terminate", _end(lives, Instance.terminate))
    put(Instance, "stop", _end(lives, Instance.stop))
    put(Instance, "start", _start(lives, Instance.start))
    put(EC2Response, "run_instances", _asked_for(EC2Response.run_instances))
    reservation_operations.install(world, lives.reservations)
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

    def __init__(self, world: World, reservations: Reservations) -> None:
        self._world, self.reservations = world, reservations
        self.launching = threading.Lock()  # what is looked up against a quota must not change before it is used

    def standing(self) -> Iterator[Standing]:
        """What counts against EC2's quotas."""
        for one in all_instances():
            if one.state in _STANDS and one.lifecycle != BLOCK:
                yield Standing(one.instance_type, one.availability_zone or "", one.lifecycle == "spot")

    def reserved(self, backend: Any, count: int, launch: dict[str, Any], wish: Wish) -> Reserved | None:
        """The reservation that a launch uses up. Raises EC2's error where neither that nor the market has anything."""
        kind, zone = launch.get("instance_type", "m1.small"), _zone(backend, launch)
        held = self.reservations.taken(backend, wish, kind, zone, count)
        if held is None:
            self._check(kind, zone, count, launch)
        return held

    def _check(self, kind: str, zone: str, count: int, launch: dict[str, Any]) -> None:
        is_spot = bool(launch.get("instance_market_options")) or launch.get("lifecycle") == "spot"
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
        price = 0.0 if instance.lifecycle == BLOCK else price  # a block is paid for before it begins
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
        wish = _wish(self, launch)
        with lives.launching:
            held = lives.reserved(self, count, launch, wish)
            reservation = original(self, image_id, count, *given, **launch)
            for instance in reservation.instances:
                instance.capacity_reservation_id = held.id if held else None
                instance.lifecycle = BLOCK if held and held.block else instance.lifecycle
                instance.cpu_options = _cpu_options(instance.instance_type)
        for instance in reservation.instances:
            lives.launched(instance)
        return reservation

    return run_instances


def _cpu_options(kind: str) -> dict[str, int]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CpuOptions.html"""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    told = INSTANCE_TYPES[kind]["VCpuInfo"]
    return {"CoreCount": told["DefaultCores"], "ThreadsPerCore": told["DefaultThreadsPerCore"]}


def _wish(backend: Any, launch: dict[str, Any]) -> Wish:
    """What a launch asks of reservations; a template may ask for that, a market and a type, which moto overlooks."""
    asked = launch.pop("capacity_reservation", None) or _said.get()
    if given := launch.get("launch_template"):
        template = backend._get_template_from_args(given).data
        asked = asked or template.get("CapacityReservationSpecification")
        if (options := template.get("InstanceMarketOptions")) and not launch.get("instance_market_options"):
            launch["instance_market_options"] = options
        if launch.get("is_instance_type_default") and template.get("InstanceType"):
            launch["instance_type"], launch["is_instance_type_default"] = template["InstanceType"], False
    options = launch.get("instance_market_options") or {}
    market = options if isinstance(options, str) else str(options.get("MarketType", ""))
    if market == BLOCK:
        del launch["instance_market_options"]  # moto takes every market for spot
    return Wish.of(asked or {}, market)


def _asked_for(original: Any) -> Any:
    """moto drops what RunInstances says of reservations."""

    def run_instances(self: Any) -> Any:
        token = _said.set(parameters(self).get("CapacityReservationSpecification"))
        try:
            return original(self)
        finally:
            _said.reset(token)

    return run_instances


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
