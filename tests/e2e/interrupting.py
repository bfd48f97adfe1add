"""A burst's job that is taken off its nodes once it has got so far, as often as a test says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.e2e.workspaces import Running, Workspace, until
from tideform.burst.places import Places
from tideform.local import client
from tideform.paths import Workspace as Folder

_RUN = re.compile(r"This run is (\S+):")
BEGAN = re.compile(r"^(?:\[0\] )?from (\d+)", re.MULTILINE)  # of several nodes each line says whose it is


def interrupted_at(project: Workspace, pool: str, saved: Sequence[int], **environ: str) -> Running:
    """A burst that loses a node as soon as its job has saved each of these steps; returned when it has ended."""
    burst = project.start("burst", "run", pool, **environ)
    for times, step in enumerate(saved):
        until(lambda t=times: began(burst) > t or burst.process.poll() is not None, f"start {times}")  # type: ignore[misc]
        until(lambda s=step: last_saved(project, pool, burst) >= s, f"step {step} is saved")  # type: ignore[misc]
        take_a_node(project)
    burst.ended()
    return burst


def began(burst: Running) -> int:
    """How often the job has started."""
    return len(BEGAN.findall(burst.stdout))


def starts(stdout: str) -> list[int]:
    """The steps that the job began from, one for each attempt."""
    return [int(step) for step in BEGAN.findall(stdout)]


def last_saved(project: Workspace, pool: str, burst: Running) -> int:
    """The highest step in the copy of the run's checkpoints; -1 for none."""
    run = _RUN.search(burst.stderr)
    if run is None:
        return -1
    uri = Places(project.cloud, project.deployment).checkpoints(pool, run[1])
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    found = project.cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    return max((int(number) for o in found for number in re.findall(r"step-(\d+)", o["Key"])), default=-1)


def take_a_node(project: Workspace) -> None:
    """Take one of the nodes away at once, as the market does (or as a host that fails), and wait until it is gone."""
    node = next(found for found in project.instances() if found["State"]["Name"] == "running")
    if node.get("InstanceLifecycle") == "spot":
        client.market(Folder(project.root), {"reclaim": [{"instance": node["InstanceId"], "notice": 0}]})
    else:
        project.cloud.client("ec2").terminate_instances(InstanceIds=[node["InstanceId"]])
    until(lambda: node["InstanceId"] not in {one["InstanceId"] for one in project.instances()}, "the node is gone")
