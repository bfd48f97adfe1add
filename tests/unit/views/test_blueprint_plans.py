"""The plan of each blueprint, whole: a change of any resource, price or finding shows in a review as text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tideform.operations.pipeline import make_plan
from tideform.paths import blueprints_dir
from tideform.spec.load import load
from tideform.views.human import plan_lines

_CODE = re.compile(r"sha256:[0-9a-f]{16}")  # of functions, which every change of their source would change


class Then(date):
    """A day on which the waivers of the blueprints hold."""

    @classmethod
    def today(cls) -> date:  # type: ignore[override]
        return date(2026, 11, 1)


@pytest.mark.parametrize(("name", "environment"), [("quickstart", "dev"), ("fraud-scoring", "prod")])
def test_a_blueprint_plans_as_it_did(
    name: str,
    environment: str,
    tmp_path: Path,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tideform.plan.review.date", Then)
    spec = shutil.copytree(blueprints_dir() / name, tmp_path / name) / "tideform.yaml"
    plan = make_plan(load(spec, environment).deployment, offline=True).plan
    text = "".join(f"{line}\n" for line in plan_lines(plan))
    golden(f"blueprints/{name}-{environment}.txt", _CODE.sub("sha256:*", text))
