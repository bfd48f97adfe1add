"""EC2 capacity: instances, the requests that would bring more, and the disks that outlive them."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.resources.inventory import Area, Leftover, Place, tags_of

_STANDING = ("pending", "running", "stopping", "stopped", "shutting-down")  # every state but terminated
_OPEN = ("open", "active")


def instances(place: Place) -> Iterator[Leftover]:
    """Instances that are not terminated."""
    states = [{"Name": "instance-state-name", "Values": list(_STANDING)}]
    for reservation in place.pages("ec2", "describe_instances", "Reservations", Filters=states):
        for found in reservation["Instances"]:
            tags, kind = tags_of(found), found["InstanceType"]
            known = place.prices.known(kind)
            running = found["State"]["Name"] in ("pending", "running")
            price = known.on_demand_usd if known and running else None
            name, note = tags.get("Name", ""), f"{kind}, {found['State']['Name']}"
            yield from place.claim(Leftover("ec2", "instance", found["InstanceId"], name, price, note), name, tags)


def spot_requests(place: Place) -> Iterator[Leftover]:
    """Spot requests that still may launch, or have launched, an instance."""
    states = [{"Name": "state", "Values": list(_OPEN)}]
    requests = place.pages("ec2", "describe_spot_instance_requests", "SpotInstanceRequests", Filters=states)
    for found in requests:
        tags = tags_of(found)
        request = Leftover("ec2", "spot request", found["SpotInstanceRequestId"], note=found["State"])
        yield from place.claim(request, tags.get("Name", ""), tags)


def volumes(place: Place) -> Iterator[Leftover]:
    """Disks; what one costs depends on its size and type."""
    for found in place.pages("ec2", "describe_volumes", "Volumes"):
        tags = tags_of(found)
        name = tags.get("Name", "")
        note = f"{found['Size']} GiB {found.get('VolumeType', '')}, billed by size".replace(" ,", ",")
        yield from place.claim(Leftover("ec2", "volume", found["VolumeId"], name, note=note), name, tags)


AREAS = (
    Area("EC2 instances", instances),
    Area("EC2 spot requests", spot_requests),
    Area("EC2 volumes", volumes),
)
