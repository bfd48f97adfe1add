"""Where things live: the workspace of one project, the stacks and blueprints we ship, the caches.

Everything a run writes for a project lives under ``.tideform/`` beside its spec, mode 0700 and never committed.
Caches that outlive a checkout live in the user's cache folder (``XDG_CACHE_HOME``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.files import replace_plain

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def stacks_dir() -> Path:
    """The layer programs: those of the checkout if there is one, else those in the wheel."""
    return _shipped("stacks")


def blueprints_dir() -> Path:
    """The complete specs that people copy."""
    return _shipped("blueprints")


def cache_dir() -> Path:
    """The user's cache folder for tideform (``TIDEFORM_CACHE`` overrides it). Raises `RefusedError` TD091."""
    override = os.environ.get("TIDEFORM_CACHE")
    try:
        if override:
            return Path(override).expanduser().absolute()
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:  # a user that is not known, or one without a home
        raise _no_folder(override or "~", str(error)) from error
    return Path(base) / "tideform"


def _shipped(name: str) -> Path:
    in_checkout = _CHECKOUT / name
    if (_CHECKOUT / "pyproject.toml").is_file() and in_checkout.is_dir():
        return in_checkout
    return _PACKAGE / f"_{name}"


@dataclass(frozen=True)
class Workspace:
    """The folder of one project spec; ``root`` holds ``tideform.yaml`` and ``.tideform/``."""

    root: Path

    @property
    def hidden(self) -> Path:
        """``.tideform/``, made on first use, for its owner's eyes only, and ignored by git."""
        folder = private_dir(self.root / ".tideform")
        ignore = folder / ".gitignore"
        if not ignore.exists():
            replace_plain(ignore, b"*\n")
        return folder

    @property
    def sandbox(self) -> Path:
        """The local target's server: its address, its log, its boot id."""
        return private_dir(self.hidden / "sandbox")

    def environment(self, name: str) -> Path:
        """What belongs to one environment: programs, state, lock, logs."""
        return private_dir(self.hidden / name)

    def state(self, environment: str) -> Path:
        """The local state folder of one environment (Pulumi's file backend)."""
        return private_dir(self.environment(environment) / "state")

    def logs(self, environment: str) -> Path:
        """Logs of one environment's runs."""
        return private_dir(self.environment(environment) / "logs")

    def program(self, environment: str, key: str) -> Path:
        """The working folder of one program (``foundation``, ``training-nightly``)."""
        return private_dir(self.environment(environment) / key)


def private_dir(path: Path) -> Path:
    """Make a folder that only its owner can enter. Raises `RefusedError` where there is no place for it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _no_folder(str(path), getattr(error, "strerror", None) or str(error)) from error
    return path


def _no_folder(path: str, why: str) -> RefusedError:
    return RefusedError(
        Diagnostic(
            "TD091",
            Severity.ERROR,
            "A folder cannot be made",
            detail=f"{path}: {why}. State, locks and caches need folders of their own.",
            fix="Mend the rights there, or move away the file that stands in its place.",
        )
    )
