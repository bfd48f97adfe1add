"""What the programs make for an eks pool is what a real API server with the real custom resources takes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.rendered import JOB, apply_all, lost, pool_objects
from tideform.kube import KubeError

POOLS: dict[str, dict[str, Any]] = {
    "plain": {},
    "by-accelerator": {"instance_types": [], "accelerator": {"name": "A10G", "count": "1..32"}},
    "gang": {"nodes": 4, "job": {**JOB, "nodes": 4}},
    "on-demand": {"capacity": {"spot": "never"}, "zones": ["a", "b"]},
    "spot-only": {"capacity": {"spot": "only"}, "kubernetes": {"disruption_budget": "20%"}},
    "reserved": {"capacity": {"reservations": ["cr-0123456789abcdef0"], "blocks": ["cr-0123456789abcdef1"]}},
    "processors": {"instance_types": ["c5.2xlarge"]},
    "thousands": {"instance_types": ["g5.xlarge"], "nodes": 2000},
    "adapters": {
        "instance_types": ["p4d.24xlarge"], "nodes": 4, "interconnect": "efa", "job": {**JOB, "nodes": 4}
    },
    "a-pool-with-the-longest-of-names": {},
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_the_api_server_takes_every_object_of_a_pool_whole(control_plane: ControlPlane, name: str) -> None:
    objects = pool_objects(name, **POOLS[name])
    pairs = zip(objects, apply_all(control_plane.api, objects), strict=True)
    assert [f"{sent['kind']}{path}" for sent, kept in pairs for path in lost(sent, kept)] == []


@pytest.mark.parametrize("name", POOLS)
def test_the_api_server_writes_quantities_as_we_do(control_plane: ControlPlane, name: str) -> None:
    """Whoever reads them back in another form takes that for a change: ``95`` of ``95000m``, ``2k`` of ``2000``."""
    quotas = [each for each in pool_objects(name, **POOLS[name]) if each["kind"] in ("Namespace", "ResourceQuota")]
    (kept,) = [each for each in apply_all(control_plane.api, quotas) if each["kind"] == "ResourceQuota"]
    (sent,) = [each for each in quotas if each["kind"] == "ResourceQuota"]
    assert kept["spec"]["hard"] == sent["spec"]["hard"]


def test_applying_a_pool_again_changes_nothing(control_plane: ControlPlane) -> None:
    objects = pool_objects("again")
    first = apply_all(control_plane.api, objects)
    second = apply_all(control_plane.api, objects)
    assert [each["metadata"]["resourceVersion"] for each in second] == [
        each["metadata"]["resourceVersion"] for each in first
    ]


def test_a_lost_field_would_be_told(control_plane: ControlPlane) -> None:
    (node_pool,) = [each for each in pool_objects("misspelt") if each["kind"] == "NodePool"]
    spec = {**node_pool["spec"], "disruption": {**node_pool["spec"]["disruption"], "consolidateAftr": "1s"}}
    misspelt = {**node_pool, "spec": spec}
    try:
        kept = control_plane.api.apply(misspelt)
    except KubeError:
        return
    assert lost(misspelt, kept) == [".spec.disruption.consolidateAftr: '1s' became None"]
