"""The files of a program's working folder."""

from __future__ import annotations

import stat
from pathlib import Path

from tideform.engine import settings
from tideform.engine.base import Program
from tideform.engine.checkpoint import Checkpoint
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

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
