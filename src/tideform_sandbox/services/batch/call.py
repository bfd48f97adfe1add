"""One Batch request on its way to an operation."""

from __future__ import annotations

import json
from typing import Any

from tideform_sandbox.services.batch.plane import Plane
from tideform_sandbox.services.batch.planes import Planes


class Call:
    """A request's body, and the plane and moto's backend of its region."""

    def __init__(self, response: Any, planes: Planes) -> None:
        from moto.batch.models import batch_backends

        self.body: dict[str, Any] = json.loads(response.body or "{}")
        self.account, self.region = response.current_account, response.region
        self.plane: Plane = planes.of(self.account, self.region)
        self.backend: Any = batch_backends[self.account][self.region]
        self.clock = planes.clock


def client_error(message: str) -> Exception:
    """Batch's error for whatever the caller got wrong."""
    from moto.batch.exceptions import ClientException

    error: Exception = ClientException(message)
    return error
