"""Spot instances that are taken back: told two minutes before, then ended.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tideform_sandbox.backends import backends
from tideform_sandbox.market.market import Notice

if TYPE_CHECKING:
    from tideform_sandbox.world import World

CODE = "Server.SpotInstanceTermination"


def install(world: World) -> None:
    """Let the market take instances back."""
    world.market.reclaimer = lambda instance_id, notice: reclaim(world, instance_id, notice)


def reclaim(world: World, instance_id: str, notice: float) -> dict[str, Any]:
    """Warn of, and ``notice`` seconds later carry out, the end of a spot instance. Raises `ValueError` without one."""
    backend, instance = _find(instance_id)
    if instance.lifecycle != "spot":
        raise ValueError(f"{instance_id} is no spot instance: AWS takes only those back")
    now = world.clock.now()
    at = now + notice
    world.market.notices[instance_id] = Notice(now, at)
    place = {"account": backend.account_id, "region": backend.region_name}
    arn = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:instance/{instance_id}"
    recommended = "EC2 Instance Rebalance Recommendation"
    world.bus.publish("aws.ec2", recommended, {"instance-id": instance_id}, resources=[arn], **place)
    warning = {"instance-id": instance_id, "instance-action": "terminate"}
    world.bus.publish("aws.ec2", "EC2 Spot Instance Interruption Warning", warning, resources=[arn], **place)
    world.timeline.at(at, f"ec2/{instance_id}/reclaimed", lambda due: _take(backend, instance, due))
    return {"instance": instance_id, "at": at}


def _find(instance_id: str) -> tuple[Any, Any]:
    for backend in backends("ec2"):
        for reservation in list(backend.reservations.values()):
            for instance in reservation.instances:
                if instance.id == instance_id and instance.state in ("pending", "running"):
                    return backend, instance
    raise ValueError(f"no instance {instance_id} runs")


def _take(backend: Any, instance: Any, due: float) -> None:
    from moto.ec2.models.instances import StateReason

    if instance.state == "terminated":
        return
    instance.disable_api_termination = False  # it protects from API calls alone
    backend.terminate_instances([instance.id])
    when = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
    instance._reason = f"Service initiated ({when})"  # as EC2 says it; the market is named in the state reason
    instance.state_reason = StateReason(f"{CODE}: Spot instance termination", CODE)
