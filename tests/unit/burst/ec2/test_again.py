"""A job that nobody follows and that loses its machines begins anew on others, once, and within its lease."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.burst.ec2.conftest import POOL, Desk
from tests.unit.burst.ec2.test_starting import begin, leases, plan_for, reap, status
from tests.unit.burst.permissions import actions_of, reaper_may
from tests.unit.sandbox.waiting import until
from tideform.backends.training.ec2.in_account import ending
from tideform.reaper.pools import POOL as KEY
from tideform.reaper.pools import Pools
from tideform.reaper.scheduled import JOB_OVER
from tideform.reaper.starting.base import ATTEMPTS

WAIT = ("sh", "-c", 'touch "$HOME/../$TIDEFORM_LEASE.$RANK"; exec sleep 600')
SAVES = ("sh", "-c", "trap '' TERM; touch \"$HOME/../$TIDEFORM_LEASE.$RANK\"; while :; do sleep 1; done")
FAILS = ("sh", "-c", "exit 3")


def sent(desk: Desk) -> list[dict[str, Any]]:
    """The pool's commands, the oldest first."""
    comment = plan_for(desk)["handle"]["comment"]
    found = desk.cloud.client("ssm").list_commands()["Commands"]
    return [one for one in reversed(found) if str(one["Comment"]).startswith(comment)]


def began(desk: Desk, plan: dict[str, Any]) -> dict[str, Any]:
    """A job of the plan that runs on all of its machines."""
    begun = begin(desk, plan)
    jobs = desk.workspace.sandbox / "jobs"
    until(lambda: all((jobs / f"{begun['lease']}.{rank}").exists() for rank in range(plan["size"])))
    return begun


def take(desk: Desk, machine: str) -> None:
    """As a host that fails: at once, and without a word."""
    desk.cloud.client("ec2").terminate_instances(InstanceIds=[machine])
    until(lambda: machine not in [one.id for one in desk.runner.capacity()])
    until(lambda: len(in_service(desk)) == 2)


def statuses(desk: Desk) -> set[str]:
    """What SSM says of the last command on each of its machines."""
    asked = {"CommandId": sent(desk)[-1]["CommandId"]}
    return {one["Status"] for one in desk.cloud.client("ssm").list_command_invocations(**asked)["CommandInvocations"]}


def in_service(desk: Desk) -> list[str]:
    found = [one for one in desk.group()["Instances"] if one["LifecycleState"] == "InService"]
    return [str(one["InstanceId"]) for one in found]


@pytest.mark.parametrize("size", [1, 2])
def test_a_job_whose_machine_is_taken_away_begins_anew(desk: Desk, size: int) -> None:
    plan = plan_for(desk, *WAIT, size=size)
    begun = began(desk, plan)
    lost = sent(desk)[0]["InstanceIds"][0]
    take(desk, lost)
    did = reap(desk)
    assert did == [f"{POOL}: began the job of {begun['lease']} anew, attempt 2: it had lost {lost}"]
    first, second = sent(desk)
    assert len(second["InstanceIds"]) == size
    assert lost not in second["InstanceIds"]
    assert (status(desk, first["CommandId"]), status(desk, second["CommandId"])) == ("InProgress", "InProgress")
    assert (leases(desk), desk.table.get(POOL).leases[0].job) == ([begun["lease"]], second["CommandId"])


def test_the_next_attempt_has_the_words_of_the_last_one_and_the_addresses_of_its_own_machines(desk: Desk) -> None:
    began(desk, plan_for(desk, *WAIT))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    reap(desk)
    first, second = (one["Parameters"]["commands"] for one in sent(desk))
    differ = [(old, new) for old, new in zip(first, second, strict=True) if old != new]
    assert [new.partition("=")[0].partition(" ")[0] for _, new in differ] in (["case"], ["case", "export"])
    assert all(machine in differ[0][1] for machine in sent(desk)[1]["InstanceIds"])


@pytest.mark.parametrize("notice", [2, 8, 120])
def test_a_job_that_dies_of_the_sigterm_before_a_reclaim_begins_anew(desk: Desk, notice: float) -> None:
    began(desk, plan_for(desk, *WAIT, size=1))
    lost = sent(desk)[0]["InstanceIds"][0]
    desk.market(reclaim=[{"instance": lost, "notice": notice}])
    until(lambda: status(desk, sent(desk)[0]["CommandId"]) == "Failed" or lost not in in_service(desk))
    until(lambda: len(in_service(desk)) == 2)
    assert any("anew, attempt 2" in line for line in reap(desk))


def test_while_it_still_saves_its_work_on_the_machine_that_goes_no_other_attempt_begins(desk: Desk) -> None:
    began(desk, plan_for(desk, *SAVES, size=1))
    (leaving,) = sent(desk)[0]["InstanceIds"]
    desk.market(reclaim=[{"instance": leaving, "notice": 600}])
    until(lambda: len(in_service(desk)) == 2 and leaving not in in_service(desk))
    assert (reap(desk, spare=0), len(sent(desk)), status(desk, sent(desk)[0]["CommandId"])) == ([], 1, "InProgress")
    desk.cloud.client("ec2").terminate_instances(InstanceIds=[leaving])
    until(lambda: leaving not in [one.id for one in desk.runner.capacity()])
    assert any("attempt 2" in line for line in reap(desk))


def test_a_rank_that_outlives_its_peer_is_ended_before_all_begin_anew(desk: Desk) -> None:
    began(desk, plan_for(desk, *SAVES))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    desk.advance(120)
    assert (reap(desk, later=0, spare=0), statuses(desk)) == ([], {"InProgress", "Cancelled"})
    assert (reap(desk, later=0, spare=0), len(sent(desk))) == ([], 1)
    desk.advance(51)
    assert any("attempt 2" in line for line in reap(desk))


def test_a_job_that_failed_before_its_machine_went_does_not_begin_anew(desk: Desk) -> None:
    begun = begin(desk, plan_for(desk, *FAILS, size=1))
    until(lambda: status(desk, begun["job"]) == "Failed")
    desk.advance(60)
    take(desk, sent(desk)[0]["InstanceIds"][0])
    assert any(f"ended {begun['lease']}: its job failed on i-" in line for line in reap(desk))
    assert len(sent(desk)) == 1


def test_a_job_that_succeeded_does_not_begin_anew_whatever_happens_to_its_machine(desk: Desk) -> None:
    begun = begin(desk, plan_for(desk, "true", size=1))
    until(lambda: status(desk, begun["job"]) == "Success")
    take(desk, sent(desk)[0]["InstanceIds"][0])
    assert f"{POOL}: ended {begun['lease']}: {JOB_OVER}" in reap(desk)
    assert len(sent(desk)) == 1


def test_two_rounds_begin_it_anew_once(desk: Desk) -> None:
    began(desk, plan_for(desk, *WAIT))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    assert any("attempt 2" in line for line in reap(desk))
    assert (reap(desk, later=121), len(sent(desk))) == ([], 2)


def test_a_round_that_read_the_lease_before_another_began_its_job_anew_begins_nothing(desk: Desk) -> None:
    begun = began(desk, plan_for(desk, *WAIT))
    pools, key = Pools(desk.table.items), f"{KEY}{POOL}"
    assert pools.begin_again(key, begun["lease"], None, 100)
    assert not pools.begin_again(key, begun["lease"], None, 101)


def test_nothing_begins_anew_in_a_pool_that_is_being_taken_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    began(desk, plan_for(desk, *WAIT))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    claim = Pools.begin_again

    def and_somebody_ends_it(pools: Pools, key: str, *words: Any) -> bool:
        mine = claim(pools, key, *words)
        token = desk.table.items.get(key)["token"]  # type: ignore[index]
        pools.begin_stop(key, token, {"pid": 0, "host": "h", "boot": "b", "namespace": "n", "started": 0}, 0)
        return mine

    monkeypatch.setattr(Pools, "begin_again", and_somebody_ends_it)
    reap(desk)
    assert len(sent(desk)) == 1


def test_it_waits_for_machines_in_the_place_of_those_that_went(desk: Desk) -> None:
    began(desk, plan_for(desk, *WAIT))
    desk.market(lack=[{"types": "c5"}])
    lost = sent(desk)[0]["InstanceIds"][0]
    desk.cloud.client("ec2").terminate_instances(InstanceIds=[lost])
    until(lambda: lost not in [one.id for one in desk.runner.capacity()])
    assert (reap(desk, spare=0), len(sent(desk)), len(leases(desk))) == ([], 1, 1)
    desk.market(clear=True)
    until(lambda: len(in_service(desk)) == 2)
    assert any("attempt 2" in line for line in reap(desk))


def test_a_machine_that_outlives_two_attempts_is_good_for_the_third(desk: Desk) -> None:
    began(desk, plan_for(desk, *WAIT))
    stays = sent(desk)[0]["InstanceIds"][0]
    for number in (2, 3):
        (other,) = {*sent(desk)[-1]["InstanceIds"]} - {stays}
        take(desk, other)
        assert any(f"attempt {number}:" in line for line in reap(desk, later=120 * number))
    assert stays in sent(desk)[2]["InstanceIds"]


def test_while_it_waits_for_a_machine_that_does_not_come_nobody_works(desk: Desk) -> None:
    handle = plan_for(desk)["handle"]
    began(desk, plan_for(desk, *WAIT))
    assert ending.busy(desk.cloud, handle, desk.cloud.clock())
    desk.market(lack=[{"types": "c5"}])
    desk.cloud.client("ec2").terminate_instances(InstanceIds=[sent(desk)[0]["InstanceIds"][0]])
    until(lambda: len(desk.runner.capacity()) == 1)
    reap(desk, spare=0)
    until(lambda: not ending.busy(desk.cloud, handle, desk.cloud.clock()))
    assert status(desk, sent(desk)[0]["CommandId"]) == "InProgress"


def test_one_that_loses_its_machines_again_and_again_ends_with_its_last_attempt(desk: Desk) -> None:
    begun = began(desk, plan_for(desk, *WAIT, size=1))
    for number in range(1, ATTEMPTS):
        take(desk, sent(desk)[-1]["InstanceIds"][0])
        assert any(f"attempt {number + 1}:" in line for line in reap(desk, later=120 * number))
    take(desk, lost := sent(desk)[-1]["InstanceIds"][0])
    why = f"its job lost {lost}, the last of {ATTEMPTS} attempts"
    assert f"{POOL}: ended {begun['lease']}: {why}" in reap(desk, later=120 * ATTEMPTS)
    assert (len(sent(desk)), leases(desk)) == (ATTEMPTS, [])


def test_a_member_of_a_sweep_begins_anew_while_the_others_go_on(desk: Desk) -> None:
    plan = plan_for(desk, *WAIT, size=1)
    (task,) = plan["tasks"]
    plan["tasks"] = [{**task, "environment": {**task["environment"], "WANTED": str(index)}} for index in range(2)]
    began(desk, plan)
    first, second = sent(desk)
    take(desk, first["InstanceIds"][0])
    reap(desk)
    assert status(desk, second["CommandId"]) == "InProgress"
    assert sent(desk)[2]["InstanceIds"] != second["InstanceIds"]
    assert "export WANTED=0" in sent(desk)[2]["Parameters"]["commands"]


def test_past_its_lease_it_does_not_begin_anew(desk: Desk) -> None:
    began(desk, plan_for(desk, *WAIT))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    assert any("its lease has run out" in line for line in reap(desk, later=1801))
    assert len(sent(desk)) == 1


def test_to_begin_anew_takes_no_action_that_the_reapers_role_may_not(desk: Desk) -> None:
    began(desk, plan_for(desk, *WAIT))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    with actions_of(desk.cloud) as taken:
        reap(desk)
    assert "ssm:SendCommand" in taken
    assert taken - reaper_may() == set()


def test_when_the_next_attempt_is_over_the_machines_go(desk: Desk) -> None:
    flag = 'test -e "$HOME/../again" || { touch "$HOME/../again" "$HOME/../$TIDEFORM_LEASE.$RANK"; exec sleep 600; }'
    begun = began(desk, plan_for(desk, "sh", "-c", flag, size=1))
    take(desk, sent(desk)[0]["InstanceIds"][0])
    reap(desk)
    until(lambda: status(desk, sent(desk)[1]["CommandId"]) == "Success")
    assert f"{POOL}: ended {begun['lease']}: {JOB_OVER}" in reap(desk, later=240)
    assert (desk.runner.capacity(), ending.commands(desk.cloud, plan_for(desk)["handle"])) == ((), [])
