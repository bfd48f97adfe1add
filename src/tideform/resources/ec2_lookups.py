"""What EC2 numbers itself, looked up by its attributes and our tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tideform.resources.identity import Identify, Inputs, carry
from tideform.resources.inventory import Find, Leftover, Place, pairs, tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_GONE = {"deleting", "deleted", "Deleting", "Deleted"}


def by_filters(noun: str, id_key: str, filters: Mapping[str, str]) -> Identify:
    """An EC2 noun (``subnets``) by filters on its inputs and by our tags."""

    def look(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
        wanted = [{"Name": name, "Values": [inputs[key]]} for name, key in filters.items() if inputs.get(key)]
        for item in described(cloud, noun, wanted):
            if carry(pairs(item.get("Tags") or ()), inputs.get("tags")) and item.get("State") not in _GONE:
                yield str(item[id_key])

    return look


def described(cloud: Cloud, noun: str, filters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every ``noun`` that passes these filters."""
    ec2 = cloud.client("ec2")
    argument = "Filter" if noun == "flow_logs" else "Filters"  # the API's own irregularity
    for page in ec2.get_paginator(f"describe_{noun}").paginate(**{argument: filters}):
        yield from page["".join(word.capitalize() for word in noun.split("_"))]


def tagged(operation: str, key: str, id_key: str, kind: str) -> Find:
    """An inventory's question about one noun that is known by its tags."""

    def find(place: Place) -> Iterator[Leftover]:
        for found in place.pages("ec2", operation, key):
            tags = tags_of(found)
            name = tags.get("Name") or found.get("GroupName", "")
            yield from place.claim(Leftover("ec2", kind, found[id_key], name), name, tags)

    return find
