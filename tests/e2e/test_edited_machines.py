"""A burst brings what it announces, and its sum is of its own machines, though the spec is edited between bursts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import workspaces

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: machines
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  fit: {backend: ec2, instance_types: [c5.large], lease: 30m, job: {image: trainer, command: ["true"]}}
"""


def test_bursts_on_one_type_and_then_on_another(tmp_path: Path) -> None:
    with workspaces.applied(tmp_path, SPEC) as project:
        first = project.run("burst", "run", "fit")
        project.spec.write_text(SPEC.replace("c5.large", "g5.xlarge"))
        refused = project.run("burst", "run", "fit")
        applied = project.run("apply", "--yes", "--unit", "fit")
        second = project.run("burst", "run", "fit")
        jobs = project.run("jobs")
    told = first.stderr + refused.stderr + second.stderr
    assert (first.returncode, applied.returncode, second.returncode) == (0, 0, 0), told
    assert "TD603" in refused.stderr, told
    assert "instance_types: [c5.large], and the spec says [g5.xlarge] now" in " ".join(refused.stderr.split())
    assert "instance-seconds of c5.large;" in first.stderr, told
    assert "instance-seconds of g5.xlarge;" in second.stderr, told
    assert "at least" not in told + jobs.stdout
