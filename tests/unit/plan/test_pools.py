"""What a plan says of each pool's bursts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.plan.making import deployment, pool
from tests.unit.views.plans import created, plan
from tideform.plan.pools import pool_choices
from tideform.pools.worst_case import worst_case_text
from tideform.views.costs import pool_lines

MACHINES = {"batch": "c5.large", "ec2": "c5.large", "eks": "c5.large", "sagemaker": "ml.g5.xlarge"}


@pytest.mark.parametrize("kept", ["keep", "remove"])
@pytest.mark.parametrize("backend", MACHINES)
def test_every_pool_has_its_worst_case_once_whatever_brings_its_capacity(backend: str, kept: str) -> None:
    section = pool(backend=backend, instance_types=[MACHINES[backend]], between_bursts=kept)
    target = deployment(training=section)
    told = [line.text for line in pool_lines(replace(plan(created()), pools=pool_choices(target)))]
    worst = f"worst case: {worst_case_text(target, 'nightly')}"
    assert "USD an hour, at worst" in worst
    assert [line for line in told if "at worst" in line] == [worst]
