"""A burst on a stack that goes is found by the tags of the stack, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.burst.lease import Mode, new_lease
from tideform.burst.table import LeaseTable
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.model.programs import program
from tideform.operations.held_by_tags import held_by_tags
from tideform.operations.leases import lease_findings
from tideform.spec.deployment import Deployment
from tideform.state.backend import Backend
from tideform.state.checkpoint import FolderBlobs, key_of

GOING = program(deployment(), "training", "eu-fit")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names whose lease table is asked: in each are a burst of ``fit`` and one of ``other``."""
    names: list[str] = []

    def table(_cloud: object, of: Deployment) -> object:
        names.append(of.name)
        spec = deployment(training=pool()).spec.training["nightly"]
        leases = {one: new_lease(one, spec, Mode.RUN, now=0, hourly_usd=None) for one in ("fit", "other")}
        return table_with({one: SimpleNamespace(leases=(lease,)) for one, lease in leases.items()})

    monkeypatch.setattr("tideform.connect.cloud_for", lambda _: "a cloud")
    monkeypatch.setattr(LeaseTable, "of", table)
    return names


def table_with(pools: Mapping[str, object]) -> object:
    return SimpleNamespace(look=lambda: pools)


@pytest.fixture
def state(tmp_path: Path) -> Backend:
    """A stack that this folder has applied for ``dev``."""
    (tmp_path / "tideform.yaml").write_text("version: 1")
    here = replace(deployment(), spec_file=tmp_path / "tideform.yaml")
    folder = here.workspace.program("dev", GOING.slug)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: tideform-training")
    config = "{'tideform:project': demo, 'tideform:environment': dev, 'tideform:unit': eu-fit}"
    (folder / f"Pulumi.{GOING.stack}.yaml").write_text(f"config: {config}")
    return Backend(here, FolderBlobs(tmp_path / "state"))


def tag(state: Backend, *environments: str) -> None:
    tags = [{"tideform:project": "demo", "tideform:environment": one} for one in environments]
    roles = [{"urn": "u", "type": "aws:iam/role:Role", "custom": True, "inputs": {"tags": one}} for one in tags]
    content = json.dumps({"checkpoint": {"latest": {"resources": roles}}}).encode()
    state.blobs.write(key_of(GOING.pulumi_project, GOING.stack), content)


def test_a_burst_of_whom_a_tag_names_is_told_with_whose_it_is(state: Backend, asked: list[str]) -> None:
    tag(state, "dev", "dev-eu")
    (found,) = held_by_tags(state.deployment, state, [GOING])
    assert (found.code, found.severity) == ("TD332", Severity.ERROR)
    assert "lease table of project demo, environment dev-eu" in found.detail
    assert asked == ["demo-dev-eu"]


@pytest.mark.parametrize("environments", [("dev",), ("dev", "prod")], ids=["ours", "who cannot have the name"])
def test_no_other_table_is_asked(state: Backend, asked: list[str], environments: tuple[str, ...]) -> None:
    tag(state, *environments)
    assert (held_by_tags(state.deployment, state, [GOING]), asked) == ((), [])


def test_a_plan_that_takes_it_away_tells_it_where_no_table_of_ours_stands(state: Backend, asked: list[str]) -> None:
    tag(state, "dev", "dev-eu")
    assert [one.code for one in lease_findings(state.deployment, state, going=[GOING])] == ["TD332"]


@pytest.mark.parametrize(("acting", "severity"), [(True, Severity.ERROR), (False, Severity.WARNING)])
def test_a_table_that_cannot_be_read_stops_what_acts(
    state: Backend, asked: list[str], monkeypatch: pytest.MonkeyPatch, acting: bool, severity: Severity
) -> None:
    def refuse(*_: object) -> None:
        raise CloudError.of("TD611", "A cloud service refused", detail="AccessDenied on it.", fix="Ask.")

    tag(state, "dev", "dev-eu")
    monkeypatch.setattr(LeaseTable, "of", lambda *_: SimpleNamespace(look=refuse))
    (found,) = lease_findings(state.deployment, state, going=[GOING], acting=acting)
    assert (found.code, found.severity) == ("TD623", severity)


@pytest.mark.parametrize(("damaged", "codes"), [("fit", ["TD624"]), ("other", [])])
def test_a_damaged_item_is_told_of_this_pool_alone(
    state: Backend, asked: list[str], monkeypatch: pytest.MonkeyPatch, damaged: str, codes: list[str]
) -> None:
    broken = Diagnostic("TD624", Severity.ERROR, "An item of the lease table cannot be read")
    monkeypatch.setattr(LeaseTable, "of", lambda *_: table_with({damaged: broken}))
    tag(state, "dev", "dev-eu")
    assert [one.code for one in held_by_tags(state.deployment, state, [GOING])] == codes
