"""The lines before a job's command, run by a real shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tideform.components.jobs.command import gathered, grid_variables, swept, with_empty

SHOW = [sys.executable, "-c", "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))"]
BATCH_LIMIT = 20_000  # characters; SubmitJob takes 30 KiB in all
pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")


def found(command: Sequence[str], **variables: str) -> tuple[dict[str, str], list[str]]:
    ran = subprocess.run(
        command, env={"PATH": os.defpath, **variables}, capture_output=True, text=True, check=True, timeout=30
    )
    environment, arguments = json.loads(ran.stdout)
    return environment, arguments


def test_a_child_node_finds_the_main_one() -> None:
    variables = {
        "AWS_BATCH_JOB_NODE_INDEX": "1",
        "AWS_BATCH_JOB_NUM_NODES": "4",
        "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS": "10.0.0.7",
    }
    environment, _ = found(gathered(SHOW), **variables)
    wanted = {"RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "10.0.0.7", "MASTER_PORT": "29500"}
    assert environment.items() >= wanted.items()
    assert environment["TIDEFORM_NODE_RANK"] == "1"


def test_the_main_node_listens_where_it_is_told() -> None:
    variables = {"AWS_BATCH_JOB_NODE_INDEX": "0", "AWS_BATCH_JOB_NUM_NODES": "2", "MASTER_PORT": "4711"}
    environment, _ = found(gathered(SHOW), **variables)
    assert (environment["MASTER_ADDR"], environment["MASTER_PORT"]) == ("127.0.0.1", "4711")


def test_arguments_arrive_as_they_were_written() -> None:
    words = ["two words", "$HOME", "'", '"', "*", "", "a\nb"]
    _, arguments = found(gathered([*SHOW, *words]), AWS_BATCH_JOB_NODE_INDEX="0", AWS_BATCH_JOB_NUM_NODES="1")
    assert arguments == words


TEXT = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=6)
NAMES = st.from_regex(r"\A[A-Z_]{3,8}\Z").filter(
    lambda name: name not in ("PATH", "PWD", "OLDPWD", "SHLVL", "IFS", "PS4")
)


@settings(max_examples=15)
@given(st.dictionaries(NAMES, st.lists(TEXT, min_size=1, max_size=4, unique=True), min_size=1, max_size=3), st.data())
def test_every_member_of_a_sweep_has_the_variables_of_its_index(
    grid: dict[str, list[str]], data: st.DataObject
) -> None:
    array = grid_variables(grid)
    index = data.draw(st.integers(0, len(array) - 1))
    environment, _ = found(swept(SHOW, array), AWS_BATCH_JOB_ARRAY_INDEX=str(index))
    assert environment.items() >= array[index].items()


@pytest.mark.parametrize(
    "array", [[{"A": "1"}, {"A": "1"}], [{"A": "1", "B": "x"}, {"A": "2", "B": "y"}], [{"A": "it's"}, {"B": "2"}]]
)
def test_what_is_no_grid_is_told_member_by_member(array: list[Mapping[str, str]]) -> None:
    for index, wanted in enumerate(array):
        environment, _ = found(swept(SHOW, array), AWS_BATCH_JOB_ARRAY_INDEX=str(index))
        assert environment.items() >= dict(wanted).items()


def test_the_largest_grid_is_a_short_script() -> None:
    array = grid_variables({f"P{place}": [f"{value / 1000:.3f}" for value in range(10)] for place in range(4)})
    assert len(array) == 10_000
    assert sum(map(len, swept(["python", "train.py"], array))) < BATCH_LIMIT


def test_each_member_keeps_its_checkpoints_in_a_place_of_its_own() -> None:
    where = {"TIDEFORM_CHECKPOINT_URI": "s3://bucket/run", "AWS_BATCH_JOB_ARRAY_INDEX": "1"}
    environment, _ = found(swept(SHOW, grid_variables({"A": [1, 2]})), **where)
    assert environment["TIDEFORM_CHECKPOINT_URI"] == "s3://bucket/run/1"


def test_variables_that_batch_drops_are_there_and_empty() -> None:
    environment, arguments = found(with_empty([*SHOW, "two words", ""], ["CUDA_VISIBLE_DEVICES", "B"]))
    assert (environment["CUDA_VISIBLE_DEVICES"], environment["B"], arguments) == ("", "", ["two words", ""])


def test_without_any_the_command_is_its_own() -> None:
    assert with_empty(("python", "train.py"), []) == ["python", "train.py"]
