"""How much a job of AWS Batch can be told when it is submitted, and how much by a definition of its own. Pure.

Batch hands overrides on to Amazon ECS, which takes 8,192 characters of them as JSON; what is longer fails only when the
machines have come. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LARGEST_DEFINITION = 24 * 1024  # bytes
_LONGEST_OVERRIDES = 8192 - 1024  # characters, less the variables and sizes that Batch adds
_LARGEST_TOLD = LARGEST_DEFINITION - 6 * 1024  # less what is in it besides


def can_be_overridden(overrides: Mapping[str, Any]) -> bool:
    """Whether ECS takes these ``containerOverrides``."""
    return _length(overrides) <= _LONGEST_OVERRIDES


def can_be_defined(overrides: Mapping[str, Any]) -> bool:
    """Whether a job definition has room for this command and these variables."""
    return _length(overrides) <= _LARGEST_TOLD


def _length(overrides: Mapping[str, Any]) -> int:
    return len(json.dumps({"containerOverrides": [{"name": "default", **overrides}]}, separators=(",", ":")))
