"""What the sandbox's process serves: moto with our extension and jobs, our own endpoints, the gate before both."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tideform.cloud import Credentials
from tideform.paths import Workspace
from tideform_sandbox import moto_time
from tideform_sandbox.bill.ledger import Price
from tideform_sandbox.endpoints import Endpoints, running_instances
from tideform_sandbox.gate import Environ, Gate, StartResponse
from tideform_sandbox.market.metadata import Metadata
from tideform_sandbox.nodes.surroundings import Surroundings
from tideform_sandbox.world import create

if TYPE_CHECKING:
    from tideform_sandbox.server import Life

_POLL = 0.1  # seconds until the listener notices that it has to stop
_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ALLOW_NONEXISTENT_REGION": "false",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
}


@dataclass(frozen=True)
class Keys:
    """What one life of a sandbox is known and opened by; ``inner_key`` is for its own calls to itself."""

    boot_id: str
    access_key: str
    inner_key: str
    secret_key: str = field(repr=False)


class App:
    """The composed server; it listens from the start, on a port that the system chose, and serves from `start` on."""

    def __init__(self, workspace: Workspace, life: Life, keys: Keys, list_price: Price) -> None:
        os.environ.update(_SETTINGS)  # moto reads them when it is imported
        from werkzeug.serving import make_server

        from tideform_sandbox import moto_app

        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=moto_app.QuietHandler)
        scratch = workspace.sandbox / "jobs"
        shutil.rmtree(scratch, ignore_errors=True)  # left by a server that was killed
        outer = Credentials(keys.access_key, keys.secret_key, self.endpoint)
        inner = Credentials(keys.inner_key, keys.secret_key, self.endpoint)
        self._world = create(Surroundings(workspace.root.absolute(), scratch, outer), inner, list_price)
        moto_time.follow(self._world.clock)
        self._gate = Gate(
            moto_app.create(self._world),
            Endpoints(life, keys.boot_id, self._world),
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            issued=moto_app.issued,
            metadata=Metadata(self._world),
            inner_key=keys.inner_key,
            on_request=life.touch,
        )

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> None:
        """Serve from threads of this process; returns at once."""
        threading.Thread(target=self._server.serve_forever, args=(_POLL,), name="http", daemon=True).start()

    def busy(self) -> bool:
        """Whether jobs or instances run."""
        return bool(self._world.jobs() or running_instances())

    def stop(self) -> None:
        """End the jobs, then the serving."""
        self._world.close()
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._gate(environ, start_response)
