"""A plan saved, applied exactly, found stale, and what was changed behind its back: on the real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, opened
from tideform.engine.fit import checked_backend

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: saved
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A project whose saved plan has been applied."""
    with opened(tmp_path_factory.mktemp("saved"), SPEC) as made:
        saved = made.run("plan", "--out", "the.plan")
        assert saved.returncode == 0, saved.stderr
        done = made.run("apply", "the.plan")
        assert done.returncode == 0, done.stderr
        yield made


def bucket(project: Workspace) -> str:
    """The physical name of the store's bucket."""
    return str(json.loads(project.run("output", "buckets", "--json").stdout)["scratch"])


def test_a_saved_plan_makes_what_it_says(project: Workspace) -> None:
    buckets = [b["Name"] for b in project.cloud.client("s3").list_buckets()["Buckets"]]
    assert buckets == [bucket(project)]


def test_after_it_nothing_is_left_to_do(project: Workspace) -> None:
    again = project.run("plan", "--detailed-exitcode")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "No changes. What stands matches the spec.")


def test_applying_it_twice_is_refused_because_the_stacks_moved(project: Workspace) -> None:
    again = project.run("apply", "the.plan")
    assert again.returncode == 1
    assert "error[TD312]: A stack was changed since the plan was saved" in again.stderr


def test_json_holds_no_change_of_any_resource(project: Workspace) -> None:
    data = json.loads(project.run("plan", "--json").stdout)
    assert {tuple(r["change"]["actions"]) for r in data["resource_changes"]} == {("no-op",)}


def test_a_change_behind_our_back_makes_a_saved_plan_stale(project: Workspace) -> None:
    assert project.run("plan", "--out", "later.plan").returncode == 0
    project.cloud.client("s3").put_bucket_versioning(
        Bucket=bucket(project), VersioningConfiguration={"Status": "Enabled"}
    )
    refused = project.run("apply", "later.plan")
    assert refused.returncode == 1
    assert "storage.aws_s3_bucket_versioning.scratch: planned was no-op, now it would be update" in refused.stderr


def test_a_change_behind_our_back_is_shown_and_put_right(project: Workspace) -> None:
    tags = {"TagSet": [{"Key": "who", "Value": "somebody else"}]}
    project.cloud.client("s3").put_bucket_tagging(Bucket=bucket(project), Tagging=tags)
    shown = project.run("plan", "--refresh", "--detailed-exitcode")
    assert shown.returncode == 2
    assert "# storage.aws_s3_bucket.scratch has been changed" in shown.stdout
    assert project.run("apply", "--yes").returncode == 0
    found = project.cloud.client("s3").get_bucket_tagging(Bucket=bucket(project))["TagSet"]
    assert {"Key": "tideform:project", "Value": "saved"} in found


def test_the_settings_of_a_bucket_go_with_it_and_not_before_it(project: Workspace) -> None:
    backend = checked_backend(project.deployment)
    (storage,) = (state for p in backend.existing() if p.layer == "storage" and (state := backend.checkpoint(p)))
    (whole,) = (r["urn"] for r in storage.resources if r["type"] == "aws:s3/bucket:Bucket")
    settings = [r for r in storage.resources if r["type"].startswith("aws:s3/bucket") and r["urn"] != whole]
    assert len(settings) == 6
    assert {r.get("deletedWith") for r in settings} == {whole}


def test_a_store_with_data_that_left_the_spec_goes_only_when_it_is_named(project: Workspace) -> None:
    s3, old = project.cloud.client("s3"), bucket(project)
    s3.put_object(Bucket=old, Key="a", Body=b"x")
    project.spec.write_text(SPEC.replace("scratch:", "other:"))
    assert "error[TD330]" in project.run("plan").stdout
    refused = project.run("apply", "--yes")
    assert (refused.returncode, "error[TD330]" in refused.stderr) == (1, True)
    assert s3.get_bucket_policy(Bucket=old)["Policy"]
    assert project.run("plan", "--out", "named.plan", "--delete-data", "scratch").returncode == 0
    done = project.run("apply", "named.plan")
    assert done.returncode == 0, done.stderr
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [old.replace("scratch", "other")]


def test_a_state_that_is_elsewhere_is_missed_and_taken_up_again(project: Workspace) -> None:
    hidden = project.root / ".tideform"
    (hidden / "dev").rename(hidden / "away")
    missed = project.run("plan")
    assert (missed.returncode, "error[TD407]" in missed.stderr) == (1, True), missed.stdout + missed.stderr
    assert project.run("state", "move", "--from", ".tideform/away", "--yes").returncode == 0
    again = project.run("plan", "--detailed-exitcode")
    assert (again.returncode, again.stderr) == (0, "")
