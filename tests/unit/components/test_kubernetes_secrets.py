"""Secrets of a job on Kubernetes: its own pod fetches them, and its manifest holds none."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tideform.backends.training.eks.secrets import with_secrets

ARNS = {"TOKEN": "arn:aws:secretsmanager:eu-west-1:1:secret:hub", "KEY": "arn:aws:secretsmanager:eu-west-1:1:secret:k"}
POD: dict[str, Any] = {
    "containers": [{"name": "job", "command": ["python", "-V"], "volumeMounts": [{"name": "a", "mountPath": "/a"}]}],
    "volumes": [{"name": "a", "emptyDir": {}}],
}
VALUES = {"hub": "a b\n'c' $HOME", "k": "second"}
AWS = """\
#!/bin/sh
while [ "$1" != --secret-id ]; do shift; done
cat "{folder}/value-of-${{2##*:}}"
"""


def made() -> dict[str, Any]:
    return with_secrets(POD, ARNS, "eu-west-1")


def test_a_pod_without_secrets_stays_as_it_is() -> None:
    assert with_secrets(POD, {}, "eu-west-1") is POD


def test_they_are_kept_in_memory_and_only_the_pod_itself_sees_them() -> None:
    (volume,) = [each for each in made()["volumes"] if each["name"] == "secrets"]
    assert volume["emptyDir"]["medium"] == "Memory"
    (fetch,), (job,) = made()["initContainers"], made()["containers"]
    assert job["volumeMounts"][-1] == {**fetch["volumeMounts"][0], "readOnly": True}


def test_what_fetches_them_may_do_no_more_than_the_job() -> None:
    (fetch,) = made()["initContainers"]
    assert fetch["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert fetch["resources"]["limits"] == fetch["resources"]["requests"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder in place of the pod's, and an ``aws`` that knows two secrets."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "secrets").mkdir()
    for name, value in VALUES.items():
        (tmp_path / f"value-of-{name}").write_text(value + "\n")  # as text output ends
    aws = tmp_path / "bin" / "aws"
    aws.write_text(AWS.format(folder=tmp_path))
    aws.chmod(0o700)
    return tmp_path


def run(machine: Path, command: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    words = [word.replace("/run/tideform/secrets", str(machine / "secrets")) for word in [*command, *more]]
    path = f"{machine / 'bin'}:{os.defpath}"
    return subprocess.run(words, env={"PATH": path}, capture_output=True, text=True, timeout=30, check=False)


def test_the_job_finds_them_as_variables_whatever_is_in_them(machine: Path) -> None:
    spec = made()
    fetched = run(machine, spec["initContainers"][0]["command"])
    assert (fetched.returncode, fetched.stdout) == (0, ""), fetched.stderr
    show = ["python3", "-c", "import json, os; print(json.dumps([os.environ[n] for n in ('TOKEN', 'KEY')]))"]
    shown = run(machine, spec["containers"][0]["command"][:4], *show)
    assert json.loads(shown.stdout) == [VALUES["hub"], VALUES["k"]], shown.stderr


def test_a_secret_that_cannot_be_read_ends_the_pod_before_the_job(machine: Path) -> None:
    (machine / "value-of-hub").unlink()
    assert run(machine, made()["initContainers"][0]["command"]).returncode != 0
