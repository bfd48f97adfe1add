"""A state that is lost is made anew from what stands: on the real engine, and nothing in the cloud is touched by it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from tests.e2e.workspaces import Workspace, opened
from tests.faults.account import everything
from tideform.burst.reaper_zip import zipped

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: adopted
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
network: {private: true}
storage: {raw: {kind: dataset}, models: {kind: models}}
training:
  fit:
    backend: batch
    instance_types: [c5.large]
    schedule: cron(0 2 1 1 ? *)
    job: {image: trainer, command: [python, train.py], inputs: [raw], outputs: [models]}
"""
Done = CompletedProcess[str]


class Story:
    """Applied, filled with data, its state lost, and adopted: what each command said and what stood around it."""

    def __init__(self, project: Workspace) -> None:
        self.project = project
        assert project.run("apply", "--yes").returncode == 0
        s3 = project.cloud.client("s3")
        (self.bucket,) = [b["Name"] for b in s3.list_buckets()["Buckets"] if "-raw-" in b["Name"]]
        s3.put_object(Bucket=self.bucket, Key="data", Body=b"precious")
        self.code_applied = self.code()
        for name in self.code_applied:  # as an older spec would have it
            project.cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=zipped({"a.py": "old"}))
        shutil.rmtree(project.root / ".tideform" / "dev")
        self.before = self.standing()
        self.planned_without = project.run("plan")
        self.not_asked = project.run("state", "adopt")
        self.planned_still = project.run("plan")
        self.adopted = project.run("state", "adopt", "--yes")
        self.after = self.standing()
        self.again = project.run("state", "adopt", "--yes")
        self.applied = project.run("apply", "--yes")
        self.code_after = self.code()
        self.planned_with = project.run("plan", "--detailed-exitcode")
        self.kept = s3.get_object(Bucket=self.bucket, Key="data")["Body"].read()
        self.refused = project.run("destroy", "--yes")
        self.destroyed = project.run("destroy", "--yes", "--delete-data", "raw", "--delete-data", "models")

    def code(self) -> dict[str, str]:
        """The digest of each function's code."""
        found = self.project.cloud.client("lambda").list_functions()["Functions"]
        return {one["FunctionName"]: one["CodeSha256"] for one in found}

    def standing(self) -> Counter[str]:
        return everything(self.project.cloud)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with opened(tmp_path_factory.mktemp("adopt"), SPEC) as project:
        yield Story(project)


def said(done: Done) -> str:
    return f"{done.returncode}\n{done.stdout}\n{done.stderr}"


def test_a_plan_without_the_state_names_the_way_out(story: Story) -> None:
    assert "TD407" in story.planned_without.stderr
    assert "tideform state adopt" in story.planned_without.stderr


def test_it_shows_what_it_would_adopt_and_asks(story: Story) -> None:
    assert f"storage.aws_s3_bucket.raw  id {story.bucket}" in story.not_asked.stdout
    assert "TD352" in story.not_asked.stderr


def test_until_somebody_agreed_the_state_is_as_it_was(story: Story) -> None:
    assert "TD407" in story.planned_still.stderr


def test_it_adopts_and_touches_nothing_in_the_cloud(story: Story) -> None:
    assert story.adopted.returncode == 0, said(story.adopted)
    assert story.after == story.before


def test_nothing_that_stands_is_left_out(story: Story) -> None:
    assert "cannot be adopted" not in story.adopted.stdout
    assert "will be created" not in story.adopted.stdout


def test_code_that_no_service_gives_back_is_put_there_by_the_next_apply(story: Story) -> None:
    assert story.applied.returncode == 0, said(story.applied)
    assert len(story.code_applied) > 1  # the reaper, and what starts the pool's job
    assert story.code_after == story.code_applied


def test_after_that_there_is_nothing_to_do(story: Story) -> None:
    assert story.planned_with.returncode == 0, said(story.planned_with)
    assert "No changes." in story.planned_with.stdout


def test_a_second_adoption_finds_nothing(story: Story) -> None:
    assert "Nothing of this environment stands that its state does not know." in story.again.stdout


def test_data_is_where_it_was_and_guarded_as_before(story: Story) -> None:
    assert story.kept == b"precious"
    assert (story.refused.returncode, "TD330" in story.refused.stderr) == (1, True)


def test_a_destroy_takes_away_what_was_adopted(story: Story) -> None:
    assert story.destroyed.returncode == 0, said(story.destroyed)
    assert "nothing is left" in story.destroyed.stdout
