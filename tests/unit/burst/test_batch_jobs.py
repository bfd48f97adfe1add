"""What a Batch pool's jobs refuse before anything is submitted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tideform.burst.batch_jobs import BatchJobs
from tideform.burst.runner import Work
from tideform.cloud import Cloud
from tideform.errors import RefusedError

DEFINITION = "narrow-dev-fit"


def test_several_nodes_are_refused_where_the_pools_definition_is_for_one_machine(cloud: Cloud) -> None:
    cloud.client("batch").register_job_definition(
        jobDefinitionName=DEFINITION,
        type="container",
        containerProperties={"image": "trainer", "command": ["true"], "vcpus": 2, "memory": 512},
    )
    names: Any = SimpleNamespace(job_definition=DEFINITION, job_queue="there-is-none")
    nothing: Any = None
    jobs = BatchJobs(cloud, "fit", names, {}, poll=0)
    with pytest.raises(RefusedError) as refused:
        jobs.run(nothing, Work(("true",), nodes=2), print, nothing, rest=600, machines=2)
    (found,) = refused.value.diagnostics
    assert found.code == "TD171"
    assert "2 were asked for" in found.detail
    assert found.fix
