"""In a module of its own, because it ends the module's sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

from tests.unit.sandbox.functions.deployed import Deployed
from tests.unit.sandbox.waiting import lives, until
from tideform.local import client


def test_no_function_outlives_its_server(deployed: Callable[..., Deployed]) -> None:
    body = """
import subprocess, time
print(os.getpid(), subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True)
time.sleep(600)
"""
    function = deployed(body, Timeout=300)

    def call() -> None:
        with suppress(BotoCoreError, ClientError):  # the server goes away meanwhile
            function.call()

    threading.Thread(target=call, daemon=True).start()
    (line,) = until(function.said)
    pids = [int(pid) for pid in line.split()]
    assert all(lives(pid) for pid in pids)
    client.stop(function.workspace)
    assert not any(lives(pid) for pid in pids)
