"""The proof of it all: a two-node PyTorch job that is interrupted twice ends with the very loss of one that was not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.interrupting import interrupted_at, starts
from tests.e2e.torch_cpu import torch_environment
from tests.e2e.workspaces import Workspace, opened
from tideform.paths import blueprints_dir

pytestmark = [pytest.mark.e2e, pytest.mark.torch]

SPEC = """\
version: 1
project: rising
owner: ml@example.com
region: us-east-1
environments: {{dev: {{target: local}}}}
training:
  fit:
    instance_types: [c5.large]
    nodes: 2..2
    capacity: {{spot: never}}
    zones: [a]
    lease: 30m
    checkpoint: {{every: 1s}}
    job:
      image: trainer
      code: job
      nodes: 2
      command: [python, train.py, --steps, "100", --seconds, "0.1"]
      environment: {environment}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    spec = SPEC.format(environment=json.dumps({**torch_environment(), "PYTHONWARNINGS": "ignore"}))
    with opened(tmp_path_factory.mktemp("rising"), spec) as made:
        shutil.copytree(blueprints_dir() / "two-nodes", made.root / "job", ignore=shutil.ignore_patterns(".tideform"))
        applied = made.run("apply", "--yes")
        assert applied.returncode == 0, applied.stderr
        yield made


def loss(stdout: str) -> str:
    """What the job printed at its end, to the last digit."""
    return next(line for line in stdout.splitlines() if line.startswith("[0] loss "))


def test_a_job_of_two_nodes_that_is_interrupted_twice_ends_with_the_same_loss(project: Workspace) -> None:
    whole = project.run("burst", "run", "fit")
    assert (whole.returncode, starts(whole.stdout)) == (0, [0]), whole.stdout + whole.stderr
    cut = interrupted_at(project, "fit", [10, 40])
    assert cut.process.returncode == 0, cut.stdout + cut.stderr
    first, second, third = starts(cut.stdout)
    assert first == 0
    assert second >= 10
    assert third >= 40
    assert loss(cut.stdout) == loss(whole.stdout)
    assert project.instances() == []
