"""What a lease table's refusals become: no answer, no table, an item that cannot be read, a pool that just ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tideform.errors import BrokenRecord, CloudError, RefusedError, TideformError

_NO_TABLE = "ResourceNotFoundException"


class BusyPoolError(RefusedError):
    """The pool's capacity is being taken away right now."""


class UnreadableError(RefusedError, BrokenRecord):
    """TD624: the pool's item cannot be read, so nobody knows who holds it."""


class NoTableError(RefusedError):
    """TD601: there is no lease table; it was never made, or somebody has deleted it."""


def code_of(error: BaseException) -> str:
    """What the service calls the problem; nothing where it did not answer at all."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


@contextmanager
def telling_no_table(table: str) -> Iterator[None]:
    """Raise `NoTableError` where a call to the lease table finds none; what else is raised stays as it is."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if code_of(error) == _NO_TABLE:
            raise explained(table, error) from error
        raise


def explained(table: str, error: Exception) -> TideformError:
    """What boto3 raised, as TD601 (there is no such table) or TD617."""
    if code_of(error) == _NO_TABLE:
        return NoTableError.of(
            "TD601",
            "Foundation is not applied",
            detail=f"There is no lease table {table}. Without a record nothing could end a burst for sure.",
            fix="Run `tideform apply`: it makes the table, anew where somebody has deleted it. Until then "
            "`tideform burst down POOL` ends what stands.",
        )
    return CloudError.of(
        "TD617",
        "The lease table could not be used",
        detail=str(error),
        fix="Run the command again when the table answers; the reaper ends what is over meanwhile.",
    )


def busy(pool: str) -> BusyPoolError:
    """A pool that is just being ended takes no lease."""
    return BusyPoolError.of(
        "TD604",
        "The pool is being taken down",
        detail=f"A burst of {pool} is just ending; its teardown would end a new one too.",
        fix="Try again in a minute; `tideform burst status` shows when the pool is idle.",
    )
