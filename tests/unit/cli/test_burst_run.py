"""``tideform burst run``: what it refuses before it asks for anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.cli.app import main
from tideform.errors import ExitCode

SPEC = """\
version: 1
project: wide
owner: me@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
  fit: {backend: sagemaker, instance_types: [ml.m5.large], nodes: 2, lease: 1h, job: &job {image: trainer,
        command: [env], outputs: [models]}}
  desk: {backend: ec2, instance_types: [c5.large], nodes: 1..2, lease: 1h, job: *job}
  duo: {instance_types: [c5.large], nodes: 2, lease: 1h, job: {nodes: 2, image: trainer, command: [env]}}
  cluster: {backend: eks, instance_types: [c5.large], nodes: 2, lease: 1h, job: *job}
"""


@pytest.mark.parametrize("more", [[], ["--detach"]], ids=["attached", "detached"])
@pytest.mark.parametrize("pool", ["fit", "desk", "duo", "cluster"])
def test_more_machines_than_the_pools_bound_are_refused_before_its_cost_is_announced(
    pool: str, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIDEFORM_ENVIRONMENT", raising=False)
    (tmp_path / "tideform.yaml").write_text(SPEC, encoding="utf-8")
    code = main(["burst", "run", pool, "--yes", "--nodes", "3", *more])
    said = capsys.readouterr().err
    assert code == ExitCode.ERROR.beside_a_jobs
    assert "TD159" in said
    assert "at worst" not in said
