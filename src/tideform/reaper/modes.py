"""How a burst was asked for, and so what ends it, as its lease in the table says it."""

from __future__ import annotations

from typing import Final

RUN: Final = "run"  # ends with its command
UP: Final = "up"  # ends with `burst down`
SCHEDULE: Final = "schedule"  # ends with its job, by the reaper (`scheduled`)
JOB: Final = "job"  # as well; `burst run --detach` began it and did not stay
MODES: Final = (RUN, UP, SCHEDULE, JOB)
ENDING_WITH_THEIR_JOB: Final = (SCHEDULE, JOB)
