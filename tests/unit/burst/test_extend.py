"""More time for a burst, within what can still be ended: bounds, and what it may cost then."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.burst.conftest import lease_of
from tideform.burst.extend import extend, prolonged
from tideform.burst.table import LeaseTable
from tideform.components.worst_case import worst_of
from tideform.errors import RefusedError
from tideform.process import user
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration


class _Nothing:
    """A runner without capacity."""

    def capacity(self) -> tuple[()]:
        return ()


NOTHING: Any = _Nothing()


def on(deployment: Deployment, backend: str) -> Deployment:
    pool = deployment.spec.training["fit"].model_copy(update={"backend": backend})
    return replace(deployment, spec=deployment.spec.model_copy(update={"training": {"fit": pool}}))


def held(table: LeaseTable, deployment: Deployment, **changes: Any) -> None:
    lease = lease_of(deployment, owner=user(), **changes)
    table.acquire(lease)
    table.starting(lease)
    table.up(lease)


@pytest.mark.parametrize(("backend", "longest"), [("batch", "1w"), ("eks", "1w"), ("sagemaker", "1w"), ("ec2", "2d")])
@pytest.mark.parametrize("by", ["10d", "3650d", "999999d"])
def test_no_lease_is_made_longer_than_its_backend_can_end(
    table: LeaseTable, deployment: Deployment, backend: str, longest: str, by: str
) -> None:
    held(table, deployment)
    with pytest.raises(RefusedError) as refused:
        extend(table, NOTHING, on(deployment, backend), "fit", Duration.parse(by))
    (problem,) = refused.value.diagnostics
    assert (problem.code, f"{longest} is the longest" in problem.detail) == ("TD687", True)
    assert table.get("fit").leases[0].deadline == lease_of(deployment).deadline


def test_the_longest_lease_can_be_reached(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment)
    week = Duration.parse("7d").seconds
    moved = extend(table, NOTHING, deployment, "fit", Duration(week - 3600))
    assert moved.leases[0].deadline - moved.leases[0].created == week


def test_the_worst_case_is_of_the_whole_lease_and_of_its_own_cap(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment, cap_usd=Decimal("0.20"))
    (wanted,) = prolonged(table, deployment, "fit", Duration.parse("1h"))
    found = worst_of(wanted)
    assert found is not None
    assert (str(found.lease), str(found.cap), found.cut) == ("2h", "0.20 USD", True)


def test_what_a_backend_keeps_of_the_old_end_is_told(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment)
    told = extend(table, NOTHING, on(deployment, "ec2"), "fit", Duration.parse("1h"))
    assert any("SSM keeps the time-out" in remark for remark in told.remarks)
