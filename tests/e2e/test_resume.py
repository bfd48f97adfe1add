"""Jobs that are interrupted: sent from a folder, taken off their node by the market, and gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.interrupting import interrupted_at, starts
from tests.e2e.workspaces import Workspace, opened

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: ebbing
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  count:
    instance_types: [c5.large]
    capacity: {spot: only, fallback: none}
    lease: 30m
    checkpoint: {every: 1s}
    job: {image: trainer, code: job, command: [python, count.py, "100"]}
"""
# Plain files, and no word of ours but the folder's: a sum over steps, each in a file of its own written in one go.
COUNT = """\
import os, pathlib, sys, time
folder = pathlib.Path(os.environ["TIDEFORM_CHECKPOINT_DIR"])
done = sorted(folder.glob("step-*.txt"), key=lambda path: int(path.stem[5:]))
step, total = (int(done[-1].stem[5:]), int(done[-1].read_text())) if done else (0, 1)
print("from", step, os.environ["TIDEFORM_RESUME"], flush=True)
while step < int(sys.argv[1]):
    time.sleep(0.1)
    step, total = step + 1, total * 31 % 1_000_003
    aside = folder / ".aside"
    aside.write_text(str(total))
    aside.rename(folder / f"step-{step}.txt")
print("sum", total, flush=True)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(tmp_path_factory.mktemp("ebbing"), SPEC) as made:
        (made.root / "job").mkdir()
        (made.root / "job" / "count.py").write_text(COUNT)
        applied = made.run("apply", "--yes")
        assert applied.returncode == 0, applied.stderr
        yield made


def test_a_job_of_plain_files_that_is_interrupted_twice_ends_as_one_that_was_not(project: Workspace) -> None:
    whole = project.run("burst", "run", "count")
    assert (whole.returncode, starts(whole.stdout)) == (0, [0]), whole.stderr
    cut = interrupted_at(project, "count", [5, 30])
    assert cut.process.returncode == 0, cut.stderr
    first, second, third = starts(cut.stdout)
    assert first == 0
    assert second >= 5
    assert third >= 30
    assert cut.stdout.splitlines()[-1] == whole.stdout.splitlines()[-1]
    assert project.instances() == []


def test_a_node_is_taken_back_on_demand_while_the_job_runs(project: Workspace) -> None:
    ran = project.run("burst", "run", "count", "--interrupt-after", "4s")
    assert ran.returncode == 0, ran.stderr
    assert "back in 2 s, as the spot market does" in ran.stderr
    assert ran.stdout.splitlines()[-1].startswith("sum ")  # it went on on another node, to its end
    (told,) = json.loads(project.run("jobs", "--limit", "1", "-o", "json").stdout)["jobs"]
    assert told["attempts"] == 2


def test_an_earlier_run_goes_on_where_it_stopped(project: Workspace) -> None:
    project.run("burst", "run", "count", "--", "python", "count.py", "10")
    more = project.run("burst", "run", "count", "--resume", "last", "--", "python", "count.py", "12")
    assert (more.returncode, starts(more.stdout)) == (0, [10]), more.stderr
