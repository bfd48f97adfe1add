"""The jobs of all pools: one that cannot be asked is told of, and hides no other."""

from __future__ import annotations

import pytest

from tideform.burst.history import every
from tideform.burst.history.every import every_run, pools_of
from tideform.burst.history.runs import Run, Seen
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import CloudError, TideformError
from tideform.reaper.history.base import JobState
from tideform.spec.deployment import Deployment
from tideform.unasked import Gaps

AWAY = CloudError.of("TD611", "A cloud service refused", detail="it is away")


@pytest.fixture
def two(deployment: Deployment, table: LeaseTable, monkeypatch: pytest.MonkeyPatch) -> dict[str, TideformError]:
    """A second pool, and which of the two refuse to be asked."""
    training = deployment.spec.training
    training["other"] = training["fit"]
    refusing: dict[str, TideformError] = {}

    def runs(_cloud: Cloud, _deployment: Deployment, pool: str, _most: int | None) -> Seen:
        if pool in refusing:
            raise refusing[pool]
        return Seen((Run(f"{pool}-aa11", pool, "batch", "aa11", JobState.RUNNING),))

    monkeypatch.setattr(every, "runs", runs)
    return refusing


def test_a_pool_that_refuses_hides_no_other(
    two: dict[str, TideformError], cloud: Cloud, deployment: Deployment
) -> None:
    two["fit"] = AWAY
    seen = every_run(cloud, deployment)
    assert ([run.name for run in seen.runs], seen.gaps) == (["other-aa11"], Gaps.of("pool fit", AWAY))


@pytest.mark.usefixtures("two")
def test_a_pool_that_only_a_broken_record_knows_is_told(
    table: LeaseTable, cloud: Cloud, deployment: Deployment
) -> None:
    table.items.write({"pk": "pool#forgotten", "leases": 3})
    seen = every_run(cloud, deployment)
    assert (len(seen.runs), [one.what for one in seen.gaps.unreadable]) == (2, ["pool forgotten"])
    assert every_run(cloud, deployment, "other-aa").gaps == Gaps()


def test_a_job_of_a_pools_name_asks_no_other_pool(
    two: dict[str, TideformError], cloud: Cloud, deployment: Deployment
) -> None:
    two["fit"] = AWAY
    assert every_run(cloud, deployment, "other-aa").gaps == Gaps()


def test_where_no_pool_can_be_asked_that_is_raised_once(
    two: dict[str, TideformError], cloud: Cloud, deployment: Deployment
) -> None:
    two.update(fit=AWAY, other=AWAY)
    with pytest.raises(CloudError) as caught:
        every_run(cloud, deployment)
    assert caught.value.diagnostics == AWAY.diagnostics


@pytest.mark.parametrize(
    ("name", "pools"),
    [
        ("fit-aa11", ["fit"]),
        ("fit-a", ["fit", "fit-a"]),
        ("fit-a-0", ["fit-a"]),
        ("fi", ["fit", "fit-a", "other"]),
        ("aa11", ["fit", "fit-a", "other"]),
        ("fit-dev-other-aa11-0", ["fit", "fit-a", "other"]),
    ],
)
def test_a_name_is_looked_for_where_it_can_be(name: str, pools: list[str]) -> None:
    assert pools_of(["fit", "fit-a", "other"], name) == pools
