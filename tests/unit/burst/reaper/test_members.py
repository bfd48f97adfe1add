"""Which of the groups and environments has launched a machine, by what AWS itself says of it."""

from __future__ import annotations

import pytest

from tideform.reaper.members import ENVIRONMENT, GROUP, launcher

_ID = "0a95f22d-7108-3c4e-99f7-2fd92e1a8941"


@pytest.mark.parametrize(
    "tags",
    [
        {ENVIRONMENT: "p-dev-fit"},
        {GROUP: "p-dev-fit"},
        {GROUP: f"p-dev-fit-asg-{_ID}"},
        {GROUP: f"AWSBatch-p-dev-fit-{_ID}"},
        {GROUP: f"AWSBatch-p-dev-fit-asg-{_ID}"},
        {GROUP: f"AWSBatch-p-dev-fit-{_ID}-asg"},
    ],
)
def test_a_machine_is_known_by_its_group_or_its_environment(tags: dict[str, str]) -> None:
    assert launcher(tags, ["p-dev", "p-dev-fit"]) == "p-dev-fit"


@pytest.mark.parametrize(
    "group", ["", "p-dev-fit-eu", f"p-dev-fit-eu-asg-{_ID}", f"AWSBatch-p-dev-fit-eu-{_ID}", "AWSBatch-p-dev-fit-"]
)
def test_a_group_that_only_begins_alike_is_somebody_elses(group: str) -> None:
    assert launcher({GROUP: group}, ["p-dev-fit"]) == ""
