"""What the alarms measure."""

from __future__ import annotations

import pytest

from tideform.registry.alarms import EndpointAlarm, alarms, endpoint_alarms, pool_alarms
from tideform.spec.serving import Endpoint

ENDPOINT = Endpoint(model={"from": "models"}, scale={"min": 1, "max": 9, "target_invocations": 200})


@pytest.mark.parametrize("entry", alarms().values(), ids=alarms())
def test_every_alarm_says_why(entry: object) -> None:
    assert len(getattr(entry, "why", "")) > 40


def test_pools_and_endpoints_share_the_alarms_between_them() -> None:
    assert len(pool_alarms()) + len(endpoint_alarms()) == len(alarms())


@pytest.mark.parametrize("entry", endpoint_alarms(), ids=lambda entry: entry.id)
def test_endpoint_alarms_look_at_one_variant_of_one_endpoint(entry: EndpointAlarm) -> None:
    found = entry.measure("name", "AllTraffic", ENDPOINT)
    assert found.dimensions == {"EndpointName": "name", "VariantName": "AllTraffic"}
    assert found.namespace == "AWS/SageMaker"
    assert found.datapoints <= found.periods


def test_capacity_is_measured_only_against_a_target() -> None:
    without = Endpoint(model={"from": "models"})
    by_id = {entry.id: entry for entry in endpoint_alarms()}
    assert by_id["endpoint-capacity"].applies(ENDPOINT)
    assert not by_id["endpoint-capacity"].applies(without)


def test_a_rollout_is_taken_back_for_errors_and_slowness_not_for_load() -> None:
    assert {e.id for e in endpoint_alarms() if e.rolls_back} == {"endpoint-errors", "endpoint-latency"}
