"""One round of the reaper in a process of its own, as Lambda runs it, with the reaper's environment.

Prints JSON: seconds of the round, peak memory in MiB, and how much of it an interpreter with boto3 had before.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import mkdtemp

import boto3  # noqa: F401  # a part of Lambda's own runtime


def peak() -> float:
    """In MiB, since this program began; what the one that started it had does not count."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


class Context:
    """What Lambda hands to a handler."""

    def get_remaining_time_in_millis(self) -> int:
        return 240_000


if __name__ == "__main__":
    idle = peak()
    from tideform.reaper import handler
    from tideform.reaper.dry_run import HANDLES

    handler.PACKAGE = Path(mkdtemp())  # where Lambda has unpacked the function; its leases say how they end
    (handler.PACKAGE / HANDLES).write_text("{}", encoding="ascii")
    began, busy = time.perf_counter(), time.process_time()
    told = handler.handler({}, Context())
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "cpu": time.process_time() - busy,
                "peak": peak(),
                "idle": idle,
                "did": len(told["did"]),
            }
        )
    )
