"""Programs that run in threads side by side load the SDKs' parts without seeing half of one."""

from __future__ import annotations

import subprocess
import sys

# Each round is a process that has loaded no SDK yet. Its three threads do in the same moment what the programs of
# three pools do: name classes of the SDKs' areas, and evaluate the annotations of their arguments.
_ROUNDS = """
import os, sys, threading, traceback
import pulumi.automation
from pulumi import _types
from tideform.engine import deferred_import, lean_import

NAMES = (
    "kubernetes.helm.v3.Release", "kubernetes.scheduling.v1.PriorityClassArgs", "aws.sqs.Queue",
    "aws.eks.ClusterVpcConfigArgs", "aws.batch.ComputeEnvironmentComputeResourcesArgs",
)

def load(start, failed):
    start.wait()
    try:
        if sys.argv[2] == "safe":
            deferred_import.install()
        lean_import.install()
        import pulumi_aws, pulumi_kubernetes
        for name in NAMES:
            found = sys.modules["pulumi_" + name.partition(".")[0]]
            for part in name.split(".")[1:]:
                found = getattr(found, part)
            if name.endswith("Args"):
                _types.input_type_types(found)
    except BaseException:
        traceback.print_exc()
        failed.append(1)

def run():
    sys.setswitchinterval(1e-5)
    start, failed = threading.Barrier(3), []
    threads = [threading.Thread(target=load, args=(start, failed)) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    sys.stderr.flush()
    return len(failed)

bad = 0
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        os._exit(run())
    bad += os.waitpid(child, 0)[1] != 0
print("bad rounds:", bad)
"""


def _rounds(number: int, how: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", _ROUNDS, str(number), how]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=600)


def test_programs_side_by_side_find_every_part_of_the_sdks_forty_times() -> None:
    run = _rounds(40, "safe")
    assert "bad rounds: 0" in run.stdout, run.stderr[-4000:]


def test_it_is_needed_as_the_sdks_put_imports_off_in_a_way_that_threads_break() -> None:
    run = _rounds(4, "plain")
    assert "bad rounds: 0" not in run.stdout
