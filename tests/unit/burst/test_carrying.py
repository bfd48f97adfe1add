"""What a burst that begins by itself takes along."""

from __future__ import annotations

import io
import random
import tarfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.burst.bootstrap import HELPER
from tideform.burst.carrying import ARCHIVE, Carried, carried
from tideform.burst.code_size import LIMIT
from tideform.burst.sending import WRAP
from tideform.errors import RefusedError


def carried_by(folder: Path, *, job: dict[str, Any] | None = None, **words: Any) -> Carried:
    own = {"image": "trainer", "command": ["python", "train.py"], **(job or {})}
    training = {"pool": {"instance_types": ["c5.large"], "job": own, **words}}
    return carried(deployment_of({**FULL, "training": training}, folder), "pool")


def names_in(found: Carried) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(b64decode(found.files[ARCHIVE])), mode="r:") as archive:
        return set(archive.getnames())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("")
    return tmp_path


def test_a_job_without_code_and_checkpoints_takes_nothing(project: Path) -> None:
    assert carried_by(project) == Carried(("python", "train.py"))


def test_code_and_helper_are_in_the_package_and_the_command_unpacks_them(project: Path) -> None:
    found = carried_by(project, job={"code": "src"})
    assert names_in(found) == {"train.py", HELPER}
    assert found.command[-2:] == ("python", "train.py")
    assert found.plan["code"]["key"] == "code/{digest}.tar.gz"
    assert found.plan["environment"]["TIDEFORM_CODE_STAY"] == "0"
    assert "checkpoints" not in found.plan


def test_checkpoints_alone_take_the_helper_along_and_leave_the_job_where_its_image_says(project: Path) -> None:
    found = carried_by(project, checkpoint={"every": "10m"})
    assert names_in(found) == {HELPER}
    assert found.command[-6:] == (*WRAP, "python", "train.py")
    assert found.plan["environment"]["TIDEFORM_CODE_STAY"] == "1"
    assert found.plan["checkpoints"]["uri"].endswith("/checkpoints/pool")
    assert found.plan["checkpoints"]["every"] == "600"


def test_too_much_code_is_refused(project: Path) -> None:
    (project / "src" / "data").write_bytes(random.Random(1).randbytes(LIMIT + 1))
    with pytest.raises(RefusedError) as refused:
        carried_by(project, job={"code": "src"})
    assert [found.code for found in refused.value.diagnostics] == ["TD174"]
