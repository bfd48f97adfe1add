"""Names that are taken: moto writes over some things of which AWS says that they exist. A row of `rows`."""

from __future__ import annotations

import inspect
import threading
from dataclasses import dataclass
from functools import wraps
from typing import Any

from tideform_sandbox.extension.request import AwsError, put, response_class

_creating = threading.Lock()


@dataclass(frozen=True)
class Taken:
    """One of moto's methods that makes something under a name.

    ``argument`` is its parameter with the name, ``kept_in`` the backend's dict by name; ``code`` and ``says`` are AWS's
    error, with ``{name}`` filled in.
    """

    backend: str  # moto's class, ``module:Class``
    create: str
    argument: str
    kept_in: str
    code: str
    says: str


def install(row: Taken) -> None:
    """Wrap the method."""
    backend = response_class(row.backend)
    original = getattr(backend, row.create)
    signature = inspect.signature(original)

    @wraps(original)
    def create(self: Any, *given: Any, **named: Any) -> Any:
        name = signature.bind(self, *given, **named).arguments[row.argument]
        with _creating:
            if name in getattr(self, row.kept_in):
                raise AwsError(row.code, row.says.format(name=name))
            return original(self, *given, **named)

    put(backend, row.create, create)
