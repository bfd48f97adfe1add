"""Training jobs and warm machines of a pool that nobody holds: they are no instances, and no tag search finds them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from tideform.backends.training.sagemaker.in_account import ending
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.sources import Source

SERVICE = "SageMaker"
TYPES = "ml."


def sources(clients: Clients, handle: Handle) -> list[Source]:
    """See `tideform.reaper.unheld.Strays`."""
    close = partial(ending.stop, clients, handle)
    jobs = (*ending.jobs(clients, handle), *ending.warm_pools(clients, handle))
    return [Source(str(job["TrainingJobName"]), close, jobs=partial(_claims_of, clients, job)) for job in jobs]


def machines(clients: Clients, handle: Handle) -> list[Node]:
    """See `tideform.reaper.unheld.Strays`."""
    return ending.untagged(clients, handle)


def end(clients: Clients, node: Node) -> None:
    """See `tideform.reaper.unheld.Strays`."""
    ending.stop_machine(clients, node)


def _claims_of(clients: Clients, job: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [ending.tags_of(clients, job)]
