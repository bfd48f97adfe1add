"""Projects and environments whose names begin with each other's keep their stacks and their bursts apart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, opened
from tideform.connect import cloud_for
from tideform.spec.load import load

pytestmark = pytest.mark.e2e

HEAD = "version: 1\nproject: {project}\nowner: ml@example.com\nregion: us-east-1\nenvironments: {environments}\n"
JOB = "{{image: trainer, command: [sleep, '900']}}"
POOL = "training:\n  {unit}: {{instance_types: [c5.large], lease: 30m, job: " + JOB + "}}\n"
ENVIRONMENT = "tideform:environment"
LONGER, EU = ("--spec", "longer.yaml"), ("-e", "dev-eu")
SHARED = "{dev: {target: local, state: 's3://alike'}, dev-eu: {target: local, state: 's3://alike'}}"


def spec(project: str, environments: str = "{dev: {target: local}}", unit: str = "fit") -> str:
    return HEAD.format(project=project, environments=environments) + POOL.format(unit=unit)


def must(made: Workspace, *args: str) -> str:
    done = made.run(*args)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stacks(made: Workspace, *args: str) -> dict[str, bool]:
    return {one["program"]: one["standing"] for one in json.loads(must(made, "status", "--json", *args))["stacks"]}


def bursts(made: Workspace, *args: str) -> int:
    return len(json.loads(must(made, "status", "--json", *args))["bursts"])


def same_key(root: Path) -> None:
    (root / ".tideform" / "dev").mkdir(exist_ok=True)
    shutil.copy2(root / ".tideform" / "dev-eu" / "passphrase", root / ".tideform" / "dev" / "passphrase")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """``brk`` and ``brk-dev``, both in ``dev``: the stack brk-dev-dev-fit begins like one of brk in dev."""
    root = tmp_path_factory.mktemp("folder")
    (root / "longer.yaml").write_text(spec("brk-dev"))
    with opened(root, spec("brk")) as made:
        must(made, "apply", "--yes", *LONGER)
        must(made, "burst", "run", "fit", "--detach", *LONGER)
        yield made


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """``dev`` and ``dev-eu`` of one project in a bucket, with one key, as the bucket's on an account."""
    with opened(tmp_path_factory.mktemp("bucket"), spec("brk", SHARED)) as made:
        cloud_for(load(made.spec, "dev").deployment).client("s3").create_bucket(Bucket="alike")
        must(made, "apply", "--yes", *EU)
        same_key(made.root)
        must(made, "burst", "run", "fit", "--detach", *EU)
        yield made


def one_tag_changed(made: Workspace) -> None:
    """What a look at what stands writes down, once somebody has changed one tag of dev-eu's pool by hand."""
    s3 = cloud_for(load(made.spec, "dev").deployment).client("s3")
    file = {"Bucket": "alike", "Key": ".pulumi/stacks/tideform-training/brk-dev-eu-fit.json"}
    state = json.loads(s3.get_object(**file)["Body"].read())
    tagged = next(one for one in state["checkpoint"]["latest"]["resources"] if ENVIRONMENT in tags_of(one))
    tags_of(tagged)[ENVIRONMENT] = "dev"
    s3.put_object(**file, Body=json.dumps(state).encode())


def tags_of(resource: dict[str, Any]) -> dict[str, str]:
    tags = resource.get("inputs", {}).get("tags")
    return tags if isinstance(tags, dict) else {}


def untouched(made: Workspace, *of: str) -> bool:
    """Whether the pool and the burst of the longer name stand."""
    return stacks(made, *of)["training/fit"] and bursts(made, *of) == 1


def test_an_apply_of_a_project_leaves_one_whose_name_begins_like_it(folder: Workspace) -> None:
    must(folder, "apply", "--yes")
    assert set(stacks(folder)) == {"foundation", "storage", "training/fit", "monitoring"}
    assert untouched(folder, *LONGER)


def test_a_unit_whose_names_are_anothers_is_refused_and_says_whose_they_are(folder: Workspace) -> None:
    (folder.root / "taken.yaml").write_text(spec("brk", unit="dev-fit"))
    done = folder.run("apply", "--yes", "--spec", "taken.yaml")
    assert done.returncode != 0
    assert "TD421" in done.stderr
    assert "project brk-dev, environment dev" in done.stderr
    assert untouched(folder, *LONGER)


def test_a_destroy_of_a_project_leaves_one_whose_name_begins_like_it(folder: Workspace) -> None:
    must(folder, "destroy", "--yes")
    assert untouched(folder, *LONGER)


def test_a_plan_of_an_environment_knows_nothing_of_one_whose_name_begins_like_it(bucket: Workspace) -> None:
    assert "eu-fit" not in must(bucket, "plan", "-e", "dev")


def test_an_apply_of_an_environment_leaves_one_of_which_a_tag_names_it(bucket: Workspace) -> None:
    one_tag_changed(bucket)
    must(bucket, "apply", "--yes", "-e", "dev")
    assert untouched(bucket, *EU)


def test_where_nothing_proves_whose_a_stack_is_a_destroy_takes_nothing_away(bucket: Workspace) -> None:
    (known,) = bucket.root.rglob("Pulumi.brk-dev-eu-fit.yaml")
    content = known.read_text()
    known.unlink()
    done = bucket.run("destroy", "--yes", "-e", "dev")
    known.write_text(content)
    assert (done.returncode != 0, "TD421" in done.stderr) == (True, True), done.stderr
    assert stacks(bucket, "-e", "dev")["foundation"]
    assert untouched(bucket, *EU)


def test_a_destroy_of_an_environment_leaves_one_whose_name_begins_like_it(bucket: Workspace) -> None:
    must(bucket, "destroy", "--yes", "-e", "dev")
    assert untouched(bucket, *EU)
