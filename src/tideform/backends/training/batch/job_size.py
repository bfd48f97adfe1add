"""How much a job of AWS Batch can be told when it is submitted, and how much by a definition of its own. Pure.

Batch hands overrides on to Amazon ECS, which takes 8,192 characters of them as JSON; what is longer fails only when the
machines have come. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tideform.diagnostics import Diagnostic
from tideform.spec.problems import problem
from tideform.spec.training import Job

LARGEST_DEFINITION = 24 * 1024  # bytes
_LONGEST_OVERRIDES = 8192 - 1024  # characters, less the variables and sizes that Batch adds
_LARGEST_TOLD = LARGEST_DEFINITION - 6 * 1024  # less what is in it besides
_LARGEST_DECLARED = LARGEST_DEFINITION - 4096  # of a spec's own words, less what we write into it besides


def can_be_overridden(overrides: Mapping[str, Any]) -> bool:
    """Whether ECS takes these ``containerOverrides``."""
    return _length(overrides) <= _LONGEST_OVERRIDES


def can_be_defined(overrides: Mapping[str, Any]) -> bool:
    """Whether a job definition has room for this command and these variables."""
    return _length(overrides) <= _LARGEST_TOLD


def _length(overrides: Mapping[str, Any]) -> int:
    return len(json.dumps({"containerOverrides": [{"name": "default", **overrides}]}, separators=(",", ":")))


def definition_problems(path: str, job: Job) -> Iterator[Diagnostic]:
    """Words and variables of a spec that no job definition has room for; ``path`` is the job's."""
    size = len(json.dumps([job.command, job.environment, job.secrets, job.image])) + 20 * len(job.environment)
    if size > _LARGEST_DECLARED:
        detail = f"A job definition of AWS Batch has 24 KiB; command and variables of this one take {size // 1024} KiB."
        fix = "Put the script into the image or the code, and long values into a file or a secret."
        yield problem("TD179", detail, fix=fix, path=f"{path}.command")
