"""How fast tideform is, against what cannot be faster: every figure is a ratio measured in this run.

``pytest -m bench -s tests/bench`` prints them as a table for the README.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench.measure import Measurement, Ratio, alternate, whole_process
from tideform.local import client
from tideform.paths import Workspace, blueprints_dir

pytestmark = pytest.mark.bench

HERE = Path(__file__).parent
TIDEFORM = Path(sys.executable).with_name("tideform")
IMPORT_TYPER = "import typer"
IMPORT_SDK = "import pulumi, pulumi_aws"

Record = Callable[[Ratio], None]


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    """Keeps a figure, and prints all of them at the end."""
    kept: list[Ratio] = []
    yield kept.append
    print("\n\n| figure | baseline | measured | ratio | limit |\n|---|---|---|---|---|")
    print("\n".join(ratio.row() for ratio in kept))


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the smallest complete project."""
    folder = tmp_path_factory.mktemp("quickstart")
    shutil.copy(blueprints_dir() / "quickstart" / "tideform.yaml", folder)
    return folder


@pytest.fixture
def eight_stacks(tmp_path: Path) -> Iterator[Path]:
    """A folder with a project of eight stacks, models pinned and the sandbox running; the sandbox goes at the end."""
    shutil.copy(HERE / "eight_stacks.yaml", tmp_path / "tideform.yaml")
    pins = tmp_path / ".tideform" / "dev" / "pins.json"
    pins.parent.mkdir(parents=True)
    pins.write_text(json.dumps({"score": "fraud/1/model.tar.gz", "rank": "fraud/1/model.tar.gz"}))
    workspace = Workspace(tmp_path)
    client.ensure(workspace)
    yield tmp_path
    client.stop(workspace)


def test_help_takes_little_more_than_importing_typer(quickstart: Path, record: Record) -> None:
    ratio = _compare("`tideform --help`", IMPORT_TYPER, ["--help"], quickstart, limit=3)
    record(ratio)
    assert ratio.value <= ratio.limit


def test_validate_takes_a_few_times_as_long_as_importing_typer(quickstart: Path, record: Record) -> None:
    ratio = _compare("`tideform validate` of quickstart", IMPORT_TYPER, ["validate"], quickstart, limit=5)
    record(ratio)
    assert ratio.value < ratio.limit


def test_an_offline_plan_takes_a_few_times_as_long_as_importing_the_sdk(quickstart: Path, record: Record) -> None:
    figure = "`tideform plan --offline` of quickstart"
    ratio = _compare(figure, IMPORT_SDK, ["plan", "--offline"], quickstart, limit=4.7)
    record(ratio)
    assert ratio.value < ratio.limit


def test_a_live_plan_of_eight_stacks_uses_all_cores(eight_stacks: Path, record: Record) -> None:
    cores = len(os.sched_getaffinity(0))
    plan = whole_process([TIDEFORM, "plan"], eight_stacks)
    bare, seconds = alternate(_bare_previews(eight_stacks), plan, runs=3)
    ratio = Ratio(
        figure="live `tideform plan` of 8 stacks",
        baseline=f"bare previews, their sum by {cores} cores",
        baseline_seconds=bare / cores,
        seconds=seconds,
        limit=1.3,
    )
    record(ratio)
    assert ratio.value <= ratio.limit


def _compare(figure: str, baseline: str, arguments: list[str], folder: Path, limit: float) -> Ratio:
    python = whole_process([sys.executable, "-c", baseline], folder)
    command = whole_process([TIDEFORM, *arguments], folder)
    medians = alternate(python, command, runs=7)
    return Ratio(figure, f'`python -c "{baseline}"`', *medians, limit)


def _bare_previews(folder: Path) -> Measurement:
    def run() -> float:
        command = [sys.executable, str(HERE / "bare_previews.py"), str(folder / "tideform.yaml")]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return run
