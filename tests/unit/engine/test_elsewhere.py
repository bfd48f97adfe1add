"""A spec whose region or account has changed under what stands is refused, with the ways out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plan.making import deployment
from tideform.engine.fit import checked_backend
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment
from tideform.state import checkpoint
from tideform.state.checkpoint import BrokenStateError

BUCKET = {"urn": "urn:bucket", "type": "aws:s3/bucket:Bucket", "custom": True}


@pytest.fixture
def here(tmp_path: Path) -> Deployment:
    return replace(deployment(), spec_file=tmp_path / "tideform.yaml")


def stand(where: Deployment, region: str, account: str, *resources: dict[str, Any], layer: str = "storage") -> None:
    """A state as the engine writes it, in the deployment's folder."""
    settings = {"region": region, "allowedAccountIds": json.dumps([account])}
    provider = {"urn": "urn:aws", "type": "pulumi:providers:aws", "custom": True, "inputs": settings}
    latest = {"resources": [provider, *resources]}
    file = where.workspace.state(where.environment) / checkpoint.key_of(f"tideform-{layer}", where.name)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": latest}}))


def look(at: Deployment) -> str:
    with pytest.raises(RefusedError) as caught:
        checked_backend(at)
    (found,) = caught.value.diagnostics
    assert found.code == "TD418"
    return f"{found.detail} {found.fix}"


def test_another_region_is_refused_with_what_stands_where(here: Deployment) -> None:
    stand(here, "eu-west-1", here.account, BUCKET)
    said = look(here)
    assert f"1 resource of storage in {here.name} stands in region eu-west-1" in said
    assert f"the spec says {here.region} now" in said


def test_the_ways_out_are_told(here: Deployment) -> None:
    stand(here, "eu-west-1", here.account, BUCKET)
    said = look(here)
    assert all(way in said for way in ("Set region to eu-west-1 again", "`tideform destroy` first", "new environment"))


def test_another_account_is_refused_as_well(here: Deployment) -> None:
    stand(here, here.region, "999999999999", BUCKET)
    assert "stands in account 999999999999" in look(here)


def test_what_the_sandbox_has_is_no_accounts(here: Deployment) -> None:
    stand(here, here.region, here.account, BUCKET)
    settings = here.settings.model_copy(update={"target": "aws", "account": "111122223333"})
    assert "Set target to local again" in look(replace(here, settings=settings))


def test_where_it_stands_as_the_spec_says_nothing_is_refused(here: Deployment) -> None:
    stand(here, here.region, here.account, BUCKET)
    checked_backend(here)


def test_a_state_in_which_nothing_stands_binds_nobody(here: Deployment) -> None:
    stand(here, "eu-west-1", "999999999999")
    checked_backend(here)


def break_stack(of: Deployment, layer: str) -> None:
    """A stack's file that is no checkpoint."""
    file = of.workspace.state(of.environment) / checkpoint.key_of(f"tideform-{layer}", of.name)
    file.parent.mkdir(parents=True)
    file.write_text("garbage")


def test_a_stack_that_cannot_be_read_hides_no_other_that_stands_elsewhere(here: Deployment) -> None:
    break_stack(here, "foundation")
    stand(here, "eu-west-1", here.account, BUCKET)
    assert "stands in region eu-west-1" in look(here)


def test_a_stack_that_cannot_be_read_is_told_where_no_other_stands_elsewhere(here: Deployment) -> None:
    stand(here, here.region, here.account, BUCKET)
    break_stack(here, "foundation")
    with pytest.raises(BrokenStateError) as caught:
        checked_backend(here)
    assert caught.value.diagnostics[0].code == "TD415"
