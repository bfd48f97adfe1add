"""Importing only what a program uses changes how long it takes, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tideform.paths import blueprints_dir

_PLAN = """
import json, sys
from pathlib import Path
from tideform.engine import lean_import
if sys.argv[2] == "whole":
    lean_import.install = lambda: None
from tideform.operations.pipeline import make_plan
from tideform.spec.load import load
plan = make_plan(load(Path(sys.argv[1]), "dev").deployment, offline=True).plan
loaded = sum(name.startswith("pulumi_aws.ec2.") for name in sys.modules)
print(json.dumps({"loaded": loaded, "resources": [[r.address, r.after] for r in plan.resources]}, default=repr))
"""


def _plan(spec: str, how: str) -> dict[str, Any]:
    run = subprocess.run([sys.executable, "-c", _PLAN, spec, how], capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout))


@pytest.mark.parametrize("blueprint", ["quickstart", "fraud-scoring"])
def test_a_plan_is_the_same_with_the_sdk_imported_leanly_or_whole(blueprint: str) -> None:
    spec = str(blueprints_dir() / blueprint / "tideform.yaml")
    lean, whole = _plan(spec, "lean"), _plan(spec, "whole")
    assert lean["resources"] == whole["resources"]
    assert lean["loaded"] < whole["loaded"] / 5


def test_a_name_that_the_sdk_does_not_have_is_an_attribute_error() -> None:
    probe = (
        "from tideform.engine import lean_import; lean_import.install(); import pulumi_aws.sns as area\n"
        "try:\n    area.NoSuchThing\nexcept AttributeError as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "NoSuchThing" in run.stdout
