"""What is ours among the things that have a name of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tideform.engine.recover.ownership import is_ours

TAGS = {"tideform:project": "p", "tideform:environment": "dev", "tideform:layer": "storage"}


def judged(kind: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> bool:
    return is_ours({"type": kind, "inputs": inputs}, {"type": kind, "outputs": outputs})


@pytest.mark.parametrize(
    ("live", "ours"),
    [
        (TAGS, True),
        ({**TAGS, "cost-centre": "7"}, True),
        ({**TAGS, "tideform:environment": "prod"}, False),
        ({"tideform:project": "p"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_project_and_environment_in_the_tags_decide(live: dict[str, str] | None, ours: bool) -> None:
    assert judged("aws:s3/bucket:Bucket", {"bucket": "b", "tags": TAGS}, {"tags": live}) is ours


@pytest.mark.parametrize(("points_to", "ours"), [("key-1", True), ("key-2", False)])
def test_an_alias_is_ours_if_it_points_to_our_key(points_to: str, ours: bool) -> None:
    assert judged("aws:kms/alias:Alias", {"targetKeyId": "key-1"}, {"targetKeyId": points_to}) is ours


def test_a_dashboard_is_ours_if_it_says_the_same_in_whatever_order() -> None:
    one, other = '{"a": 1, "b": 2}', '{"b":2,"a":1}'
    assert judged("aws:cloudwatch/dashboard:Dashboard", {"dashboardBody": one}, {"dashboardBody": other})


@pytest.mark.parametrize(
    ("shown", "ours"),
    [(["p-dev-old"], True), ([], True), (["p-dev-old", "theirs"], False), (["theirs"], False), (["p-device"], False)],
)
def test_a_dashboard_of_another_spec_is_ours_if_it_shows_nothing_else(shown: list[str], ours: bool) -> None:
    def body(*names: str) -> str:
        return json.dumps(
            {"widgets": [{"properties": {"metrics": [["AWS/Events", "RuleName", one]]}} for one in names]}
        )

    wanted = {"dashboardName": "p-dev-overview", "dashboardBody": body("p-dev-new")}
    assert judged("aws:cloudwatch/dashboard:Dashboard", wanted, {"dashboardBody": body(*shown)}) is ours


@pytest.mark.parametrize("body", [None, "no document", "[]", '{"widgets": 7}'])
def test_a_dashboard_that_cannot_be_read_is_not_ours(body: str | None) -> None:
    wanted = {"dashboardName": "p-dev-overview", "dashboardBody": "{}"}
    assert not judged("aws:cloudwatch/dashboard:Dashboard", wanted, {"dashboardBody": body})


def test_a_setting_shares_the_answer_of_what_it_belongs_to() -> None:
    assert judged("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b"}, {"bucket": "b"})


@pytest.mark.parametrize(("project", "ours"), [("p", True), ("q", False), (None, False)])
def test_the_labels_of_an_object_decide_where_there_are_no_tags(project: str | None, ours: bool) -> None:
    wanted = {"metadata": {"name": "n", "labels": {"tideform.dev/project": "p", "team": "risk"}}}
    live = {"metadata": {"name": "n", "labels": {"tideform.dev/project": project} if project else {}}}
    assert judged("kubernetes:core/v1:Namespace", wanted, live) is ours
