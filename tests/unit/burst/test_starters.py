"""What begins bursts by itself, switched off."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tideform.burst.starters import switch_off, switched_off
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment

NAME = "demo-dev-fit-starter"


@pytest.fixture
def functions(cloud: Cloud) -> Any:
    """The starter of the pool ``fit`` stands."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = cloud.client("iam").create_role(RoleName="starter", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("nothing.py", "")
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName=NAME, Runtime="python3.13", Role=role, Handler="nothing.handler", Code={"ZipFile": code.getvalue()}
    )
    return functions


def scheduled(deployment: Deployment) -> Deployment:
    """With a schedule for ``fit``, and for a pool that is not applied."""
    fit = deployment.spec.training["fit"].model_copy(update={"schedule": "rate(1 day)"})
    update = {"training": {"fit": fit, "other": fit}}
    return replace(deployment, spec=deployment.spec.model_copy(update=update))


def test_a_starter_may_not_run_any_more_and_pools_without_one_are_no_error(
    cloud: Cloud, functions: Any, deployment: Deployment
) -> None:
    assert switch_off(cloud, deployment, ["fit", "other"]) == [NAME]
    assert functions.get_function_concurrency(FunctionName=NAME)["ReservedConcurrentExecutions"] == 0


def _untouched(_functions: Any) -> None: ...


def _bounded(functions: Any) -> None:
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=1)


def _off(functions: Any) -> None:
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=0)


@pytest.mark.parametrize(("done", "told"), [(_untouched, {}), (_bounded, {}), (_off, {"fit": NAME})])
def test_a_starter_is_switched_off_where_it_may_not_run_even_once(
    done: Callable[[Any], None], told: dict[str, str], cloud: Cloud, functions: Any, deployment: Deployment
) -> None:
    done(functions)
    assert switched_off(cloud, scheduled(deployment)) == told


def test_what_begins_nothing_by_itself_is_not_called_switched_off(
    cloud: Cloud, functions: Any, deployment: Deployment
) -> None:
    _off(functions)
    assert switched_off(cloud, deployment) == {}
