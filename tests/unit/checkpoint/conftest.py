"""A bucket of the sandbox for copies of checkpoints, and what a job's process needs to reach it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sandbox.conftest import cloud, sandbox, workspace  # noqa: F401  # fixtures
from tideform.checkpoint.mirror import Mirror
from tideform.cloud import Cloud

_NUMBERS = count()


@pytest.fixture
def s3(cloud: Cloud) -> Any:  # noqa: F811
    return cloud.client("s3")


@pytest.fixture
def uri(s3: Any) -> str:
    bucket = f"copies-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=bucket)
    return f"s3://{bucket}/fit/run-1"


@pytest.fixture
def environ(cloud: Cloud) -> dict[str, str]:  # noqa: F811
    """The environment of a job's process."""
    return {**os.environ, **cloud.environ()}


@pytest.fixture
def mirror(s3: Any, uri: str) -> Callable[[Path], Mirror]:
    return lambda folder: Mirror(s3, uri, folder)
