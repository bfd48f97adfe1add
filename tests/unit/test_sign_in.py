"""Who calls AWS: asked once, told to every child process, and never a question that nobody hears."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient

from tideform.cloud import Cloud
from tideform.errors import CloudError

CONFIG = """\
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret
[profile withmfa]
role_arn = arn:aws:iam::111122223333:role/deploy
source_profile = base
mfa_serial = arn:aws:iam::111122223333:mfa/me
[profile broken]
credential_process = false
"""
ROLE = "arn:aws:iam::111122223333:role/other"


@pytest.fixture(autouse=True)
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """An STS that gives numbered keys, an hour to a code and five minutes to others; what it was asked for."""
    asked: list[dict[str, Any]] = []

    def call(_client: BaseClient, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert operation == "AssumeRole"
        asked.append(arguments)
        keys = {"AccessKeyId": f"ASIA{len(asked)}", "SecretAccessKey": "secret", "SessionToken": f"token{len(asked)}"}
        lasts = timedelta(minutes=60 if "TokenCode" in arguments else 5)
        return {"Credentials": {**keys, "Expiration": datetime.now(UTC) + lasts}}

    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield asked


def cloud(profile: str | None, role: str | None = None) -> Cloud:
    return Cloud("us-east-1", "111122223333", profile=profile, role=role)


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: there))


def refused(made: Cloud) -> str:
    with pytest.raises(CloudError) as caught:
        made.client("s3")
    (found,) = caught.value.diagnostics
    assert found.code == "TD321"
    return found.detail


def test_a_code_that_nobody_can_give_is_told_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, False)
    assert "the profile withmfa asks for an MFA code" in refused(cloud("withmfa"))


@pytest.mark.parametrize("profile", ["absent", "broken", None])
def test_whatever_stands_in_the_way_is_told(profile: str | None) -> None:
    assert refused(cloud(profile))


def test_a_code_is_asked_for_once_and_the_engine_gets_the_keys(
    monkeypatch: pytest.MonkeyPatch, taken: list[dict[str, Any]]
) -> None:
    at_a_terminal(monkeypatch, True)
    monkeypatch.setattr("getpass.getpass", lambda _question: "123456")
    made = cloud("withmfa")
    made.client("s3")
    keys = made.environ()
    assert [asked["TokenCode"] for asked in taken] == ["123456"]
    assert (keys["AWS_ACCESS_KEY_ID"], keys["AWS_SESSION_TOKEN"], "AWS_PROFILE" in keys) == ("ASIA1", "token1", False)


def test_keys_without_a_token_take_a_callers_own_away() -> None:
    assert cloud("base").environ()["AWS_SESSION_TOKEN"] == ""


def test_a_role_is_taken_again_before_its_keys_end(taken: list[dict[str, Any]]) -> None:
    made = cloud("base", ROLE)
    first, second = made.environ(), made.environ()
    assert first["AWS_ACCESS_KEY_ID"] != second["AWS_ACCESS_KEY_ID"]
    assert {asked["RoleArn"] for asked in taken} == {ROLE}
