"""Preparing an account: complete, repeatable, and careful with what is somebody else's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tideform
from tideform.cloud import Cloud, Credentials
from tideform.engine.bootstrap import (
    Trust,
    carry_out,
    check_account,
    ci_role_arn,
    ci_role_name,
    state_key_alias,
    steps,
)
from tideform.errors import CloudError, RefusedError
from tideform.spec.deployment import Deployment
from tideform.spec.load import load

BUCKET = "acme-tideform-state"
ACCOUNT = "123456789012"  # the one that moto answers for
SPEC = """
version: 1
project: fraud
owner: ml@example.com
region: us-east-1
environments:
  dev: {target: local}
  prod: {target: aws, account: "%s", state: "s3://acme-tideform-state/fraud", region: eu-west-1}
"""


@pytest.fixture(autouse=True)
def endpoint(aws_endpoint: str) -> str:
    """An account in which nothing was made yet."""
    with urllib.request.urlopen(f"{aws_endpoint}/moto-api/reset", data=b"") as answer:
        assert answer.status == 200
    return aws_endpoint


@pytest.fixture(scope="module")
def cloud(aws_endpoint: str) -> Iterator[Cloud]:
    made = Cloud("eu-west-1", ACCOUNT, credentials=Credentials("test", "test", aws_endpoint))
    yield made
    for client in made._clients.values():
        client.close()


def written(folder: Path, account: str = ACCOUNT) -> Path:
    file = folder / "tideform.yaml"
    file.write_text(SPEC % account, encoding="utf-8")
    return file


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return load(written(tmp_path), "prod").deployment


GITHUB = Trust(github="acme/fraud")


def bootstrap(cloud: Cloud, deployment: Deployment, trust: Trust = GITHUB) -> int:
    todo = steps(cloud, deployment, trust)
    carry_out(todo)
    return len(todo)


def test_a_second_run_finds_nothing_to_do(cloud: Cloud, deployment: Deployment) -> None:
    assert bootstrap(cloud, deployment) > 5
    assert steps(cloud, deployment, GITHUB) == ()


def test_looking_changes_nothing(cloud: Cloud, deployment: Deployment) -> None:
    steps(cloud, deployment, GITHUB)
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert cloud.client("kms").list_keys()["Keys"] == []


def test_the_bucket_is_versioned_private_and_encrypted_under_its_key(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    s3 = cloud.client("s3")
    key = cloud.client("kms").describe_key(KeyId=f"alias/{state_key_alias(deployment)}")["KeyMetadata"]["Arn"]
    encryption = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}


def test_the_bucket_refuses_requests_without_tls(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_key_rotates(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    kms = cloud.client("kms")
    key = kms.describe_key(KeyId=f"alias/{state_key_alias(deployment)}")["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def test_a_setting_that_was_changed_is_put_right(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    cloud.client("s3").delete_public_access_block(Bucket=BUCKET)
    assert [s.what for s in steps(cloud, deployment, GITHUB)] == ["block public access"]


def test_statements_of_others_stay_in_the_bucket_policy(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    s3 = cloud.client("s3")
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": "*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    bootstrap(cloud, deployment)
    statements = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert [s["Sid"] for s in statements] == ["Theirs", "DenyWithoutTls"]


def test_an_interrupted_run_is_finished_without_a_second_key(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    cloud.client("kms").delete_alias(AliasName=f"alias/{state_key_alias(deployment)}")
    bootstrap(cloud, deployment)
    assert len(cloud.client("kms").list_keys()["Keys"]) == 1


def test_github_may_come_from_the_main_branch_and_the_environment_only(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    role = cloud.client("iam").get_role(RoleName=ci_role_name(deployment))["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == [
        "repo:acme/fraud:ref:refs/heads/main",
        "repo:acme/fraud:environment:prod",
    ]


def test_an_identity_provider_that_is_there_is_shared(cloud: Cloud, deployment: Deployment) -> None:
    cloud.client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["somebody-else"]
    )
    todo = [s.what for s in steps(cloud, deployment, GITHUB) if "identity provider" in s.what]
    assert todo == ["let the identity provider accept tokens for sts.amazonaws.com"]


def test_a_principal_can_be_trusted_instead(cloud: Cloud, deployment: Deployment) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/ci"
    bootstrap(cloud, deployment, Trust(principal=arn))
    role = cloud.client("iam").get_role(RoleName=ci_role_name(deployment))["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": arn}


def test_without_anybody_to_trust_there_is_no_role(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment, Trust())
    assert cloud.client("iam").list_roles()["Roles"] == []


def rights(cloud: Cloud, deployment: Deployment, name: str) -> list[dict[str, Any]]:
    found = cloud.client("iam").get_role_policy(RoleName=ci_role_name(deployment), PolicyName=name)
    return list(found["PolicyDocument"]["Statement"])


def test_the_role_reaches_only_its_own_part_of_the_state(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    objects = next(s for s in rights(cloud, deployment, "state") if s["Sid"] == "Objects")
    assert objects["Resource"] == [f"arn:aws:s3:::{BUCKET}/fraud/*"]


def test_the_role_cannot_change_itself(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    (deny,) = [s for s in rights(cloud, deployment, "provision") if s["Effect"] == "Deny"]
    assert deny["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/fraud-prod-ci"]
    assert "iam:PutRolePolicy" in deny["Action"]


def with_role(deployment: Deployment, role: str) -> Deployment:
    return replace(deployment, settings=deployment.settings.model_copy(update={"role": role}))


def test_where_a_role_provisions_ci_may_only_take_it(cloud: Cloud, deployment: Deployment) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    bootstrap(cloud, with_role(deployment, role))
    (only,) = rights(cloud, deployment, "provision")
    assert (only["Action"], only["Resource"]) == (["sts:AssumeRole"], [role])


def test_an_environment_may_name_the_ci_role_itself(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, with_role(deployment, ci_role_arn(deployment)))
    assert "ec2:*" in rights(cloud, deployment, "provision")[0]["Action"]


_PREFIXES = {"resourcegroupstaggingapi": "tag"}  # what IAM calls a service that it has another name for


def asked_by_the_program() -> set[str]:
    """The services that it has clients of, the sandbox aside, by their names in IAM."""
    root = Path(tideform.__file__).parent
    sources = [file for file in root.rglob("*.py") if "sandbox" not in file.relative_to(root).parts]
    text = "".join(file.read_text(encoding="utf-8") for file in sources)
    return {_PREFIXES.get(name, name) for name in re.findall(r"client\(\"([a-z0-9-]+)\"", text)}


def test_the_role_has_rights_on_every_service_that_the_program_asks(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    allowed = [s for s in rights(cloud, deployment, "provision") if s["Effect"] == "Allow"]
    services = {action.partition(":")[0] for statement in allowed for action in statement["Action"]}
    assert asked_by_the_program() - services == set()


def test_the_rights_fit_into_what_iam_takes(cloud: Cloud, deployment: Deployment) -> None:
    bootstrap(cloud, deployment)
    sizes = [len(json.dumps(rights(cloud, deployment, name))) for name in ("state", "provision")]
    assert sum(sizes) < 10_240  # characters, all inline policies of a role together


def test_a_bucket_that_holds_something_else_is_left_alone(cloud: Cloud, deployment: Deployment) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"x")
    with pytest.raises(RefusedError) as refused:
        steps(cloud, deployment, GITHUB)
    assert refused.value.diagnostics[0].code == "TD324"


def test_a_bucket_of_another_account_is_left_alone(
    cloud: Cloud, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    def forbidden(**_: object) -> None:
        answer: Any = {"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(answer, "HeadBucket")

    monkeypatch.setattr(cloud.client("s3"), "head_bucket", forbidden)
    with pytest.raises(RefusedError) as refused:
        steps(cloud, deployment, GITHUB)
    assert refused.value.diagnostics[0].code == "TD324"


def test_a_role_of_that_name_is_left_alone(cloud: Cloud, deployment: Deployment) -> None:
    cloud.client("iam").create_role(RoleName=ci_role_name(deployment), AssumeRolePolicyDocument="{}")
    with pytest.raises(RefusedError):
        steps(cloud, deployment, GITHUB)


def test_the_sandbox_needs_no_bootstrap(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        steps(cloud, load(written(tmp_path), "dev").deployment, GITHUB)
    assert refused.value.diagnostics[0].code == "TD322"


def test_the_right_account_is_let_through(cloud: Cloud, deployment: Deployment) -> None:
    assert ACCOUNT in check_account(cloud, deployment)


def test_the_wrong_account_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        check_account(cloud, load(written(tmp_path, "210987654321"), "prod").deployment)
    assert "210987654321" in refused.value.diagnostics[0].detail


def test_missing_credentials_are_told_in_words(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(CloudError) as failed:
        check_account(Cloud("eu-west-1", ACCOUNT), deployment)
    assert failed.value.diagnostics[0].code == "TD321"


def command(endpoint: str, spec: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    code = "import sys; from tideform.cli.app import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, "bootstrap", "--spec", str(spec), "-e", "prod", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def test_the_command_prepares_the_account_and_then_has_nothing_to_do(endpoint: str, tmp_path: Path) -> None:
    spec = written(tmp_path)
    first = command(endpoint, spec, "--github", "acme/fraud", "--yes")
    assert first.returncode == 0, first.stderr
    second = command(endpoint, spec, "--github", "acme/fraud", "--yes")
    assert "Nothing to do" in second.stdout


def test_the_command_refuses_the_wrong_account(endpoint: str, tmp_path: Path) -> None:
    result = command(endpoint, written(tmp_path, "210987654321"), "--yes")
    assert result.returncode == 1
    assert "TD320" in result.stderr


def test_json_without_yes_only_tells(endpoint: str, tmp_path: Path) -> None:
    spec = written(tmp_path)
    told = json.loads(command(endpoint, spec, "--json").stdout)
    assert told["applied"] is False
    assert told["steps"] == json.loads(command(endpoint, spec, "--json").stdout)["steps"] != []


def test_nobody_to_ask_is_no_yes(endpoint: str, tmp_path: Path) -> None:
    result = command(endpoint, written(tmp_path))
    assert result.returncode == 1
    assert "TD352" in result.stderr  # as every other command that asks
