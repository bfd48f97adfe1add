"""What a plan and an apply make of a lease table, or of a reaper, that they cannot look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.plan.making import deployment
from tideform.burst.lease import PoolRecord, State
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError, TideformError
from tideform.plan import leases
from tideform.plan.leases import lease_findings, reaper_findings

DENIED = CloudError.of("TD611", "A cloud service refused", detail="AccessDenied: lambda:InvokeFunction")
GONE = PoolRecord("old", state=State.UP, leases=())


@dataclass
class Table:
    """A lease table of which one pool is no longer in the spec; ``refusal`` is what it says instead."""

    refusal: TideformError | None = None
    cloud: Any = None
    records: list[PoolRecord] = field(default_factory=list)

    def all(self) -> list[PoolRecord]:
        if self.refusal is not None:
            raise self.refusal
        return self.records

    def unreadable(self) -> list[Diagnostic]:
        return []


@pytest.fixture
def spec() -> Any:
    job = {"image": "trainer", "command": ["true"]}
    return deployment(training={"fit": {"instance_types": ["c5.large"], "job": job}})


def look(spec: Any, table: Table, monkeypatch: pytest.MonkeyPatch, *, acting: bool) -> list[tuple[str, Severity]]:
    engine: Any = None
    monkeypatch.setattr(leases, "lease_table", lambda *_: table)
    return [(one.code, one.severity) for one in lease_findings(spec, engine, acting=acting)]


def blind(_cloud: object, _deployment: object) -> None:
    raise DENIED


def test_a_reaper_that_cannot_be_looked_at_hides_no_pool_that_holds_capacity(
    spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", blind)
    found = look(spec, Table(records=[GONE]), monkeypatch, acting=True)
    assert found == [("TD622", Severity.ERROR), ("TD611", Severity.WARNING)]


@pytest.mark.parametrize(("acting", "severity"), [(True, Severity.ERROR), (False, Severity.WARNING)])
def test_a_table_that_cannot_be_read_stops_an_apply_and_no_plan(
    acting: bool, severity: Severity, spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", lambda *_: None)
    refusal = CloudError.of("TD617", "The lease table could not be used", detail="AccessDenied: dynamodb:Scan")
    assert look(spec, Table(refusal), monkeypatch, acting=acting) == [("TD623", severity)]


def test_whoever_may_not_ask_the_reaper_is_told_which_right_that_takes(
    spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", blind)
    cloud: Any = None
    (found,) = reaper_findings(cloud, spec)
    assert "lambda:InvokeFunction" in found.fix
