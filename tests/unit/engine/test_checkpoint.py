"""What the backend holds of a stack."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from tideform.errors import TideformError
from tideform.model.planned import SECRET
from tideform.state import checkpoint
from tideform.state.checkpoint import BrokenStateError, BucketBlobs, FolderBlobs


def _write(root: Path, project: str, stack: str, **latest: Any) -> FolderBlobs:
    path = root / ".pulumi/stacks" / project / f"{stack}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": 3, "checkpoint": {"stack": stack, "latest": latest or None}}))
    return FolderBlobs(root)


def _root(**outputs: Any) -> dict[str, Any]:
    return {"urn": "urn:root", "type": "pulumi:pulumi:Stack", "outputs": outputs}


def test_a_stack_that_is_not_there_has_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoint.read(FolderBlobs(tmp_path), "tideform-storage", "p-dev") is None


def test_a_stack_that_was_only_created_is_empty(tmp_path: Path) -> None:
    found = checkpoint.read(_write(tmp_path, "tideform-storage", "p-dev"), "tideform-storage", "p-dev")
    assert found is not None
    assert found.empty
    assert found.outputs == {}


def test_outputs_are_those_of_the_root_and_secrets_stay_closed(tmp_path: Path) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    blobs = _write(tmp_path, "p", "s", resources=[_root(vpc_id="vpc-1", password=secret)])
    found = checkpoint.read(blobs, "p", "s")
    assert found is not None
    assert found.outputs == {"vpc_id": "vpc-1", "password": SECRET}


def test_a_pending_operation_keeps_a_stack_from_being_empty(tmp_path: Path) -> None:
    pending = {"type": "creating", "resource": {"urn": "urn:role", "type": "aws:iam/role:Role"}}
    blobs = _write(tmp_path, "p", "s", resources=[_root()], pending_operations=[pending])
    found = checkpoint.read(blobs, "p", "s")
    assert found is not None
    assert not found.empty


def test_the_digest_changes_with_a_resource_and_not_with_the_time_of_writing(tmp_path: Path) -> None:
    one = checkpoint.read(_write(tmp_path / "a", "p", "s", manifest={"time": 1}, resources=[_root()]), "p", "s")
    two = checkpoint.read(_write(tmp_path / "b", "p", "s", manifest={"time": 2}, resources=[_root()]), "p", "s")
    three = checkpoint.read(_write(tmp_path / "c", "p", "s", resources=[_root(x=1)]), "p", "s")
    assert one is not None
    assert two is not None
    assert three is not None
    assert one.digest == two.digest != three.digest


def test_under_a_name_that_cannot_be_one_there_is_nothing(tmp_path: Path) -> None:
    assert FolderBlobs(tmp_path).read(".tideform-moved/a\0b-dev.json") is None


def test_every_stack_of_the_backend_is_listed(tmp_path: Path) -> None:
    _write(tmp_path, "tideform-storage", "p-dev")
    blobs = _write(tmp_path, "tideform-training", "p-dev-nightly")
    assert set(checkpoint.stacks(blobs)) == {("tideform-storage", "p-dev"), ("tideform-training", "p-dev-nightly")}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"checkpoint": 1}',
        "\x00",
        '{"checkpoint": {"latest": [1]}}',
        '{"checkpoint": {"latest": {"resources": ["x"]}}}',
        '{"checkpoint": {"latest": {"resources": {"a": 1}}}}',
        '{"checkpoint": {"latest": {"manifest": 3}}}',
        '{"checkpoint": {"latest": {"pending_operations": [1]}}}',
    ],
)
def test_what_is_no_checkpoint_is_told_as_such(tmp_path: Path, content: str) -> None:
    blobs = _write(tmp_path, "tideform-storage", "p-dev")
    (tmp_path / ".pulumi/stacks/tideform-storage/p-dev.json").write_text(content)
    with pytest.raises(BrokenStateError) as caught:
        checkpoint.read(blobs, "tideform-storage", "p-dev")
    assert caught.value.diagnostics[0].code == "TD415"


def test_a_file_that_is_no_checkpoint_is_named_as_a_path_with_what_makes_it_anew(tmp_path: Path) -> None:
    blobs = _write(tmp_path, "tideform-storage", "p-dev")
    file = tmp_path.resolve() / ".pulumi/stacks/tideform-storage/p-dev.json"
    file.write_text("garbage")
    with pytest.raises(BrokenStateError) as caught:
        checkpoint.read(blobs, "tideform-storage", "p-dev")
    (found,) = caught.value.diagnostics
    assert (found.detail.startswith(f"{file} is no checkpoint"), "state adopt" in found.fix) == (True, True)


def test_a_file_of_a_bucket_is_named_with_its_key() -> None:
    assert BucketBlobs("s3://acme?region=x", "acme", "team/", None).place("a.json") == "s3://acme/team/a.json"


def test_a_bucket_that_does_not_answer_is_told_as_such() -> None:
    s3 = boto3.client(
        "s3", endpoint_url="http://127.0.0.1:1", region_name="us-east-1",
        aws_access_key_id="x", aws_secret_access_key="x",
    )  # fmt: skip
    blobs = BucketBlobs("s3://acme", "acme", "", s3)
    for ask in (lambda: list(checkpoint.stacks(blobs)), lambda: checkpoint.read(blobs, "tideform-storage", "p-dev")):
        with pytest.raises(TideformError) as caught:
            ask()
        assert caught.value.diagnostics[0].code == "TD415"


def test_a_state_file_that_is_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / ".pulumi/stacks/tideform-storage/p-dev.json"
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(TideformError) as caught:
        checkpoint.read(FolderBlobs(tmp_path), "tideform-storage", "p-dev")
    assert caught.value.diagnostics[0].code == "TD415"
