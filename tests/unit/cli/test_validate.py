"""``tideform validate``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tideform.cli.app import main
from tideform.errors import ExitCode

HEAD = "version: 1\nproject: p\nowner: me\nregion: us-east-1\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIDEFORM_ENVIRONMENT", raising=False)
    return tmp_path / "tideform.yaml"


def test_a_valid_spec_is_summed_up(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD + "storage:\n  a: {kind: dataset}\n", encoding="utf-8")
    assert main(["validate"]) == ExitCode.OK
    assert capsys.readouterr().out == (
        "tideform.yaml is valid: project p, 1 store, 0 training pools, 0 endpoints, 0 compliance frameworks; "
        "environments: dev.\n"
    )


POOLS = """\
training:
  fit: {instance_types: [c5.large], lease: 1h, job: &job {image: trainer, command: [env]}}
  desk: {backend: ec2, instance_types: [c5.large], lease: 1h, job: *job}
"""
WORST = {
    "training/fit": "up to 1 x c5.large, and 1 x c5.large more (Batch may exceed a bound by one machine) = 0.17 USD an "
    "hour, at worst 0.20 USD for a lease of 1h and the 10 minutes in which a brake acts",
    "training/desk": "up to 1 x c5.large, and 1 x c5.large more (Auto Scaling may, while it replaces machines) = 0.17 "
    "USD an hour, at worst 0.20 USD for a lease of 1h and the 10 minutes in which a brake acts",
}


def test_each_pool_has_its_line_of_what_a_burst_can_cost(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD + POOLS, encoding="utf-8")
    assert main(["validate"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == [f"  {pool}, a burst at most: {worst}" for pool, worst in WORST.items()]


def test_programs_are_told_what_a_burst_can_cost(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD + POOLS, encoding="utf-8")
    assert main(["validate", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["worst_cases"] == WORST


def test_no_environment_has_to_be_chosen(spec: Path) -> None:
    spec.write_text(HEAD + "environments:\n  a: {target: local}\n  b: {target: local}\n", encoding="utf-8")
    assert main(["validate"]) == ExitCode.OK


def test_a_named_environment_has_to_exist(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD, encoding="utf-8")
    assert main(["validate", "-e", "prod"]) == ExitCode.ERROR
    assert "TD110" in capsys.readouterr().err


def test_the_environment_may_come_from_a_variable(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec.write_text(HEAD, encoding="utf-8")
    monkeypatch.setenv("TIDEFORM_ENVIRONMENT", "prod")
    assert main(["validate"]) == ExitCode.ERROR


def test_problems_go_to_stderr_with_exit_code_1(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD + "storge: {}\n", encoding="utf-8")
    assert main(["validate"]) == ExitCode.ERROR
    said = capsys.readouterr()
    assert (said.out, "error[TD100]" in said.err) == ("", True)


def test_a_warning_stops_nothing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD.replace("us-east-1", "xx-east-1"), encoding="utf-8")
    assert main(["validate"]) == ExitCode.OK
    said = capsys.readouterr()
    assert "is valid" in said.out
    assert "warning[TD170]" in said.err


@pytest.mark.parametrize(("more", "code", "valid"), [("", ExitCode.OK, True), ("storge: {}\n", ExitCode.ERROR, False)])
def test_json_has_the_verdict_and_all_findings(
    spec: Path, capsys: pytest.CaptureFixture[str], more: str, code: ExitCode, valid: bool
) -> None:
    spec.write_text(HEAD + more, encoding="utf-8")
    assert main(["validate", "--json"]) == code
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert (said.err, result["valid"], len(result["diagnostics"])) == ("", valid, 0 if valid else 1)


def test_a_missing_file_is_told_in_json_too(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--json", "--spec", str(spec)]) == ExitCode.ERROR
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["code"] == "TD001"


def test_what_has_no_effect_yet_is_noted_at_its_line(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(HEAD + "network: {private: false}\n", encoding="utf-8")
    assert main(["validate"]) == ExitCode.OK
    assert "note[TD230]: This part of the spec has no effect yet\n  --> tideform.yaml:5:20 (network.private)\n" in (
        capsys.readouterr().err
    )


SHADOW = "root:$6$salt$hash:20228:0:99999:7:::\ndaemon: {x: hunter2}\n"


def test_no_line_of_a_file_that_is_no_spec_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "shadow").write_text(SHADOW, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    for option in ([], ["--json"]):
        assert main(["validate", "--spec", str(tmp_path / "shadow"), *option]) == ExitCode.ERROR
        told = "".join(capsys.readouterr())
        assert "TD187" in told
        assert "salt" not in told
        assert "hunter2" not in told


def test_a_file_of_the_workspace_is_quoted_whatever_it_is(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (spec.parent / "other.txt").write_text(SHADOW, encoding="utf-8")
    assert main(["validate", "--spec", "other.txt"]) == ExitCode.ERROR
    assert "20228" in capsys.readouterr().err


def test_a_spec_of_elsewhere_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.yaml").write_text(HEAD.replace("us-east-1", "nowhere"), encoding="utf-8")
    monkeypatch.chdir("/")
    assert main(["validate", "--spec", str(tmp_path / "other.yaml")]) == ExitCode.ERROR
    assert "| region: nowhere" in capsys.readouterr().err


def test_code_that_a_burst_would_refuse_is_refused_with_all_else_that_is_wrong(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (spec.parent / "src").mkdir()
    (spec.parent / "src" / ".env").write_text("TOKEN=1\n", encoding="utf-8")
    job = "job: {image: trainer, command: [run], code: src}"
    spec.write_text(f"{HEAD}storge: {{}}\ntraining:\n  fit: {{instance_types: [c5.large], {job}}}\n", encoding="utf-8")
    assert main(["validate"]) == ExitCode.ERROR
    told = capsys.readouterr().err
    assert ("TD100" in told, "TD672" in told, "tideform.yaml:7:" in told) == (True, True, True), told
