"""What the reaper's proof adds to the start of a burst, on the local target, beside a whole burst that does nothing.

``pytest -m bench -s tests/bench/test_proof.py`` prints it. The proof is the one that a burst asks for, in a process
that has its clients already, as a burst has.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import pytest

from tests.bench.measure import Ratio
from tests.e2e.workspaces import Workspace, applied
from tideform.burst.reaper_brake import reaper_brake

pytestmark = pytest.mark.bench

RUNS = 3
SPEC = """\
version: 1
project: proof
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  fit: {backend: ec2, instance_types: [c5.large], lease: 30m, job: {image: trainer, command: ["true"]}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("proof"), SPEC) as made:
        yield made


def test_the_proof_of_the_reaper_takes_a_part_of_the_time_of_a_burst(project: Workspace) -> None:
    cloud, deployment = project.cloud, project.deployment
    whole, proof = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        ran = project.run("burst", "run", "fit")
        whole.append(time.perf_counter() - began)
        assert ran.returncode == 0, ran.stderr
        began = time.perf_counter()
        assert reaper_brake(cloud, deployment, "fit").missing() == ""
        proof.append(time.perf_counter() - began)
    ratio = Ratio("the reaper's proof", "a whole burst on ec2", median(whole), median(proof), 0.35)
    print(f"\n\n| figure | baseline | measured | ratio | limit |\n|---|---|---|---|---|\n{ratio.row()}")
    assert ratio.value <= ratio.limit
