"""``tideform output``, ``status`` and ``explain``: what they read without an engine and without a sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.cli.project import World, enter
from tests.unit.views.test_pool_statuses import IDLE
from tideform.cli.app import main
from tideform.errors import CloudError
from tideform.operations.capacity import Capacity
from tideform.unasked import Gaps, Unasked

Output = pytest.CaptureFixture[str]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}


def stand(folder: Path, layer: str, outputs: dict[str, Any], *, stack: str = "quickstart-dev") -> None:
    """A stack's checkpoint, as the engine leaves it."""
    urn = f"urn:pulumi:{stack}::tideform-{layer}"
    resources = [
        {"urn": f"{urn}::pulumi:pulumi:Stack::s", "type": "pulumi:pulumi:Stack", "outputs": outputs},
        {"urn": f"{urn}::aws:s3/bucket:Bucket::digits", "type": "aws:s3/bucket:Bucket", "custom": True, "id": "b"},
    ]
    file = folder / f".tideform/dev/state/.pulumi/stacks/tideform-{layer}/{stack}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    latest = {"manifest": {"time": "2026-11-21T12:00:00.123+00:00"}, "resources": resources}
    file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": stack, "latest": latest}}))


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = enter(tmp_path, monkeypatch)
    stand(tmp_path, "storage", {"buckets": {"digits": "b-1"}, "password": SECRET, "arn": "arn:1"})
    stand(tmp_path, "foundation", {"vpc_id": "vpc-1", "arn": "arn:2"})
    return world


def printed(capsys: Output, *args: str, code: int = 0) -> str:
    assert main(list(args)) == code
    return capsys.readouterr().out


def test_all_outputs_are_printed_by_layer(capsys: Output) -> None:
    assert printed(capsys, "output") == (
        'foundation.arn    = "arn:2"\n'
        'foundation.vpc_id = "vpc-1"\n'
        'storage.arn       = "arn:1"\n'
        "storage.buckets   = {\n"
        '  digits = "b-1"\n'
        "}\n"
        "storage.password  = (sensitive value)\n"
    )


@pytest.mark.parametrize("name", ["storage.buckets.digits", "buckets.digits"])
def test_a_part_of_an_output_is_printed_bare(capsys: Output, name: str) -> None:
    assert printed(capsys, "output", name) == "b-1\n"


def test_an_item_of_a_list_is_named_by_its_place(tmp_path: Path, capsys: Output) -> None:
    stand(tmp_path, "foundation", {"ports": [443, 80]})
    assert printed(capsys, "output", "ports.1") == "80\n"


@pytest.mark.parametrize(
    ("name", "hint"), [("buckets.digit", "Did you mean 'digits'?"), ("vpc_id.x", "It is a single value.")]
)
def test_a_part_that_is_not_there_is_told_with_what_is(capsys: Output, name: str, hint: str) -> None:
    assert main(["output", name]) == 1
    err = capsys.readouterr().err
    assert "TD357" in err
    assert hint in err


@pytest.mark.parametrize("name", ["vpc_id", "foundation.vpc_id"])
def test_one_text_is_printed_bare(capsys: Output, name: str) -> None:
    assert printed(capsys, "output", name) == "vpc-1\n"


def test_a_value_in_json_is_the_value(capsys: Output) -> None:
    assert json.loads(printed(capsys, "output", "buckets", "--json")) == {"digits": "b-1"}


def test_all_outputs_in_json_are_as_terraforms(capsys: Output) -> None:
    data = json.loads(printed(capsys, "output", "--json"))
    assert data["storage.arn"] == {"sensitive": False, "value": "arn:1"}
    assert data["storage.password"] == {"sensitive": True, "value": None}


@pytest.mark.parametrize(("name", "code"), [("arn", "TD354"), ("vpc", "TD355"), ("", "TD355")])
def test_an_output_that_is_not_clear_is_refused(capsys: Output, name: str, code: str) -> None:
    assert main(["output", name]) == 1
    assert code in capsys.readouterr().err


def test_nothing_stands_in_another_environment(capsys: Output) -> None:
    assert "Nothing stands yet" in printed(capsys, "output", "-e", "test")


def test_status_counts_what_stands_and_says_what_does_not(capsys: Output) -> None:
    lines = printed(capsys, "status").splitlines()
    assert "    storage           1 resource, last changed 2026-11-21T12:00:00Z" in lines
    assert "    training/nightly  dormant until a burst" in lines
    assert lines[-3:] == ["Sandbox: not running", "Bursts: none", "Lock: free"]


def test_status_shows_the_rest_where_it_could_not_look_and_ends_with_1(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CloudError.of("TD414", "The lock's record cannot be reached", detail="AccessDenied", fix="Ask.")

    monkeypatch.setattr("tideform.state.lock.Lock.holders", refuse)
    assert main(["status"]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["Bursts: none", "Lock: could not be asked: AccessDenied"]


@pytest.fixture
def gone(tmp_path: Path) -> None:
    """The sandbox that the stacks were applied to has ended."""
    (tmp_path / ".tideform/dev/sandbox.json").write_text('{"boot_id": "another"}')


def test_status_says_that_what_it_lists_went_with_its_sandbox(gone: None, capsys: Output) -> None:
    assert "all of it is gone: `tideform sandbox reset`" in printed(capsys, "status")


@pytest.mark.parametrize("command", [["status"], ["up", "nightly"], ["run", "nightly"], ["down", "nightly"]])
def test_a_burst_in_a_sandbox_that_is_gone_says_what_to_do(gone: None, capsys: Output, command: list[str]) -> None:
    assert main(["burst", *command]) == (101 if command[0] == "run" else 1)
    assert "TD501" in capsys.readouterr().err


def test_status_names_stacks_that_the_spec_does_not_name(tmp_path: Path, capsys: Output) -> None:
    stand(tmp_path, "training", {}, stack="quickstart-dev-old")
    assert "no longer in the spec" in printed(capsys, "status")


def test_status_knows_a_renamed_unit_by_its_new_name_only(tmp_path: Path, capsys: Output) -> None:
    stand(tmp_path, "training", {}, stack="quickstart-dev-old")
    spec = tmp_path / "tideform.yaml"
    spec.write_text(spec.read_text() + "moved: [{from: training.old, to: training.nightly}]\n")
    (line,) = [line for line in printed(capsys, "status").splitlines() if "training/" in line]
    assert line == "    training/nightly  1 resource, last changed 2026-11-21T12:00:00Z"


SERVING = "serving: {score: {model: {from: models}}}\n"


def test_status_says_what_an_endpoint_waits_for(tmp_path: Path, capsys: Output) -> None:
    spec = tmp_path / "tideform.yaml"
    spec.write_text(spec.read_text() + SERVING)
    assert "serving/score     deferred: version approved of models is not pinned" in printed(capsys, "status")


def test_status_in_json_has_the_same_facts(capsys: Output) -> None:
    data = json.loads(printed(capsys, "status", "--json"))
    assert data["sandbox"] == {"running": False, "lost": False, "endpoint": "", "pid": 0}
    assert [s["program"] for s in data["stacks"] if s["standing"]] == ["foundation", "storage"]


@pytest.mark.parametrize(
    "command", [["status"], ["status", "--json"], ["burst", "status"], ["burst", "status", "--json"]]
)
def test_what_could_not_be_asked_of_the_reaper_ends_with_1(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    silent = Gaps((Unasked("reaper", "AccessDenied"),))
    nothing = Capacity(gaps=silent)
    for module in ("operations.capacity", "operations.status"):
        monkeypatch.setattr(f"tideform.{module}.capacity", lambda *_: nothing)
    monkeypatch.setattr("tideform.local.client.find", lambda *_: SimpleNamespace(endpoint="http://x", pid=1))
    monkeypatch.setattr("tideform.local.client.check_boot", lambda *_: None)
    monkeypatch.setattr("tideform.connect.cloud_for", lambda _: SimpleNamespace(clock=float))
    monkeypatch.setattr("tideform.operations.pool_statuses.pool_status", lambda _cloud, _of, name, _now: IDLE)
    told = printed(capsys, *command, code=1)
    assert ('"what": "reaper"' if "--json" in command else "Reaper: could not be asked: AccessDenied") in told


def test_explain_prints_the_stages_in_order(capsys: Output) -> None:
    out = printed(capsys, "explain")
    assert out.index("bring up foundation") < out.index("bring up storage")


def test_explain_prints_what_will_be_removed(tmp_path: Path, capsys: Output) -> None:
    stand(tmp_path, "training", {}, stack="quickstart-dev-old")
    assert "- destroy training/old" in printed(capsys, "explain")


def test_stages_in_json(capsys: Output) -> None:
    first = json.loads(printed(capsys, "explain", "--json"))[0]
    assert (first["level"], first["action"], first["program"]) == (0, "up", "foundation")


@pytest.mark.parametrize("path", ["training.lease", "training.nightly.lease"])
def test_a_field_is_explained_with_and_without_a_units_name(capsys: Output, path: str) -> None:
    out = printed(capsys, "explain", path)
    assert out.startswith(f"{path}\n")
    assert "default: 4h" in out


def test_a_field_needs_no_spec(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "tideform.yaml").unlink()
    assert "drains first" in printed(capsys, "explain", "training")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("trainin.lease", "Did you mean 'training'?"),
        ("training.leas", "Did you mean 'lease'?"),
        ("training.x.capacity.spt", "Did you mean 'spot'?"),
        ("serving.model.form", "Did you mean 'from'?"),
        ("", "Here may stand version"),
        ("a..b", "Here may stand version"),
        ("version.x", "Here may stand nothing"),
    ],
)
def test_an_unknown_field_is_refused_with_a_suggestion(capsys: Output, path: str, words: str) -> None:
    assert main(["explain", path]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "path", ["region", "environments.region", "environments.account", "environments.target", "environments.state"]
)
def test_where_a_change_would_be_refused_explain_says_so(capsys: Output, path: str) -> None:
    assert "a change is refused while anything stands" in printed(capsys, "explain", path)


def test_a_field_in_json(capsys: Output) -> None:
    data = json.loads(printed(capsys, "explain", "storage.kind", "--json"))
    assert (data["required"], data["type"]) == (True, "one of dataset, models and scratch")


def test_stages_of_an_unknown_unit_are_refused(capsys: Output) -> None:
    assert main(["explain", "--unit", "nigthly"]) == 1
    assert "Did you mean 'nightly'?" in capsys.readouterr().err
