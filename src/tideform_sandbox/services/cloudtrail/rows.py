"""What moto lacks of this service and a table can say; see `tideform_sandbox.extension`."""

from __future__ import annotations

from tideform_sandbox.extension.rows import Rows
from tideform_sandbox.extension.taken import Taken

_TAKEN: tuple[Taken, ...] = (
    Taken(
        "moto.cloudtrail.models:CloudTrailBackend",
        create="create_trail",
        argument="name",
        kept_in="trails",
        code="TrailAlreadyExistsException",
        says="Trail {name} already exists.",
    ),
)

ROWS = Rows(taken=_TAKEN)
