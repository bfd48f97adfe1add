"""What carries an environment's tags and is told as in no stack: nothing that somebody's burst holds just now."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tideform.burst.lease import PoolRecord, State
from tideform.burst.receipt import Receipt
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic, Severity
from tideform.operations.adoption import _beside
from tideform.operations.changing import Change
from tideform.resources.inventory import Leftover
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

MACHINE, STRANGER = Leftover("ec2", "instance", "i-held"), Leftover("ec2", "instance", "i-stranger")
UNREADABLE = Diagnostic("TD624", Severity.ERROR, "A pool's record cannot be read")


def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *records: PoolRecord | Diagnostic) -> list[str]:
    """The ids that are told, where one machine is fit's and one is nobody's."""
    spec = Project.model_validate({"version": 1, "project": "p", "owner": "me@example.com", "region": "us-east-1"})
    deployment = Deployment(spec, "dev", Environment(target="local"), tmp_path / "tideform.yaml", "0" * 64)
    engine: Any = SimpleNamespace(existing=tuple, checkpoint=lambda _: None)
    monkeypatch.setattr(LeaseTable, "look", lambda _: {str(place): record for place, record in enumerate(records)})
    monkeypatch.setattr("tideform.burst.receipt.environment_receipt", lambda *_: Receipt("p-dev", (MACHINE, STRANGER)))
    monkeypatch.setattr("tideform.burst.receipt.capacity_receipt", lambda *_: Receipt("fit", (MACHINE,)))
    change = Change(deployment, engine, Cloud("us-east-1", "1"), cast(Any, None))
    return [one.id for one in _beside(change, engine)]


@pytest.mark.parametrize("state", [State.UP, State.STOPPING])
def test_what_a_burst_holds_is_not_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: State) -> None:
    assert told(monkeypatch, tmp_path, PoolRecord("fit", state=state)) == ["i-stranger"]


def test_what_nobody_holds_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert told(monkeypatch, tmp_path, PoolRecord("fit")) == ["i-held", "i-stranger"]


def test_a_pool_whose_record_cannot_be_read_holds_nothing_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert told(monkeypatch, tmp_path, UNREADABLE) == ["i-held", "i-stranger"]
