"""The lock of a state in S3, against a server: one winner, and the same rules."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from tideform.errors import CloudError, LockedError
from tideform.state.lock import Lock
from tideform.state.lock.record import Record
from tideform.state.lock.store import BucketStore


@pytest.fixture(scope="module")
def client(aws_endpoint: str) -> Iterator[Any]:
    s3 = boto3.client(
        "s3",
        endpoint_url=aws_endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    s3.create_bucket(Bucket="state")
    yield s3
    s3.close()


@pytest.fixture
def store(client: Any, request: pytest.FixtureRequest) -> BucketStore:
    prefix = f"{request.node.name}/"
    return BucketStore(client, "state", f"{prefix}.tideform/shop-dev/lock.json", prefix)


def test_the_lock_is_held_and_let_go(store: BucketStore) -> None:
    lock = Lock(store, "shop-prod")
    with lock.hold("apply"):
        assert [holder.operation for holder in lock.holders()] == ["apply"]
    assert lock.holders() == ()


def test_of_sixteen_at_once_one_wins(store: BucketStore) -> None:
    won: list[int] = []
    refused: list[str] = []
    done = threading.Barrier(16)

    def work() -> None:
        try:
            with Lock(store, "shop-prod").hold("apply") as held:
                won.append(held.token)
                done.wait(timeout=60)  # hold it until all the others have had their answer
        except LockedError as error:
            refused.append(error.diagnostics[0].code)
            done.wait(timeout=60)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (won, refused) == ([1], ["TD411"] * 15)


def test_a_heartbeat_goes_on_under_changes_of_others(store: BucketStore) -> None:
    lock = Lock(store, "shop-prod")
    with lock.hold("burst up", shared=True) as first, lock.hold("burst up", shared=True) as second:
        first.beat()
        second.beat()
        first.beat()
    assert store.read() == Record(2, ())


def test_a_run_out_of_sight_that_went_silent_is_taken_over(store: BucketStore) -> None:
    lock = Lock(store, "shop-prod")
    with lock.hold("apply") as held:
        holder = store.read().holder(held.run)
        assert holder is not None
    elsewhere = replace(holder, process=replace(holder.process, host="runner-1"))
    store.update(lambda _: Record(5, (replace(elsewhere, heartbeat=store.now() - 61),)))
    with lock.hold("apply") as held:
        assert held.token == 6


def test_engine_locks_in_the_bucket_are_cleared(store: BucketStore, client: Any) -> None:
    key = f"{store.prefix}.pulumi/locks/organization/p/s/x.json"
    lock = Lock(store, "shop-prod")
    with lock.hold("apply") as held:
        holder = store.read().holder(held.run)
        assert holder is not None
    elsewhere = replace(holder, process=replace(holder.process, host="runner-1"), heartbeat=0.0)
    store.update(lambda _: Record(5, (elsewhere,)))
    client.put_object(Bucket="state", Key=key, Body=b'{"pid": 1, "hostname": "runner-1"}')
    with lock.hold("apply"):
        assert list(store.engine_locks()) == []


def test_a_bucket_that_is_not_there_is_told_with_the_fix(client: Any) -> None:
    nowhere = BucketStore(client, "no-such-bucket", "lock.json", "")
    with pytest.raises(CloudError) as failed, Lock(nowhere, "shop-prod").hold("apply"):
        pass
    assert "tideform bootstrap" in failed.value.diagnostics[0].fix
