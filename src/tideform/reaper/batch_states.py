"""What AWS Batch says that a job is doing, and how many jobs it tells of in one answer.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html and
https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

FOR_MACHINES: Final = ("PENDING", "RUNNABLE")  # what waits for machines: an array is pending while its members do
WAITING: Final = ("SUBMITTED", *FOR_MACHINES)
AT_WORK: Final = ("STARTING", "RUNNING")
UNFINISHED: Final = (*WAITING, *AT_WORK)
SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"
ENDED: Final = (SUCCEEDED, FAILED)
ALL: Final = (*UNFINISHED, *ENDED)
MOST_DESCRIBED: Final = 100
_GOING: Final = ("DELETING", "DELETED")  # a queue, which Batch tells of for some minutes more


def lists_jobs(queues: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of these queues, as Batch describes them, can be asked for its jobs: none that goes, or has gone."""
    return any(queue["status"] not in _GOING for queue in queues)


def describable(ids: Sequence[str]) -> list[Sequence[str]]:
    """The ids in parts that DescribeJobs takes."""
    return [ids[start : start + MOST_DESCRIBED] for start in range(0, len(ids), MOST_DESCRIBED)]
