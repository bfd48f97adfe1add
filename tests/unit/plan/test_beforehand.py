"""What a destroy would refuse is refused before it shows what goes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.plan.making import deployment
from tideform.errors import RefusedError
from tideform.operations.teardown import refuse_beforehand
from tideform.state.checkpoint import FolderBlobs, key_of


@pytest.mark.parametrize(("environments", "refused"), [(("dev", "dev-eu"), True), (("dev-eu",), False)])
def test_a_stack_that_may_be_ours_and_that_nothing_proves_is(
    tmp_path: Path, environments: tuple[str, ...], refused: bool
) -> None:
    here = replace(deployment(), spec_file=tmp_path / "tideform.yaml")
    tags = [{"tideform:project": "demo", "tideform:environment": one} for one in environments]
    roles = [{"urn": "u", "type": "aws:iam/role:Role", "custom": True, "inputs": {"tags": one}} for one in tags]
    state = json.dumps({"checkpoint": {"latest": {"resources": roles}}}).encode()
    FolderBlobs(here.workspace.state("dev")).write(key_of("tideform-training", "demo-dev-eu-fit"), state)
    codes = []
    try:
        refuse_beforehand(here, None, ())
    except RefusedError as error:
        codes = [one.code for one in error.diagnostics]
    assert codes == ["TD421"] * refused
