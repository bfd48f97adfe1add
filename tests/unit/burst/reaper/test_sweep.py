"""The reaper alone, with every command line dead, on the real sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from tests.unit.burst.reaper.conftest import Reaped
from tests.unit.burst.reaper.leasing import HOUR, Bursts, make_table
from tests.unit.sandbox.waiting import until
from tideform.backends.training.batch.in_account import ending as batch
from tideform.burst.lease import Mode, State
from tideform.burst.table import LeaseTable
from tideform.burst.table_errors import BusyPoolError
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.process import Process
from tideform.reaper.decide import SILENCE_SECONDS
from tideform.reaper.fates import UNREADABLE, Fate, Fates
from tideform.reaper.history.base import JobState
from tideform.reaper.keeper import Keeper

_NUMBERS = count(1)


@pytest.fixture
def bursts(cloud: Cloud) -> Bursts:
    """A table of each test's own; its bursts began a moment ago."""
    return Bursts(make_table(cloud, f"leases-{next(_NUMBERS)}"), began=float(int(time.time())))


@pytest.fixture
def inbox(cloud: Cloud, bursts: Bursts) -> Iterator[Callable[[], list[str]]]:
    """What the reaper's topic was told, in order."""
    import json

    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName=f"inbox-{next(_NUMBERS)}")["QueueUrl"]
    arn = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    bursts.topic = cloud.client("sns").create_topic(Name=f"alerts-{next(_NUMBERS)}")["TopicArn"]
    cloud.client("sns").subscribe(TopicArn=bursts.topic, Protocol="sqs", Endpoint=arn)

    def read() -> list[str]:
        found: list[dict[str, Any]] = []
        while more := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in more:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            found += more
        return [json.loads(message["Body"])["Message"] for message in found]

    yield read


def test_a_burst_within_its_limits_is_left_alone(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    assert bursts.reap(HOUR / 2)["did"] == []
    assert [held.id for held in bursts.record(pool).leases] == [lease.id]
    assert len(pool.standing()) == 2


def test_a_burst_past_its_deadline_is_gone_after_one_round(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    told = bursts.reap(HOUR)
    assert told["waiting"] == []
    assert "its lease has run out" in told["did"][0]
    assert (pool.standing(), bursts.record(pool).state, bursts.record(pool).leases) == ([], State.IDLE, ())


def test_its_job_ends_with_it(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    job = pool.submit(lease.id)
    bursts.reap(HOUR)
    until(lambda: pool.status(job) == "FAILED")


def test_a_second_round_finds_nothing_to_do(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    bursts.reap(HOUR)
    assert bursts.reap(HOUR + 300)["did"] == []


def test_a_burst_at_its_spend_cap_is_ended(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool, cap_usd=Decimal("0.05"))  # two machines for an hour: 0.17 USD
    assert "spend cap of 0.05 USD" in " ".join(bursts.reap(HOUR / 2)["did"])
    assert pool.standing() == []


def test_the_months_budget_ends_every_burst(bursts: Bursts, pool_of: Callable[..., Reaped]) -> None:
    pools = [pool_of(), pool_of()]
    for pool in pools:
        bursts.begin(pool)
    bursts.budget_usd = 0.1
    bursts.reap(HOUR / 2)
    assert [pool.standing() for pool in pools] == [[], []]


def test_who_is_over_leaves_the_capacity_to_who_is_not(bursts: Bursts, pool: Reaped) -> None:
    short = bursts.begin(pool, deadline=int(bursts.began) + 60)
    long = bursts.begin(pool, "bob")
    jobs = [pool.submit(short.id), pool.submit(long.id)]
    bursts.reap(120)
    assert [held.id for held in bursts.record(pool).leases] == [long.id]
    until(lambda: pool.status(jobs[0]) == "FAILED")
    assert pool.status(jobs[1]) == "RUNNING"
    assert len(pool.standing()) == 2


def test_the_account_knows_what_each_lease_cost(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    bursts.reap(HOUR / 2)
    account = bursts.table.items.get(f"meter#{pool.handle['pool']}")
    assert account is not None
    assert account["leases"][lease.id]["usd"] == pytest.approx(2 * 0.085 / 2, rel=0.02)


def test_capacity_ends_where_the_meter_cannot_look(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionError("no answer")

    bursts.begin(pool)
    with monkeypatch.context() as patched:
        patched.setattr(Keeper, "count", refuse)
        assert "no answer" in bursts.reap(HOUR)["failures"][pool.handle["pool"]]
    assert pool.standing() == []


def test_a_pool_that_fails_stops_no_other_and_is_told(
    bursts: Bursts, pool_of: Callable[..., Reaped], cloud: Cloud
) -> None:
    broken, whole = pool_of(), pool_of()
    bursts.begin(whole)
    bursts.begin(broken)
    key = {"pk": {"S": f"pool#{broken.handle['pool']}"}}
    cloud.client("dynamodb").update_item(TableName=bursts.table.name, Key=key, UpdateExpression="REMOVE handle")
    told = bursts.reap(HOUR, waiting=whole.standing)  # nothing says how the broken one's machines stay away
    assert whole.standing() == []
    assert list(told["failures"]) == [broken.handle["pool"]]


def damage(bursts: Bursts, pool: Reaped, **changes: Any) -> None:
    """Write the pool's item with other attributes; None: without."""
    item = bursts.table.items.get(f"pool#{pool.handle['pool']}")
    assert item is not None
    bursts.table.items.write({key: value for key, value in {**item, **changes}.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [{"tokens": None}, {"leases": {"x": 3}}, {"handle": None}, {"handle": {"backend": "abacus"}}, {"token": "seven"}],
    ids=["without-tokens", "a-lease-that-is-none", "without-a-handle", "of-another-backend", "a-text-for-a-number"],
)
def test_a_pool_whose_item_cannot_be_read_is_ended_told_and_mended_and_others_are_looked_after(
    changes: dict[str, Any],
    bursts: Bursts,
    pool_of: Callable[..., Reaped],
    inbox: Callable[[], list[str]],
) -> None:
    broken, over, whole = pool_of(), pool_of(), pool_of()
    bursts.planned = (broken, over, whole)
    bursts.begin(broken)
    bursts.begin(over, deadline=int(bursts.began) + 60)
    lease = bursts.begin(whole)
    damage(bursts, broken, **changes)
    name = broken.handle["pool"]
    assert "cannot be read" in bursts.reap(120)["failures"][name]
    assert (broken.standing(), over.standing(), len(whole.standing())) == ([], [], 2)
    assert [held.id for held in bursts.record(whole).leases] == [lease.id]
    assert [text for text in inbox() if text.startswith(f"{name}: its item in the lease table cannot be read")]
    assert bursts.record(broken).state is State.IDLE
    assert bursts.reap(420)["failures"] == {}


def test_the_jobs_of_a_pool_whose_item_cannot_be_read_are_stopped_and_its_leases_are_counted(
    bursts: Bursts, pool: Reaped
) -> None:
    bursts.planned = (pool,)
    lease = bursts.begin(pool)
    pool.submit(lease.id)
    damage(bursts, pool, tokens=None)
    bursts.reap(120)
    assert (fate_of(bursts, pool, lease.id).state, fate_of(bursts, pool, lease.id).why) == ("stopped", UNREADABLE)
    bursts.reap(420)
    account = bursts.table.items.get(f"meter#{pool.handle['pool']}") or {}
    told = account["leases"][lease.id]
    assert (told["owner"], told["ended"] <= bursts.began + 300, told["usd"] > 0) == (lease.owner, True, True)


def test_a_pool_whose_item_cannot_be_read_is_not_judged_by_what_was_told_of_it(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    damage(bursts, pool, leases=3)
    name = pool.handle["pool"]
    bursts.table.items.write({"pk": f"unheld#{name}", "seen": {"i-1": int(bursts.began)}})
    assert "so its capacity is ended" in bursts.reap(0)["failures"][name]
    assert pool.standing() == []


def test_a_topic_that_refuses_keeps_no_item_from_being_mended(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no topic for you")

    bursts.begin(pool)
    damage(bursts, pool, tokens=None)
    monkeypatch.setattr("tideform.reaper.tell.message", refuse)
    assert "nobody could be told" in bursts.reap(0)["failures"][pool.handle["pool"]]
    assert (bursts.record(pool).state, pool.standing()) == (State.IDLE, [])


def test_a_warning_that_nobody_takes_keeps_nobody_who_is_over(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no topic for you")

    bursts.begin(pool, deadline=int(bursts.began) + 60)
    other = bursts.begin(pool, "bob", deadline=int(bursts.began) + 130)
    monkeypatch.setattr("tideform.reaper.tell.message", refuse)
    assert "nobody could be told" in bursts.reap(120)["failures"][pool.handle["pool"]]
    assert [lease.id for lease in bursts.record(pool).leases] == [other.id]


def test_the_end_waits_for_no_message(bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    bursts.begin(pool)
    monkeypatch.setattr("tideform.reaper.tell.message", lambda *_: left.append(len(pool.standing())))
    bursts.reap(HOUR)
    assert left == [0]


def test_a_deadline_of_next_century_is_that_of_the_longest_lease(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool, deadline=int(bursts.began) + 100 * 365 * 86_400)
    assert bursts.reap(5 * 86_400)["did"] == []
    bursts.reap(7 * 86_400)
    assert pool.standing() == []


def test_junk_in_the_table_stops_nothing_and_accounts_are_mended(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    name = pool.handle["pool"]
    for junk in ({"pk": "junk", "leases": 3}, {"pk": "reaper", "at": "now"}, {"pk": f"meter#{name}", "version": "x"}):
        bursts.table.items.write(junk)
    assert "its account cannot be read" in bursts.reap(HOUR / 2)["failures"][name]
    assert bursts.reap(HOUR)["failures"] == {}
    assert pool.standing() == []


def test_a_pool_of_which_nothing_says_how_it_ends_is_closed_where_its_tags_are_found(
    bursts: Bursts, pool_of: Callable[..., Reaped]
) -> None:
    broken, other = pool_of(), pool_of()
    arn = broken.environment_now()["computeEnvironmentArn"]
    broken.cloud.client("batch").tag_resource(resourceArn=arn, tags=broken.handle["tags"])
    bursts.begin(broken)
    bursts.planned = (other,)  # the spec no longer has the broken one; Batch is asked for this one's sake
    bursts.table.items.write({"pk": f"pool#{broken.handle['pool']}", "leases": 3})
    bursts.spare = 0.0
    bursts.reap(0)
    until(lambda: broken.environment_now()["status"] == "VALID")
    bursts.reap(60)
    found = broken.environment_now()
    assert (found["state"], found["computeResources"]["minvCpus"]) == ("DISABLED", 0)


def test_what_takes_longer_than_the_round_is_told_and_done_by_the_next(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    bursts.begin(pool)
    bursts.spare = 0.0
    with monkeypatch.context() as patched:
        patched.setattr("tideform.backends.training.batch.in_account.ending.stop", lambda *_: False)
        assert bursts.reap(HOUR)["waiting"] == [pool.handle["pool"]]
    bursts.spare = 30.0
    assert bursts.reap(HOUR + 300)["waiting"] == []
    assert bursts.record(pool).state is State.IDLE


def test_nobody_joins_what_the_reaper_is_ending(bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch) -> None:
    bursts.begin(pool)
    bursts.spare = 0.0
    with monkeypatch.context() as patched:
        patched.setattr("tideform.backends.training.batch.in_account.ending.stop", lambda *_: False)
        bursts.reap(HOUR)
    with pytest.raises(BusyPoolError):
        bursts.begin(pool)


def test_a_teardown_that_another_command_is_at_is_left_to_it(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    bursts.table.release(lease, bursts.began)
    bursts.reap(SILENCE_SECONDS - 60)
    assert len(pool.standing()) == 2


def test_a_teardown_that_went_silent_is_finished(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    bursts.table.release(lease, bursts.began)
    bursts.reap(SILENCE_SECONDS)
    assert (pool.standing(), bursts.record(pool).state) == ([], State.IDLE)


def test_the_reapers_teardown_is_nobodys_to_take_for_dead(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    bursts.begin(pool)
    bursts.spare = 0.0
    with monkeypatch.context() as patched:
        patched.setattr("tideform.backends.training.batch.in_account.ending.stop", lambda *_: False)
        bursts.reap(HOUR)
    stopper = bursts.record(pool).stopper
    assert isinstance(stopper, Process)
    assert not stopper.known_dead


def test_everybody_is_warned_once(bursts: Bursts, pool: Reaped, inbox: Callable[[], list[str]]) -> None:
    bursts.begin(pool)
    for later in (0.81, 0.82):
        bursts.reap(later * HOUR)
    assert inbox() == [f"The burst of {pool.handle['pool']} by ann: four fifths of its time are over."]


def test_a_topic_that_is_not_made_yet_fails_nothing(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    bursts.topic = "arn:aws:sns:us-east-1:123456789012:none"
    assert bursts.reap(HOUR)["failures"] == {}


def test_a_job_is_asked_to_save_before_its_end(bursts: Bursts, pool: Reaped, cloud: Cloud) -> None:
    bucket = f"checkpoints-{next(_NUMBERS)}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    bursts.begin(pool, checkpoint_uri=f"s3://{bucket}/fit/1")
    bursts.reap(HOUR - 400)
    listed = cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [found["Key"] for found in listed] == ["fit/1/.tideform/save-now"]
    assert len(pool.standing()) == 2


def test_a_wrong_count_is_put_right(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    key = f"pool#{pool.handle['pool']}"
    bursts.table.items.update(
        key, "SET #count = :n", "attribute_exists(pk)", values={":n": 5}, names={"#count": "count"}
    )
    bursts.reap(60)
    assert bursts.record(pool).count == 1


def test_machines_past_their_own_time_that_somebody_holds_stay(bursts: Bursts, pool: Reaped, cloud: Cloud) -> None:
    bursts.begin(pool)
    tag = {"Key": "tideform:expires", "Value": "2026-01-01T00:00:00Z"}
    cloud.client("ec2").create_tags(Resources=pool.standing(), Tags=[tag])
    bursts.reap(0)
    assert len(pool.standing()) == 2


def test_without_the_table_machines_end_by_the_time_on_their_tags(
    bursts: Bursts, pool: Reaped, cloud: Cloud, workspace: Workspace
) -> None:
    pool.raise_to(4)
    tag = {"Key": "tideform:expires", "Value": "2026-01-01T00:00:00Z"}
    cloud.client("ec2").create_tags(Resources=pool.standing(), Tags=[tag])
    refusal = {"share": 1, "services": ["dynamodb"], "operations": ["Scan"], "error": "AccessDeniedException"}
    client.market(workspace, {"throttle": refusal})
    try:
        told = bursts.reap(0)
    finally:
        client.market(workspace, {"clear": True})
    assert ("its time is over" in told["did"][0], list(told["failures"])) == (True, ["the lease table"])


@pytest.fixture
def away(workspace: Workspace) -> Iterator[None]:
    """Nothing of the table can be read."""
    refused = {"share": 1, "services": ["dynamodb"], "operations": ["Scan", "GetItem"]}
    client.market(workspace, {"throttle": {**refused, "error": "ResourceNotFoundException"}})
    yield
    client.market(workspace, {"clear": True})


@pytest.mark.usefixtures("away")
def test_without_the_table_what_brings_machines_is_closed_once_every_time_on_them_is_over(
    bursts: Bursts, pool: Reaped, cloud: Cloud
) -> None:
    pool.raise_to(4)
    tag = {"Key": "tideform:expires", "Value": "2026-01-01T00:00:00Z"}
    cloud.client("ec2").create_tags(Resources=pool.standing(), Tags=[tag])
    bursts.planned = (pool,)
    bursts.reap(0)
    until(lambda: pool.environment_now()["status"] == "VALID")
    bursts.reap(60)
    found = pool.environment_now()
    assert (found["state"], found["computeResources"]["minvCpus"], pool.standing()) == ("DISABLED", 0, [])


@pytest.mark.usefixtures("away")
def test_without_the_table_what_brings_machines_stays_for_one_whose_time_goes_on(
    bursts: Bursts, pool: Reaped, cloud: Cloud
) -> None:
    pool.raise_to(4)
    for machine, until_when in zip(pool.standing(), ("2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"), strict=True):
        tag = {"Key": "tideform:expires", "Value": until_when}
        cloud.client("ec2").create_tags(Resources=[machine], Tags=[tag])
    bursts.planned = (pool,)
    bursts.reap(0)
    assert pool.environment_now()["state"] == "ENABLED"


PAST, TO_COME = ({"tideform:lease": "gone", "tideform:expires": f"{year}-01-01T00:00:00Z"} for year in (2026, 2099))


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(("claims", "closed"), [([PAST], True), ([PAST, TO_COME], False), ([{}], False)])
def test_without_the_table_a_queue_is_closed_once_the_time_of_each_job_that_waits_is_over(
    bursts: Bursts, pool: Reaped, claims: list[dict[str, str]], closed: bool
) -> None:
    batch.set_queue(pool.cloud, pool.handle, "ENABLED")  # and the environment brings nothing
    waiting = [pool.queue_up(f"gone{number}", tags) for number, tags in enumerate(claims)]
    bursts.planned = (pool,)
    bursts.reap(0)
    assert batch.open_queue(pool.cloud, pool.handle) is not closed
    assert (pool.status(waiting[0]) == "FAILED") is closed


def test_each_round_leaves_a_heartbeat(bursts: Bursts) -> None:
    bursts.reap(0)
    beat = bursts.table.items.get("reaper")
    assert beat is not None
    assert (beat["at"], beat["failures"]) == (bursts.began, {})


def test_the_heartbeat_is_no_pool(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    bursts.reap(0)
    assert [record.pool for record in LeaseTable(bursts.table.cloud, bursts.table.name).all()] == [pool.handle["pool"]]


def fate_of(bursts: Bursts, pool: Reaped, lease: str) -> Fate:
    return Fates(bursts.table.items).of(pool.handle["pool"])[lease]


def test_a_job_that_the_reaper_ends_with_its_lease_is_stopped_and_says_why(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    job = pool.submit(lease.id)
    bursts.reap(HOUR)
    fate = fate_of(bursts, pool, lease.id)
    assert (fate.state, fate.code, fate.ids) == ("stopped", None, (job,))
    assert fate.why


def test_a_backend_that_cannot_tell_of_jobs_keeps_no_machine(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = bursts.begin(pool, mode=Mode.RUN)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("nobody answers")

    monkeypatch.setattr("tideform.backends.training.batch.in_account.history.jobs", refuse)
    bursts.reap(HOUR)
    assert (bursts.record(pool).state, pool.standing()) == (State.IDLE, [])
    assert fate_of(bursts, pool, lease.id) == Fate(JobState.UNKNOWN, why="it could not be asked for: nobody answers")
