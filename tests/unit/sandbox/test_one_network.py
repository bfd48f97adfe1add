"""The sandbox refuses what EC2, Batch and Auto Scaling refuse of networks that do not go together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tideform_sandbox.one_network import NOT_LINKED, reason_against


def backend() -> SimpleNamespace:
    def subnet(name: str, vpc: str) -> SimpleNamespace:
        return SimpleNamespace(id=name, vpc_id=vpc)

    subnets = {"a": {"s1": subnet("s1", "v1"), "s3": subnet("s3", "v2")}, "b": {"s2": subnet("s2", "v1")}}
    return SimpleNamespace(subnets=subnets, groups={"v1": {"g1": 1}, "v2": {"g2": 2}})


@pytest.mark.parametrize(
    ("subnets", "groups", "why"),
    [
        (["s1", "s2"], ["g1"], ""),
        (["s1"], ["g2"], NOT_LINKED),
        (["s1"], ["g1", "g2"], NOT_LINKED),
        (["s1", "s3"], ["g1"], "The subnets must belong to the same VPC"),
        (["s9"], ["g1"], "The subnet ID 's9' does not exist"),
        (["s1"], [], ""),
    ],
)
def test_subnets_and_groups_have_to_be_of_one_network(subnets: list[str], groups: list[str], why: str) -> None:
    assert reason_against(backend(), subnets, groups) == why
