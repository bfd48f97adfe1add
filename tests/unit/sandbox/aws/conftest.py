"""A sandbox of the session, and one resource of every kind in it, made by the provider's own code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.aws.cases import CASES
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform_sandbox.providers.aws import lifecycle
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Kind
from tideform_sandbox.providers.aws.registry import kind_of

_PROJECTS = count(1)


@dataclass
class Made:
    """One resource as the engine would remember it."""

    kind: Kind
    identity: str
    inputs: dict[str, Any]
    state: dict[str, Any]


class World:
    """Resources by the keys of their cases, each made when first asked for, with what it needs.

    Worlds do not meet: ``project`` is part of every name.
    """

    def __init__(self, context: Context, project: str) -> None:
        self.context = context
        self.project = project
        self._made: dict[str, Made] = {}
        self._cases = {case.key: case for case in CASES}

    def make(self, key: str) -> Made:
        if key not in self._made:
            case = self._cases[key]
            kind, inputs = kind_of(case.type), self.filled(case.inputs)
            identity, state = lifecycle.create(kind, self.context, inputs)
            self._made[key] = Made(kind, identity, inputs, state)
        return self._made[key]

    def filled(self, value: Any) -> Any:
        """The value with every ``$case.property`` filled in, also inside of JSON text."""
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if not isinstance(value, str):
            return value
        named = value.replace("fraud", self.project)
        if named.startswith("{") and "$role.arn" in named:
            return named.replace("$role.arn", self._looked_up("$role.arn"))
        return self._looked_up(named) if named.startswith("$") else named

    def _looked_up(self, reference: str) -> str:
        key, _, member = reference[1:].partition(".")
        if key not in self._cases:
            return reference
        made = self.make(key)
        return made.identity if member == "id" else str(made.state[member])


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    sandbox = client.ensure(workspace)
    yield Context(Cloud(region="us-east-1", account="", credentials=sandbox.credentials))
    client.stop(workspace)


@pytest.fixture(scope="session")
def world(context: Context) -> World:
    """One world for all tests that only look."""
    return World(context, "shared")


@pytest.fixture
def fresh(context: Context) -> World:
    """A world for a test that changes it."""
    return World(context, f"p{next(_PROJECTS)}-{os.getpid()}")
