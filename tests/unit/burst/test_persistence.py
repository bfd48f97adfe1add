"""A lease table that is away: the work goes on for a while, and the end is tried until it is done."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.fakes import Stage
from tideform.burst import persistence
from tideform.burst.claiming import claim_now
from tideform.burst.halt import Halt, silent
from tideform.burst.lease import Lease, State
from tideform.burst.persistence import Persistence, passing
from tideform.burst.reconcile import reconcile
from tideform.burst.runner import OnLog, Work
from tideform.burst.table import LeaseTable
from tideform.errors import CloudError, InterruptedRunError, LeftoversError, RefusedError
from tideform.reaper.fence import STARTS, fenced
from tideform.reaper.items import Items
from tideform.spec.deployment import Deployment
from tideform.state.checkpoint import BrokenStateError

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "UpdateItem")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "UpdateItem")
DELETED = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "not found"}}, "GetItem")
GONE = EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")


@dataclass
class Outage:
    """Calls of the table that fail: the next so many, from now on."""

    calls: int = 0
    error: Exception = field(default_factory=lambda: THROTTLED)


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    made, real = Outage(), Items._api

    def api(self: Items, operation: str) -> Callable[..., dict[str, Any]]:
        call = real(self, operation)

        def failing(**arguments: Any) -> dict[str, Any]:
            if made.calls <= 0:
                return call(**arguments)
            made.calls -= 1
            raise made.error

        return failing

    monkeypatch.setattr(Items, "_api", api)
    monkeypatch.setattr(persistence, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(persistence, "_AT_LEAST", 0.0)
    yield made
    made.calls = 0


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


@pytest.mark.parametrize("error", [THROTTLED, DENIED, GONE])
def test_the_end_is_tried_again_and_the_machines_go_before_the_record(
    stage: Stage, outage: Outage, error: Exception
) -> None:
    states: list[tuple[int, bool]] = []

    def work(*_: object) -> int:
        outage.calls, outage.error = 3, error
        return 0

    stage.runner.work = work
    stage.runner.on_down = lambda: states.append((outage.calls, bool(stage.runner.instances)))
    ended = stage.session().run(Work(), print)
    record = stage.table.get("fit")
    assert (ended.exit_code, record.state, len(record.leases)) == (0, State.IDLE, 0)
    assert states[0] == (2, True)  # the first refusal, and the capacity goes at once
    assert sum("tried again until it is done" in line for line in stage.said) == 1


def test_a_start_that_was_throttled_leaves_no_starting(stage: Stage, outage: Outage) -> None:
    def refuse() -> None:
        outage.calls = 3
        raise CloudError.of("TD611", "A cloud service refused", detail="Rate exceeded")

    stage.runner.on_up = refuse
    with pytest.raises(CloudError):
        stage.session().run(Work(), print)
    assert (stage.table.get("fit").state, len(stage.runner.instances)) == (State.IDLE, 0)


def test_machines_that_others_were_seen_to_hold_stay_while_the_table_is_away(
    stage: Stage, outage: Outage, deployment: Deployment
) -> None:
    def work(*_: object) -> int:
        stage.table.acquire(lease_of(deployment, id="other"))
        outage.calls = 1
        return 0

    stage.runner.work = work
    assert stage.session().run(Work(), print).receipt is None
    assert (stage.calls.count("end jobs"), len(stage.runner.instances)) == (2, 1)


def test_a_table_that_somebody_has_deleted_stops_no_end(stage: Stage, outage: Outage) -> None:
    def work(*_: object) -> int:
        outage.calls, outage.error = 100, DELETED
        return 3

    stage.runner.work = work
    ended = stage.session().run(Work(), print)
    assert (ended.exit_code, ended.receipt, stage.runner.instances) == (3, stage.runner.receipt(), ())


def test_machines_that_others_were_seen_to_hold_stay_when_the_table_is_deleted(
    stage: Stage, outage: Outage, deployment: Deployment
) -> None:
    def work(*_: object) -> int:
        stage.table.acquire(lease_of(deployment, id="other"))
        outage.calls, outage.error = 100, DELETED
        return 0

    stage.runner.work = work
    assert stage.session().run(Work(), print).receipt is None
    assert (stage.calls.count("end jobs"), len(stage.runner.instances)) == (1, 1)


def test_down_ends_what_stands_without_a_table(stage: Stage, outage: Outage) -> None:
    stage.session().up()
    outage.calls, outage.error = 100, DELETED
    assert stage.session().down() == stage.runner.receipt()
    assert stage.runner.instances == ()


def test_down_before_the_first_apply_says_what_to_do(stage: Stage, outage: Outage) -> None:
    outage.calls, outage.error = 100, DELETED
    with pytest.raises(RefusedError, match="Foundation is not applied"):
        stage.session().down()


def test_work_goes_on_while_the_table_is_away_and_is_told_once(stage: Stage, outage: Outage) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        outage.calls = 4
        for _ in range(6):
            stage.now += 20
            halt.check()
        return 0

    stage.runner.work = work
    assert stage.session().run(Work(), print).exit_code == 0
    assert sum("The work goes on" in line for line in stage.said) in (1, 2)  # the lease, and the cost
    assert "It can be reached again." in stage.said


def test_work_does_not_go_on_for_ever_without_its_record(
    stage: Stage, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "_AWAY", 0.0)

    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        outage.calls = 2
        stage.now += 20
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(CloudError):
        stage.session().run(Work(), print)
    assert stage.runner.instances == ()


def test_a_deadline_that_nobody_can_confirm_ends_the_work(stage: Stage, outage: Outage) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        outage.calls = 1
        stage.now += 3600
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(RefusedError, match="reached its limit"):
        stage.session().run(Work(), print)


def test_who_asks_twice_gives_the_end_up_and_is_told_what_stays(stage: Stage, outage: Outage) -> None:
    def work(*_: object) -> int:
        outage.calls = 10**6
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        return 0

    stage.runner.work = work
    with pytest.raises(LeftoversError) as told:
        stage.session().run(Work(), print)
    assert [found.code for found in told.value.diagnostics] == ["TD617", "TD618"]
    assert stage.runner.instances == ()


def test_down_waits_for_the_table(stage: Stage, outage: Outage) -> None:
    stage.session().up()
    outage.calls = 3
    receipt = stage.session().down()
    assert (receipt is not None, stage.table.get("fit").state) == (True, State.IDLE)


def test_a_lease_whose_answer_was_lost_is_no_other_burst(table: LeaseTable, deployment: Deployment) -> None:
    lease = lease_of(deployment)
    table.acquire(lease)
    assert table.acquire(lease).count == 1


def test_an_end_whose_answer_was_lost_is_gone_on_with(stage: Stage) -> None:
    lease = stage.session().up()
    assert stage.table.release(lease, stage.now) is not None
    receipt = stage.teardown().give_back(lease)
    assert (receipt is not None, stage.table.get("fit").state, len(stage.runner.instances)) == (True, State.IDLE, 0)


def test_a_table_that_is_away_as_crashed_bursts_are_looked_for_is_asked_again(
    stage: Stage, outage: Outage, deployment: Deployment
) -> None:
    outage.calls = 2
    assert reconcile(stage.table.cloud, deployment, say=stage.said.append) == []
    assert sum("It is asked again" in line for line in stage.said) == 1


def test_a_table_that_stays_away_is_told_before_anything_is_begun(
    stage: Stage, outage: Outage, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "_BEFORE", 0.0)
    outage.calls = 1
    with pytest.raises(CloudError):
        reconcile(stage.table.cloud, deployment)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_what_nothing_mends_in_a_minute_is_told_at_once_before_anything_is_begun(
    stage: Stage, outage: Outage, deployment: Deployment, code: str
) -> None:
    outage.calls, outage.error = 1, ClientError({"Error": {"Code": code, "Message": "no"}}, "Scan")
    with pytest.raises(CloudError):
        reconcile(stage.table.cloud, deployment, say=stage.said.append)
    assert stage.said == []


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (THROTTLED, True),
        (GONE, True),
        (NoCredentialsError(), False),
        (DENIED, False),
        (ClientError({"Error": {"Code": "ExpiredTokenException"}}, "Scan"), True),
        (ClientError({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "Scan"), True),  # type: ignore[typeddict-item]
    ],
)
def test_which_refusals_may_be_over_in_a_minute(error: Exception, passes: bool) -> None:
    try:
        raise CloudError.of("TD617", "The lease table could not be used") from error
    except CloudError as found:
        assert passing(found) is passes


def test_a_claim_waits_under_the_fence_of_who_starts_something(
    stage: Stage, outage: Outage, deployment: Deployment
) -> None:
    """Which tells why, and stops where somebody asks it to."""

    def check() -> None:
        raise InterruptedRunError.of("TD613", "The burst was interrupted")

    lease = stage.session().up()
    outage.calls = 10**6
    with pytest.raises(InterruptedRunError), fenced(check, STARTS):
        claim_now(stage.table.cloud, deployment, lease)


@pytest.mark.parametrize("moment", ["before capacity", "before the job"])
def test_a_table_that_is_away_as_something_is_to_be_started_is_waited_for(
    stage: Stage, outage: Outage, moment: str
) -> None:
    def away() -> None:
        outage.calls = 2

    if moment == "before capacity":
        stage.on_lock = away
    else:
        stage.runner.on_up = away
    assert stage.session().run(Work(), print).exit_code == 0
    assert "run" in stage.calls


def test_who_asks_to_stop_waits_for_no_table(stage: Stage, outage: Outage) -> None:
    def away() -> None:
        outage.calls = 2
        signal.raise_signal(signal.SIGINT)

    stage.runner.on_up = away
    with pytest.raises(InterruptedRunError):
        stage.session().run(Work(), print)
    assert (stage.runner.instances, "run" in stage.calls) == ((), False)


def test_an_end_that_meets_a_broken_file_is_not_tried_again() -> None:
    attempts: list[int] = []

    def attempt() -> None:
        attempts.append(1)
        raise BrokenStateError.of("TD415", "The state cannot be read", detail="no checkpoint", fix="Mend it.")

    with pytest.raises(BrokenStateError):
        Persistence(silent).until_done(attempt, "fit")
    assert len(attempts) == 1
