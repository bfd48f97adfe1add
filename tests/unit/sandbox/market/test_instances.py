"""Instances live in the sandbox's time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.unit.sandbox.market.machines import Machines


def _moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


def test_an_instance_is_launched_at_the_sandboxs_time(machines: Machines) -> None:
    machines.advance(7200)
    launched = machines.see(machines.launch())["LaunchTime"].timestamp()
    assert launched == pytest.approx(machines.now(), abs=60)


def test_a_terminated_instance_says_when_in_the_sandboxs_time(machines: Machines) -> None:
    instance = machines.launch()
    machines.advance(7200)
    machines.end(instance)
    reason = machines.see(instance)["StateTransitionReason"]
    match = re.fullmatch(r"User initiated \((.*) GMT\)", reason)
    assert match
    assert _moment(match[1]) == pytest.approx(machines.now(), abs=60)


def test_a_terminated_instance_is_seen_for_an_hour_and_not_longer(machines: Machines) -> None:
    instance = machines.launch()
    machines.end(instance)
    machines.advance(3500)
    assert machines.state(instance) == "terminated"
    machines.advance(200)
    assert machines.state(instance) == "gone"


def test_ending_an_instance_twice_changes_nothing(machines: Machines) -> None:
    instance = machines.launch()
    machines.end(instance)
    reason = machines.see(instance)["StateTransitionReason"]
    machines.advance(600)
    machines.end(instance)
    assert machines.see(instance)["StateTransitionReason"] == reason
    machines.advance(3100)
    assert machines.state(instance) == "gone"


def test_a_slow_start_is_pending_for_its_time(machines: Machines) -> None:
    machines.script(slow=[{"types": "g5", "seconds": 300}])
    instance = machines.launch()
    assert machines.state(instance) == "pending"
    machines.advance(250)
    assert machines.state(instance) == "pending"
    machines.advance(60)
    assert machines.state(instance) == "running"


def test_an_instance_that_ends_while_it_is_pending_does_not_come_to_life(machines: Machines) -> None:
    machines.script(slow=[{"types": "g5", "seconds": 300}])
    instance = machines.launch()
    machines.end(instance)
    machines.advance(400)
    assert machines.state(instance) == "terminated"


def test_a_launch_template_may_ask_for_spot(machines: Machines) -> None:
    machines.ec2.create_launch_template(
        LaunchTemplateName="spot",
        LaunchTemplateData={"InstanceType": "g5.2xlarge", "InstanceMarketOptions": {"MarketType": "spot"}},
    )
    answer = machines.ec2.run_instances(
        ImageId="ami-0ec50a11d3b25e1a4", MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateName": "spot"}
    )
    instance = machines.see(answer["Instances"][0]["InstanceId"])
    assert (instance["InstanceType"], instance["InstanceLifecycle"]) == ("g5.2xlarge", "spot")
