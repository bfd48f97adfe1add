"""A plan saved, applied exactly, found stale, and what was changed behind its back: on the real engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tideform.cloud import Cloud
from tideform.paths import Workspace
from tideform.sandbox.client import ensure, stop

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: saved
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
"""


@dataclass(frozen=True)
class Project:
    """A folder with a spec, and the command line run in it."""

    root: Path

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "tideform"), *args]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=300, check=False)

    def client(self, service: str) -> Any:
        return Cloud("us-east-1", "123456789012", ensure(Workspace(self.root)).credentials).client(service)

    def bucket(self) -> str:
        return str(json.loads(self.run("output", "buckets", "--json").stdout)["scratch"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose saved plan has been applied."""
    root = tmp_path_factory.mktemp("saved")
    (root / "tideform.yaml").write_text(SPEC)
    project = Project(root)
    try:
        saved = project.run("plan", "--out", "the.plan")
        assert saved.returncode == 0, saved.stderr
        applied = project.run("apply", "the.plan")
        assert applied.returncode == 0, applied.stderr
        yield project
    finally:
        stop(Workspace(root))


def test_a_saved_plan_makes_what_it_says(project: Project) -> None:
    buckets = [b["Name"] for b in project.client("s3").list_buckets()["Buckets"]]
    assert buckets == [project.bucket()]


def test_after_it_nothing_is_left_to_do(project: Project) -> None:
    again = project.run("plan", "--detailed-exitcode")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "No changes. What stands matches the spec.")


def test_applying_it_twice_is_refused_because_the_stacks_moved(project: Project) -> None:
    again = project.run("apply", "the.plan")
    assert again.returncode == 1
    assert "error[TD312]: A stack was changed since the plan was saved" in again.stderr


def test_json_holds_no_change_of_any_resource(project: Project) -> None:
    data = json.loads(project.run("plan", "--json").stdout)
    assert {tuple(r["change"]["actions"]) for r in data["resource_changes"]} == {("no-op",)}


def test_a_change_behind_our_back_makes_a_saved_plan_stale(project: Project) -> None:
    assert project.run("plan", "--out", "later.plan").returncode == 0
    project.client("s3").put_bucket_versioning(Bucket=project.bucket(), VersioningConfiguration={"Status": "Enabled"})
    refused = project.run("apply", "later.plan")
    assert refused.returncode == 1
    assert "storage.aws_s3_bucket_versioning.scratch: planned was no-op, now it would be update" in refused.stderr


def test_a_change_behind_our_back_is_shown_and_put_right(project: Project) -> None:
    tags = {"TagSet": [{"Key": "who", "Value": "somebody else"}]}
    project.client("s3").put_bucket_tagging(Bucket=project.bucket(), Tagging=tags)
    shown = project.run("plan", "--refresh", "--detailed-exitcode")
    assert shown.returncode == 2
    assert "# storage.aws_s3_bucket.scratch has been changed" in shown.stdout
    assert project.run("apply", "--yes").returncode == 0
    found = project.client("s3").get_bucket_tagging(Bucket=project.bucket())["TagSet"]
    assert {"Key": "tideform:project", "Value": "saved"} in found
