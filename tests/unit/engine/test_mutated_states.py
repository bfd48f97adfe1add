"""A state file made wrong is told so (TD415), or is read still: whatever stands in it is no defect of who reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.plan.making import pool
from tests.unit.spec.mutations import mutated_from
from tideform.burst.applied import made, removed_between_bursts
from tideform.connect import backend_of
from tideform.diagnostics import Diagnostic
from tideform.engine.data import doomed_in
from tideform.engine.fit import checked_backend
from tideform.errors import TideformError
from tideform.model.programs import program
from tideform.operations.left_behind import left_findings
from tideform.operations.status import status
from tideform.spec.deployment import Deployment
from tideform.spec.project import Project
from tideform.state import checkpoint
from tideform.state.checkpoint import BrokenStateError, Checkpoint
from tideform.state.settings import write_stack
from tideform.views.status import status_json, status_lines

_OURS = HealthCheck.function_scoped_fixture
# As the engine has written them; of foundation a part, and without the code of the reaper.
WHOLE = {file.stem: json.loads(file.read_text()) for file in (Path(__file__).parent / "states").glob("*.json")}


@pytest.fixture
def here(tmp_path: Path) -> Deployment:
    """What the states are of, in a folder of its own."""
    named = {"version": 1, "project": "acme", "owner": "a@example.com", "region": "us-east-1"}
    spec = Project.model_validate({**named, "environments": {"dev": {"target": "local"}}, "training": pool()})
    made = Deployment(spec, "dev", spec.environments["dev"], tmp_path / "tideform.yaml", "")
    for layer, state in WHOLE.items():
        put(made, layer, json.dumps(state))
    return made


def put(of: Deployment, layer: str, state: str) -> Path:
    file = of.workspace.state("dev") / checkpoint.key_of(f"tideform-{layer}", of.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(state, encoding="utf-8", errors="surrogatepass")
    return file


def write_settings(of: Deployment) -> None:
    """What an apply writes beside each state."""
    for one in (program(of, layer) for layer in WHOLE):
        write_stack(of.workspace.program("dev", one.slug), one, of, backend_of(of).checkpoint(one))


READERS: tuple[Callable[[Deployment], object], ...] = (
    lambda of: checked_backend(of).outputs(),
    lambda of: list(doomed_in(filter(None, (backend_of(of).checkpoint(one) for one in backend_of(of).existing())))),
    lambda of: left_findings(of, backend_of(of), brings=False),
    lambda of: left_findings(elsewhere(of), backend_of(of), brings=False),
    made,
    lambda of: removed_between_bursts(of, "nightly"),
    write_settings,
    lambda of: [(state.digest, state.empty, state.pending_urns) for state in states(of)],
    lambda of: (list(status_lines(found := status(of))), json.dumps(status_json(found))),
)


def elsewhere(of: Deployment) -> Deployment:
    """The same folder under another project's name: all of it was left behind."""
    return replace(of, spec=of.spec.model_copy(update={"project": "other"}))


def states(of: Deployment) -> list[Checkpoint]:
    return [state for layer in WHOLE if (state := backend_of(of).checkpoint(program(of, layer))) is not None]


@pytest.mark.parametrize("layer", WHOLE)
def test_a_state_with_changed_nodes_is_no_defect_of_whoever_reads_it(here: Deployment, layer: str) -> None:
    @given(mutated_from([WHOLE[layer]]))
    @settings(max_examples=40, derandomize=True, suppress_health_check=[_OURS])
    def holds(text: str) -> None:
        put(here, layer, text)
        for read in READERS:
            with suppress(TideformError):
                read(here)

    holds()


def test_a_state_as_the_engine_writes_it_is_read_by_all(here: Deployment) -> None:
    for read in READERS:
        read(here)


def told(of: Deployment, layer: str, change: Callable[[Any], object]) -> Diagnostic:
    """What is told of a file in which something was changed."""
    state = json.loads(json.dumps(WHOLE[layer]))
    change(state["checkpoint"]["latest"])
    file = put(of, layer, json.dumps(state))
    with pytest.raises(BrokenStateError) as caught:
        checked_backend(of)
    (found,) = caught.value.diagnostics
    assert found.detail.startswith(f"{file.resolve()} is no checkpoint: ")
    return found


def provider(latest: Any) -> Any:
    return next(one for one in latest["resources"] if one["type"] == "pulumi:providers:aws")


ODD: dict[str, Callable[[Any], object]] = {
    "the type": lambda latest: latest["resources"][-1].update(type=7),
    "the urn": lambda latest: latest["resources"][-1].pop("urn"),
    "the id": lambda latest: latest["resources"][-1].update(id=["x"]),
    "custom": lambda latest: latest["resources"][-1].update(custom="yes"),
    "the inputs": lambda latest: latest["resources"][-1].update(inputs=[]),
    "the outputs": lambda latest: latest["resources"][-1].update(outputs=None),
    "its accounts": lambda latest: provider(latest)["inputs"].update(allowedAccountIds="nonsense"),
    "one of its accounts": lambda latest: provider(latest)["inputs"].update(allowedAccountIds='["me"]'),
    "its settings": lambda latest: provider(latest).update(inputs=[]),
    "its region": lambda latest: provider(latest)["inputs"].update(region="nowhere"),
    "an operation": lambda latest: latest.update(pending_operations=[{"type": "creating"}]),
    "the key": lambda latest: latest.update(secrets_providers={"type": "passphrase"}),
    "an archive": lambda latest: latest["resources"][0].update(
        outputs={"zip": {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "assets": [1]}}
    ),
    "a level too many": lambda latest: latest["resources"][-1]["inputs"].update(name=json.loads("[" * 200 + "]" * 200)),
}


@pytest.mark.parametrize("what", ODD)
def test_one_odd_entry_is_told_as_a_file_that_is_no_checkpoint(here: Deployment, what: str) -> None:
    assert told(here, "monitoring", ODD[what]).code == "TD415"


def test_what_is_odd_is_named(here: Deployment) -> None:
    assert "the type of a resource is 7, and no text. What stands" in told(here, "monitoring", ODD["the type"]).detail


@pytest.mark.parametrize("time", ["nonsense", 7, None, "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_hides_nothing(here: Deployment, time: Any) -> None:
    state = json.loads(json.dumps(WHOLE["monitoring"]))
    state["checkpoint"]["latest"]["manifest"]["time"] = time
    put(here, "monitoring", json.dumps(state))
    assert {one["program"]: one["changed"] for one in status_json(status(here))["stacks"]}["monitoring"] == ""


def test_tags_that_are_none_are_nobodys(here: Deployment) -> None:
    state = json.loads(json.dumps(WHOLE["monitoring"]))
    group = {"urn": "urn:group", "type": "aws:autoscaling/group:Group", "inputs": {"tags": [{"key": ["x"]}, 3]}}
    state["checkpoint"]["latest"]["resources"].append(group)
    put(here, "monitoring", json.dumps(state))
    assert len(states(here)) == 2


@pytest.mark.parametrize("latest", ["0", "[]", '""', "false"])
def test_a_state_that_says_nothing_is_not_taken_for_an_empty_one(here: Deployment, latest: str) -> None:
    put(here, "monitoring", f'{{"checkpoint": {{"latest": {latest}}}}}')
    with pytest.raises(BrokenStateError):
        checked_backend(here)


@pytest.mark.parametrize(
    "outputs",
    [
        {"x": 1},
        {"policies": 3, "variables": {}},
        {"policies": {"reaper": "{}"}, "variables": {}},
        {"policies": {"reaper": "{", "reaper-schedule": "{}"}, "variables": {}},
    ],
)
def test_what_an_apply_has_noted_of_the_reaper_otherwise_is_told(here: Deployment, outputs: Any) -> None:
    state = json.loads(json.dumps(WHOLE["foundation"]))
    entries = state["checkpoint"]["latest"]["resources"]
    next(one for one in entries if one["type"] == "tideform:components:Reaper")["outputs"] = outputs
    put(here, "foundation", json.dumps(state))
    with pytest.raises(BrokenStateError) as caught:
        made(here)
    assert caught.value.diagnostics[0].code == "TD415"
