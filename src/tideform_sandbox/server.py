"""The sandbox's process: moto behind the gate, on a loopback port that the system chose.

``python -m tideform_sandbox.server ROOT READY_FD`` leaves a detached server behind and returns at once; the server
writes ``ready`` to the descriptor once it answers. It ends when asked to, when nobody used it for long, and when its
workspace is gone. Started by `client.ensure`, never by hand.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tideform import __version__
from tideform.local import description
from tideform.local.description import Description
from tideform.paths import Workspace

IDLE_LIMIT = 2 * 3600.0  # seconds without a request and without anything running; TIDEFORM_SANDBOX_IDLE overrides
_WATCH = 5.0  # seconds between looks at the workspace and the time
_LOCK_PATIENCE = 2.0
_KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Life:
    """When the server has to end: asked to, idle for long, or its folder gone."""

    def __init__(self, folder: Path, boot_id: str, idle_limit: float) -> None:
        self.started = time.monotonic()
        self._folder, self._boot_id, self._idle_limit = folder, boot_id, idle_limit
        self._last_request = self.started
        self._over = threading.Event()

    def touch(self) -> None:
        """Somebody used the server."""
        self._last_request = time.monotonic()

    def end(self, *_: object) -> None:
        """End the server soon; safe in a signal handler."""
        self._over.set()

    @property
    def idle(self) -> float:
        """Seconds since the last request."""
        return time.monotonic() - self._last_request

    def wait(self, busy: Callable[[], bool]) -> None:
        """Return when it is over. ``busy`` tells whether instances or jobs run."""
        while not self._over.wait(_WATCH):
            if busy():
                self.touch()
            described = description.read(self._folder)
            if described is None or described.boot_id != self._boot_id or self.idle > self._idle_limit:
                return


def main(arguments: list[str]) -> None:
    """Leave a server behind. A fork, so that it is nobody's child: its starter may live on without waiting for it."""
    if os.fork():
        return
    serve(Workspace(Path(arguments[0])), int(arguments[1]))
    os._exit(0)  # moto leaves threads behind that nobody can join


def serve(workspace: Workspace, ready: int) -> None:
    """Be the server until its life is over."""
    os.umask(0o077)
    folder = workspace.sandbox
    if not _take_lock(folder):
        raise SystemExit(f"another sandbox holds {folder / description.ALIVE_LOCK}")
    from tideform_sandbox.app import App, Keys

    keys = Keys(secrets.token_hex(8), _access_key(), _access_key(), secrets.token_urlsafe(30))
    idle_limit = float(os.environ.get("TIDEFORM_SANDBOX_IDLE", IDLE_LIMIT))
    life = Life(folder, keys.boot_id, idle_limit)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, life.end)
    app = App(workspace, life, keys, _list_price)
    app.start()
    me = Description(
        app.endpoint,
        keys.access_key,
        keys.secret_key,
        keys.boot_id,
        os.getpid(),
        description.start_time(os.getpid()),
        __version__,
    )
    description.write(folder, me)
    with suppress(BrokenPipeError):  # whoever started us has gone; the next one finds us all the same
        os.write(ready, b"ready")
    os.close(ready)
    life.wait(app.busy)
    app.stop()
    described = description.read(folder)
    if described is not None and described.boot_id == keys.boot_id:
        description.remove(folder)


def _list_price(instance_type: str) -> float | None:
    """USD an hour on demand; the bill is made with the book's prices, and with nothing else of the meter's."""
    from tideform.prices.book import book

    if instance_type.startswith("ml."):
        found = book().endpoint_instance(instance_type)
        return found.hourly if found else None
    shape = book().known(instance_type)
    return shape.on_demand_usd if shape else None


def _access_key() -> str:
    return "AKIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16))


def _take_lock(folder: Path) -> bool:
    """Take the lifetime lock; a moment's patience, because asking whether a server lives takes it as well."""
    deadline = time.monotonic() + _LOCK_PATIENCE
    while description.take_alive_lock(folder) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
