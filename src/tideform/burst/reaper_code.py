"""The reaper's code, put back where somebody put other code in its place.

A provider does not see that: it holds what it sent against what it would send, and AWS tells a digest alone.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

from __future__ import annotations

from tideform.burst.reaper_proof import Proof
from tideform.burst.reaper_zip import zipped
from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.components.reaper.plan import files
from tideform.spec.deployment import Deployment


def put_code_back(cloud: Cloud, deployment: Deployment) -> str:
    """What was done, in words; empty where the code is ours, or the function not there."""
    proof = Proof(cloud, deployment)
    with cloud_errors("the reaper's code was looked at"):
        if proof.function() or not (why := proof.code()):
            return ""
        api = cloud.client("lambda")
        api.update_function_code(FunctionName=proof.name, ZipFile=zipped(files(deployment)))
        api.get_waiter("function_updated_v2").wait(FunctionName=proof.name)
    return f"put the reaper's code back ({why})"
