"""What a Batch pool's jobs refuse before anything is submitted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tideform.backends.training.batch.jobs import BatchJobs, waits
from tideform.burst.runner import Work
from tideform.cloud import Cloud
from tideform.errors import RefusedError

DEFINITION = "narrow-dev-fit"
NOTHING: Any = None


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_a_job_has_the_nodes_that_are_asked_for_whatever_the_pools_own_has(
    cloud: Cloud, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = {"image": "trainer", "command": ["true"], "vcpus": 2, "memory": 512}
    cloud.client("batch").register_job_definition(
        jobDefinitionName=DEFINITION,
        type="multinode",
        nodeProperties={
            "numNodes": 2,
            "mainNode": 0,
            "nodeRangeProperties": [{"targetNodes": "0:", "container": container}],
        },
    )
    asked: list[dict[str, Any]] = []

    def submit(*_: object, **what: Any) -> str:
        asked.append(what["nodeOverrides"])
        return "job-1"

    monkeypatch.setattr(BatchJobs, "_submit", submit)
    names: Any = SimpleNamespace(job_definition=DEFINITION, job_queue="there-is-none")
    lease: Any = SimpleNamespace(id="0123456789ab")
    BatchJobs(cloud, "fit", names, {}, poll=0).begin(lease, Work(nodes=nodes), rest=600)
    assert [one["numNodes"] for one in asked] == [nodes]


@pytest.mark.parametrize(
    ("status", "why", "told"),
    [
        ("RUNNABLE", "MISCONFIGURATION:NO_CAPACITY", "fit-1 waits (RUNNABLE): MISCONFIGURATION:NO_CAPACITY."),
        ("SUBMITTED", "", "fit-1 waits (SUBMITTED)."),
        ("STARTING", "", "fit-1 is about to start: its machine fetches the image."),
        ("RUNNING", "", ""),
        ("FAILED", "Host EC2 terminated", ""),
    ],
)
def test_what_a_job_waits_for_is_said_in_batchs_words_until_it_runs(status: str, why: str, told: str) -> None:
    assert waits({"jobName": "fit-1", "status": status, "statusReason": why}) == told


def test_several_nodes_are_refused_where_the_pools_definition_is_for_one_machine(cloud: Cloud) -> None:
    cloud.client("batch").register_job_definition(
        jobDefinitionName=DEFINITION,
        type="container",
        containerProperties={"image": "trainer", "command": ["true"], "vcpus": 2, "memory": 512},
    )
    names: Any = SimpleNamespace(job_definition=DEFINITION, job_queue="there-is-none")
    jobs = BatchJobs(cloud, "fit", names, {}, poll=0)
    with pytest.raises(RefusedError) as refused:
        jobs.run(NOTHING, Work(("true",), nodes=2), print, NOTHING, rest=600, machines=2)
    (found,) = refused.value.diagnostics
    assert found.code == "TD171"
    assert "2 were asked for" in found.detail
    assert found.fix
