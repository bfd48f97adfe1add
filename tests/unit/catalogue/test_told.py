"""What a job is told has the bounds of its backend, for bursts and for what starts by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tideform.errors import SpecError
from tideform.spec.load import validate

URL = "https://bucket.s3.amazonaws.com/x?" + "a" * 600


def spec(folder: Path, backend: str, job: dict[str, Any], **pool: Any) -> Path:
    """A spec of one pool."""
    kind = "ml.m5.large" if backend == "sagemaker" else "c5.large"
    job = {"image": "trainer", "command": ["true"], "outputs": ["models"], **job}
    whole = {
        "version": 1,
        "project": "p",
        "owner": "me",
        "region": "us-east-1",
        "storage": {"models": {"kind": "models"}},
        "training": {"fit": {"backend": backend, "instance_types": [kind], "job": job, **pool}},
    }
    file = folder / "tideform.yaml"
    with file.open("w") as stream:
        YAML().dump(whole, stream)
    return file


def errors(file: Path) -> list[tuple[str, str, str]]:
    try:
        validate(file)
    except SpecError as error:
        return [(one.code, one.path, one.detail) for one in error.diagnostics if one.severity == "error"]
    return []


@pytest.mark.parametrize("more", [{}, {"schedule": "cron(0 2 * * ? *)"}])
def test_a_value_that_sagemaker_does_not_take_is_told_at_its_place(tmp_path: Path, more: dict[str, Any]) -> None:
    [(code, path, detail)] = errors(spec(tmp_path, "sagemaker", {"environment": {"URL": URL}}, **more))
    assert (code, path) == ("TD650", "training.fit.job.environment.URL")
    assert detail == f"SageMaker takes values of 512 characters; this one has {len(URL)}."


@pytest.mark.parametrize(
    ("job", "path"),
    [
        ({"environment": {f"V{number}": "1" for number in range(85)}}, "environment"),
        ({"environment": {"V" * 513: "1"}}, "environment." + "V" * 59 + "…"),  # as much of it as tells which it is
        ({"command": ["x" * 257]}, "command"),
        ({"command": ["sh", "-c", "one\ntwo"]}, "command"),
        ({"command": ["x"] * 95}, "command"),
        ({"sweep": {"grid": {"LR": ["0.1", "x" * 513]}}}, "sweep.grid.LR[1]"),
    ],
)
def test_what_sagemaker_does_not_take(tmp_path: Path, job: dict[str, Any], path: str) -> None:
    assert [(code, where) for code, where, _ in errors(spec(tmp_path, "sagemaker", job))] == [
        ("TD650", f"training.fit.job.{path}")
    ]


@pytest.mark.parametrize("backend", ["batch", "ec2", "eks"])
def test_other_backends_take_long_values(tmp_path: Path, backend: str) -> None:
    assert errors(spec(tmp_path, backend, {"environment": {"URL": URL}})) == []


@pytest.mark.parametrize(
    ("backend", "job", "code"),
    [
        ("batch", {"environment": {"AWS_BATCH_X": "1"}}, "TD178"),
        ("batch", {"secrets": {"AWS_BATCH_X": "secret:x"}}, "TD178"),
        ("batch", {"sweep": {"grid": {"AWS_BATCH_X": [1, 2]}}}, "TD178"),
        ("ec2", {"environment": {"TIDEFORM_IMAGE": "x"}}, "TD178"),
        ("batch", {"environment": {"X": "1"}, "secrets": {"X": "secret:x"}}, "TD140"),
        ("batch", {"environment": {"X": "a" * 30_000}}, "TD179"),
        ("batch", {"command": ["sh", "-c", "a" * 30_000]}, "TD179"),
    ],
)
def test_names_that_are_taken_and_definitions_that_are_too_large(
    tmp_path: Path, backend: str, job: dict[str, Any], code: str
) -> None:
    assert [found for found, _, _ in errors(spec(tmp_path, backend, job))] == [code]


def test_a_variable_of_ones_own_passes_elsewhere(tmp_path: Path) -> None:
    assert errors(spec(tmp_path, "eks", {"environment": {"AWS_BATCH_X": "1", "TIDEFORM_WORKDIR": "."}})) == []
