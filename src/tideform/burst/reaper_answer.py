"""Asking the reaper's function what it would do: a short invocation that changes nothing.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.persistence import passes
from tideform.cloud import Cloud
from tideform.components.reaper.plan import TIMEOUT
from tideform.reaper.dry_run import ASKED

SECONDS = 10.0  # that one answer may take: a cold start takes three or four
_ATTEMPTS = 2  # how often one that says nothing is asked
_TRIES = 3  # how often one that a service refuses for a moment is asked
_TEXT = 300  # bytes that are told of a failure
_PAUSE = 2.0  # seconds until a function that is at work, or was refused, is asked again
SILENT = f"it does not answer within {SECONDS:g} s"
BUSY = f"it has been busy for {TIMEOUT} s, and its rounds should be over sooner"
OTHER_CODE = "it does not answer a dry run: other code"

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """To the function of this name. ``patience`` is how many seconds one that is at work with a round is waited for."""

    cloud: Cloud
    function: str
    patience: float = TIMEOUT

    def ask(self, identity: str) -> Answer | str:
        """What it would do to the pool, named as its item is; or why there is no answer. Raises what boto3 raises."""
        from botocore.exceptions import ReadTimeoutError

        until, silent, refused = time.monotonic() + self.patience, 0, 0
        api = self.cloud.client_for("lambda", SECONDS)
        while True:
            try:
                told = api.invoke(FunctionName=self.function, Payload=json.dumps({ASKED: identity}).encode())
                answer, passing = _read(told)
                refused += passing
                if not passing or refused == _TRIES:
                    return answer
            except ReadTimeoutError:
                silent += 1
                if silent == _ATTEMPTS:
                    return SILENT
            except api.exceptions.TooManyRequestsException:
                if time.monotonic() >= until:
                    return SILENT if silent else BUSY
            time.sleep(_PAUSE)


def _read(told: Mapping[str, Any]) -> tuple[Answer | str, bool]:
    """The answer, or why there is none, and whether it failed for what may be over in a moment: a throttled table."""
    payload = told["Payload"].read()
    if told.get("FunctionError"):
        text = payload[:_TEXT].decode(errors="replace")
        return f"it fails when it is asked: {text}", passes(text)
    try:
        answer = json.loads(payload or b"null")
    except ValueError:
        return OTHER_CODE, False
    return (answer if isinstance(answer, dict) and "code" in answer else OTHER_CODE), False
