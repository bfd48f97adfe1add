"""What a plan and an apply make of a lease table that they cannot look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.plan.making import deployment
from tideform.burst.lease import PoolRecord, State
from tideform.diagnostics import Severity
from tideform.errors import CloudError, TideformError
from tideform.operations import leases
from tideform.operations.leases import lease_findings

GONE = PoolRecord("old", state=State.UP, leases=())


@dataclass
class Table:
    """A lease table of which one pool is no longer in the spec; ``refusal`` is what it says instead."""

    refusal: TideformError | None = None
    cloud: Any = None
    records: list[PoolRecord] = field(default_factory=list)

    def look(self) -> dict[str, PoolRecord]:
        if self.refusal is not None:
            raise self.refusal
        return {record.pool: record for record in self.records}


@pytest.fixture
def spec() -> Any:
    job = {"image": "trainer", "command": ["true"]}
    return deployment(training={"fit": {"instance_types": ["c5.large"], "job": job}})


def look(spec: Any, table: Table, monkeypatch: pytest.MonkeyPatch, *, acting: bool) -> list[tuple[str, Severity]]:
    engine: Any = None
    monkeypatch.setattr(leases, "lease_table", lambda *_: table)
    return [(one.code, one.severity) for one in lease_findings(spec, engine, acting=acting)]


def test_a_pool_that_holds_capacity_and_has_left_the_spec_is_an_error(
    spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(spec, Table(records=[GONE]), monkeypatch, acting=True) == [("TD622", Severity.ERROR)]


@pytest.mark.parametrize(("acting", "severity"), [(True, Severity.ERROR), (False, Severity.WARNING)])
def test_a_table_that_cannot_be_read_stops_an_apply_and_no_plan(
    acting: bool, severity: Severity, spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = CloudError.of("TD617", "The lease table could not be used", detail="AccessDenied: dynamodb:Scan")
    assert look(spec, Table(refusal), monkeypatch, acting=acting) == [("TD623", severity)]
