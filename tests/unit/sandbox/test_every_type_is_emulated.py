"""Whatever the stacks can register, the sandbox's provider knows: types, arguments, and their parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.everything import EVERYTHING, PROGRAMS
from tests.unit.stacks.collecting import collect
from tideform.model.planned import PlannedResource
from tideform.resources.registry import all_types
from tideform_sandbox.providers.aws.lifecycle import unknown_inputs
from tideform_sandbox.providers.aws.registry import all_kinds, kind_of


@pytest.fixture(params=PROGRAMS, ids=lambda program: "-".join(filter(None, program)))
def planned(request: pytest.FixtureRequest) -> list[PlannedResource]:
    """What one program of a spec that uses everything registers."""
    return list(collect(*request.param, **EVERYTHING).resources)


def _aws(planned: list[PlannedResource]) -> Iterator[PlannedResource]:
    return (resource for resource in planned if resource.type.startswith("aws:"))


def test_every_planned_type_is_emulated(planned: list[PlannedResource]) -> None:
    assert {resource.type for resource in _aws(planned)} <= set(all_kinds())


def test_every_planned_argument_is_known(planned: list[PlannedResource]) -> None:
    unknown = {
        f"{resource.type}.{key}"
        for resource in _aws(planned)
        for key in unknown_inputs(kind_of(resource.type), resource.after or {})
    }
    assert unknown == set()


def test_no_planned_argument_is_only_stored(planned: list[PlannedResource]) -> None:
    stored = {
        f"{resource.type}.{key}"
        for resource in _aws(planned)
        for key in kind_of(resource.type).stored_only & set(resource.after or {})
    }
    assert stored == set()


def test_every_emulated_type_is_registered() -> None:
    assert set(all_kinds()) - set(all_types()) == set()
