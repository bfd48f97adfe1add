"""``tideform-run`` as a machine has it, run here by bash with tools that only note what they are asked."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tideform.components.ec2_user_data import user_data

# Notes its words and variables, and answers as AWS's command line does.
_TOOL = """\
#!/usr/bin/python3
import json, os, sys
with open(os.path.join(os.path.dirname(sys.argv[0]), "calls"), "a") as notes:
    notes.write(json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], dict(os.environ)]) + "\\n")
sys.stdin.read() if "--password-stdin" in sys.argv else print("the secret")
"""
Call = tuple[str, list[str], dict[str, str]]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name in ("docker", "aws"):
        (tmp_path / name).write_text(_TOOL)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def calls(tools: Path, **variables: str) -> list[Call]:
    """Run a command with these variables, the job's own among them; what was called."""
    found = re.search(r"tideform-run <<'TIDEFORM'\n(.*?)TIDEFORM\n", user_data(), re.DOTALL)
    assert found is not None
    script = found[1].replace("PATH=/usr/local/sbin", f"PATH={tools}:/usr/local/sbin")
    given = {"TIDEFORM_IMAGE": "1.dkr.ecr.eu-west-1.amazonaws.com/t", "AWS_SSM_REGION_NAME": "eu-west-1", **variables}
    subprocess.run(["/bin/bash", "-c", script, "run", "python", "-c", "1"], env=given, check=True, timeout=60)
    return [tuple(json.loads(line)) for line in (tools / "calls").read_text().splitlines()]


HOSTILE = {"PATH": "/opt/conda/bin", "AWS_PROFILE": "theirs", "options": "1 2", "HOME": "/work", "TEXT": "a\n'b' $c"}


def test_the_jobs_variables_reach_its_container_as_they_are(tools: Path) -> None:
    *_, (_, words, _) = calls(tools, TIDEFORM_VARIABLES=" ".join(HOSTILE), **HOSTILE)
    given = [words[at + 1] for at, word in enumerate(words) if word == "--env"]
    assert dict(one.split("=", 1) for one in given) == HOSTILE


def test_what_runs_on_the_machine_sees_none_of_them(tools: Path) -> None:
    found = calls(tools, TIDEFORM_VARIABLES=" ".join(HOSTILE), **HOSTILE)
    assert {name for name, _, _ in found} == {"docker", "aws"}
    assert not [one for _, _, seen in found for one in ("AWS_PROFILE", "options", "TEXT") if one in seen]
    assert {seen["HOME"] for _, _, seen in found} == {"/root"}


def test_a_secret_is_on_no_command_line(tools: Path) -> None:
    found = calls(tools, TIDEFORM_VARIABLES="", TIDEFORM_SECRETS="TOKEN=arn:aws:secretsmanager:eu-west-1:1:secret:t")
    _, words, seen = found[-1]
    assert (words[words.index("--env") + 1], seen["TOKEN"]) == ("TOKEN", "the secret")
    assert not any("the secret" in word for _, words, _ in found for word in words)
