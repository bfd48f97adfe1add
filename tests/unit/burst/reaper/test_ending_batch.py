"""How a Batch pool ends, on the real sandbox: everything that could start more first, then jobs, then machines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.unit.burst.reaper.conftest import Reaped
from tests.unit.sandbox.waiting import until
from tideform.backends.training.batch.in_account import ending as batch
from tideform.reaper.claims import Claim
from tideform.reaper.endings import ending
from tideform.reaper.instances import ended_at


def described(pool: Reaped) -> dict[str, Any]:
    (found,) = batch.environments(pool.cloud, pool.handle)
    return found


def test_a_pool_at_zero_is_over_at_once_and_again(pool: Reaped) -> None:
    pool.end()
    assert [batch.stop(pool.cloud, pool.handle) for _ in range(2)] == [True, True]


def test_one_step_ends_every_machine_and_says_not_yet(pool: Reaped) -> None:
    pool.raise_to(4)
    assert not batch.stop(pool.cloud, pool.handle)
    until(lambda: not pool.standing())


def test_nothing_can_start_again_afterwards(pool: Reaped) -> None:
    pool.raise_to(4)
    pool.end()
    assert described(pool)["state"] == "DISABLED"
    assert described(pool)["computeResources"]["minvCpus"] == 0
    queue = pool.cloud.client("batch").describe_job_queues(jobQueues=[pool.handle["job_queue"]])["jobQueues"][0]
    assert queue["state"] == "DISABLED"


def test_jobs_end_with_the_pool(pool: Reaped) -> None:
    pool.raise_to(2)
    job = pool.submit("abc")
    pool.end()
    assert pool.status(job) == "FAILED"


def test_definitions_stay(pool: Reaped) -> None:
    pool.raise_to(2)
    pool.end()
    assert described(pool)["computeEnvironmentName"] == pool.environment


def test_one_leases_jobs_end_alone(pool: Reaped) -> None:
    pool.raise_to(4)
    mine, theirs = pool.submit("mine"), pool.submit("theirs")
    batch.end_jobs(pool.cloud, pool.handle, "mine")
    until(lambda: pool.status(mine) == "FAILED")
    assert pool.status(theirs) == "RUNNING"


def test_left_to_batch_idle_machines_go_without_being_ended_by_hand(pool: Reaped) -> None:
    pool.raise_to(2)
    until(lambda: batch.stop(pool.cloud, pool.handle, machines=False))
    assert not pool.standing()


def test_an_environment_that_batch_is_still_changing_comes_later(pool: Reaped) -> None:
    class Updating:
        """Batch as it answers in the middle of an update, which the sandbox has no delay for."""

        def client(self, service: str) -> Any:
            return self if service == "batch" else pool.cloud.client(service)

        def __getattr__(self, name: str) -> Any:
            return getattr(pool.cloud.client("batch"), name)

        def describe_compute_environments(self, **asked: Any) -> Any:
            found = pool.cloud.client("batch").describe_compute_environments(**asked)
            return {"computeEnvironments": [{**e, "status": "UPDATING"} for e in found["computeEnvironments"]]}

        def update_compute_environment(self, **_: Any) -> None:
            raise AssertionError("Batch would refuse")

    assert not batch.stop(Updating(), pool.handle)


def test_an_ended_machine_is_told_with_when_it_ceased_to_cost(pool: Reaped) -> None:
    pool.raise_to(2)
    pool.end()
    (node,) = batch.nodes(pool.cloud, pool.handle)
    assert node.ended is not None
    assert node.launched - 1 <= node.ended <= time.time() + 1
    assert (node.type, node.zone, node.spot) == ("c5.large", "us-east-1a", False)


def test_a_pool_without_a_queue_has_nothing_to_end(pool: Reaped) -> None:
    assert batch.stop(pool.cloud, {**pool.handle, "job_queue": "none", "tags": {"tideform:unit": "none"}})


def test_spot_machines_are_told_apart(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(type="SPOT")
    pool.raise_to(2)
    assert [node.spot for node in batch.nodes(pool.cloud, pool.handle)] == [True]


def test_the_time_in_a_reason_is_read_however_the_zone_is_written() -> None:
    assert ended_at("User initiated (2026-11-21 17:40:00 GMT)") == ended_at("User initiated (2026-11-21 17:40:00 UTC)")
    assert ended_at("Server.SpotInstanceTermination") is None


def test_an_ending_is_found_by_the_backends_name() -> None:
    assert ending("batch") is batch


def opened(pool: Reaped, lease: str, *, token: int, fence: int = 0) -> None:
    """As a burst opens its environment and asks for one machine, in one lease's name."""
    claim = Claim(lease, token, 1_900_000_000, fence)
    environment = batch.environments(pool.cloud, pool.handle)[0]
    if tags := batch.whose(environment, claim):
        batch.update(pool.cloud, environment, minvCpus=0, **tags)
    until(lambda: pool.environment_now()["status"] == "VALID")
    batch.update(pool.cloud, environment, state="ENABLED", minvCpus=2)
    until(lambda: len(pool.standing()) == 1)


def leases_of(pool: Reaped) -> list[str | None]:
    found = batch.nodes(pool.cloud, pool.handle)
    return [node.tags.get("tideform:lease") for node in found if node.state in ("pending", "running")]


def test_machines_say_at_launch_whose_they_are(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    opened(pool, "first", token=1)
    assert leases_of(pool) == ["first"]


def test_the_next_burst_puts_its_own_name_on_them(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    opened(pool, "first", token=1)
    pool.end()
    opened(pool, "second", token=4, fence=2)
    assert leases_of(pool) == ["second"]


def test_a_burst_that_joins_another_one_replaces_no_machine(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    opened(pool, "first", token=1)
    before = pool.standing()
    opened(pool, "second", token=2)
    assert (pool.standing(), leases_of(pool)) == (before, ["first"])


def test_an_environment_that_takes_no_new_tags_is_opened_all_the_same(pool: Reaped) -> None:
    opened(pool, "first", token=1)
    assert leases_of(pool) == [None]


def updating(pool: Reaped) -> None:
    """A machine at work, and an update of Batch's that waits for its job."""
    pool.raise_to(2)
    pool.submit("held")
    environment = pool.environment_now()
    batch.update(pool.cloud, environment, **batch.tagged(environment, {**pool.handle["tags"], "more": "yes"}))
    assert pool.environment_now()["status"] == "UPDATING"


def test_machines_of_an_environment_that_is_being_updated_are_ended_at_once(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    updating(pool)
    before = set(pool.standing())
    assert not batch.stop(pool.cloud, pool.handle, machines=False)
    assert not before & set(pool.standing())  # Batch brings others, for the next step


def test_an_end_that_an_update_refuses_is_tried_until_it_took(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    updating(pool)
    assert not batch.stop(pool.cloud, pool.handle)
    pool.end()
    now = pool.environment_now()
    assert (pool.standing(), now["state"], now["computeResources"]["minvCpus"]) == ([], "DISABLED", 0)


def test_an_update_at_a_size_of_zero_holds_up_no_end(pool_of: Callable[..., Reaped]) -> None:
    pool = pool_of(allocationStrategy="BEST_FIT_PROGRESSIVE")
    pool.end()
    environment = pool.environment_now()
    batch.update(pool.cloud, environment, minvCpus=0, **batch.whose(environment, Claim("one", 1, 1_900_000_000)))
    assert pool.environment_now()["status"] == "UPDATING"
    assert batch.stop(pool.cloud, pool.handle)
