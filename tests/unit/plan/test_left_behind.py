"""An environment that left the spec while it stands is told by every plan, and refused where it was renamed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plan.making import deployment
from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.fit import checked_backend
from tideform.model.programs import program
from tideform.operations.left_behind import left_findings, left_findings_offline
from tideform.spec.deployment import Deployment
from tideform.state import checkpoint, settings
from tideform.state.backend import Backend
from tideform.state.checkpoint import FolderBlobs
from tideform.state.left_behind import local_environment

BUCKET = {"urn": "urn:bucket", "type": "aws:s3/bucket:Bucket", "custom": True}


@pytest.fixture
def here(tmp_path: Path) -> Deployment:
    """An environment beside one that was taken out of the spec and stands."""
    (tmp_path / "tideform.yaml").write_text("version: 1")
    made = replace(deployment(), spec_file=tmp_path / "tideform.yaml", environments=("dev",))
    stand(replace(made, environment="gone"), BUCKET)
    return made


def stand(where: Deployment, *resources: dict[str, Any], name: str = "") -> None:
    file = where.workspace.state(where.environment) / checkpoint.key_of("tideform-storage", name or where.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))


def found(of: Deployment, *, brings: bool = True) -> Diagnostic:
    (one,) = left_findings(of, checked_backend(of), brings=brings)
    assert one.code == "TD420"
    return one


def test_where_nothing_of_ours_stands_it_is_an_error_before_a_second_one_is_made(here: Deployment) -> None:
    assert found(here).severity is Severity.ERROR


def test_where_ours_stands_it_is_told(here: Deployment) -> None:
    stand(here, BUCKET)
    assert found(here).severity is Severity.WARNING


def test_who_only_looks_is_told(here: Deployment) -> None:
    assert found(here, brings=False).severity is Severity.WARNING


def test_it_says_what_stands_and_the_command_that_takes_it_down(here: Deployment) -> None:
    said = found(here)
    assert "1 resource of demo-gone" in said.detail
    assert "`tideform destroy -e gone` takes it down" in said.fix


@pytest.fixture
def bucket(tmp_path: Path) -> Deployment:
    """One with its state in a bucket (played by a folder), where one stands that was taken out of the spec."""
    (tmp_path / "tideform.yaml").write_text("version: 1")
    settings = deployment().settings.model_copy(update={"state": "s3://states"})
    made = replace(deployment(), spec_file=tmp_path / "tideform.yaml", environments=("dev",), settings=settings)
    stand(made, BUCKET, name="demo-gone")
    made_by(replace(made, environment="gone"))
    return made


def made_by(of: Deployment) -> None:
    """What an apply leaves of its settings in the folder."""
    storage = program(of, "storage")
    folder = of.workspace.program(of.environment, storage.slug)
    settings.write_project(folder, storage)
    settings.write_stack(folder, storage, of, None)


def way_out(of: Deployment) -> str:
    (one,) = left_findings(of, Backend(of, FolderBlobs(of.workspace.state("dev"))), brings=True)
    assert one.code == "TD420"
    return one.fix


def test_one_whose_state_is_in_a_bucket_is_written_back_first(bucket: Deployment) -> None:
    entry = 'gone: {target: local, region: us-east-1, state: "s3://states"}'
    assert f"Write it under environments: again ({entry}), then `tideform destroy -e gone`" in way_out(bucket)


def test_one_on_an_account_is_written_back_with_it(bucket: Deployment) -> None:
    settings = {"region": "eu-west-1", "allowedAccountIds": json.dumps(["111122223333"])}
    provider = {"urn": "urn:aws", "type": "pulumi:providers:aws", "custom": True, "inputs": settings}
    file = next(bucket.workspace.state("dev").rglob("demo-gone.json"))
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [provider, BUCKET]}}}))
    assert 'gone: {target: aws, account: "111122223333", region: eu-west-1, state: "s3://states"}' in way_out(bucket)


def test_one_of_a_project_of_old_in_a_bucket_is_written_back_as_well(bucket: Deployment) -> None:
    next(bucket.workspace.state("dev").rglob("demo-gone.json")).unlink()
    stand(bucket, BUCKET, name="old-gone")
    made_by(replace(bucket, environment="gone", spec=bucket.spec.model_copy(update={"project": "old"})))
    said = way_out(bucket)
    assert "Set project: old again, write it under environments: (gone: {target: local" in said


def test_one_in_a_folder_of_state_is_found_there_wherever_others_have_theirs(bucket: Deployment) -> None:
    next(bucket.workspace.state("dev").rglob("demo-gone.json")).unlink()
    stand(replace(bucket, environment="gone"), BUCKET)
    assert "`tideform destroy -e gone` takes it down" in way_out(bucket)
    (one,) = local_environment(bucket, "gone")
    assert one.settings.state is None


def test_a_stack_that_may_be_ours_and_that_nothing_proves_is_told_and_is_no_error(here: Deployment) -> None:
    two = replace(here, environments=("dev", "gone"))
    tags = [{"tideform:project": "demo", "tideform:environment": name} for name in ("dev", "dev-eu")]
    resources = [{**BUCKET, "inputs": {"tags": each}} for each in tags]
    file = two.workspace.state("dev") / checkpoint.key_of("tideform-training", "demo-dev-eu-fit")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))
    (one,) = left_findings(two, checked_backend(two), brings=True)
    assert (one.code, one.severity, "demo-dev-eu-fit" in one.detail) == ("TD421", Severity.WARNING, True)


def test_an_environment_of_the_spec_is_no_finding(here: Deployment) -> None:
    beside = replace(here, environments=("dev", "gone"))
    assert left_findings(beside, checked_backend(beside), brings=True) == ()


def test_one_whose_state_was_moved_away_is_no_finding(here: Deployment) -> None:
    pointer = here.workspace.state("gone") / ".tideform-moved" / "demo-gone.json"
    pointer.parent.mkdir()
    pointer.write_text(json.dumps({"to": "s3://elsewhere"}))
    assert left_findings(here, checked_backend(here), brings=True) == ()


def test_a_project_of_old_beside_ours_is_told(here: Deployment) -> None:
    beside = replace(here, environments=("dev", "gone"))
    stand(beside, BUCKET)
    file = beside.workspace.state("dev") / checkpoint.key_of("tideform-storage", "old-dev")
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [BUCKET]}}}))
    assert "Set project: old again" in found(beside).fix


def test_offline_it_is_told_from_the_files_of_the_folder_as_a_warning(here: Deployment) -> None:
    (one,) = left_findings_offline(here)
    assert (one.code, one.severity) == ("TD420", Severity.WARNING)
    assert "1 resource of demo-gone" in one.detail
    assert "was not asked" in one.detail


def test_offline_a_project_of_old_is_told_as_well(here: Deployment) -> None:
    stand(here, BUCKET, name="old-dev")
    told = " ".join(one.detail for one in left_findings_offline(here))
    assert all(name in told for name in ("1 resource of old-dev", "1 resource of demo-gone"))


def test_offline_no_folder_is_made(tmp_path: Path) -> None:
    assert left_findings_offline(replace(deployment(), spec_file=tmp_path / "tideform.yaml")) == ()
    assert list(tmp_path.iterdir()) == []
