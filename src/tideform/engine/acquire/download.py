"""The vendor's download, through the vendor's own installer in the Pulumi SDK.

It runs in a child process with a deadline, because a blocked network may neither answer nor refuse: first a
look whether the vendor can be reached at all, within seconds, then the download itself (about 100 MB).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tideform.engine.acquire import child
from tideform.engine.acquire.find import ENGINE_VERSION, UnusableError

_PROBE_SECONDS = 8.0
_DOWNLOAD_SECONDS = 900.0

_PROBE = """
import urllib.request
try:
    urllib.request.urlopen("https://get.pulumi.com/install.sh", timeout=5).close()
except OSError as error:
    raise SystemExit(f"get.pulumi.com cannot be reached: {getattr(error, 'reason', None) or error}")
"""
_INSTALL = """
import subprocess, sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
try:
    PulumiCommand.install(sys.argv[1], VersionInfo.parse(sys.argv[2]))
except subprocess.CalledProcessError as error:
    raise SystemExit((error.output or b"").decode(errors="replace") or str(error))
except OSError as error:
    raise SystemExit(str(error))
"""


def install(folder: Path, progress: Callable[[str], None]) -> None:
    """Put the vendor's engine and what comes with it into ``folder``; raises `UnusableError` with the why."""
    with (folder / "download.log").open("w", encoding="utf-8") as log:
        child.run([sys.executable, "-c", _PROBE], seconds=_PROBE_SECONDS, log=log)
        progress(f"vendor's download: fetching engine {ENGINE_VERSION}, about 100 MB")
        command = [sys.executable, "-c", _INSTALL, str(folder / "vendor"), ENGINE_VERSION]
        child.run(command, seconds=_DOWNLOAD_SECONDS, log=log)
    try:
        for file in (folder / "vendor" / "bin").iterdir():
            file.replace(folder / file.name)
        (folder / "vendor" / "bin").rmdir()
        (folder / "vendor").rmdir()
    except OSError as error:
        raise UnusableError(f"the download holds no engine: {error}") from error
