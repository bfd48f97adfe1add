"""An endpoint that SageMaker has put back to its old configuration is told from one that has moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from tideform.engine import moved_over
from tideform.engine.moved_over import require_moved
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

NOBODY = cast(Deployment, None)  # only handed on


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Let SageMaker say these in turn (the last one for ever), and judge; the pauses that were made."""

    def judge(*answers: dict[str, Any]) -> list[float]:
        waiting, pauses = list(answers), list[float]()

        class SageMaker:
            def client(self, _service: str) -> SageMaker:
                return self

            def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803  # as boto3 calls it
                assert EndpointName == "score"
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        monkeypatch.setattr(moved_over, "cloud_for", lambda _: SageMaker())
        require_moved(NOBODY, "score", "new", ("errors", "latency"), pauses.append)
        return pauses

    return judge


def answer(configuration: str, status: str = "InService", **more: Any) -> dict[str, Any]:
    return {"EndpointConfigName": configuration, "EndpointStatus": status, **more}


def test_one_that_runs_what_was_asked_for_is_looked_at_until_it_stays_so(told: Callable[..., list[float]]) -> None:
    assert len(told(answer("new"))) == 3


def test_one_that_still_moves_is_waited_for(told: Callable[..., list[float]]) -> None:
    assert len(told(answer("old", "Updating"), answer("old", "RollingBack"), answer("new"))) == 5


def test_one_that_is_put_back_after_the_first_look_is_found(told: Callable[..., list[float]]) -> None:
    with pytest.raises(RefusedError) as refused:
        told(answer("new"), answer("old", FailureReason="the container did not start"))
    (found,) = refused.value.diagnostics
    assert found.code == "TD637"
    assert "was to run new and runs old: the container did not start" in found.detail


def test_its_alarms_are_named_where_no_reason_is_told(told: Callable[..., list[float]]) -> None:
    with pytest.raises(RefusedError) as refused:
        told(answer("old"))
    assert "errors, latency" in refused.value.diagnostics[0].detail
