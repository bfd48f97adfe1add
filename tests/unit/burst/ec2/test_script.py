"""The script that runs on every node, run here by a real shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tideform.backends.training.ec2.in_account.script import Node, Task, script

NODES = (Node("i-0a", "10.0.0.4"), Node("i-0b", "10.0.1.7"))


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ``tideform-run`` that runs the command as it is."""
    folder = tmp_path_factory.mktemp("tools")
    (folder / "tideform-run").write_text('#!/bin/sh\nexec "$@"\n')
    (folder / "tideform-run").chmod(0o755)
    return folder


def ran(tools: Path, task: Task, instance: str = "i-0a", **environ: str) -> str:
    variables = {"PATH": f"{tools}:{os.environ['PATH']}", "AWS_SSM_INSTANCE_ID": instance, **environ}
    done = subprocess.run(
        ["sh", "-c", "\n".join(script(task, NODES))], env=variables, capture_output=True, text=True, check=True
    )
    return done.stdout


def variables(tools: Path, instance: str, **environ: str) -> Mapping[str, str]:
    printed = ran(tools, Task(("env",), "trainer"), instance, **environ)
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


@pytest.mark.parametrize(("instance", "rank"), [("i-0a", "0"), ("i-0b", "1")])
def test_each_node_finds_its_rank_and_where_to_meet(tools: Path, instance: str, rank: str) -> None:
    found = variables(tools, instance)
    assert {found[name] for name in ("RANK", "NODE_RANK", "TIDEFORM_NODE_RANK")} == {rank}
    assert (found["WORLD_SIZE"], found["NNODES"]) == ("2", "2")
    assert (found["MASTER_ADDR"], found["MASTER_PORT"]) == ("10.0.0.4", "29500")


def test_a_machine_may_know_a_better_address(tools: Path) -> None:
    found = variables(tools, "i-0b", TIDEFORM_MASTER_ADDR="127.0.0.1", TIDEFORM_MASTER_PORT="4711")
    assert (found["MASTER_ADDR"], found["MASTER_PORT"]) == ("127.0.0.1", "4711")


@settings(max_examples=20)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=40))
def test_any_value_and_any_word_arrives_as_it_was(tools: Path, text: str) -> None:
    task = Task(("sh", "-c", 'printf "%s|%s" "$GIVEN" "$1"', "sh", text), "trainer", {"GIVEN": text})
    assert ran(tools, task) == f"{text}|{text}"


def test_torchrun_is_told_where_its_nodes_meet(tools: Path) -> None:
    (tools / "torchrun").write_text('#!/bin/sh\necho "$@"\n')
    (tools / "torchrun").chmod(0o755)
    told = "--nnodes=2 --node-rank=1 --master-addr=10.0.0.4 --master-port=29500 train.py --epochs 3\n"
    assert ran(tools, Task(("torchrun", "train.py", "--epochs", "3"), "trainer"), "i-0b") == told


def test_a_torchrun_that_says_it_itself_is_left_alone() -> None:
    task = Task(("torchrun", "--standalone", "train.py"), "trainer")
    assert script(task, NODES)[-1] == 'exec "$TIDEFORM_RUN" torchrun --standalone train.py'


def test_secrets_are_names_and_arns_only() -> None:
    lines = script(Task(("env",), "trainer", secrets={"TOKEN": "arn:aws:secretsmanager:x"}), NODES)
    assert "export TIDEFORM_SECRETS=TOKEN=arn:aws:secretsmanager:x" in lines


def test_what_happens_on_a_node_goes_into_one_log(tools: Path) -> None:
    assert ran(tools, Task(("sh", "-c", "echo out; echo err >&2"), "trainer")) == "out\nerr\n"


def test_ssm_finds_none_of_its_own_marks_in_a_job(tools: Path) -> None:
    """It would put a parameter of the account in the place of ``{{ssm:NAME}}``."""
    text = "{{ssm:/prod/password}} {{{x}}} '{{"
    task = Task(("sh", "-c", 'printf "%s|%s" "$GIVEN" "$1"', "sh", text), "trainer", {"GIVEN": text})
    assert "{{" not in "\n".join(script(task, NODES))
    assert ran(tools, task) == f"{text}|{text}"


def test_a_jobs_own_path_does_not_hide_what_runs_it(tools: Path) -> None:
    task = Task(("/bin/sh", "-c", 'echo "$PATH"'), "trainer", {"PATH": "/opt/conda/bin"})
    assert ran(tools, task) == "/opt/conda/bin\n"
