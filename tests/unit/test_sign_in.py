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
HOURLY = "arn:aws:iam::111122223333:role/hourly"
DEPLOY = "arn:aws:iam::111122223333:role/deploy"
LASTS = {ROLE: 5, HOURLY: 60, DEPLOY: 40}  # minutes


@pytest.fixture(autouse=True)
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """An STS that gives numbered keys, which last by their role; what it was asked for."""
    asked: list[dict[str, Any]] = []

    def call(_client: BaseClient, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        asked.append(arguments)
        keys = {"AccessKeyId": f"ASIA{len(asked)}", "SecretAccessKey": "secret", "SessionToken": f"token{len(asked)}"}
        if operation == "GetRoleCredentials":
            ends = (datetime.now(UTC) + timedelta(minutes=60)).timestamp() * 1000
            return {"roleCredentials": {**{key[0].lower() + key[1:]: keys[key] for key in keys}, "expiration": ends}}
        assert operation in ("AssumeRole", "AssumeRoleWithWebIdentity")
        lasts = timedelta(minutes=LASTS[arguments["RoleArn"]])
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


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """Let whoever renews keys think that it is later."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(minutes=minutes)

    monkeypatch.setattr("tideform.renewal.datetime", Clock)


def given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at a terminal and gives a code."""
    at_a_terminal(monkeypatch, True)
    monkeypatch.setattr("getpass.getpass", lambda _question: "123456")


def test_keys_of_an_hour_are_not_taken_anew_at_once(taken: list[dict[str, Any]]) -> None:
    made = cloud("base", HOURLY)
    assert made.environ() == made.environ()
    assert (len(taken), made.short_keys()) == (1, "")


@pytest.mark.parametrize("minutes", [6, 20, 44])
def test_the_engine_gets_keys_for_nearly_an_hour_whatever_is_left_of_those_at_hand(
    monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    made = cloud("base", HOURLY)
    made.client("s3")
    later(monkeypatch, minutes)
    assert made.environ()["AWS_ACCESS_KEY_ID"] == "ASIA2"


def test_nobody_is_asked_for_a_code_while_keys_still_hold(
    monkeypatch: pytest.MonkeyPatch, taken: list[dict[str, Any]]
) -> None:
    given(monkeypatch)
    made = cloud("withmfa")
    assert made.environ() == made.environ()
    assert [asked["TokenCode"] for asked in taken] == ["123456"]


def test_keys_that_hold_for_less_than_the_work_may_take_are_told_before_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch)
    assert "end in 40 minutes" in cloud("withmfa").short_keys()


def test_keys_that_do_not_end_are_no_matter() -> None:
    assert cloud("base").short_keys() == ""


SSO = """\
[profile sso]
sso_start_url = https://acme.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = ml
"""
WEB = f"""\
[profile web]
role_arn = {HOURLY}
web_identity_token_file = FILE
"""


@pytest.mark.parametrize("profile", ["sso", "web"])
def test_keys_of_a_browsers_sign_in_and_of_a_workflow_are_taken_anew_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str
) -> None:
    (tmp_path / "token").write_text("a workflow's token")
    cached = {"accessToken": "a browser's token", "expiresAt": (datetime.now(UTC) + timedelta(hours=8)).isoformat()}
    monkeypatch.setattr("botocore.utils.SSOTokenLoader.__call__", lambda *_, **__: cached)
    with (tmp_path / "config").open("a") as file:
        file.write(SSO + WEB.replace("FILE", str(tmp_path / "token")))
    made = cloud(profile)
    assert made.environ() == made.environ()
    later(monkeypatch, 30)
    assert made.environ()["AWS_ACCESS_KEY_ID"] == "ASIA2"


def test_keys_in_the_clis_cache_that_end_soon_are_none_to_hand_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "config").open("a") as file:
        file.write(f"[profile hourly]\nrole_arn = {HOURLY}\nsource_profile = base\n")
    cloud("hourly").client("s3")  # writes the cache, as the CLI does
    later(monkeypatch, 30)
    assert cloud("hourly").environ()["AWS_ACCESS_KEY_ID"] == "ASIA2"
