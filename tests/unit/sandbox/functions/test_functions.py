"""Functions run for real, as Lambda runs them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.functions.deployed import Deployed, zipped
from tests.unit.sandbox.waiting import until
from tideform import cloud
from tideform.local import client

Deploy = Callable[..., Deployed]


def test_the_handler_gets_the_event_and_its_result_comes_back(deployed: Deploy) -> None:
    function = deployed("return {'twice': event['n'] * 2, 'name': context.function_name}")
    answer = function.call({"n": 21})
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["Payload"] == {"twice": 42, "name": function.name}


def test_it_finds_its_variables_and_reaches_the_sandbox(deployed: Deploy) -> None:
    function = deployed(
        """
import boto3
boto3.client('s3').create_bucket(Bucket='made-by-a-function')
return os.environ['COLOUR']
""",
        Environment={"Variables": {"COLOUR": "blue"}},
    )
    assert function.call()["Payload"] == "blue"
    names = {bucket["Name"] for bucket in function.cloud.client("s3").list_buckets()["Buckets"]}
    assert "made-by-a-function" in names


def test_what_it_writes_is_in_its_log_group_in_order(deployed: Deploy) -> None:
    function = deployed("print('one')\nimport logging\nlogging.getLogger().warning('two')")
    function.call()
    assert function.said() == ["one", "[WARNING]\ttwo"]
    assert function.lines()[0].startswith("START RequestId: ")
    assert function.lines()[-1].startswith("REPORT RequestId: ")


def test_the_caller_may_have_the_end_of_the_log(deployed: Deploy) -> None:
    answer = deployed("print('here')").call(LogType="Tail")
    assert "here" in base64.b64decode(answer["LogResult"]).decode()


def test_an_exception_is_told_as_lambda_tells_it(deployed: Deploy) -> None:
    answer = deployed("raise ValueError('too small')").call()
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "ValueError"
    assert answer["Payload"]["errorMessage"] == "too small"
    assert "too small" in "".join(answer["Payload"]["stackTrace"])


def test_a_handler_that_is_not_there_is_told(deployed: Deploy) -> None:
    answer = deployed("return 1", Handler="elsewhere.handler").call()
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"


def test_it_is_ended_when_its_time_is_over(deployed: Deploy) -> None:
    answer = deployed("import time\ntime.sleep(60)", Timeout=1).call()
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert "timed out after 1.00 seconds" in answer["Payload"]["errorMessage"]


def test_it_cannot_take_more_memory_than_it_has(deployed: Deploy) -> None:
    function = deployed("data = bytearray(event['mb'] * 1024 * 1024)\nreturn len(data)", MemorySize=128)
    assert "FunctionError" not in function.call({"mb": 50})
    assert function.call({"mb": 500})["Payload"]["errorType"] == "Runtime.ExitError"


def test_an_update_of_its_code_takes_effect(deployed: Deploy) -> None:
    function = deployed("return 1")
    assert function.call()["Payload"] == 1
    new = zipped(main="def handler(event, context):\n    return 2\n")
    function.client.update_function_code(FunctionName=function.name, ZipFile=new)
    assert function.call()["Payload"] == 2


def test_an_asynchronous_call_is_answered_at_once_and_happens(deployed: Deploy) -> None:
    function = deployed("print('happened')")
    assert function.call(InvocationType="Event")["StatusCode"] == 202
    until(lambda: function.said() == ["happened"])


def test_an_asynchronous_call_that_fails_is_tried_twice_more(deployed: Deploy) -> None:
    function = deployed("print('tried', flush=True)\nraise ValueError('no')")
    function.call(InvocationType="Event")
    function.advance(3600)
    assert function.said().count("tried") == 3


def test_a_dry_run_does_nothing(deployed: Deploy) -> None:
    function = deployed("print('happened')")
    assert function.call(InvocationType="DryRun")["StatusCode"] == 204
    assert function.said() == []


def test_a_reservation_of_one_lets_one_run_at_a_time(deployed: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "_ATTEMPTS", 1)
    body = "import time\nprint('begun', flush=True)\ntime.sleep(event.get('s', 0))\nprint('over')"
    function = deployed(body, reserved=1)
    first = threading.Thread(target=function.call, args=({"s": 1.5},))
    first.start()
    until(lambda: "begun" in function.said())
    impatient = replace(function, cloud=replace(function.cloud, _clients={}))
    with pytest.raises(ClientError, match="TooManyRequests"):
        impatient.call()
    function.call(InvocationType="Event")
    first.join()
    until(lambda: len(function.said()) == 4)
    assert function.said() == ["begun", "over", "begun", "over"]


def test_it_is_told_how_far_the_sandboxs_time_is_ahead(deployed: Deploy) -> None:
    function = deployed("return float(os.environ['TIDEFORM_NOW_OFFSET'])")
    before = function.call()["Payload"]
    function.advance(3600)
    assert function.call()["Payload"] == pytest.approx(before + 3600, abs=1)


def test_other_languages_are_not_emulated_and_say_so(deployed: Deploy) -> None:
    function = deployed("return 1", Runtime="nodejs22.x")
    with pytest.raises(ClientError, match="not emulated: functions for nodejs"):
        function.call()


def test_its_calls_and_errors_are_counted_as_metrics(deployed: Deploy) -> None:
    function = deployed("raise ValueError('no')")
    function.call()
    now = float(client.clock(function.workspace)["now"])

    def total(name: str) -> float:
        answer: dict[str, Any] = function.cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": function.name}],
            StartTime=datetime.fromtimestamp(now - 600, UTC),
            EndTime=datetime.fromtimestamp(now + 60, UTC),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in answer["Datapoints"]))

    assert (total("Invocations"), total("Errors")) == (1, 1)


def test_nothing_of_our_own_modules_is_in_its_way(deployed: Deploy) -> None:
    function = deployed("import sys\nreturn sys.path[0] == os.environ['LAMBDA_TASK_ROOT']")
    assert json.dumps(function.call()["Payload"]) == "true"


def test_its_first_calls_may_come_at_once(deployed: Deploy) -> None:
    function = deployed("return event['n']")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda n: function.call({"n": n})["Payload"], range(4))) == [0, 1, 2, 3]


@pytest.mark.parametrize("most", [0, 2])
def test_how_often_it_may_run_at_once_is_told_with_it_even_where_that_is_never(most: int, deployed: Deploy) -> None:
    function = deployed("return {}")
    assert "Concurrency" not in function.client.get_function(FunctionName=function.name)
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=most)
    told = function.client.get_function(FunctionName=function.name)
    assert told["Concurrency"] == {"ReservedConcurrentExecutions": most}
