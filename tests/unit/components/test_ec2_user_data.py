"""``tideform-run`` as a machine has it, run here by bash with tools that only note what they are asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.components.machine import install

# Notes its words and variables, and answers as AWS's command line does. A container of before is there until it is to
# be stopped; it has ended by itself meanwhile.
_TOOL = """\
#!/usr/bin/python3
import json, os, sys
with open(os.path.join(os.path.dirname(sys.argv[0]), "calls"), "a+") as notes:
    notes.seek(0)
    stopped = '["docker", ["stop"' in notes.read()
    notes.write(json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], dict(os.environ)]) + "\\n")
if sys.argv[1] == "stop":
    sys.exit("No such container: c1")
if sys.argv[1] == "ps":
    print("" if stopped else "c1 r1")
else:
    sys.stdin.read() if "--password-stdin" in sys.argv else print("the secret")
"""
Call = tuple[str, list[str], dict[str, str]]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name in ("docker", "aws", "systemd-run"):
        (tmp_path / name).write_text(_TOOL)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def calls(tools: Path, **variables: str) -> list[Call]:
    """Run a command with these variables, the job's own among them; what was called."""
    given = {"TIDEFORM_IMAGE": "1.dkr.ecr.eu-west-1.amazonaws.com/t", "AWS_SSM_REGION_NAME": "eu-west-1", **variables}
    subprocess.run([install(tools), "python", "-c", "1"], env=given, check=True, timeout=60)
    return [tuple(json.loads(line)) for line in (tools / "calls").read_text().splitlines()]


HOSTILE = {"PATH": "/opt/conda/bin", "AWS_PROFILE": "theirs", "options": "1 2", "HOME": "/work", "TEXT": "a\n'b' $c"}


def test_the_jobs_variables_reach_its_container_as_they_are(tools: Path) -> None:
    *_, (_, words, _) = calls(tools, TIDEFORM_VARIABLES=" ".join(HOSTILE), **HOSTILE)
    given = [words[at + 1] for at, word in enumerate(words) if word == "--env"]
    assert dict(one.split("=", 1) for one in given) == HOSTILE


def test_what_runs_on_the_machine_sees_none_of_them(tools: Path) -> None:
    found = calls(tools, TIDEFORM_VARIABLES=" ".join(HOSTILE), **HOSTILE)
    assert {name for name, _, _ in found} == {"docker", "aws", "systemd-run"}
    assert not [one for _, _, seen in found for one in ("AWS_PROFILE", "options", "TEXT") if one in seen]
    assert {seen["HOME"] for _, _, seen in found} == {"/root"}


def test_a_secret_is_on_no_command_line(tools: Path) -> None:
    found = calls(tools, TIDEFORM_VARIABLES="", TIDEFORM_SECRETS="TOKEN=arn:aws:secretsmanager:eu-west-1:1:secret:t")
    _, words, seen = found[-1]
    assert (words[words.index("--env") + 1], seen["TOKEN"]) == ("TOKEN", "the secret")
    assert not any("the secret" in word for _, words, _ in found for word in words)


def test_what_a_cancelled_command_has_left_ends_before_the_next_one_begins(tools: Path) -> None:
    docker = [words for name, words, _ in calls(tools, TIDEFORM_VARIABLES="", TIDEFORM_LEASE="a1") if name == "docker"]
    asked = [one[0] for one in docker if one[0] in ("ps", "stop", "run")]
    (stopped,) = [one for one in docker if one[0] == "stop"]
    assert (asked, stopped[-1]) == (["ps", "stop", "ps", "run"], "c1")


def test_who_stops_a_container_whose_command_is_cancelled_is_there_before_it(tools: Path) -> None:
    *_, (name, words, _), (last, run, _) = calls(tools, TIDEFORM_VARIABLES="")
    (label,) = [word for word in run if word.startswith("tideform.run=")]
    assert (name, last, words[-1]) == ("systemd-run", "docker", label.removeprefix("tideform.run="))


# Fails at its first question, as a daemon that restarts; the container is there until it is stopped.
_RESTARTS = """\
#!/bin/sh
cd "$(dirname "$0")" && echo "$*" >>asked
case $1 in
  ps) [ -e began ] || { touch began; exit 1; }; [ -e stopped ] || echo c1 ;;
  stop) [ "$#" = 4 ] && touch stopped ;;
esac
"""


def test_before_its_machine_goes_a_container_is_stopped_although_docker_does_not_answer_at_once(tmp_path: Path) -> None:
    install(tmp_path)
    scripts = {"docker": _RESTARTS, "curl": "#!/bin/sh\necho Terminated\n", "sleep": "#!/bin/sh\n"}
    for name, script in scripts.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    subprocess.run([tmp_path / "tideform-watch"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True, timeout=60)
    asked = [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked == ["ps", "stop", "ps", "stop", "ps"]
