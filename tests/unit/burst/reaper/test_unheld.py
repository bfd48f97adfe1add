"""Capacity that nobody holds, in rounds of the reaper on the real sandbox: found by tag, whatever the table says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from tests.unit.burst.reaper.conftest import Reaped
from tests.unit.burst.reaper.leasing import HOUR, Bursts, make_table
from tests.unit.sandbox.waiting import until
from tideform.backends.training.batch.in_account import ending as batch
from tideform.cloud import Cloud
from tideform.reaper.fates import NOBODYS, Fates
from tideform.reaper.pools import Pools
from tideform.reaper.unheld import is_by_hand, is_stray

_NUMBERS = count(1)
_LEASE = {"tideform:lease": "gone", "tideform:token": "1", "tideform:expires": "2099-01-01T00:00:00Z"}
_GRACE = 900


@pytest.fixture
def bursts(cloud: Cloud) -> Bursts:
    """A table of each test's own; its bursts began a moment ago."""
    return Bursts(make_table(cloud, f"unheld-{next(_NUMBERS)}"), began=float(int(time.time())))


def tag(pool: Reaped, **tags: str) -> None:
    """Tags on all machines of a pool that stand."""
    written = [{"Key": f"tideform:{key}", "Value": value} for key, value in tags.items()]
    pool.cloud.client("ec2").create_tags(Resources=pool.standing(), Tags=written)


def launch_by_hand(pool: Reaped, **more: str) -> str:
    """A machine that somebody starts with the pool's tags."""
    tags = [{"Key": key, "Value": value} for key, value in {**pool.handle["tags"], **more}.items()]
    answer = pool.cloud.client("ec2").run_instances(
        ImageId="ami-12345678",
        InstanceType="c5.large",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(answer["Instances"][0]["InstanceId"])


def tagged_as_applied(pool: Reaped) -> None:
    """An apply tags the environment itself as well."""
    arn = batch.environments(pool.cloud, pool.handle)[0]["computeEnvironmentArn"]
    pool.cloud.client("batch").tag_resource(resourceArn=arn, tags=pool.handle["tags"])


def ended(bursts: Bursts, pool: Reaped) -> None:
    """The pool had a burst, which is over."""
    lease = bursts.begin(pool)
    pool.end()
    record = bursts.table.release(lease, bursts.began)
    assert record is not None
    assert bursts.table.stopped(record, bursts.began)


@pytest.mark.parametrize("known", [True, False])
def test_what_a_late_launch_brings_ends_with_what_brought_it(bursts: Bursts, pool: Reaped, known: bool) -> None:
    """Its command was frozen right before it asked, and killed when it woke up: the pool is idle, or unknown."""
    tagged_as_applied(pool)
    bursts.planned = (pool,)
    if known:
        ended(bursts, pool)
    pool.raise_to(4)
    tag(pool, lease="gone", token="1", expires="2026-01-01T00:00:00Z")
    bursts.reap(0)
    until(lambda: bursts.reap(300)["did"] == [])
    assert pool.standing() == []


@pytest.mark.parametrize("tagged", [True, False])
def test_an_environment_that_asks_for_machines_while_nobody_holds_the_pool_is_closed(
    bursts: Bursts, cloud: Cloud, pool: Reaped, tagged: bool
) -> None:
    ended(bursts, pool)
    if tagged:  # else somebody has taken them off, and the pool's queue still leads there
        tagged_as_applied(pool)
    batch.update(cloud, batch.environments(cloud, pool.handle)[0], state="ENABLED", minvCpus=2)
    until(pool.standing)
    assert f"closed {pool.environment}" in " ".join(bursts.reap(0)["did"])
    until(lambda: not pool.standing())


def test_an_environment_and_a_queue_without_tags_are_known_by_the_pools_handle(
    bursts: Bursts, cloud: Cloud, pool: Reaped
) -> None:
    bursts.planned = (pool,)
    ended(bursts, pool)
    batch.update(cloud, batch.environments(cloud, pool.handle)[0], state="ENABLED", minvCpus=2)
    batch.set_queue(cloud, pool.handle, "ENABLED")
    until(pool.standing)
    did = " ".join(bursts.reap(0)["did"])
    assert f"closed {pool.environment}" in did
    assert f"closed {pool.handle['job_queue']}" in did
    until(lambda: not pool.standing())


def test_a_job_that_nobody_holds_the_pool_for_is_stopped_and_says_why(bursts: Bursts, pool: Reaped) -> None:
    bursts.planned = (pool,)
    batch.set_queue(pool.cloud, pool.handle, "ENABLED")
    pool.queue_up("gone", _LEASE)
    bursts.reap(0)
    fate = Fates(bursts.table.items).of(pool.handle["pool"])["gone"]
    assert (fate.state, fate.why) == ("stopped", NOBODYS)


def test_machines_end_while_what_brings_them_is_updated_and_cannot_be_closed(
    bursts: Bursts, pool_of: Callable[..., Reaped]
) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    ended(bursts, pool)
    tagged_as_applied(pool)
    pool.raise_to(2)
    pool.submit("late")  # which holds the update up
    tag(pool, lease="gone", token="1", expires="2099-01-01T00:00:00Z")
    before, environment = set(pool.standing()), pool.environment_now()
    batch.update(pool.cloud, environment, **batch.tagged(environment, {**pool.handle["tags"], **_LEASE}))
    assert f"{pool.environment} asks for machines, and cannot be closed" in " ".join(bursts.reap(0)["did"])
    assert not before & set(pool.standing())
    until(lambda: bursts.reap(300)["did"] == [])
    assert (pool.standing(), pool.environment_now()["state"]) == ([], "DISABLED")


def test_a_machine_by_hand_is_told_of_and_ends_after_its_grace(bursts: Bursts, pool: Reaped) -> None:
    machine = launch_by_hand(pool)
    assert f"told of {machine} (c5.large)" in " ".join(bursts.reap(0)["did"])
    assert bursts.reap(_GRACE - 60)["did"] == []
    assert pool.standing() == [machine]
    assert f"ended {machine} (c5.large)" in " ".join(bursts.reap(_GRACE + 60)["did"])
    assert pool.standing() == []


def test_a_machine_by_hand_ends_while_somebody_holds_the_pool_and_theirs_stay(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    theirs = set(pool.standing())
    launch_by_hand(pool)
    for later in (0, _GRACE + 60):
        bursts.reap(later)
    assert set(pool.standing()) == theirs


def test_a_machine_of_an_older_burst_ends_while_somebody_else_holds_the_pool(bursts: Bursts, pool: Reaped) -> None:
    ended(bursts, pool)
    bursts.begin(pool, "bob")
    theirs = set(pool.standing())
    launch_by_hand(pool, **_LEASE)
    bursts.reap(0)
    assert set(pool.standing()) == theirs


def test_a_late_job_of_a_burst_that_is_over_ends_and_those_of_who_holds_the_pool_go_on(
    bursts: Bursts, pool: Reaped
) -> None:
    ended(bursts, pool)
    theirs = bursts.begin(pool, "bob")
    on_theirs = set(pool.standing())
    held = pool.submit(theirs.id, {"tideform:lease": theirs.id})
    late = pool.submit("gone", _LEASE)
    assert f"{pool.handle['pool']}: ended the jobs of gone, which holds nothing" in bursts.reap(0)["did"]
    until(lambda: pool.status(late) == "FAILED")
    assert (pool.status(held), on_theirs <= set(pool.standing())) == ("RUNNING", True)


def test_a_job_that_somebody_submits_by_hand_is_left_to_them_while_the_pool_is_held(
    bursts: Bursts, pool: Reaped
) -> None:
    bursts.begin(pool)
    by_hand = pool.submit("mine")
    bursts.reap(0)
    assert pool.status(by_hand) == "RUNNING"


def take_tags_off(pool: Reaped, machine: str, *keys: str) -> None:
    """As anybody may: all but AWS's own, or those that are named."""
    ec2 = pool.cloud.client("ec2")
    found = ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]["Tags"]
    wanted = keys or [tag["Key"] for tag in found if not tag["Key"].startswith("aws:")]
    ec2.delete_tags(Resources=[machine], Tags=[{"Key": key} for key in wanted])


def state(pool: Reaped, machine: str) -> str:
    found = pool.cloud.client("ec2").describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]
    return str(found["State"]["Name"])


def left_over(bursts: Bursts, pool: Reaped) -> str:
    """A machine of an idle pool that nothing asks for any more; a job by hand keeps it."""
    ended(bursts, pool)
    tagged_as_applied(pool)
    pool.raise_to(2)
    pool.submit("mine")
    batch.set_queue(pool.cloud, pool.handle, "DISABLED")
    batch.update(pool.cloud, pool.environment_now(), state="DISABLED", minvCpus=0)
    (machine,) = pool.standing()
    return machine


def test_a_machine_that_lost_all_its_tags_is_told_of_and_ends_after_its_grace(bursts: Bursts, pool: Reaped) -> None:
    machine = left_over(bursts, pool)
    take_tags_off(pool, machine)
    assert f"told of {machine} (c5.large)" in " ".join(bursts.reap(0)["did"])
    assert state(pool, machine) == "running"
    assert f"ended {machine} (c5.large)" in " ".join(bursts.reap(_GRACE + 60)["did"])
    assert state(pool, machine) in ("shutting-down", "terminated")


def test_a_stray_that_lost_its_projects_tag_ends_at_once(bursts: Bursts, pool: Reaped) -> None:
    machine = left_over(bursts, pool)
    tag(pool, lease="gone", token="1", expires="2099-01-01T00:00:00Z")
    take_tags_off(pool, machine, "tideform:project")
    assert f"ended {machine} (c5.large), which nobody held" in " ".join(bursts.reap(0)["did"])
    assert state(pool, machine) in ("shutting-down", "terminated")


def test_a_machine_that_lost_its_tags_stays_while_somebody_holds_its_pool(bursts: Bursts, pool: Reaped) -> None:
    tagged_as_applied(pool)
    bursts.begin(pool)
    machine, *_ = pool.standing()
    take_tags_off(pool, machine)
    for later in (0, _GRACE + 60):
        bursts.reap(later)
    assert state(pool, machine) == "running"


def test_a_machine_that_lost_its_tags_costs_its_pool_as_before(pool: Reaped) -> None:
    pool.raise_to(2)
    pool.submit("held")
    (machine,) = pool.standing()
    take_tags_off(pool, machine)
    assert pool.standing() == [machine]


def test_an_end_takes_machines_along_that_lost_their_tags(pool: Reaped) -> None:
    pool.raise_to(2)
    pool.submit("held")
    (machine,) = pool.standing()
    take_tags_off(pool, machine)
    pool.end()
    assert state(pool, machine) == "terminated"


def launch_by_group(cloud: Cloud, group: str, subnet: str) -> str:
    """The machine that a new group of this name has launched."""
    api = cloud.client("autoscaling")
    template = cloud.client("ec2").create_launch_template(
        LaunchTemplateName=f"template-{next(_NUMBERS)}",
        LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "c5.large"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    api.create_auto_scaling_group(
        AutoScalingGroupName=group,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet,
    )

    def instances() -> list[str]:
        (found,) = api.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
        return [one["InstanceId"] for one in found["Instances"]]

    until(instances)
    return instances()[0]


@pytest.fixture
def namesake(cloud: Cloud, pool: Reaped, ground: dict[str, Any]) -> Iterator[str]:
    """A machine of somebody else's group whose name begins as those of the pool's environment do."""
    tagged_as_applied(pool)
    group = f"{pool.environment}-asg-x-asg-y"
    yield launch_by_group(cloud, group, ground["subnets"][0])
    cloud.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)


def test_a_namesake_of_an_environments_group_hinders_no_look_around(
    bursts: Bursts, pool: Reaped, namesake: str
) -> None:
    bursts.planned = (pool,)
    stray = launch_by_hand(pool, **_LEASE)
    assert bursts.reap(0)["failures"] == {}
    assert (state(pool, stray) == "running", state(pool, namesake)) == (False, "running")


def test_an_end_leaves_a_namesakes_machines_alone(pool: Reaped, namesake: str) -> None:
    pool.end()
    assert state(pool, namesake) == "running"


def refusing(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """A service that answers nothing."""
    real = Cloud.client

    def client(self: Cloud, service: str) -> Any:
        if service == refused:
            raise ConnectionError("no answer")
        return real(self, service)

    monkeypatch.setattr(Cloud, "client", client)


def test_a_service_that_refuses_takes_nothing_from_what_others_have_told(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    bursts.planned = (pool,)
    stray = launch_by_hand(pool, **_LEASE)
    with monkeypatch.context() as patched:
        refusing(patched, "batch")
        told = bursts.reap(0)["failures"]
    assert ("capacity without a lease (Batch)" in told, state(pool, stray) == "running") == (True, False)


def test_a_service_that_refuses_lengthens_no_grace(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could see the machine for a round, so it was neither told of nor forgotten."""
    bursts.planned = (pool,)
    machine = left_over(bursts, pool)
    take_tags_off(pool, machine)
    bursts.reap(0)
    with monkeypatch.context() as patched:
        refusing(patched, "batch")
        bursts.reap(60)
    bursts.reap(_GRACE + 60)
    assert state(pool, machine) != "running"


def test_it_costs_its_pool(bursts: Bursts, pool: Reaped) -> None:
    ended(bursts, pool)
    launch_by_hand(pool)
    bursts.reap(0)
    bursts.reap(_GRACE - 60)
    account = bursts.table.items.get(f"meter#{pool.handle['pool']}")
    assert account is not None
    assert account["usd"] >= 0.085 * (_GRACE - 60) / HOUR * 0.9


def test_it_is_told_to_the_topic_once(bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("tideform.reaper.tell.message", lambda _clients, _settings, text: told.append(text))
    machine = launch_by_hand(pool)
    for later in (0, 60):
        bursts.reap(later)
    assert [machine in text for text in told] == [True]
    assert "ended in 15 minutes" in told[0]


def refuse(*_: object) -> None:
    raise PermissionError("no topic for you")


def test_a_topic_that_refuses_keeps_no_stray(bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tideform.reaper.tell.message", refuse)
    by_hand, stray = launch_by_hand(pool), launch_by_hand(pool, **_LEASE)
    told = bursts.reap(0)
    assert (pool.standing(), stray in " ".join(told["did"])) == ([by_hand], True)
    assert told["failures"] == {pool.handle["pool"]: "nobody could be told: no topic for you"}


@pytest.mark.parametrize("junk", ["x", {"i-1": "x"}, ["i-1"], 7])
def test_junk_in_what_was_seen_keeps_no_stray_and_counts_as_not_seen(bursts: Bursts, pool: Reaped, junk: Any) -> None:
    by_hand = launch_by_hand(pool)
    launch_by_hand(pool, **_LEASE)
    bursts.table.items.write({"pk": f"unheld#{pool.handle['pool']}", "seen": junk})
    assert "cannot be read" in bursts.reap(0)["failures"][pool.handle["pool"]]
    assert pool.standing() == [by_hand]
    assert (bursts.reap(_GRACE - 60)["failures"], pool.standing()) == ({}, [by_hand])
    bursts.reap(_GRACE + 60)
    assert pool.standing() == []


def test_junk_in_what_was_seen_is_mended_where_nothing_stands(bursts: Bursts) -> None:
    bursts.table.items.write({"pk": "unheld#fit", "seen": "x"})
    assert [list(bursts.reap(later)["failures"]) for later in (0, 300)] == [["fit"], []]


def test_a_machine_that_was_seen_in_the_future_was_seen_now(bursts: Bursts, pool: Reaped) -> None:
    machine = launch_by_hand(pool)
    bursts.table.items.write({"pk": f"unheld#{pool.handle['pool']}", "seen": {machine: int(bursts.began) * 2}})
    bursts.reap(0)
    bursts.reap(_GRACE + 60)
    assert pool.standing() == []


def test_a_burst_that_begins_while_the_reaper_looks_keeps_its_machines(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its table was read before the lease was written, and its machines were listed after they came."""
    items = bursts.table.items.all()
    lease = bursts.begin(pool)
    tag(pool, lease=lease.id, token="1", expires="2099-01-01T00:00:00Z")
    monkeypatch.setattr("tideform.reaper.items.Items.all", lambda _: items)
    bursts.reap(0)
    assert len(pool.standing()) == 2


@pytest.mark.parametrize(
    ("tags", "stray"),
    [
        ({"tideform:lease": "held"}, False),
        ({"tideform:lease": "shared", "tideform:token": "7"}, False),  # who launched it has left it to the others
        ({"tideform:lease": "old", "tideform:token": "5"}, True),
        ({"tideform:lease": "held", "tideform:token": "5"}, False),
        ({"tideform:lease": "old"}, False),  # of a version that knew no tokens
        ({}, False),
    ],
)
def test_what_is_a_stray_while_somebody_holds_the_pool(tags: dict[str, str], stray: bool) -> None:
    item = {"pk": "pool#fit", "state": "up", "leases": {"held": {}}, "fence": 5}
    assert is_stray(tags, item) is stray


@pytest.mark.parametrize(
    "item", [None, {"pk": "pool#fit", "state": "idle", "leases": {}, "fence": 5}, {"pk": "pool#fit"}]
)
def test_whatever_names_a_lease_is_a_stray_where_nobody_holds_the_pool(item: dict[str, Any] | None) -> None:
    assert is_stray({"tideform:lease": "any", "tideform:expires": "2099-01-01T00:00:00Z"}, item)


@pytest.mark.parametrize("member", ["aws:autoscaling:groupName", "AWSBatchServiceTag", "karpenter.sh/nodepool"])
def test_a_machine_whose_lease_was_taken_off_is_its_pools_as_long_as_somebody_holds_that(member: str) -> None:
    held = {"pk": "pool#fit", "state": "up", "leases": {"held": {}}}
    assert [is_by_hand({member: "x"}, item) for item in (held, None)] == [False, True]


def test_a_teardown_at_work_is_left_to_it(bursts: Bursts, pool: Reaped, pool_of: Callable[..., Reaped]) -> None:
    lease = bursts.begin(pool)
    tag(pool, lease=lease.id, token="1", expires="2099-01-01T00:00:00Z")
    assert bursts.table.release(lease, bursts.began) is not None
    bursts.reap(0)
    assert len(pool.standing()) == 2


def test_an_old_round_of_the_reaper_takes_nothing_from_the_next_burst(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was frozen between its decision and its first request; another round has finished, and somebody began."""
    bursts.begin(pool)
    real = batch.stop

    def frozen(*arguments: Any, **words: Any) -> bool:
        monkeypatch.setattr("tideform.backends.training.batch.in_account.ending.stop", real)
        item = bursts.table.items.get(f"pool#{pool.handle['pool']}")
        assert item is not None
        Pools(bursts.table.items).stopped(item, bursts.began, reaped=True)
        bursts.begin(pool, "bob", deadline=int(bursts.began) + 4 * HOUR)
        return real(*arguments, **words)

    monkeypatch.setattr("tideform.backends.training.batch.in_account.ending.stop", frozen)
    told = bursts.reap(HOUR)
    assert (told["failures"], told["waiting"]) == ({}, [])
    assert [lease.owner for lease in bursts.record(pool).leases] == ["bob"]
    assert len(pool.standing()) == 2
