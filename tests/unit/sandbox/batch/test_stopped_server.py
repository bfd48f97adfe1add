from __future__ import annotations

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.batch.family import family
from tests.unit.sandbox.waiting import lives
from tideform.local import client


def test_no_job_outlives_a_stopped_server(pool: Pool) -> None:
    _, pids = family(pool)
    client.stop(pool.workspace)
    assert not any(lives(pid) for pid in pids)
