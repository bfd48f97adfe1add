from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tideform.cloud import Cloud, Credentials
from tideform.local import description
from tideform.local.client import Sandbox
from tideform_sandbox import server

_PLAIN_BOTO3 = """
import boto3
s3 = boto3.client("s3")
s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_object(Bucket="plain", Key="a/b", Body=b"hello")
print(s3.get_object(Bucket="plain", Key="a/b")["Body"].read().decode())
"""


def _status(sandbox: Sandbox, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_plain_boto3_reaches_it_by_environment_variables_alone(sandbox: Sandbox) -> None:
    environ = {"PATH": os.environ["PATH"], **sandbox.credentials.environ("eu-west-1")}
    done = subprocess.run([sys.executable, "-c", _PLAIN_BOTO3], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "hello"


def test_an_unsigned_request_is_refused(sandbox: Sandbox) -> None:
    assert _status(sandbox, "/", {}) == 403


def test_a_foreign_host_is_refused(sandbox: Sandbox) -> None:
    signed = f"AWS4-HMAC-SHA256 Credential={sandbox.access_key}/20260101/us-east-1/s3/aws4_request, Signature=0"
    assert _status(sandbox, "/", {"Authorization": signed}) == 200
    assert _status(sandbox, "/", {"Authorization": signed, "Host": "evil.example"}) == 403


def test_a_presigned_address_works(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="k", Body=b"v")
    address = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "k"})
    with urllib.request.urlopen(address) as response:
        assert response.read() == b"v"


def test_an_assumed_role_is_let_in(cloud: Cloud, sandbox: Sandbox) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = cloud.client("iam").create_role(RoleName="assumed", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    assumed = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], sandbox.endpoint)
    found = Cloud("us-east-1", "", credentials=assumed).client("sts").get_caller_identity()
    assert "assumed-role/assumed" in found["Arn"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("ec2", "describe_verified_access_groups", {}, "ec2.DescribeVerifiedAccessGroups"),  # EC2's XML
        ("iam", "list_server_certificate_tags", {"ServerCertificateName": "x"}, "iam.ListServerCertificateTags"),
        ("sagemaker", "list_inference_components", {}, "sagemaker.ListInferenceComponents"),  # JSON
        ("eks", "list_insights", {"clusterName": "x"}, "eks.ListInsights"),  # REST-JSON
        ("pricing", "describe_services", {}, "pricing.DescribeServices"),  # a service that moto has not
        ("accessanalyzer", "list_analyzers", {}, "access-analyzer.GET /analyzer"),
    ],
)
def test_what_is_not_emulated_says_so_in_the_services_protocol(
    cloud: Cloud, service: str, operation: str, parameters: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(cloud.client(service), operation)(**parameters)
    response = raised.value.response
    assert response["Error"] == {"Code": "NotEmulated", "Message": f"not emulated: {named}"} | (
        {"Type": "Sender"} if service == "iam" else {}
    )
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


def test_deleting_a_setting_that_is_not_emulated_does_not_delete_the_bucket(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="measured")
    with pytest.raises(ClientError, match=r"not emulated: s3.DeleteBucketMetricsConfiguration"):
        s3.delete_bucket_metrics_configuration(Bucket="measured", Id="all")
    s3.head_bucket(Bucket="measured")


def test_managed_policies_are_there(cloud: Cloud) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
    assert cloud.client("iam").get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == "AWSBatchServiceRole"


def _life(folder: Path, idle_limit: float, monkeypatch: pytest.MonkeyPatch) -> server.Life:
    monkeypatch.setattr(server, "_WATCH", 0.001)
    description.write(folder, description.Description("http://127.0.0.1:1", "a", "s", "boot", 1, "", ""))
    return server.Life(folder, "boot", idle_limit)


def test_it_ends_when_idle_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _life(tmp_path, 0.01, monkeypatch).wait(lambda: False)


def test_it_does_not_end_while_something_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = _life(tmp_path, 0.0, monkeypatch)
    looks = iter([True, True, True])

    def busy() -> bool:
        if next(looks, None):
            return True
        life.end()
        return True

    monkeypatch.setattr(server, "IDLE_LIMIT", 0.0)
    life._idle_limit = 0.5
    life.wait(busy)
    assert next(looks, None) is None


def test_it_ends_when_its_workspace_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    life = _life(folder, 3600, monkeypatch)
    shutil.rmtree(folder)
    life.wait(lambda: False)


def test_it_ends_when_another_took_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = _life(tmp_path, 3600, monkeypatch)
    description.write(tmp_path, description.Description("http://127.0.0.1:1", "a", "s", "other", 1, "", ""))
    life.wait(lambda: False)
