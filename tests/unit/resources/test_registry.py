"""The types that are known, by their tokens."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tideform.resources import registry
from tideform.resources.kubernetes import any_object


def test_a_type_is_known_by_its_token() -> None:
    found = registry.type_of("aws:ec2/vpc:Vpc")
    assert found is not None
    assert (found.token, found.terraform) == ("aws:ec2/vpc:Vpc", "aws_vpc")


def test_of_a_type_that_nobody_registered_nothing_is_known() -> None:
    assert registry.type_of("aws:fsx/lustreFileSystem:LustreFileSystem") is None


def test_any_object_of_a_cluster_is_known() -> None:
    assert registry.type_of("kubernetes:batch/v1:Job") == any_object("kubernetes:batch/v1:Job")


def test_a_token_that_stands_in_two_places_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = ModuleType("twice")
    twice.TYPES = (any_object("kubernetes:v1:Twice"),)  # type: ignore[attr-defined]

    def load(_name: str) -> Any:
        return twice

    monkeypatch.setattr(registry, "import_module", load)
    with pytest.raises(ValueError, match="kubernetes:v1:Twice is registered twice"):
        registry.all_types.__wrapped__()


def test_actions_of_another_service_keep_its_name() -> None:
    found = registry.type_of("aws:dynamodb/table:Table")
    assert found is not None
    assert {"dynamodb:CreateTable", "kms:CreateGrant"} <= {*found.actions.create}
