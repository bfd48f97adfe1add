"""Building the engine from its Go modules, where the vendor's downloads cannot be reached.

``gomod/`` pins every module by version and hash (``go.mod``, ``go.sum``), so the same source is built
everywhere and no checksum server is asked. ``go install`` would refuse: the engine's own go.mod has replace
lines, and ours repeats the one that matters. About five minutes on two cores; a build that was stopped goes
on from Go's cache.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tideform.engine.acquire import child
from tideform.engine.acquire.find import ENGINE_VERSION, UnusableError, engine_dir
from tideform.engine.acquire.toolchain import Toolchain, toolchain

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_SECONDS = 3600.0
_FREE_BYTES = 4_000_000_000  # modules, build cache and toolchain at their largest

Progress = Callable[[str], None]


def install(folder: Path, progress: Progress) -> None:
    """Build `pulumi` into ``folder``; raises `UnusableError` with the reason and where the log is."""
    progress("build from Go modules: about five minutes on two cores, once")
    if shutil.disk_usage(folder).free < _FREE_BYTES:
        raise UnusableError(f"building needs {_FREE_BYTES // 10**9} GB free at {folder.parent}")
    log_file = engine_dir().parent / "build.log"
    source, scratch = folder / "source", engine_dir().parent / "go"
    shutil.copytree(Path(__file__).parent / "gomod", source)
    scratch.mkdir(exist_ok=True)
    try:
        with log_file.open("w", encoding="utf-8") as log:
            go = toolchain(scratch, log, progress)
            _build(go, source, folder / "pulumi", log, progress)
    except UnusableError as error:
        raise UnusableError(f"{error} (log: {log_file})") from error
    shutil.rmtree(source)
    shutil.rmtree(scratch)  # kept after a failure or a kill: the next try goes on from there


def _build(go: Toolchain, source: Path, output: Path, log: IO[str], progress: Progress) -> None:
    packages = _fetch(go, source, log, progress)
    done = 0

    def count(_: str) -> None:
        nonlocal done
        done = min(done + 1, packages)
        progress(f"building engine {ENGINE_VERSION} with Go {go.version}: {done} of {packages} packages")

    flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-modcacherw", "-v"]
    linker = f"-s -w -X {_STAMP}=v{ENGINE_VERSION}"
    command = [str(go.go), "build", *flags, "-ldflags", linker, "-o", str(output), PACKAGE]
    child.run(command, seconds=_SECONDS, log=log, on_line=count, cwd=source, env=go.env)


def _fetch(go: Toolchain, source: Path, log: IO[str], progress: Progress) -> int:
    """Download the modules, and say how many packages the build will have."""
    fetched = 0

    def count(line: str) -> None:
        nonlocal fetched
        if line.startswith("go: downloading"):
            fetched += 1
            progress(f"fetching Go modules: {fetched} so far")

    flags = ["-mod=readonly", "-modcacherw", "-deps"]
    lines = child.run(
        [go.go, "list", *flags, PACKAGE], seconds=_SECONDS, log=log, on_line=count, cwd=source, env=go.env
    )
    return sum(not line.startswith("go: ") for line in lines)
