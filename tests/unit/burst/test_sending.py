"""What a run becomes: code in the bucket, checkpoints with a place, the command under its wrapper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tideform.burst.halt import silent
from tideform.burst.places import Places
from tideform.burst.runner import Work
from tideform.burst.sending import WRAP, Wanted, prepare
from tideform.cloud import Cloud
from tideform.components.storage.burst_places import bursts_bucket
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool


@pytest.fixture
def places(cloud: Cloud, deployment: Deployment) -> Places:
    cloud.client("s3").create_bucket(Bucket=bursts_bucket(deployment))
    return Places(cloud, deployment)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text("")
    return tmp_path


def pool(deployment: Deployment, **changes: Any) -> Pool:
    return Pool.model_validate({**deployment.spec.training["fit"].model_dump(mode="json", by_alias=True), **changes})


def saving(deployment: Deployment, **changes: Any) -> Pool:
    return pool(deployment, checkpoint={"every": "10m"}, **changes)


def prepared(places: Places, chosen: Pool, **wanted: Any) -> Work:
    return prepare(places, "fit", chosen, Wanted(**wanted), silent)


def test_without_code_and_checkpoints_nothing_is_sent(cloud: Cloud, deployment: Deployment) -> None:
    work = prepared(Places(cloud, deployment), pool(deployment))  # there is no bucket, and none is needed
    assert (work.command, dict(work.environment), work.label) == ((), {}, "python train.py")


def test_code_lies_under_its_digest(places: Places, deployment: Deployment, code: Path) -> None:
    work = prepared(places, pool(deployment), code=code)
    assert work.environment["TIDEFORM_CODE_URI"].endswith(f"/code/{work.code}.tar.gz")
    assert work.command[-2:] == ("python", "train.py")


def test_a_command_of_ones_own_takes_the_place_of_the_pools(places: Places, deployment: Deployment, code: Path) -> None:
    work = prepared(places, pool(deployment), code=code, command=("python", "other.py"))
    assert work.command[-2:] == ("python", "other.py")
    assert work.label == "python other.py"


def test_a_pool_with_checkpoints_gets_the_wrapper_and_the_contract(places: Places, deployment: Deployment) -> None:
    work = prepared(places, saving(deployment))
    assert work.command[-6:] == (*WRAP, "python", "train.py")
    assert work.environment["TIDEFORM_CHECKPOINT_SECONDS"] == "600"
    assert work.environment["TIDEFORM_CHECKPOINT_URI"] == work.checkpoint_uri
    assert work.environment["TIDEFORM_CHECKPOINT_RUN_URI"] == work.checkpoint_uri  # where a brake leaves its wish
    assert "/checkpoints/fit/" in work.checkpoint_uri


def test_sagemaker_mirrors_by_itself(places: Places, deployment: Deployment) -> None:
    chosen = saving(deployment).model_copy(update={"backend": "sagemaker"})
    work = prepared(places, chosen)
    assert "tideform.checkpoint" not in work.command
    assert work.checkpoint_uri == work.environment["TIDEFORM_CHECKPOINT_URI"]


def test_each_run_has_a_place_of_its_own(places: Places, deployment: Deployment) -> None:
    assert len({prepared(places, saving(deployment)).checkpoint_uri for _ in range(3)}) == 3


def test_a_run_can_go_on_with_an_earlier_one(places: Places, deployment: Deployment) -> None:
    first = prepared(places, saving(deployment)).checkpoint_uri
    bucket, _, prefix = first.removeprefix("s3://").partition("/")
    places.cloud.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/step-1", Body=b"")
    by_name = prepared(places, saving(deployment), resume=first.rpartition("/")[2])
    assert by_name.checkpoint_uri == prepared(places, saving(deployment), resume="last").checkpoint_uri == first


def test_a_run_that_never_was_cannot_be_gone_on_with(places: Places, deployment: Deployment) -> None:
    with pytest.raises(RefusedError) as refused:
        prepared(places, saving(deployment), resume="last")
    assert refused.value.diagnostics[0].code == "TD674"


def test_without_the_bucket_the_user_is_told_to_apply(cloud: Cloud, deployment: Deployment, code: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        prepared(Places(cloud, deployment), pool(deployment), code=code)
    assert refused.value.diagnostics[0].code == "TD673"


def test_what_is_not_sent_is_told(places: Places, deployment: Deployment, code: Path) -> None:
    (code / "shared").symlink_to("/etc")
    said: list[str] = []
    prepare(places, "fit", pool(deployment), Wanted(code=code), said.append)
    assert "Not sent, links that leave the folder: shared." in said
