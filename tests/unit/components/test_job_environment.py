"""What a job finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.components.jobs.environment import image_of
from tideform.components.scope import Scope

OURS = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("trainer", f"{OURS}/trainer"),
        ("trainer:3", f"{OURS}/trainer:3"),
        ("team/trainer:3", f"{OURS}/team/trainer:3"),
        ("public.ecr.aws/team/trainer", "public.ecr.aws/team/trainer"),
        ("registry:5000/trainer", "registry:5000/trainer"),
        ("localhost/trainer", "localhost/trainer"),
    ],
)
def test_bare_images_are_the_accounts_own(tmp_path: Path, image: str, full: str) -> None:
    assert image_of(image, Scope(deployment_of(FULL, tmp_path), "training")) == full
