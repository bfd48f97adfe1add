"""What a killed run leaves, and what the next one makes of it: on the real engine, with real signals."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workspaces import Running, Workspace, applied, opened, until
from tests.faults.account import everything
from tests.faults.random_kills import marked
from tideform.flock import StillHeldError, exclusive
from tideform.state.processes import engines_of, processes_of

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: crashing
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
network: {private: true}
storage: {images: {kind: dataset}}
"""
OWNED = {"tideform:project": "crashing", "tideform:environment": "dev"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Workspace]:
    with opened(tmp_path, SPEC) as workspace:
        yield workspace


def state_files(project: Workspace) -> list[Path]:
    """The engine's checkpoints, one a stack."""
    return sorted((project.root / ".tideform" / "dev" / "state" / ".pulumi" / "stacks").rglob("*.json"))


def pending(project: Workspace) -> list[dict[str, Any]]:
    """The operations on things in the cloud that were begun and not ended."""
    latest = [json.loads(file.read_text())["checkpoint"].get("latest") or {} for file in state_files(project)]
    operations = [each for checkpoint in latest for each in checkpoint.get("pending_operations") or []]
    return [each for each in operations if each["resource"]["type"].startswith("aws:")]


def add_pending_bucket(project: Workspace, bucket: str) -> None:
    """Make the state say that a bucket was being created when its run died."""
    (file,) = [path for path in state_files(project) if "tideform-storage" in str(path)]
    content = json.loads(file.read_text())
    latest = content["checkpoint"]["latest"]
    standing = next(r for r in latest["resources"] if r["type"] == "aws:s3/bucket:Bucket")
    resource = {key: value for key, value in standing.items() if key not in ("id", "outputs", "created", "modified")}
    resource |= {"urn": f"{resource['urn']}-second", "inputs": {**resource["inputs"], "bucket": bucket}}
    latest["pending_operations"] = [{"resource": resource, "type": "creating"}]
    file.write_text(json.dumps(content))


def killed_while_creating(project: Workspace) -> list[dict[str, Any]]:
    """Kill a first apply and its engines with creations begun, done and not written down; returns those."""
    running = project.start("apply", "--yes")
    until(lambda: pending(project), "a creation begins")
    engines = frozen_engines(project)
    begun = pending(project)
    running.signal(signal.SIGKILL)
    running.process.wait()
    # The provider finishes what it was asked for, and ends because its parent is gone.
    until(lambda: marked(project.root) <= engines, "the provider ends")
    for pid in engines:
        kill(pid, signal.SIGKILL)
    until(lambda: not marked(project.root), "the engines end")
    return begun


def kill(pid: int, number: signal.Signals) -> None:
    """Signal a process if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def frozen_engines(project: Workspace) -> set[int]:
    """Stop every engine of the run where it stands."""
    lock = json.loads((project.root / ".tideform" / "dev" / "lock.json").read_text())
    engines = {pid for holder in lock["holders"] for pid in engines_of(holder["run"])}
    for pid in engines:
        kill(pid, signal.SIGSTOP)
    return engines


def test_what_was_created_and_not_written_down_is_taken_over_and_not_made_twice(project: Workspace) -> None:
    begun = killed_while_creating(project)
    again = project.run("apply", "--yes")
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("recovered: ") == len(begun), again.stderr
    assert "found and taken over" in again.stderr
    once = everything(project.cloud)
    assert project.run("plan", "--refresh", "--detailed-exitcode").returncode == 0
    assert project.run("destroy", "--yes").returncode == 0
    assert project.run("apply", "--yes").returncode == 0
    assert everything(project.cloud) == once


def test_a_destroy_after_a_crash_leaves_nothing_behind(project: Workspace) -> None:
    empty = everything(project.cloud)
    killed_while_creating(project)
    destroyed = project.run("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr
    assert everything(project.cloud) == empty


def test_a_crash_in_the_middle_of_recovery_is_recovered_as_well(project: Workspace) -> None:
    begun = killed_while_creating(project)
    recovering = project.start("apply", "--yes")
    until(lambda: any(engines_of_lock(project)), "recovery begins")
    kill_all(recovering, project)
    again = project.run("apply", "--yes")
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("recovered: ") == len(begun), again.stderr


def engines_of_lock(project: Workspace) -> set[int]:
    """The engines of whoever holds the lock."""
    lock = json.loads((project.root / ".tideform" / "dev" / "lock.json").read_text())
    return {pid for holder in lock["holders"] for pid in processes_of(holder["run"])}


def kill_all(running: Running, project: Workspace) -> None:
    """``kill -9`` of a command and of everything it started."""
    running.signal(signal.SIGKILL)
    running.process.wait()
    for pid in marked(project.root):
        kill(pid, signal.SIGKILL)
    until(lambda: not marked(project.root), "everything ends")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One environment that was applied once; each test leaves it as it was, and the last one destroys it."""
    with applied(tmp_path_factory.mktemp("standing"), SPEC) as workspace:
        yield workspace


def test_a_creation_that_never_happened_is_forgotten(standing: Workspace) -> None:
    add_pending_bucket(standing, "crashing-dev-never-made")
    again = standing.run("apply", "--yes")
    assert again.returncode == 0, again.stderr
    assert "does not exist; forgotten" in again.stderr
    assert pending(standing) == []


def test_a_foreign_thing_of_that_name_is_refused_and_left_alone(standing: Workspace) -> None:
    s3 = standing.cloud.client("s3")
    s3.create_bucket(Bucket="crashing-dev-foreign")
    add_pending_bucket(standing, "crashing-dev-foreign")
    again = standing.run("apply", "--yes")
    assert (again.returncode, "TD421" in again.stderr) == (1, True), again.stderr
    assert s3.get_bucket_location(Bucket="crashing-dev-foreign")
    assert "crashing-dev-foreign" not in "".join(file.read_text() for file in state_files(standing))
    s3.delete_bucket(Bucket="crashing-dev-foreign")


def test_a_live_holder_is_respected_with_who_and_since_when(standing: Workspace) -> None:
    waiting = standing.start("apply", TIDEFORM_OWNER="alice@laptop")
    freeze_with_its_lock(standing, waiting, "alice@laptop")
    refused = standing.run("apply", "--yes")
    waiting.signal(signal.SIGCONT)
    waiting.ended()
    assert (refused.returncode, "alice@laptop" in refused.stderr) == (4, True), refused.stderr


def freeze_with_its_lock(project: Workspace, running: Running, who: str) -> None:
    """Stop a run that has taken the lock, but not while it writes the lock's record: that is a case of its own."""
    lock = project.root / ".tideform" / "dev" / "lock.json"

    def frozen() -> bool:
        running.signal(signal.SIGSTOP)
        with suppress(StillHeldError), exclusive(lock.with_name(f".{lock.name}.guard"), patience=0):
            if lock.exists() and who in lock.read_text():
                return True
        running.signal(signal.SIGCONT)
        return False

    until(frozen, "the lock is taken")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order_and_the_next_apply_goes_on(standing: Workspace, number: signal.Signals) -> None:
    more = "".join(f", more{n}: {{kind: scratch}}" for n in range(12))  # so many that a busy machine sees them begin
    standing.spec.write_text(SPEC.replace("images: {kind: dataset}", "images: {kind: dataset}" + more))
    running = standing.start("apply", "--yes")
    until(lambda: pending(standing) or running.process.poll() is not None, "a creation begins")
    running.signal(number)
    assert running.ended() == 130, running.stderr
    assert marked(standing.root) == set()
    standing.spec.write_text(SPEC)
    assert standing.run("apply", "--yes").returncode == 0


def test_destroying_leaves_a_foreign_thing_alone(standing: Workspace) -> None:
    s3 = standing.cloud.client("s3")
    s3.create_bucket(Bucket="crashing-dev-foreign")
    add_pending_bucket(standing, "crashing-dev-foreign")
    destroyed = standing.run("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["crashing-dev-foreign"]
