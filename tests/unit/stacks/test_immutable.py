"""What cannot change in place: its name says all that it was made of, so its successor can stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.stacks.collecting import collect, collect_on, inputs
from tideform.model.engine import Preview
from tideform.model.planned import UNKNOWN

Place = tuple[str, str, str, str]  # layer, unit, type, name
IMMUTABLE: tuple[Place, ...] = (
    ("serving", "score", "aws:sagemaker/model:Model", "score"),
    ("serving", "score", "aws:sagemaker/endpointConfiguration:EndpointConfiguration", "score"),
    ("training", "nightly", "aws:ec2/launchTemplate:LaunchTemplate", "nightly"),
    ("training", "nightly", "aws:batch/computeEnvironment:ComputeEnvironment", "nightly-spot"),
)
IDS = [kind.rpartition(":")[2] for _, _, kind, _ in IMMUTABLE]
# What foundation exports, when somebody deleted what it stands for and an apply made another.
REPLACED: Mapping[str, Any] = {
    "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/another",
    "private_subnet_ids": ["subnet-0a", "subnet-another"],
    "workload_security_group_id": "sg-another",
}
_NETWORK = {"private_subnet_ids", "workload_security_group_id"}
# A configuration names its model, an environment its template: they follow. Batch keeps to the template's version that
# it found, so another key takes another template.
MOVED_BY = (_NETWORK, {"kms_key_arn", *_NETWORK}, {"kms_key_arn"}, {"kms_key_arn", *_NETWORK})


def of(found: Preview, kind: str, name: str) -> Mapping[str, Any]:
    return inputs(found, kind.rpartition(":")[2], name)


@pytest.mark.parametrize("output", REPLACED)
@pytest.mark.parametrize(("place", "moved_by"), list(zip(IMMUTABLE, MOVED_BY, strict=True)), ids=IDS)
def test_its_name_changes_with_what_cannot_change_in_it(place: Place, moved_by: set[str], output: str) -> None:
    layer, unit, kind, name = place
    before = of(collect(layer, unit), kind, name)
    after = of(collect_on({output: REPLACED[output]}, layer, unit), kind, name)
    assert (before["name"] != after["name"]) is (output in moved_by)


@pytest.mark.parametrize("place", IMMUTABLE, ids=IDS)
def test_its_name_is_known_with_what_it_is_made_of_and_not_before(place: Place) -> None:
    layer, unit, kind, name = place
    unknown = dict.fromkeys(REPLACED, UNKNOWN)
    assert isinstance(of(collect(layer, unit), kind, name)["name"], str)
    assert of(collect_on(unknown, layer, unit), kind, name)["name"] is UNKNOWN
