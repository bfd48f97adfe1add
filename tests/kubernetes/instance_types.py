"""The instance types that the simulated cloud has: those of the price book, in the form of Karpenter's KWOK provider.

https://github.com/kubernetes-sigs/karpenter/blob/main/kwok/examples/instance_types.json
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from tideform.components.kubernetes.efa import ADAPTER
from tideform.pools.network_cards import cards_of
from tideform.prices.book import InstanceType, book

REGION = "us-east-1"
ZONES = tuple(f"{REGION}{letter}" for letter in "abc")
_WITHOUT_ACCELERATOR = ("m5", "c5")  # for what runs beside the jobs; all types would only make Karpenter slow
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


def instance_types() -> list[dict[str, Any]]:
    """One entry for each type with accelerators, and for a few without."""
    return [
        _entry(each) for each in book().instances.values() if each.accelerators or each.family in _WITHOUT_ACCELERATOR
    ]


def _entry(kind: InstanceType) -> dict[str, Any]:
    resources = {
        "cpu": str(kind.vcpus),
        "memory": f"{int(kind.memory_gib * 1024)}Mi",
        "ephemeral-storage": "200Gi",
        **({_resource(kind): str(kind.accelerators)} if kind.accelerators else {}),
        **({ADAPTER: str(cards_of(kind))} if kind.efa else {}),
    }
    return {
        "name": kind.name,
        "architecture": _ARCHITECTURES[kind.arch],
        "operatingSystems": ["linux"],
        "resources": resources,
        "offerings": list(_offerings(kind)),
    }


def _resource(kind: InstanceType) -> str:
    ours = kind.accelerator.startswith(("Trainium", "Inferentia"))
    return "aws.amazon.com/neuron" if ours else "nvidia.com/gpu"


def _offerings(kind: InstanceType) -> Iterator[dict[str, Any]]:
    prices = {"on-demand": kind.on_demand_usd, "spot": kind.spot_usd or kind.on_demand_usd}
    for (capacity, price), zone in product(prices.items(), ZONES):
        requirements = {"karpenter.sh/capacity-type": capacity, "topology.kubernetes.io/zone": zone}
        yield {
            "Price": price,
            "Available": True,
            "Requirements": [{"key": key, "operator": "In", "values": [value]} for key, value in requirements.items()],
        }
