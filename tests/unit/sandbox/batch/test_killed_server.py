from __future__ import annotations

import os
import signal

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.batch.family import family
from tests.unit.sandbox.waiting import lives, until
from tideform.local import client


def test_no_job_outlives_a_killed_server(pool: Pool) -> None:
    _, pids = family(pool)
    os.kill(client.ensure(pool.workspace).pid, signal.SIGKILL)
    until(lambda: not any(lives(pid) for pid in pids))
