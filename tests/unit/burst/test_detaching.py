"""Which jobs may be left to the account."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.burst.detaching import require_detachable
from tideform.errors import RefusedError
from tideform.registry.training import backends
from tideform.spec.training import Pool


def pool(sweep: dict[str, Any] | None = None, **words: Any) -> Pool:
    job = {"image": "trainer", "command": ["true"], **({"sweep": sweep} if sweep else {})}
    kind = "ml.m5.large" if words.get("backend") == "sagemaker" else "c5.large"
    return Pool.model_validate({"instance_types": [kind], "job": job, **words})


def refusal(of: Pool, nodes: int = 1) -> str:
    try:
        require_detachable("fit", of, nodes)
    except RefusedError as error:
        return error.diagnostics[0].code
    return ""


@pytest.mark.parametrize(("backend", "code"), [("batch", ""), ("ec2", ""), ("sagemaker", ""), ("eks", "TD683")])
def test_a_backend_that_only_its_own_network_reaches_is_refused(backend: str, code: str) -> None:
    assert refusal(pool(backend=backend)) == code


@pytest.mark.parametrize(
    ("backend", "machines", "at_once", "code"),
    [
        ("batch", 2, 4, ""),  # the pool bounds the array
        ("batch", 2, 2, ""),
        ("batch", 4, 2, "TD684"),  # nobody would hold it at two
        ("ec2", 4, 4, ""),
        ("ec2", 2, 4, "TD684"),  # the others would have no machine
        ("sagemaker", 4, 2, "TD684"),
    ],
)
def test_a_sweep_that_somebody_would_have_to_hold_back_is_refused(
    backend: str, machines: int, at_once: int, code: str
) -> None:
    sweep = {"grid": {"RATE": [1, 2, 3, 4]}, "at_once": at_once}
    assert refusal(pool(sweep, backend=backend, nodes=f"1..{machines}")) == code


@pytest.mark.parametrize(("nodes", "code"), [(1, ""), (2, "TD684")])
def test_the_machines_of_each_job_of_a_sweep_count(nodes: int, code: str) -> None:
    sweep = {"grid": {"RATE": [1, 2, 3, 4]}, "at_once": 4}
    assert refusal(pool(sweep, backend="ec2", nodes=4), nodes) == code


@pytest.mark.parametrize(("nodes", "told"), [(1, False), (2, True)])
def test_that_nobody_begins_a_job_of_several_nodes_again_is_told_of_the_job_at_hand(nodes: int, told: bool) -> None:
    found = backends()["batch"].detached_remarks(pool(backend="batch", nodes=2), nodes)
    assert any("a node other than the main one" in remark for remark in found) == told
