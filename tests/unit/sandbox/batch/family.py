"""A job that does not want to end: what has to be ended all the same."""

from __future__ import annotations

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.waiting import until


def family(pool: Pool) -> tuple[str, list[int]]:
    """A running job that ignores SIGTERM, with a daemonised grandchild; its id and the pids."""
    code = (
        "import os, signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "signal.pause()"
    )
    job = pool.python(code)
    stream = pool.running(job)["container"]["logStreamName"]
    (line,) = until(lambda: pool.lines(stream))
    return job, [int(word) for word in line.split()]
