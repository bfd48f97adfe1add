"""The contract's words: the variables that a job gets, and the names in its folder and in S3."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "TIDEFORM_CHECKPOINT_DIR"
URI = "TIDEFORM_CHECKPOINT_URI"
RUN_URI = "TIDEFORM_CHECKPOINT_RUN_URI"  # the whole run's address, above those of a sweep's members
SECONDS = "TIDEFORM_CHECKPOINT_SECONDS"
GRACE = "TIDEFORM_CHECKPOINT_GRACE"
RESUME = "TIDEFORM_RESUME"
WRAPPED = "TIDEFORM_CHECKPOINT_WRAPPED"  # the wrapper is there and hears SIGTERM first

NOTES = ".tideform"  # the folder for what wrapper and job tell each other; never mirrored
SAVE_NOW = f"{NOTES}/save-now"  # a wish: its text is its name; in S3 it comes from outside, in the folder to the job
SAVED = f"{NOTES}/saved"  # the last wish that was answered by a checkpoint
LISTENING = f"{NOTES}/listening"  # the job looks for wishes

DEFAULT_SECONDS = 600.0
DEFAULT_GRACE = 20.0  # seconds; ECS allows 30 between SIGTERM and SIGKILL
# https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html and torchrun's own.
_RANKS = ("RANK", "TIDEFORM_NODE_RANK", "AWS_BATCH_JOB_NODE_INDEX", "JOB_COMPLETION_INDEX")
_NODES = ("TIDEFORM_NODE_RANK", "AWS_BATCH_JOB_NODE_INDEX", "JOB_COMPLETION_INDEX", "GROUP_RANK")


@dataclass(frozen=True)
class Settings:
    """What the environment says. ``seconds`` between checkpoints; ``uri`` is empty where nothing is mirrored.

    ``run_uri`` is where a brake leaves its wish: the same, or for a member of a sweep the sweep's.
    """

    folder: Path
    uri: str = ""
    run_uri: str = ""
    seconds: float = DEFAULT_SECONDS
    grace: float = DEFAULT_GRACE
    rank: int = 0
    node: int = 0

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the variables; a job outside any burst gets a folder ``checkpoints`` beside it."""
        given = os.environ if environ is None else environ
        return cls(
            folder=Path(given.get(FOLDER) or "checkpoints"),
            uri=given.get(URI, "").rstrip("/"),
            run_uri=(given.get(RUN_URI) or given.get(URI, "")).rstrip("/"),
            seconds=_number(given.get(SECONDS), DEFAULT_SECONDS),
            grace=_number(given.get(GRACE), DEFAULT_GRACE),
            rank=_first(given, _RANKS),
            node=_first(given, _NODES),
        )


def _first(given: Mapping[str, str], names: tuple[str, ...]) -> int:
    """The first of these variables that holds a number; alone, one is the first of all."""
    return next((int(given[name]) for name in names if given.get(name, "").isdigit()), 0)


def _number(text: str | None, otherwise: float) -> float:
    try:
        return float(text) if text else otherwise
    except ValueError:
        return otherwise
