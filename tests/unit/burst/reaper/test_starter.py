"""A burst that a schedule begins, and that the reaper gives back when its job is over; nobody else is there."""

from __future__ import annotations

import gzip
import time
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.unit.burst.reaper.conftest import GROUP, Reaped
from tests.unit.burst.reaper.leasing import HOUR, Bursts, make_table
from tests.unit.sandbox.waiting import until
from tideform.burst.lease import Mode, State
from tideform.cloud import Cloud
from tideform.reaper.items import Item, Items
from tideform.reaper.pools import Pools
from tideform.reaper.scheduled import JOB_OVER, NEVER_BEGAN
from tideform.reaper.starter import start
from tideform.reaper.starting.base import StartError

_NUMBERS = count(1)


@pytest.fixture
def bursts(cloud: Cloud) -> Bursts:
    return Bursts(make_table(cloud, f"scheduled-{next(_NUMBERS)}"), began=float(int(time.time())))


class Dying(dict[str, Any]):
    """A handle whose reader is killed, as by the end of a function's time."""

    def __getitem__(self, key: str) -> Any:
        if key == "job_queue":
            raise KeyboardInterrupt
        return super().__getitem__(key)


def plan_for(pool: Reaped, command: str, **words: Any) -> dict[str, Any]:
    definition = f"scheduled-job-{next(_NUMBERS)}"
    container = {
        "image": "trainer",
        "command": ["sh", "-c", command],
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "1024"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}},
    }
    pool.cloud.client("batch").register_job_definition(
        jobDefinitionName=definition, type="container", containerProperties=container
    )
    return {
        "pool": pool.handle["pool"],
        "handle": {**pool.handle, "job_definition": definition},
        "prices": {"c5.large": 0.085},
        "lease_seconds": HOUR,
        "cap_usd": None,
        "cause": "schedule",
        "parameter": "containerOverrides",
        **words,
    }


def begin(bursts: Bursts, plan: dict[str, Any], later: float = 0.0) -> dict[str, Any]:
    pools = Pools(bursts.table.items)
    return start(bursts.table.cloud, pools, plan, bursts.began + later, lambda: True, lambda _: None)


def over(pool: Reaped, job: str) -> bool:
    return pool.status(job) in ("SUCCEEDED", "FAILED")


def test_the_lease_is_there_before_the_job_and_the_job_runs(bursts: Bursts, pool: Reaped) -> None:
    begun = begin(bursts, plan_for(pool, "true"))
    (lease,) = bursts.record(pool).leases
    assert (lease.id, lease.mode, bursts.record(pool).state) == (begun["lease"], Mode.SCHEDULE, State.UP)
    assert lease.deadline - lease.created == HOUR
    until(lambda: pool.status(begun["job"]) == "SUCCEEDED")


def test_when_the_job_is_over_the_reaper_gives_the_lease_back_and_nothing_is_left(bursts: Bursts, pool: Reaped) -> None:
    begun = begin(bursts, plan_for(pool, "exit 3"))
    until(lambda: over(pool, begun["job"]))
    did = bursts.reap(300)["did"]
    assert f"{pool.handle['pool']}: ended {begun['lease']}: {JOB_OVER}" in did
    assert (bursts.record(pool).state, bursts.record(pool).leases, pool.standing()) == (State.IDLE, (), [])


def test_while_the_job_runs_it_is_left_alone_until_its_lease_is_over(bursts: Bursts, pool: Reaped) -> None:
    begun = begin(bursts, plan_for(pool, "sleep 600"))
    until(lambda: pool.status(begun["job"]) == "RUNNING")
    assert bursts.reap(300)["did"] == []
    assert len(pool.standing()) == 1
    bursts.reap(HOUR + 1)
    assert pool.standing() == []
    until(lambda: over(pool, begun["job"]))


def test_one_that_is_late_does_not_pile_up_on_the_next(bursts: Bursts, pool: Reaped) -> None:
    plan = plan_for(pool, "sleep 600")
    first = begin(bursts, plan)
    assert begin(bursts, plan, later=60)["skipped"].startswith(first["lease"])
    assert len(bursts.record(pool).leases) == 1


def test_of_two_at_once_one_begins(bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, acquire, firsts = plan_for(pool, "sleep 600"), Pools.acquire, []

    def overtaken(pools: Pools, *given: Any, **words: Any) -> Item | None:
        monkeypatch.setattr(Pools, "acquire", acquire)
        firsts.append(begin(bursts, plan))  # after the pool was read, and before it is acquired
        return acquire(pools, *given, **words)

    monkeypatch.setattr(Pools, "acquire", overtaken)
    assert begin(bursts, plan)["skipped"].startswith(firsts[0]["lease"])
    assert len(bursts.record(pool).leases) == 1


def test_a_lease_of_a_command_that_comes_in_between_keeps_no_start_from_beginning(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = Pools.acquire

    def overtaken(pools: Pools, *given: Any, **words: Any) -> Item | None:
        monkeypatch.setattr(Pools, "acquire", acquire)
        bursts.begin(pool)
        return acquire(pools, *given, **words)

    monkeypatch.setattr(Pools, "acquire", overtaken)
    begun = begin(bursts, plan_for(pool, "sleep 600"))
    assert begun["lease"] in [lease.id for lease in bursts.record(pool).leases]


def broken(pool: Reaped) -> dict[str, Any]:
    return {**plan_for(pool, "true"), "handle": {**pool.handle, "job_definition": "there-is-none"}}


def test_a_lease_whose_job_could_not_be_submitted_goes_with_the_reapers_next_round(
    bursts: Bursts, pool: Reaped
) -> None:
    with pytest.raises(Exception, match="there-is-none"):
        begin(bursts, broken(pool))
    assert any(NEVER_BEGAN in line for line in bursts.reap(60)["did"])
    assert bursts.record(pool).leases == ()


def test_a_lease_whose_starter_died_goes_when_its_time_to_begin_is_over(bursts: Bursts, pool: Reaped) -> None:
    with pytest.raises(KeyboardInterrupt):
        begin(bursts, {**plan_for(pool, "true"), "handle": Dying(pool.handle)})
    assert bursts.reap(60)["did"] == []
    assert any(NEVER_BEGAN in line for line in bursts.reap(601)["did"])


def test_a_start_that_failed_keeps_no_other_from_being_tried(bursts: Bursts, pool: Reaped) -> None:
    with pytest.raises(Exception, match="there-is-none"):
        begin(bursts, broken(pool))
    begun = begin(bursts, plan_for(pool, "sleep 600"), later=60)
    assert any(NEVER_BEGAN in line for line in bursts.reap(120)["did"])
    assert [lease.id for lease in bursts.record(pool).leases] == [begun["lease"]]
    assert pool.status(begun["job"]) not in ("SUCCEEDED", "FAILED")


def test_nothing_begins_while_the_months_budget_is_used_up(bursts: Bursts, pool: Reaped) -> None:
    bursts.budget_usd = 0.0
    bursts.reap(0)
    with pytest.raises(StartError, match="the month's budget of 0 USD is used up"):
        begin(bursts, plan_for(pool, "true"), later=60)
    bursts.budget_usd = 100.0
    bursts.reap(300)
    assert "lease" in begin(bursts, plan_for(pool, "true"), later=360)


def test_nothing_begins_that_the_reaper_would_not_end(bursts: Bursts, pool: Reaped) -> None:
    bursts.reap(0)
    with pytest.raises(StartError, match="has not looked after anything"):
        begin(bursts, plan_for(pool, "true"), later=1000)


def test_nothing_begins_after_a_round_that_could_not_read_the_table(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Items) -> list[Item]:
        raise PermissionError("no scan")

    with monkeypatch.context() as denied:
        denied.setattr("tideform.reaper.items.Items.all", refuse)
        assert list(bursts.reap(0)["failures"]) == ["the lease table"]
    with pytest.raises(StartError, match="could not read the lease table"):
        begin(bursts, plan_for(pool, "true"), later=60)
    bursts.reap(300)
    assert "lease" in begin(bursts, plan_for(pool, "true"), later=360)


def test_it_waits_for_nobody_who_takes_the_pool_down(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    bursts.table.release(lease, bursts.began)
    with pytest.raises(StartError, match="taken down"):
        begin(bursts, plan_for(pool, "true"))


def test_others_on_the_pool_keep_their_capacity(bursts: Bursts, pool: Reaped) -> None:
    lease = bursts.begin(pool)
    begun = begin(bursts, plan_for(pool, "true"))
    until(lambda: over(pool, begun["job"]))
    bursts.reap(300)
    assert [held.id for held in bursts.record(pool).leases] == [lease.id]
    assert len(pool.standing()) == 2


def test_a_sweep_is_an_array(bursts: Bursts, pool: Reaped) -> None:
    begun = begin(bursts, plan_for(pool, "true", array=3))
    until(lambda: over(pool, begun["job"]))
    (job,) = pool.cloud.client("batch").describe_jobs(jobs=[begun["job"]])["jobs"]
    assert job["arrayProperties"]["size"] == 3


def at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_object_that_was_there_when_the_last_burst_began_begins_no_other(bursts: Bursts, pool: Reaped) -> None:
    plan = plan_for(pool, "true", cause="trigger")
    begun = begin(bursts, {**plan, "time": at(bursts.began)}, later=10)
    until(lambda: over(pool, begun["job"]))
    bursts.reap(300)
    assert "skipped" in begin(bursts, {**plan, "time": at(bursts.began + 9)}, later=320)
    assert "lease" in begin(bursts, {**plan, "time": at(bursts.began + 11)}, later=320)


def test_an_object_that_nothing_was_begun_for_counts_for_none(bursts: Bursts, pool: Reaped) -> None:
    plan = plan_for(pool, "true", cause="trigger", time=at(bursts.began))
    with pytest.raises(Exception, match="there-is-none"):
        begin(bursts, {**plan, "handle": {**pool.handle, "job_definition": "there-is-none"}}, later=10)
    bursts.reap(900)
    assert "lease" in begin(bursts, plan, later=910)


def test_it_sends_the_code_and_gives_each_run_a_place_of_its_own(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "archive.b64").write_bytes(b64encode(b"code"))
    monkeypatch.setattr("tideform.reaper.starter._PACKAGE", tmp_path)
    s3 = pool.cloud.client("s3")
    s3.create_bucket(Bucket="carried")
    saving = {"uri": "s3://carried/checkpoints/fit", "every": "60"}
    where = {"bucket": "carried", "key": "code/{digest}.tar.gz"}
    plan = plan_for(pool, "true", code=where, environment={"SENT": "yes"}, checkpoints=saving)
    begun = begin(bursts, plan)
    (sent,) = s3.list_objects_v2(Bucket="carried")["Contents"]
    data = s3.get_object(Bucket="carried", Key=sent["Key"])["Body"].read()
    digest = sha256(data).hexdigest()
    assert (gzip.decompress(data), sent["Key"]) == (b"code", f"code/{digest}.tar.gz")
    (job,) = pool.cloud.client("batch").describe_jobs(jobs=[begun["job"]])["jobs"]
    told = {one["name"]: one["value"] for one in job["container"]["environment"]}
    (lease,) = bursts.record(pool).leases
    assert (told["SENT"], told["TIDEFORM_CODE_SHA256"]) == ("yes", digest)
    assert told["TIDEFORM_CODE_URI"] == f"s3://carried/{sent['Key']}"
    assert told["TIDEFORM_CHECKPOINT_URI"] == told["TIDEFORM_CHECKPOINT_RUN_URI"] == lease.checkpoint_uri
    assert told["TIDEFORM_CHECKPOINT_SECONDS"] == "60"
    assert lease.checkpoint_uri.endswith(begun["lease"][:6])
