"""The files of a program's working folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.plan.making import deployment
from tideform.connect import backend_of
from tideform.engine.fit import checked_backend
from tideform.model.engine import Program
from tideform.operations.left_behind import left_findings
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project
from tideform.state import checkpoint, settings
from tideform.state.checkpoint import Checkpoint, FolderBlobs

PROGRAM = Program("training", "p-dev-nightly", Path("x"), "nightly")


def _deployment(root: Path) -> Deployment:
    spec = Project.model_validate({"version": 1, "project": "p", "owner": "a@example.com", "region": "us-east-1"})
    return Deployment(spec, "dev", Environment(target="local"), root / "tideform.yaml", "digest")


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = settings.passphrase_file(tmp_path)
    first = path.read_text()
    assert settings.passphrase_file(tmp_path).read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_salt_that_unlocks_the_state_survives_a_new_configuration(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.p-dev-nightly.yaml"
    path.write_text("encryptionsalt: v1:abc\nconfig: {old: value}\n")
    settings.write_stack(tmp_path, PROGRAM, _deployment(tmp_path), None)
    text = path.read_text()
    assert "encryptionsalt: v1:abc" in text
    assert "old" not in text


def test_a_lost_salt_is_restored_from_the_state(tmp_path: Path) -> None:
    known = Checkpoint((), (), {"type": "passphrase", "state": {"salt": "v1:from-state"}})
    settings.write_stack(tmp_path, PROGRAM, _deployment(tmp_path), known)
    assert "encryptionsalt: v1:from-state" in (tmp_path / "Pulumi.p-dev-nightly.yaml").read_text()


def test_a_wrapped_key_is_restored_from_the_state(tmp_path: Path) -> None:
    state = {"url": "awskms://alias/k", "encryptedkey": "AQ=="}
    settings.write_stack(
        tmp_path, PROGRAM, _deployment(tmp_path), Checkpoint((), (), {"type": "cloud", "state": state})
    )
    text = (tmp_path / "Pulumi.p-dev-nightly.yaml").read_text()
    assert "secretsprovider: awskms://alias/k" in text
    assert "encryptedkey: AQ==" in text


def test_the_configuration_says_what_the_program_asks_for(tmp_path: Path) -> None:
    settings.write_stack(tmp_path, PROGRAM, _deployment(tmp_path), None)
    text = (tmp_path / "Pulumi.p-dev-nightly.yaml").read_text()
    assert "tideform:unit: nightly" in text
    assert "tideform:environment: dev" in text


DAMAGED: dict[str, Callable[[Path], object]] = {
    "a list that does not end": lambda file: file.write_text("["),
    "a list": lambda file: file.write_text("[a]"),
    "a number": lambda file: file.write_text("7"),
    "a list as its configuration": lambda file: file.write_text("config: [a]"),
    "nothing as its configuration": lambda file: file.write_text("config: null"),
    "a tag that promises more": lambda file: file.write_text("config: {tideform:spec: !!timestamp x}"),
    "a day that is none": lambda file: file.write_text("config: {tideform:project: 2026-99-99}"),
    "a spec under a name that is none": lambda file: file.write_text(f"config: {{'tideform:spec': {'x' * 5000}}}"),
    "very many levels": lambda file: file.write_text("[" * 3000),
    "far too much": lambda file: file.write_text("config: {}\n" + "#" * 1024 * 1024),
    "bytes": lambda file: file.write_bytes(b"\xff\xfe\x00\xd8"),
    "a folder": lambda file: file.mkdir(),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_file_that_is_damaged_remembers_nothing_and_stops_nobody(tmp_path: Path, what: str) -> None:
    here = replace(deployment(), spec_file=tmp_path / "tideform.yaml")
    role = '{"urn": "u", "type": "aws:iam/role:Role", "custom": true}'
    state = f'{{"checkpoint": {{"latest": {{"pending_operations": [{{"type": "creating", "resource": {role}}}]}}}}}}'
    blobs = FolderBlobs(here.workspace.state("dev"))
    for name in ("demo-dev-a-b", "demo-dev"):  # of a unit, which may be another project's, and of a layer
        project = "tideform-training" if name.endswith("b") else "tideform-storage"
        blobs.write(checkpoint.key_of(project, name), state.encode())
        folder = here.workspace.program("dev", name)
        settings.write_project(folder, Program(project.removeprefix("tideform-"), name, Path("x"), None))
        DAMAGED[what](folder / f"Pulumi.{name}.yaml")
    assert [one.key for one in checked_backend(here).existing()] == ["storage"]
    assert left_findings(here, backend_of(here), brings=False) == ()


@pytest.mark.parametrize("content", ["[", "encryptionsalt: 7", "encryptionsalt: [a]\nconfig: null"])
def test_a_salt_that_was_damaged_is_restored_from_the_state(tmp_path: Path, content: str) -> None:
    file = tmp_path / "Pulumi.p-dev-nightly.yaml"
    file.write_text(content)
    known = Checkpoint((), (), {"type": "passphrase", "state": {"salt": "v1:from-state"}})
    settings.write_stack(tmp_path, PROGRAM, _deployment(tmp_path), known)
    assert "encryptionsalt: v1:from-state" in file.read_text()


def test_bytes_that_are_no_text_are_written_over(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_bytes(b"\xff\xfe\x00\xd8")
    settings.write_project(tmp_path, PROGRAM)
    assert (tmp_path / "Pulumi.yaml").read_text() == "name: tideform-training\nruntime: python\n"
