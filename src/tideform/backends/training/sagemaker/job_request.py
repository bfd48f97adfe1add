"""What a training job is told in words and variables, and how much of that SageMaker takes. Pure.

The bounds hold for bursts and for what starts by itself, with what tideform adds counted in.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from tideform.components.jobs.environment import variables
from tideform.components.scope import Scope
from tideform.diagnostics import Diagnostic
from tideform.errors import RefusedError
from tideform.registry.training import PoolOrder
from tideform.spec.deployment import Deployment
from tideform.spec.problems import error_at
from tideform.spec.training import Pool

LONGEST_WORD = 256  # characters of one word of a training job's command
LONGEST_VALUE = 512  # characters of one of its variables, of the name as of the value
MOST = 100  # words behind the first one, and variables
_ADDED_WORDS, _ADDED_VARIABLES = (
    8,
    16,
)  # by us at most: fetching the code, finding the rank, folders, lease, checkpoints


def told_problems(deployment: Deployment, name: str) -> Iterator[Diagnostic]:
    """What of a pool's own words and variables SageMaker would refuse."""
    pool, path = deployment.spec.training[name], f"training.{name}.job"
    order = PoolOrder(name, pool, Scope(deployment, "training"), site=cast(Any, None), opts=cast(Any, None))
    yield from _values(path, pool)
    yield from _counts(path, pool, len(variables(order)))


def check_words(command: Sequence[str]) -> None:
    """Raise `RefusedError` TD654 where SageMaker does not take a command."""
    if reason := refused_word(command):
        raise RefusedError.of(
            "TD654",
            "SageMaker does not take the command",
            detail=reason,
            fix="Put the script into a file that the job finds.",
        )


def refused_word(words: Sequence[str]) -> str:
    """Why SageMaker does not take a command; nothing if it does. Its pattern for a word ends at a line's end."""
    for word in words:
        if len(word) > LONGEST_WORD:
            return f"SageMaker takes words of {LONGEST_WORD} characters; one of the command's has {len(word)}."
        if "\n" in word:
            return "SageMaker takes no words with several lines, and one of the command's has them."
    return f"SageMaker takes {MOST} words, and the command has {len(words)}." if len(words) > MOST + 1 else ""


def refused_value(found: Mapping[str, str]) -> tuple[str, str]:
    """The first variable that SageMaker does not take, and why; two empty texts if it takes all."""
    for name, value in found.items():
        for what, text in (("names", name), ("values", value)):
            if len(text) > LONGEST_VALUE:
                return name, f"SageMaker takes {what} of {LONGEST_VALUE} characters; this one has {len(text)}."
    return "", ""


def _values(path: str, pool: Pool) -> Iterator[Diagnostic]:
    name, reason = refused_value(pool.job.environment)
    if reason:
        fix = "Let the job read it from a store or from Secrets Manager, or put it into a file of the code."
        yield _refused(f"{path}.environment.{name}", reason, fix)
    for name, values in (pool.job.sweep.grid if pool.job.sweep else {}).items():
        for index, value in enumerate(values):
            if reason := refused_value({name: str(value)})[1]:
                yield _refused(f"{path}.sweep.grid.{name}.{index}", reason, "Shorten it.")


def _counts(path: str, pool: Pool, ours_and_theirs: int) -> Iterator[Diagnostic]:
    if reason := refused_word(pool.job.command):
        yield _refused(f"{path}.command", reason, "Put the script into the image or the code.")
    elif len(pool.job.command) - 1 > MOST - _ADDED_WORDS:
        detail = f"SageMaker takes {MOST} words; the command has {len(pool.job.command)}, and some are ours."
        yield _refused(f"{path}.command", detail, "Put the script into the image or the code.")
    swept = len(pool.job.sweep.grid) if pool.job.sweep else 0
    if (whole := ours_and_theirs + swept + _ADDED_VARIABLES) > MOST:
        own = len(pool.job.environment)
        detail = f"SageMaker takes {MOST} variables, and with ours the job has {whole} ({own} of environment)."
        yield _refused(f"{path}.environment", detail, "Put them into a file of the code.")


def _refused(path: str, detail: str, fix: str) -> Diagnostic:
    return error_at("TD650", "SageMaker cannot run this job", path, detail=detail, fix=fix)
