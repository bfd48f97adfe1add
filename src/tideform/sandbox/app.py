"""What the sandbox's process serves: moto with our extension and jobs, the control endpoints, the gate before both."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from tideform.paths import Workspace
from tideform.sandbox.endpoints import Endpoints
from tideform.sandbox.gate import Gate

if TYPE_CHECKING:
    from tideform.sandbox.server import Life

_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ALLOW_NONEXISTENT_REGION": "false",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
}


class App:
    """The composed server; `start` binds it to a port that the system chooses."""

    def __init__(
        self, workspace: Workspace, life: Life, *, boot_id: str, access_key: str, secret_key: str
    ) -> None:
        os.environ.update(_SETTINGS)  # moto reads them when it is imported
        from tideform.sandbox import moto_app

        self.busy = threading.Event()
        aws = moto_app.create()
        endpoints = Endpoints(life, boot_id)
        self._gate = Gate(
            aws,
            endpoints,
            access_key=access_key,
            secret_key=secret_key,
            issued=moto_app.issued,
            on_request=life.touch,
        )
        self._server: Any = None

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> None:
        """Serve from threads of this process; returns at once, listening."""
        from werkzeug.serving import make_server

        from tideform.sandbox.moto_app import QuietHandler

        self._server = make_server("127.0.0.1", 0, self._gate, threaded=True, request_handler=QuietHandler)
        os.environ["MOTO_PORT"] = str(self._server.port)
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()

    def stop(self) -> None:
        """End the jobs, then the serving."""
        self._server.shutdown()
        self._server.server_close()
