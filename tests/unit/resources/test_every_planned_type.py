"""Every type that a program can plan is known completely: found, owned, priced, inventoried and permitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

import pytest

from tests.everything import EVERYTHING, PROGRAMS
from tests.unit.stacks.collecting import FULL, collect, deployment_of
from tideform.burst.inventory.areas import ENVIRONMENT, UNIT
from tideform.cloud import Cloud
from tideform.engine.bootstrap.documents import provisioning_rights
from tideform.model.planned import PlannedResource, PriceLine
from tideform.plan.cost import price
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.inventory import Area
from tideform.resources.registry import all_types, type_of
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment

AWS = Environment(target="aws", account="123456789012", state="s3://state-of-everything")


@pytest.fixture(scope="module", params=PROGRAMS, ids=lambda program: "-".join(filter(None, program)))
def program(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    """A layer, and its unit where it has some."""
    found: tuple[str, str | None] = request.param
    return found


@pytest.fixture(scope="module")
def planned(program: tuple[str, str | None]) -> list[PlannedResource]:
    """What one program of a spec that uses everything registers, but for Pulumi's own parts."""
    found = collect(*program, **EVERYTHING).resources
    return [each for each in found if each.type.startswith(("aws:", "kubernetes:"))]


def known(planned: list[PlannedResource]) -> Iterator[ResourceType]:
    """What is known of their types."""
    return (kind for token in sorted({each.type for each in planned}) if (kind := type_of(token)) is not None)


def test_it_is_registered(planned: list[PlannedResource]) -> None:
    assert {each.type for each in planned} - {kind.token for kind in known(planned)} == set()


def test_a_crashed_creation_of_it_is_found(planned: list[PlannedResource]) -> None:
    """By inputs that the program gives: they tell the id, or what to ask the service for."""
    assert [each.address for each in planned if not _can_be_found(each)] == []


def _can_be_found(resource: PlannedResource) -> bool:
    kind = type_of(resource.type)
    assert kind is not None
    try:
        return bool(list(kind.identify(cast(Cloud, _Nowhere()), resource.after or {})))
    except _AskedError:
        return True


class _AskedError(Exception):
    """Somebody asked a service."""


class _Nowhere:
    region, account = "eu-west-1", "123456789012"

    def client(self, _service: str) -> Any:
        raise _AskedError


def test_it_has_a_price_or_is_known_to_have_none(planned: list[PlannedResource], tmp_path: Path) -> None:
    lines = price(planned, _deployment(tmp_path))
    assert [line.item for line in lines if _is_unknown(line)] == []


def _is_unknown(line: PriceLine) -> bool:
    """Of the type itself: one whose rule is known may still be of a size that the price book has not."""
    return line.missing and line.item.startswith("aws:")


def test_an_inventory_finds_it_or_what_it_is_a_part_of(planned: list[PlannedResource]) -> None:
    assert [kind.token for kind in known(planned) if _area(kind) not in ENVIRONMENT] == []


def test_the_receipt_of_a_unit_finds_what_units_make(
    program: tuple[str, str | None], planned: list[PlannedResource]
) -> None:
    asked = {area.what for area in UNIT}
    unasked = [] if program[1] is None else [kind.token for kind in known(planned) if _area(kind).what not in asked]
    assert [token for token in unasked if token.startswith("aws:")] == []


def _area(kind: ResourceType) -> Area:
    """The question that finds it, or the one that finds its parent."""
    while isinstance(kind.inventory, PartOf):
        kind = all_types()[kind.inventory.parent]
    return kind.inventory


def test_the_role_of_ci_may_do_all_that_its_life_needs(planned: list[PlannedResource], tmp_path: Path) -> None:
    allowed = _allowed(_deployment(tmp_path, AWS))
    needed = {action for kind in known(planned) for action in kind.actions.all}
    assert {action for action in needed if not any(fnmatch(action, pattern) for pattern in allowed)} == set()


def test_the_role_of_ci_may_pass_its_roles_on(planned: list[PlannedResource], tmp_path: Path) -> None:
    statements = provisioning_rights(_deployment(tmp_path, AWS))["Statement"]
    (passing,) = (each for each in statements if each["Sid"] == "PassRoles")
    needed = {f"{each}.amazonaws.com" for kind in known(planned) for each in kind.actions.passes}
    assert needed - {*passing["Condition"]["StringEquals"]["iam:PassedToService"]} == set()


def test_every_type_is_planned_by_some_program() -> None:
    """What nobody plans is nobody's to keep."""
    planned = {each.type for program in PROGRAMS for each in collect(*program, **EVERYTHING).resources}
    assert {*all_types()} - planned == set()


def test_every_type_says_which_actions_it_needs() -> None:
    """But for what is in a cluster: who may make that says the cluster."""
    silent = [token for token, kind in all_types().items() if not (kind.actions.read and kind.actions.all)]
    assert [token for token in silent if token.startswith("aws:")] == []


def test_what_is_a_part_has_a_parent_that_is_known() -> None:
    parents = {kind.inventory.parent for kind in all_types().values() if isinstance(kind.inventory, PartOf)}
    assert parents - {*all_types()} == set()


def _allowed(deployment: Deployment) -> set[str]:
    """The actions that CI's role may do somewhere."""
    statements = provisioning_rights(deployment)["Statement"]
    return {action for each in statements if each["Effect"] == "Allow" for action in each["Action"]}


def _deployment(folder: Path, settings: Environment | None = None) -> Deployment:
    made = deployment_of({**FULL, **EVERYTHING}, folder)
    return replace(made, settings=settings) if settings else made
