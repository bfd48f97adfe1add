"""The reaper over 1,000 leases: one round on the real sandbox, in a process of its own, in time and past it.

``pytest -m bench -s tests/bench/test_reaper.py`` prints the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.unit.burst.reaper.leasing import make_table
from tideform.burst.lease import Lease, Mode
from tideform.burst.table import LeaseTable, Terms
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.process import Process
from tideform.spec.deployment import SANDBOX_ACCOUNT

pytestmark = pytest.mark.bench

POOLS, LEASES = 20, 1000
SECONDS, MEBIBYTES = 10.0, 60.0  # of the whole process, as Lambda counts it, which calls them MB


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    workspace = Workspace(tmp_path_factory.mktemp("reaper"))
    yield Cloud("us-east-1", SANDBOX_ACCOUNT, credentials=client.ensure(workspace).credentials)
    client.stop(workspace)


def lease_table(cloud: Cloud, name: str, *, until: float, leases: int = LEASES) -> LeaseTable:
    """So many leases over the pools; one machine a pool."""
    table = make_table(cloud, name)
    now = int(time.time())
    for number in range(POOLS):
        pool = f"{name}-{number}"
        tags = {"tideform:project": name, "tideform:environment": "dev", "tideform:unit": pool}
        cloud.client("ec2").run_instances(
            ImageId="ami-12c6146b",
            InstanceType="c5.large",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
        )
        handle = {"backend": "batch", "pool": pool, "tags": tags, "job_queue": pool}
        records = {f"{number:06}{n:06}": lease(pool, now, until) for n in range(leases // POOLS)}
        table.items.write(
            {
                "pk": f"pool#{pool}",
                "state": "up",
                "count": len(records),
                "token": len(records),
                "leases": {key: each.as_record() for key, each in records.items()},
                "tokens": dict.fromkeys(records, 1),
                "ended": {},
                "handle": handle,
                "prices": {"c5.large": 0.085},
            }
        )
    return table


def lease(pool: str, now: int, until: float) -> Lease:
    return Lease(
        "", pool, "somebody@somewhere", Process.current(), Mode.UP, now - 600, int(now + until), None, detached=True
    )


def round_of(cloud: Cloud, table: LeaseTable) -> Mapping[str, Any]:
    environ = {**os.environ, **cloud.environ(), "TABLE": table.name, "PROJECT": table.name, "ENVIRONMENT": "dev"}
    script = Path(__file__).with_name("reaping.py")
    done = subprocess.run([sys.executable, script], env=environ, capture_output=True, text=True, check=True)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("name", "until"), [("alive", 3600.0), ("over", -1.0)])
def test_a_round_over_a_thousand_leases_is_short_and_small(cloud: Cloud, name: str, until: float) -> None:
    table = lease_table(cloud, name, until=until)
    round_of(cloud, lease_table(cloud, f"warm-{name}", until=until, leases=POOLS))  # moto's own start is not measured
    found = round_of(cloud, table)
    print(
        f"\nreaper, {LEASES} leases ({name}): {found['seconds']:.2f} s ({found['cpu']:.2f} s of its own), "
        f"{found['peak']:.1f} MiB, of which an idle interpreter with boto3 has {found['idle']:.1f}"
    )
    assert found["seconds"] < SECONDS
    assert found["peak"] < MEBIBYTES


def test_two_hundred_bursts_at_once_lose_no_lease(cloud: Cloud) -> None:
    """From threads of several processes, as many people would."""
    table = make_table(cloud, "crowd")
    program = "import sys; from tests.bench.test_reaper import acquire; acquire(sys.argv[1], int(sys.argv[2]))"
    environ = {**os.environ, **cloud.environ(), "PYTHONPATH": str(Path(__file__).parents[2])}
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as threads:
        runs = [
            threads.submit(subprocess.run, [sys.executable, "-c", program, table.name, "50"], env=environ, check=True)
            for _ in range(4)
        ]
        for run in runs:
            run.result()
    record = table.get("fit")
    print(f"\n200 bursts at once on one pool: {time.perf_counter() - began:.2f} s")
    assert (record.count, len(record.leases), len({each.token for each in record.leases})) == (200, 200, 200)


def acquire(name: str, number: int) -> None:
    """In a process of its own: so many leases at once."""
    from dataclasses import replace
    from uuid import uuid4

    from tideform.cloud import Credentials

    keys = Credentials(
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["AWS_ENDPOINT_URL"]
    )
    table = LeaseTable(Cloud("us-east-1", SANDBOX_ACCOUNT, credentials=keys), name)
    made = [replace(lease("fit", int(time.time()), 3600), id=uuid4().hex[:12]) for _ in range(number)]
    table.items.clients.client("dynamodb")
    with ThreadPoolExecutor(number) as threads:
        list(threads.map(lambda each: table.acquire(each, Terms()), made))
