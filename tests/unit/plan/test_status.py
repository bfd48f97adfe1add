"""What `status` tells of bursts: the lease table is asked by its name, whether or not a state knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tests.unit.plan.making import deployment, pool
from tideform.burst.applied import made
from tideform.burst.lease import Mode, new_lease
from tideform.burst.ownerless import Sighted
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.operations.by_itself import STARTERS, Inert, inert
from tideform.operations.capacity import capacity, state_of
from tideform.operations.pool_statuses import pool_statuses
from tideform.operations.status import Status, status
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment
from tideform.unasked import Unasked
from tideform.views.diagnostics import as_json
from tideform.views.status import status_json, status_lines

ACCOUNT = "123456789012"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with mock_aws():
        made = Cloud("us-east-1", ACCOUNT)
        made.session = boto3.Session("testing", "testing", region_name="us-east-1")
        monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: made)
        yield made


@pytest.fixture
def here(tmp_path: Path, cloud: Cloud) -> Deployment:
    """On AWS, with a state in a folder, of which nothing is left."""
    settings = Environment(target="aws", account=ACCOUNT)
    return replace(deployment(training=pool()), settings=settings, spec_file=tmp_path / "tideform.yaml")


def burst(cloud: Cloud, of: Deployment) -> str:
    """A burst that runs: its table, with the tags of the deployment, and its lease in it."""
    cloud.client("dynamodb").create_table(
        TableName=of.physical_name("leases"),
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[
            {"Key": "tideform:project", "Value": of.spec.project},
            {"Key": "tideform:environment", "Value": of.environment},
        ],
    )
    (name,) = of.spec.training
    lease = new_lease(name, of.spec.training[name], Mode.RUN, now=cloud.clock(), hourly_usd=None)
    LeaseTable.of(cloud, of).acquire(lease)
    return lease.id


def text(of: Status) -> str:
    return "\n".join(line.text for line in status_lines(of))


def test_a_burst_is_told_where_the_state_is_lost(cloud: Cloud, here: Deployment) -> None:
    lease = burst(cloud, here)
    found = status(here)
    assert "Bursts: 1" in text(found)
    assert [one["lease"] for one in status_json(found)["bursts"]] == [lease]


def test_what_stands_without_a_state_is_told_with_the_way_out(cloud: Cloud, here: Deployment) -> None:
    burst(cloud, here)
    (astray,) = [one for one in status(here).warnings if one.code == "TD407"]
    assert (str(astray.severity), "state adopt" in astray.fix) == ("warning", True)


@pytest.fixture
def anothers(cloud: Cloud, here: Deployment) -> Deployment:
    """``dev-eu`` of ``demo``, where a burst of ``demo-dev`` in ``eu`` runs: all names are the same."""
    theirs = replace(here, environment="eu", spec=here.spec.model_copy(update={"project": "demo-dev"}))
    burst(cloud, theirs)
    return replace(here, environment="dev-eu")


def test_the_bursts_of_another_pair_with_the_same_names_are_not_shown_as_ours(anothers: Deployment) -> None:
    found = status(anothers)
    assert (status_json(found)["bursts"], "Bursts: none" in text(found)) == ([], True)
    (taken,) = [one for one in found.warnings if one.code == "TD421"]
    assert (taken.severity, "project demo-dev, environment eu" in taken.detail) == (Severity.WARNING, True)
    assert "Held by nobody: could not be asked: the lease table is another's" in text(found)


def test_nor_are_its_pools(anothers: Deployment) -> None:
    found = pool_statuses(anothers, anothers.spec.training, capacity(anothers, *state_of(anothers)), None)
    assert (found.pools, [one.code for one in found.warnings], found.whole) == ((), ["TD421"], False)


def test_nor_where_a_broken_state_might_know_the_table(anothers: Deployment) -> None:
    garbage(anothers, "foundation")
    assert status_json(found := status(anothers))["bursts"] == []
    assert "TD421" in [one.code for one in found.warnings]


def test_where_no_table_stands_there_is_no_burst(here: Deployment) -> None:
    found = status(here)
    assert ("Bursts: none" in text(found), found.warnings, status_json(found)["bursts"]) == (True, (), [])


def test_what_could_not_be_asked_is_not_called_none(here: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_table: LeaseTable) -> None:
        raise CloudError.of("TD617", "The lease table could not be used", detail="away", fix="Run it again.")

    monkeypatch.setattr(LeaseTable, "look", away)
    found = status(here)
    assert "Bursts: could not be asked: no state; `tideform state adopt`" in text(found)
    told = json.loads(json.dumps(status_json(found)))
    assert (told["bursts"], told["unheld"]) == (None, None)
    assert [one.code for one in found.warnings] == ["TD617"]


def refuse(*_: object, **__: object) -> None:
    raise CloudError.of("TD611", "A cloud service refused", detail="AccessDenied on it.", fix="Ask.")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state knows the lease table."""
    monkeypatch.setattr("tideform.operations.capacity.stands", lambda *_: True)
    monkeypatch.setattr("tideform.operations.capacity.inert", lambda *_: Inert())


@pytest.mark.usefixtures("known")
def test_a_table_that_refuses_hides_neither_stacks_nor_the_lock(
    here: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LeaseTable, "look", refuse)
    found = text(status(here))
    assert "Bursts: could not be asked: AccessDenied on it." in found
    assert "not applied" in found
    assert "Lock: free" in found


@pytest.mark.usefixtures("known")
def test_that_somebody_has_deleted_the_table_is_told_and_not_called_none(here: Deployment) -> None:
    found = status(here)
    assert "Bursts: could not be asked: There is no lease table" in text(found)
    assert status_json(found)["bursts"] is None
    assert "TD601" in {one.code for one in found.warnings}


@pytest.mark.usefixtures("known")
def test_a_service_that_refuses_hides_no_burst_and_is_named(
    cloud: Cloud, here: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst(cloud, here)
    silent = Sighted(unasked=(Unasked("held by nobody (EC2)", "AccessDenied on it."),))
    monkeypatch.setattr("tideform.operations.capacity.sighted", lambda *_: silent)
    found = status(here)
    assert "Bursts: 1" in text(found)
    assert "Held by nobody (EC2): could not be asked: AccessDenied on it." in text(found)
    assert status_json(found)["unheld"] is None


@pytest.mark.usefixtures("known")
def test_a_lock_that_cannot_be_read_is_not_called_free(
    cloud: Cloud, here: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst(cloud, here)
    monkeypatch.setattr("tideform.state.lock.Lock.holders", refuse)
    found = status(here)
    assert "Lock: could not be asked: AccessDenied on it." in text(found)
    assert (status_json(found)["lock"], "Bursts: 1" in text(found)) == (None, True)


def garbage(here: Deployment, layer: str) -> Path:
    """A stack whose file is no checkpoint."""
    state = here.workspace.state(here.environment).resolve()
    file = state / ".pulumi" / "stacks" / f"tideform-{layer}" / f"{here.name}.json"
    file.parent.mkdir(parents=True)
    file.write_text("garbage")
    return file


def test_a_stack_that_cannot_be_read_is_told_in_its_place_and_hides_no_burst(cloud: Cloud, here: Deployment) -> None:
    file = garbage(here, "monitoring")
    burst(cloud, here)
    told = text(status(here))
    assert re.search(f"(?m)^monitoring +cannot be read: {file} is no checkpoint", told)
    assert ("Bursts: 1" in told, "Lock: free" in told) == (True, True)


def test_programs_are_told_which_stack_cannot_be_read_apart_from_what_could_not_be_asked(here: Deployment) -> None:
    garbage(here, "monitoring")
    told = status_json(status(here))
    assert [one["what"] for one in told["unreadable"]] == ["stack monitoring"]
    assert told["unasked"] == []
    assert {one["program"]: one["standing"] for one in told["stacks"]}["monitoring"] is None


def test_the_way_out_of_a_stack_that_cannot_be_read_is_told_once(here: Deployment) -> None:
    garbage(here, "monitoring")
    (problem,) = [one for one in status(here).warnings if one.code == "TD415"]
    assert "tideform state adopt" in problem.fix


def test_a_broken_foundation_is_not_called_a_lost_state(cloud: Cloud, here: Deployment) -> None:
    garbage(here, "foundation")
    burst(cloud, here)
    assert "TD407" not in [one.code for one in status(here).warnings]


def test_a_state_that_gives_no_answer_hides_no_burst(
    cloud: Cloud, here: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("read", "keys"):
        monkeypatch.setattr(f"tideform.state.checkpoint.FolderBlobs.{name}", refuse)
    burst(cloud, here)
    found = status(here)
    assert (status_json(found)["stacks"], "Stacks: could not be asked: AccessDenied" in text(found)) == (None, True)
    assert "Bursts: 1" in text(found)


def test_a_pool_whose_record_cannot_be_read_is_told(cloud: Cloud, here: Deployment) -> None:
    burst(cloud, here)
    LeaseTable.of(cloud, here).items.write({"pk": "pool#other", "leases": 3})
    found = status(here)
    assert [one["what"] for one in status_json(found)["unreadable"]] == ["pool other"]
    assert "pool other: cannot be read: " in text(found)


@pytest.mark.parametrize(("left", "codes"), [(False, ["TD625"]), (True, [])], ids=["in the spec", "left"])
def test_the_reaper_of_an_environment_that_left_the_spec_is_not_judged_by_it(
    cloud: Cloud,
    here: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    known: None,
    left: bool,
    codes: list[str],
) -> None:
    unfit = Diagnostic("TD625", Severity.WARNING, "The reaper is not as it should be", "its policy", fix="Apply.")
    monkeypatch.setattr("tideform.operations.capacity.inert", lambda *_: Inert((unfit,)))
    burst(cloud, here)
    assert [one.code for one in status(replace(here, left=left)).warnings] == codes


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("asks", "what"), [("reaper_brake.unfit", "reaper"), ("starters.switched_off", STARTERS)])
def test_what_acts_by_itself_and_could_not_be_looked_at_is_missing(
    cloud: Cloud, here: Deployment, monkeypatch: pytest.MonkeyPatch, asks: str, what: str
) -> None:
    monkeypatch.setattr("tideform.operations.capacity.inert", inert)
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", lambda *_: None)
    monkeypatch.setattr("tideform.burst.starters.switched_off", lambda *_: {})
    monkeypatch.setattr(f"tideform.burst.{asks}", refuse)
    burst(cloud, here)
    found = status(here)
    assert status_json(found)["unasked"] == [{"what": what, "why": "AccessDenied on it."}]
    assert f"{what.capitalize()}: could not be asked: AccessDenied on it." in text(found)
    assert [(one.code, str(one.severity)) for one in found.warnings] == [("TD611", "warning")]
    assert bool(found.gaps)


def test_a_foundation_that_cannot_be_read_is_told_once_although_it_hides_the_reaper(
    cloud: Cloud, here: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", lambda _, of: made(of))
    garbage(here, "foundation")
    burst(cloud, here)
    found = status(here)
    assert [one.code for one in found.warnings] == ["TD415"]
    assert [one.what for one in found.gaps.unreadable] == ["stack foundation", "reaper"]


def test_programs_are_told_what_is_wrong_in_the_shape_of_all_diagnostics(cloud: Cloud, here: Deployment) -> None:
    burst(cloud, here)
    found = status(here)
    told = json.loads(json.dumps(status_json(found)))["warnings"]
    assert told == as_json(found.warnings)
    assert "TD407" in [one["code"] for one in told]
