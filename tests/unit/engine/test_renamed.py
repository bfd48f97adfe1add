"""A project under a new name is refused while what it made under the old one stands, with the ways out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.burst.lease import Lease, Mode, new_lease
from tideform.engine import renamed
from tideform.engine.fit import checked_backend
from tideform.errors import CloudError, RefusedError
from tideform.model.programs import program
from tideform.spec.deployment import Deployment
from tideform.state import checkpoint, settings
from tideform.state.left_behind import local_environment, other_environments

TAGS = {"tideform:project": "old", "tideform:environment": "dev"}
BUCKET = {"urn": "urn:bucket", "type": "aws:s3/bucket:Bucket", "custom": True, "inputs": {"tags": TAGS}}
BARE = {"urn": "urn:bucket", "type": "aws:s3/bucket:Bucket", "custom": True}


@pytest.fixture
def here(tmp_path: Path) -> Deployment:
    (tmp_path / "tideform.yaml").write_text("version: 1")
    return replace(deployment(), spec_file=tmp_path / "tideform.yaml")


def stand(where: Deployment, stack: str, *resources: dict[str, Any], layer: str = "storage") -> None:
    """A state as the engine writes it, in the deployment's folder."""
    file = where.workspace.state(where.environment) / checkpoint.key_of(f"tideform-{layer}", stack)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))


def look(at: Deployment) -> str:
    with pytest.raises(RefusedError) as caught:
        checked_backend(at)
    (found,) = caught.value.diagnostics
    assert found.code == "TD419"
    return f"{found.detail} {found.fix}"


@pytest.mark.parametrize("resource", [BUCKET, BARE], ids=["by its tags", "by the stack's name"])
def test_what_stands_under_the_old_name_is_told_with_it(here: Deployment, resource: dict[str, Any]) -> None:
    stand(here, "old-dev", resource, resource)
    said = look(here)
    assert f"2 resources of old-dev in {here.workspace.root}" in said
    assert "the spec says project: demo now" in said


def test_the_ways_out_are_told(here: Deployment) -> None:
    stand(here, "old-dev", BUCKET)
    said = look(here)
    assert all(way in said for way in ("Set project: old again", "`tideform destroy` first", "folder of its own"))


def test_a_unit_alone_is_enough(here: Deployment) -> None:
    stand(here, "old-dev-nightly", BUCKET, layer="training")
    assert "1 resource of old-dev" in look(here)


def test_a_name_that_begins_as_ours_is_still_anothers(here: Deployment) -> None:
    stand(here, "demo-dev-dev", BARE)
    assert "1 resource of demo-dev" in look(here)


def test_the_bursts_that_hold_capacity_under_it_are_told(here: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(here, "old-dev", BUCKET)
    spec = deployment(training=pool()).spec
    lease = new_lease("fit", spec.training["nightly"], Mode.RUN, now=0, hourly_usd=None)
    asked: list[str] = []

    def leases(_cloud: object, of: Deployment) -> list[Lease]:
        asked.append(of.name)
        return [lease]

    monkeypatch.setattr("tideform.local.client.find", lambda _: "a sandbox")
    monkeypatch.setattr("tideform.connect.cloud_for", lambda _: "a cloud")
    monkeypatch.setattr("tideform.burst.reconcile.live_leases", leases)
    monkeypatch.setattr("tideform.engine.table_owner.table_of_others", lambda *_: None)
    assert f"Bursts hold capacity there: fit (lease {lease.id} of {lease.owner}" in look(here)
    assert asked == ["old-dev"]


def test_the_bursts_of_a_table_that_is_anothers_are_not_told_as_those_of_the_old_name(
    here: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(here, "old-dev", BUCKET)
    monkeypatch.setattr("tideform.local.client.find", lambda _: "a sandbox")
    monkeypatch.setattr("tideform.connect.cloud_for", lambda _: "a cloud")
    monkeypatch.setattr("tideform.engine.table_owner.table_of_others", lambda *_: "TD421")
    assert "Its lease table is of another project and environment" in look(here)


def test_a_stack_of_ours_with_the_tags_of_nobody_who_could_have_its_name_is_no_older_name(here: Deployment) -> None:
    stand(here, "demo-dev-fit", BUCKET, layer="training")
    checked_backend(here)


def test_bursts_that_cannot_be_seen_are_not_called_none(here: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(here, "old-dev", BUCKET)

    def refuse(_: Deployment) -> str:
        raise CloudError.of("TD611", "AWS refused", detail="AccessDenied on Scan.", fix="Ask.")

    monkeypatch.setattr(renamed, "_leases", refuse)
    assert "could not be seen: AccessDenied on Scan." in look(here)


def test_an_old_name_under_which_nothing_stands_binds_nobody(here: Deployment) -> None:
    stand(here, "old-dev")
    checked_backend(here)


def test_where_something_stands_under_both_names_the_specs_own_goes_on(here: Deployment) -> None:
    stand(here, "old-dev", BUCKET)
    stand(here, "demo-dev", BARE)
    checked_backend(here)


def test_another_spec_in_the_same_folder_is_no_older_name(here: Deployment) -> None:
    other = here.workspace.root / "other.yaml"
    other.write_text("version: 1")
    stand(here, "old-dev", BUCKET)
    made_by(replace(here, spec_file=other, spec=here.spec.model_copy(update={"project": "old"})))
    checked_backend(here)


def test_what_the_same_spec_has_made_is(here: Deployment) -> None:
    stand(here, "old-dev", BUCKET)
    made_by(replace(here, spec=here.spec.model_copy(update={"project": "old"})))
    look(here)


def made_by(of: Deployment) -> None:
    """What an apply leaves of its settings in the folder."""
    storage = program(of, "storage")
    folder = of.workspace.program(of.environment, storage.slug)
    settings.write_project(folder, storage)
    settings.write_stack(folder, storage, of, None)


class Shared:
    """A bucket in which several projects have their states."""

    url = "s3://states?region=us-east-1"

    def __init__(self, *stacks: str) -> None:
        state = json.dumps({"checkpoint": {"latest": {"resources": [BARE]}}}).encode()
        self.files = {checkpoint.key_of("tideform-storage", stack): state for stack in stacks}

    def place(self, key: str = "") -> str:
        return f"s3://states/{key}"

    def read(self, key: str) -> bytes | None:
        return self.files.get(key)

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self.files if key.startswith(prefix)]


@pytest.fixture
def shared(here: Deployment) -> Deployment:
    return replace(here, settings=here.settings.model_copy(update={"state": "s3://states"}))


def test_in_a_bucket_what_this_folder_once_applied_under_another_name_is_refused(shared: Deployment) -> None:
    made_by(replace(shared, spec=shared.spec.model_copy(update={"project": "old"})))
    with pytest.raises(RefusedError) as caught:
        renamed.refuse_renamed(shared, Shared("old-dev"))  # type: ignore[arg-type]  # reads alone
    assert "1 resource of old-dev in s3://states" in caught.value.diagnostics[0].detail


def test_in_a_bucket_other_projects_are_their_own(shared: Deployment) -> None:
    renamed.refuse_renamed(shared, Shared("old-dev"))  # type: ignore[arg-type]  # reads alone


def test_an_environment_that_left_the_spec_is_seen_by_its_folder(here: Deployment) -> None:
    stand(replace(here, environment="gone"), "demo-gone", BARE)
    stand(replace(here, environment="test"), "demo-test", BARE)
    beside = replace(here, environments=("dev", "test"))
    (found,) = other_environments(beside, checked_backend(beside).blobs)
    assert (found.name, found.resources, found.settings.target) == ("demo-gone", 1, "local")


def test_an_environment_that_left_the_spec_is_seen_in_the_bucket_as_well(shared: Deployment) -> None:
    made_by(replace(shared, environment="gone"))
    (found,) = other_environments(shared, Shared("demo-gone"))  # type: ignore[arg-type]  # reads alone
    assert found.name == "demo-gone"


@pytest.mark.parametrize("name", ["../outside", "x" * 300, ".", ""], ids=["a path", "too long", "here", "nothing"])
def test_what_a_command_line_calls_an_environment_may_be_no_folder_of_ours(here: Deployment, name: str) -> None:
    (here.workspace.root / "outside" / "state").mkdir(parents=True)
    assert local_environment(here, name) == ()
