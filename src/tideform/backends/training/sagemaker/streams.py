"""The log streams of a pool on SageMaker, in one group of the whole account: the job's name is what they begin with."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tideform.burst.node_streams import Attempt, ranked
from tideform.burst.streams import Streams, by_beginning

_HOST = re.compile(r"/algo-(?P<number>\d+)")  # SageMaker's name of a host in a stream's; they count from 1


class HostStreams(Streams):
    """A stream for each host of a training job."""

    def grouped(self, names: list[str]) -> list[Attempt]:
        """By the job."""
        return [of_hosts(group) for group in by_beginning(names)]


def of_hosts(names: Iterable[str]) -> Attempt:
    """Streams of one training job of SageMaker (``JOB/algo-1-…``)."""
    return ranked(sorted(names, key=_host))


def _host(name: str) -> int:
    found = _HOST.search(name)
    return int(found["number"]) if found else 0
