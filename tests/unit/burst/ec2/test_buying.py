"""What a group buys while machines of it stand: as they were bought or not at all, since AWS would replace them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.burst.ec2.conftest import Desk
from tests.unit.burst.ec2.test_runner import code_of, of_up_to
from tests.unit.burst.ec2.test_starting import begin, plan_for
from tests.unit.burst.permissions import actions_of, starter_may
from tests.unit.sandbox.waiting import until
from tideform.backends.training.ec2.in_account import buying, group
from tideform.burst.halt import Halt
from tideform.burst.runner import Work
from tideform.errors import RefusedError
from tideform.reaper.starting.base import StartError

NO_SPOT = {"types": "c5", "market": "spot"}
NO_ON_DEMAND = {"types": "c5", "market": "on-demand"}
TWO = Work(("true",), nodes=2)


def one_up(desk: Desk, *lack: dict[str, Any]) -> Desk:
    """A pool of up to two machines with one at work, bought where the market lacks this; later it has everything."""
    small = of_up_to(desk, 2)
    small.market(clear=True, lack=list(lack))
    small.up()
    small.market(clear=True)
    return small


def machines(desk: Desk) -> dict[str, bool]:
    """Those that stand, and whether each is a spot machine."""
    return {one.id: one.spot for one in desk.runner.capacity()}


def settled(desk: Desk) -> dict[str, bool]:
    """What stands once Auto Scaling has had the time to replace what it would."""
    desk.advance(150)
    until(lambda: len(group.in_service(desk.cloud, desk.runner.handle)) == desk.group()["DesiredCapacity"])
    desk.advance(150)
    return machines(desk)


def distribution(desk: Desk) -> dict[str, Any]:
    return buying.distribution(desk.group())


@pytest.mark.parametrize(("lack", "spot"), [((NO_SPOT,), False), ((), True)], ids=["on-demand", "spot"])
def test_more_machines_come_as_those_at_work_were_bought(desk: Desk, lack: Any, spot: bool) -> None:
    small = one_up(desk, *lack)
    (at_work,) = machines(small)
    small.runner.widen(small.lease(), TWO, Halt())
    found = settled(small)
    assert (at_work in found, list(found.values())) == (True, [spot, spot])


@pytest.mark.parametrize(
    ("first", "then", "way"),
    [((NO_SPOT,), NO_ON_DEMAND, "on-demand"), ((), NO_SPOT, "spot")],
    ids=["on-demand", "spot"],
)
def test_nothing_else_is_bought_beside_machines_at_work(desk: Desk, first: Any, then: Any, way: str) -> None:
    small = one_up(desk, *first)
    before = machines(small)
    small.market(lack=[then])
    with pytest.raises(RefusedError) as raised:
        small.runner.widen(small.lease(), TWO, Halt())
    assert code_of(raised) == "TD606"
    assert f"what stands was bought as {way}" in raised.value.diagnostics[0].detail
    assert machines(small) == before


def test_a_start_by_itself_buys_nothing_else_beside_machines_at_work(desk: Desk) -> None:
    small = one_up(desk)
    before = machines(small)
    small.market(lack=[NO_SPOT])
    looks = iter([True] * 5)
    with pytest.raises(StartError, match="what stands was bought as spot"):
        begin(small, plan_for(small, "true", nodes=2, cause="burst"), lambda: next(looks, False))
    assert machines(small) == before


def test_a_start_by_itself_that_has_no_such_rung_asks_for_nothing(desk: Desk) -> None:
    small = one_up(desk, NO_SPOT)
    only_spot = plan_for(small, "true", nodes=2, cause="burst", rungs=[{"kind": "spot"}])
    with actions_of(small.cloud) as taken, pytest.raises(StartError, match="what stands was bought as on-demand"):
        begin(small, only_spot)
    assert "autoscaling:UpdateAutoScalingGroup" not in taken


def test_where_enough_machines_stand_nothing_is_asked(desk: Desk) -> None:
    desk.market(lack=[NO_SPOT])
    desk.up()
    desk.market(clear=True)
    before = machines(desk)
    later = desk.lease(longer=600)
    with actions_of(desk.cloud) as taken:
        desk.runner.up(later, Halt())
    assert "autoscaling:CreateOrUpdateTags" in taken  # until when, for what comes in their place
    assert "autoscaling:UpdateAutoScalingGroup" not in taken
    assert (settled(desk), list(before.values())) == (before, [False, False])


class Half(Halt):
    """Waits for two machines, of which one goes before it has come, and spot has no other."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.done = desk, False
        self.limits.append(self.take_one)

    def take_one(self) -> None:
        members = self.desk.group()["Instances"]
        if len(members) == 2 and not self.done:
            self.done = True
            self.desk.market(clear=True, lack=[NO_SPOT])
            self.desk.cloud.client("ec2").terminate_instances(InstanceIds=[members[0]["InstanceId"]])
            self.desk.advance(61)


def test_no_job_begins_on_machines_that_are_about_to_be_replaced(desk: Desk) -> None:
    desk.market(slow=[{"types": "c5", "seconds": 60}])
    job = desk.runner.begin(desk.lease(), Work(("sleep", "300"), nodes=2), halt := Half(desk))
    chosen = desk.cloud.client("ssm").list_commands(CommandId=job)["Commands"][0]["InstanceIds"]
    assert (halt.done, [machines(desk)[one] for one in chosen]) == (True, [False, False])
    assert set(settled(desk)) == set(chosen)


def test_of_a_groups_distribution_nothing_but_the_percentage_changes(desk: Desk) -> None:
    whole = {"SpotAllocationStrategy": "price-capacity-optimized", "OnDemandPercentageAboveBaseCapacity": 0}
    name = desk.group()["AutoScalingGroupName"]
    policy = {"InstancesDistribution": whole}
    desk.cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=name, MixedInstancesPolicy=policy)
    before = distribution(desk)
    desk.market(lack=[NO_SPOT])
    desk.up()
    assert distribution(desk) == {**before, "OnDemandPercentageAboveBaseCapacity": 100}


def evens_out_zones(desk: Desk) -> None:
    """As groups of older versions do."""
    name = desk.group()["AutoScalingGroupName"]
    desk.cloud.client("autoscaling").resume_processes(AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"])


def test_a_zone_that_has_capacity_again_takes_no_machine_from_a_job(desk: Desk) -> None:
    evens_out_zones(desk)
    desk.market(lack=[{"types": "c5", "zone": "us-east-1a"}])
    desk.up()
    before = machines(desk)
    desk.market(clear=True)
    assert settled(desk) == before


def test_a_start_may_stop_the_evening_out_of_zones(desk: Desk) -> None:
    evens_out_zones(desk)
    with actions_of(desk.cloud) as taken:
        begin(desk, plan_for(desk, "true"))
    assert "autoscaling:SuspendProcesses" in taken
    assert taken - starter_may(backend="ec2") == set()
