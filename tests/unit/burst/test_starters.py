"""What begins bursts by itself, switched off."""

from __future__ import annotations

import io
import json
import zipfile

from tideform.burst.starters import switch_off
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment


def test_a_starter_may_not_run_any_more_and_pools_without_one_are_no_error(
    cloud: Cloud, deployment: Deployment
) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = cloud.client("iam").create_role(RoleName="starter", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("nothing.py", "")
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="demo-dev-fit-starter",
        Runtime="python3.13",
        Role=role,
        Handler="nothing.handler",
        Code={"ZipFile": code.getvalue()},
    )
    assert switch_off(cloud, deployment, ["fit", "other"]) == ["demo-dev-fit-starter"]
    reserved = functions.get_function_concurrency(FunctionName="demo-dev-fit-starter")
    assert reserved["ReservedConcurrentExecutions"] == 0
