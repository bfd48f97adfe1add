"""What a spec's folders of code would make a burst refuse is known without one, all of it at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tideform.diagnostics import Diagnostic
from tideform.operations.code_notes import code_findings, left_notes
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"


def deployment(root: Path, **pool: Any) -> Deployment:
    job = {"image": "trainer", "command": ["true"], "code": "src"}
    spec = Project.model_validate(
        {
            "version": 1,
            "project": "demo",
            "owner": "me@example.com",
            "region": "us-east-1",
            "training": {"fit": {"instance_types": ["c5.large"], "job": job, **pool}},
        }
    )
    return Deployment(spec, "dev", Environment(target="local"), root / "tideform.yaml", "0" * 64)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "train.py").write_text("print()\n", encoding="utf-8")
    return folder


def said(found: list[Diagnostic]) -> list[str]:
    return [one.code for one in found]


def test_code_that_can_go_is_no_finding(tmp_path: Path, code: Path) -> None:
    assert list(code_findings(deployment(tmp_path))) == []


def test_all_that_is_wrong_with_it_is_found_at_once(tmp_path: Path, code: Path) -> None:
    (code / "notes.txt").write_text(KEY, encoding="utf-8")
    (code / ".env").write_text("A=1\n", encoding="utf-8")
    (code / "private.txt").touch(mode=0o000)
    (code / "closed").mkdir(mode=0o000)
    (code / "outside").symlink_to("/etc/hosts")
    os.mkfifo(code / "pipe")
    found = list(code_findings(deployment(tmp_path)))
    (code / "closed").chmod(0o700)
    unreadable = [] if os.geteuid() == 0 else ["TD176", "TD176"]
    assert said(found) == [*unreadable, "TD672", "TD672", "TD691", "TD691"]
    assert {one.path for one in found} == {"training.fit.job.code"}


def test_too_much_code_is_found(tmp_path: Path, code: Path) -> None:
    with (code / "data.bin").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert said(list(code_findings(deployment(tmp_path)))) == ["TD671"]


@pytest.mark.parametrize(("pool", "codes"), [({}, []), ({"schedule": "rate(1 day)"}, ["TD174"])])
def test_what_starts_by_itself_holds_less(tmp_path: Path, code: Path, pool: dict[str, Any], codes: list[str]) -> None:
    (code / "data.txt").write_text("x" * 2 * 1024 * 1024, encoding="utf-8")
    assert said(list(code_findings(deployment(tmp_path, **pool)))) == codes


@pytest.mark.parametrize("folder", ["", "../elsewhere"])
def test_a_folder_that_is_not_beside_the_spec_is_not_looked_into(tmp_path: Path, folder: str) -> None:
    job = {"image": "trainer", "command": ["true"], "code": folder or "src"}
    assert list(code_findings(deployment(tmp_path, job=job))) == []


@pytest.mark.parametrize(("pool", "codes"), [({}, []), ({"schedule": "rate(1 day)"}, ["TD691", "TD691"])])
def test_a_plan_tells_what_a_job_that_starts_by_itself_is_not_given(
    tmp_path: Path, code: Path, pool: dict[str, Any], codes: list[str]
) -> None:
    (code / "outside").symlink_to("/etc/hosts")
    (code / "nowhere").symlink_to("gone")
    assert said(list(left_notes(deployment(tmp_path, **pool)))) == codes
