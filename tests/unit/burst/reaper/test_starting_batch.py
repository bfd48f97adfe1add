"""Which node's failure is that of a job of several, as Batch tells of both."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.backends.training.batch.in_account.starting import failed_first

RUNNING = {"jobId": "job", "status": "RUNNING", "startedAt": 100}
FAILED = {**RUNNING, "status": "FAILED"}
SUCCEEDED = {**RUNNING, "status": "SUCCEEDED"}


def node(place: int, status: str, stopped: int = 0, reason: str = "") -> dict[str, Any]:
    return {"jobId": f"job#{place}", "status": status, "stoppedAt": stopped, "statusReason": reason}


LOST = "Host EC2 (instance i-1) terminated."


@pytest.mark.parametrize(
    ("job", "nodes", "expected"),
    [
        pytest.param(RUNNING, [node(0, "RUNNING"), node(1, "RUNNING")], "", id="all go on"),
        pytest.param(RUNNING, [node(0, "RUNNING"), node(1, "SUCCEEDED", 120)], "", id="one is done before the others"),
        pytest.param(RUNNING, [node(0, "RUNNING"), node(1, "FAILED", 120)], "job#1", id="another than the main one"),
        pytest.param(
            RUNNING,
            [node(0, "RUNNING"), node(1, "FAILED", 125), node(2, "FAILED", 120)],
            "job#2",
            id="the first of two",
        ),
        pytest.param(
            FAILED, [node(0, "FAILED", 120), node(1, "FAILED", 121)], "job#0", id="the main one ends the rest"
        ),
        pytest.param(
            FAILED, [node(0, "FAILED", 121), node(1, "FAILED", 120)], "job#1", id="the main one because of another"
        ),
        pytest.param(
            SUCCEEDED, [node(0, "SUCCEEDED", 120), node(1, "FAILED", 121)], "", id="ended with the main one, well"
        ),
        pytest.param(
            SUCCEEDED, [node(0, "SUCCEEDED", 121), node(1, "FAILED", 120)], "job#1", id="failed between two looks"
        ),
        pytest.param(
            FAILED, [node(0, "FAILED", 120), node(1, "FAILED", 130, LOST)], "job#1", id="a lost machine goes before"
        ),
        pytest.param(
            SUCCEEDED, [node(0, "SUCCEEDED", 120), node(1, "FAILED", 130, LOST)], "", id="lost after the work was done"
        ),
        pytest.param(
            RUNNING, [node(0, "FAILED", 120, LOST), node(1, "FAILED", 121)], "", id="Batch tries the main one again"
        ),
        pytest.param(RUNNING, [node(0, "RUNNING"), node(1, "FAILED", 90)], "", id="of an earlier attempt"),
        pytest.param({**RUNNING, "status": "RUNNABLE"}, [node(1, "FAILED", 120)], "", id="waits to be tried again"),
    ],
)
def test_the_first_node_that_fails_is_the_job(job: dict[str, Any], nodes: list[dict[str, Any]], expected: str) -> None:
    found = failed_first(job, nodes)
    assert ("" if found is None else found["jobId"]) == expected
