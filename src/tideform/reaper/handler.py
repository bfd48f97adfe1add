"""What AWS Lambda calls every five minutes; see `reaper.sweep` for what a round does.

https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from tideform.reaper.dry_run import ASKED, HANDLES, answer
from tideform.reaper.items import Items
from tideform.reaper.settings import Boto, Settings
from tideform.reaper.sweep import Round

PACKAGE = Path(__file__).parents[2]
_PATIENCE = 120.0  # seconds for what answers 'not yet'
_RESERVE = 30.0  # seconds of the function's own time that the heartbeat and a slow service may need


class ReaperError(Exception):
    """Something could not be looked after; the function's error metric counts it, and an alarm watches that."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """One round, or the answer to a dry run. Raises `ReaperError` at its end where anything failed."""
    until = time.monotonic() + min(_PATIENCE, context.get_remaining_time_in_millis() / 1000 - _RESERVE)
    settings = Settings.of(os.environ, json.loads((PACKAGE / HANDLES).read_text(encoding="utf-8")))
    if isinstance(event, dict) and ASKED in event:
        boto = Boto()
        return answer(Items(boto, settings.table), settings, PACKAGE, str(event[ASKED]), now())
    summary = Round(Boto(), settings, now, lambda: until - time.monotonic()).run()
    if summary["failures"]:
        raise ReaperError(json.dumps(summary["failures"]))
    return summary


def now() -> float:
    """Seconds since the epoch; the sandbox tells how far its clock is ahead."""
    return time.time() + float(os.environ.get("TIDEFORM_NOW_OFFSET", "0"))
