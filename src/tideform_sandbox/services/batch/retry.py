"""Whether a failed attempt is tried again.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
"""

from __future__ import annotations

from typing import Any

from tideform_sandbox.services.batch.job import Attempt, Job


def tried_again(job: Job) -> bool:
    """Whether the job's latest, failed attempt is followed by another.

    Conditions are looked at in order and the first that holds decides; where none holds, AWS tries again.
    """
    strategy = job.retry_strategy
    if len(job.attempts) >= int(strategy.get("attempts", 1)):
        return False
    for condition in strategy.get("evaluateOnExit") or []:
        if _holds(condition, job.attempt):
            return str(condition["action"]).upper() == "RETRY"
    return True


def _holds(condition: dict[str, Any], attempt: Attempt) -> bool:
    exit_code = "" if attempt.exit_code is None else str(attempt.exit_code)
    found = {
        "onStatusReason": attempt.status_reason,
        "onReason": attempt.reason,
        "onExitCode": exit_code,
    }
    wanted = {key: str(condition[key]) for key in found if condition.get(key)}
    return all(_matches(pattern, found[key]) for key, pattern in wanted.items())


def _matches(pattern: str, text: str) -> bool:
    """AWS's patterns: a literal, or a literal start and one ``*`` at the end; case does not matter."""
    pattern, text = pattern.lower(), text.lower()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
