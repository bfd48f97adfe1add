"""What a plan costs, and which caps make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool, resource
from tideform.diagnostics import Severity
from tideform.model.planned import UNKNOWN, Action, PlannedResource, PriceLine
from tideform.plan.cost import cost_findings, price, standing_hourly, worst_case
from tideform.pools.worst_case import LATE, worst_case_text
from tideform.prices.book import book

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
COMPUTE = "aws:batch/computeEnvironment:ComputeEnvironment"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"


def line(found: PlannedResource, **sections: Any) -> PriceLine:
    (only,) = price([found], deployment(**sections))
    return only


def test_an_interface_endpoint_is_paid_per_zone() -> None:
    found = resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=["a", "b", "c"])
    assert line(found).hourly == pytest.approx(0.03)


def test_subnets_that_are_not_known_yet_are_counted_by_the_specs_zones() -> None:
    found = resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=UNKNOWN)
    assert line(found, network={"zones": 2}).hourly == pytest.approx(0.02)


@pytest.mark.parametrize(
    "free",
    [
        resource(ENDPOINT, vpcEndpointType="Gateway"),
        resource("aws:iam/role:Role"),
        resource("aws:s3/bucketPolicy:BucketPolicy"),
        resource("pulumi:providers:aws"),
    ],
    ids=lambda r: r.type,
)
def test_what_costs_nothing_has_no_line(free: PlannedResource) -> None:
    assert price([free], deployment()) == ()


def test_what_is_deleted_costs_nothing() -> None:
    gone = PlannedResource("foundation", "aws:kms/key:Key", "data", Action.DELETE, {}, None)
    assert price([gone], deployment()) == ()


def test_an_unknown_type_is_never_zero_in_silence() -> None:
    found = line(resource("aws:fsx/lustreFileSystem:LustreFileSystem"))
    assert (found.hourly, found.note) == (None, "not in the price book")


def test_a_bucket_is_priced_by_use() -> None:
    assert line(resource("aws:s3/bucket:Bucket")).note == "priced by use"


def variants(**variant: Any) -> PlannedResource:
    return resource(CONFIGURATION, "score", "serving/score", productionVariants=[variant])


def test_endpoint_instances_are_paid_all_the_time() -> None:
    found = line(variants(instanceType="ml.m5.large", initialInstanceCount=2))
    assert found.item == "2 x ml.m5.large"
    assert found.hourly == pytest.approx(0.23)


def test_what_an_endpoint_may_become_under_load_is_in_the_note() -> None:
    section = {"score": {"model": {"from": "models"}, "scale": {"min": 1, "max": 100}}}
    found = line(variants(instanceType="ml.m5.large", initialInstanceCount=1), serving=section)
    assert "up to 100 x ml.m5.large, 11.50 USD an hour" in found.note


def test_an_estimated_price_says_so() -> None:
    found = line(variants(instanceType="ml.g6e.xlarge", initialInstanceCount=1))
    assert found.hourly is not None
    assert found.note.startswith("estimate")


def test_an_instance_that_the_book_does_not_know_has_no_price() -> None:
    assert line(variants(instanceType="ml.x9.huge", initialInstanceCount=1)).hourly is None


def test_a_pool_that_stays_at_zero_costs_nothing_while_it_stands() -> None:
    found = line(resource(COMPUTE, "nightly", "training/nightly"), training=pool())
    assert found.hourly is None
    assert found.note.startswith("paid while a burst runs")


def test_a_pool_that_exists_during_a_burst_only_costs_its_capacity() -> None:
    section = pool(between_bursts="remove", nodes="1..4")
    found = line(resource(COMPUTE, "nightly", "training/nightly"), training=section)
    assert found.hourly == pytest.approx((4 + 1) * 1.006)  # Batch may exceed its bound by one


def test_a_pool_has_one_line_however_many_environments_it_has() -> None:
    both = [resource(COMPUTE, name, "training/nightly") for name in ("spot", "on-demand")]
    assert len(price(both, deployment(training=pool()))) == 1


def test_dormant_pools_are_no_standing_cost() -> None:
    target = deployment(training=pool(between_bursts="remove"))
    lines = price([resource(COMPUTE, "nightly", "training/nightly"), resource("aws:kms/key:Key")], target)
    assert standing_hourly(lines, target) == pytest.approx(1 / 730)


def test_the_worst_case_is_all_capacity_for_the_whole_lease() -> None:
    target = deployment(training=pool(nodes="1..8", lease="6h"))
    worst = worst_case("nightly", target)
    assert worst is not None
    assert worst.usd == pytest.approx((8 + 1) * 1.006 * (6 * 3600 + LATE) / 3600)


def test_accelerators_are_counted_and_not_instances() -> None:
    section = pool(instance_types=[], accelerator={"name": "A10G", "count": "1..32"})
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert sum(fleet.count * fleet.kind.accelerators for fleet in worst.most.fleets) >= 32


def test_a_cap_bounds_the_worst_case() -> None:
    section = pool(nodes="1..8", lease="6h", max_cost="20 USD")
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert worst.capped_usd == pytest.approx(20 + 9 * 1.006 * LATE / 3600)
    assert "capped at 20 USD: 21.51 USD with the 10 minutes in which a brake acts" in str(worst)


@pytest.mark.parametrize(("backend", "machines"), [("batch", 20 + 1), ("ec2", 20 + 2), ("sagemaker", 20), ("eks", 20)])
def test_each_backend_has_its_line_of_what_it_can_hold(backend: str, machines: int) -> None:
    prefix = "ml." if backend == "sagemaker" else ""
    section = pool(backend=backend, instance_types=[f"{prefix}g5.xlarge"], nodes=20)
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert worst.most.count == machines


def test_what_a_capacity_block_reserves_is_not_exceeded() -> None:
    section = pool(instance_types=["p5.48xlarge"], nodes=2, zones=["a"], capacity={"blocks": ["cr-0a1b2c3d4e5f60718"]})
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert str(worst.most) == "2 x p5.48xlarge"


def test_warm_machines_are_part_of_the_worst_case() -> None:
    section = pool(backend="sagemaker", instance_types=["ml.g5.xlarge"], lease="1h", keep_alive="1h")
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert worst.usd == pytest.approx(worst.most.hourly * (7200 + LATE) / 3600)


def test_the_dearest_of_several_types_counts_where_machines_are_counted() -> None:
    section = pool(backend="ec2", instance_types=["c5.large", "c5.4xlarge"], nodes=3)
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert str(worst.most).startswith("3 x c5.4xlarge, and 1 x c5.4xlarge more")


def test_what_is_left_of_a_bound_in_vcpus_counts_too() -> None:
    section = pool(instance_types=["c5.large", "g5.4xlarge"], nodes=9)
    worst = worst_case("nightly", deployment(training=section))
    assert worst is not None
    assert str(worst.most).startswith("1 x g5.4xlarge and 1 x c5.large, and 1 x g5.4xlarge more")


def test_unknown_instance_types_are_told() -> None:
    target = deployment(training=pool(instance_types=["x9.huge"]))
    assert worst_case("nightly", target) is None
    assert "does not know" in worst_case_text(target, "nightly")


@pytest.mark.parametrize(("hard", "severity"), [(True, Severity.ERROR), (False, Severity.WARNING)])
def test_a_budget_below_the_standing_cost_is_told(hard: bool, severity: Severity) -> None:
    target = deployment(budget={"monthly": "10 USD", "hard_stop": hard})
    (finding,) = cost_findings([PriceLine("a", "b", 1.0)], target)
    assert (finding.code, finding.severity) == ("TD340", severity)


def test_another_region_is_noted() -> None:
    (finding,) = cost_findings([PriceLine("a", "b", 1.0)], deployment("eu-west-1"))
    assert (finding.code, finding.severity) == ("TD342", Severity.NOTE)


def test_a_cluster_and_its_controllers_stand_all_the_time() -> None:
    group = resource("aws:eks/nodeGroup:NodeGroup", instanceTypes=["m7g.large"], scalingConfig={"desiredSize": 2})
    hourly = [line(each).hourly for each in (resource("aws:eks/cluster:Cluster"), group)]
    assert hourly == [pytest.approx(0.10), pytest.approx(2 * book().instances["m7g.large"].on_demand_usd)]
