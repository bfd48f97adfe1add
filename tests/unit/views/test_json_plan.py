"""The plan as tools that read Terraform plans see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.views.plans import BUCKET, created, everything, plan, updated
from tideform.model.engine import Program
from tideform.model.planned import SECRET, UNKNOWN, Action, OutputChange, PlannedResource, PropertyChange
from tideform.plan.stages import stages
from tideform.views.json_plan import plan_json, resource_change


def change_of(resource: PlannedResource) -> dict[str, Any]:
    change: dict[str, Any] = resource_change(resource)["change"]
    return change


def replaced(*, first: bool = False, **fields: Any) -> PlannedResource:
    return PlannedResource("s", BUCKET, "d", Action.REPLACE, {"a": 1}, {"a": 2}, delete_before_replace=first, **fields)


def test_a_plan_with_one_of_everything(golden: Callable[[str, str], None]) -> None:
    program = Program("storage", "quickstart-dev", Path("__main__.py"))
    data = plan_json(everything(), stages=stages([program]))
    golden("plan/everything.json", json.dumps(data, indent=2) + "\n")


@pytest.mark.parametrize(
    ("resource", "actions"),
    [
        (created(), ["create"]),
        (updated({"a": 1}, {"a": 2}), ["update"]),
        (replaced(first=True), ["delete", "create"]),
        (replaced(first=False), ["create", "delete"]),
        (PlannedResource("s", BUCKET, "d", Action.DELETE, {"a": 1}, None), ["delete"]),
        (PlannedResource("s", BUCKET, "d", Action.NO_OP, {"a": 1}, {"a": 1}), ["no-op"]),
        (PlannedResource("s", BUCKET, "d", Action.READ, None, {"a": 1}), ["read"]),
        (PlannedResource("s", BUCKET, "d", Action.IMPORT, None, {"a": 1}), ["no-op"]),
    ],
)
def test_actions_are_terraforms(resource: PlannedResource, actions: list[str]) -> None:
    assert change_of(resource)["actions"] == actions


@pytest.mark.parametrize(
    ("token", "terraform"),
    [
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:cloudtrail/trail:Trail", "aws_cloudtrail"),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", "aws_fsx_lustre_file_system"),  # derived: nobody makes one
    ],
)
def test_the_type_is_the_name_by_which_policies_for_terraform_select(token: str, terraform: str) -> None:
    assert resource_change(PlannedResource("s", token, "d", Action.CREATE, None, {}))["type"] == terraform


def test_a_created_resource_has_nothing_before() -> None:
    change = change_of(created(bucket="b"))
    assert (change["before"], change["after"], change["before_sensitive"]) == (None, {"bucket": "b"}, False)


def test_a_deleted_resource_has_nothing_after() -> None:
    change = change_of(PlannedResource("s", BUCKET, "d", Action.DELETE, {"a": 1}, None))
    assert (change["after"], change["after_unknown"], change["after_sensitive"]) == (None, {}, False)


def test_unknown_values_are_marked_where_they_will_be() -> None:
    change = change_of(created(arn=UNKNOWN, rules=[{"id": "x", "key": UNKNOWN}], bucket="n"))
    assert change["after"] == {"bucket": "n", "rules": [{"id": "x"}]}
    assert change["after_unknown"] == {"arn": True, "rules": [{"key": True}]}


def test_secrets_are_marked_and_never_told() -> None:
    change = change_of(updated({"password": SECRET}, {"password": SECRET}, "password"))
    assert change["before_sensitive"] == change["after_sensitive"] == {"password": True}
    assert change["after"] == {"password": None}


def test_what_forces_a_replacement_is_a_list_of_paths() -> None:
    forced = PropertyChange("rules[0].days", 1, 2, forces_replacement=True)
    change = change_of(replaced(changes=(forced,), replace_keys=("rules", "bucket")))
    assert change["replace_paths"] == [["bucket"], ["rules", 0, "days"]]


def test_an_import_names_the_id() -> None:
    change = change_of(PlannedResource("s", BUCKET, "d", Action.IMPORT, None, {"a": 1}, id="the-bucket"))
    assert change["importing"] == {"id": "the-bucket"}


def test_an_output_that_is_not_known_yet_has_no_planned_value() -> None:
    data = plan_json(plan(outputs=(OutputChange("storage", "arn", None, UNKNOWN),)))
    assert data["planned_values"]["outputs"] == {"storage.arn": {"sensitive": False}}
    assert data["output_changes"]["storage.arn"]["after_unknown"] is True


def test_the_order_does_not_depend_on_the_engine() -> None:
    two = created("a"), created("b", "foundation")
    assert plan_json(plan(*two)) == plan_json(plan(*reversed(two)))
