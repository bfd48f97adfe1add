"""Whatever stands in the environment variables that a command reads: it ends in time, and is no defect of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.cli.hostile import survives

SPEC = "version: 1\nproject: p\nowner: me\nregion: us-east-1\nenvironments: {dev: {target: local}}\n"
VARIABLES = [
    "TIDEFORM_ENVIRONMENT", "TIDEFORM_OWNER", "TIDEFORM_ENGINE", "TIDEFORM_CACHE", "TIDEFORM_KUBECONFIG",
    "TIDEFORM_SANDBOX_IDLE", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "COLUMNS", "TERM", "LANG", "NO_COLOR",
    "FORCE_COLOR", "AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_MAX_ATTEMPTS",
    "AWS_CA_BUNDLE", "KUBECONFIG", "HTTPS_PROXY", "NO_PROXY", "TZ", "GIT_DIR", "USER", "SHELL", "TMPDIR",
]  # fmt: skip
VALUES = [
    "",
    " ",
    "/dev/zero",
    "fifo",
    "dir",
    "a" * 5000,
    "~nobody",
    "\udcff\udcfe",
    "\n",
    "bytes",
    "-1",
    "1e999",
    "🙂",
]
COMMANDS = [["validate"], ["doctor"], ["status"], ["explain", "storage"], ["sandbox", "stop"]]


@pytest.mark.parametrize("variable", VARIABLES)
def test_nonsense_in_a_variable_is_no_defect(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tideform.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "dir").mkdir()
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    os.mkfifo(tmp_path / "fifo")
    for value in VALUES:
        monkeypatch.setenv(variable, value)
        for command in COMMANDS:
            survives(command, capsys)
