"""Put a provider of the sandbox where the engine looks for it: a script called ``pulumi-resource-NAME``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def write_launcher(folder: Path, provider: str) -> Path:
    """Write the script for ``aws`` or ``kubernetes`` into a folder of its own, mode 0700, and return its path.

    ``-P`` keeps the engine's working folder off the import path: a user's file there must not become our module.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    script = folder / f"pulumi-resource-{provider}"
    module = f"tideform_sandbox.providers.{provider}"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m {module} "$@"\n')
    script.chmod(0o700)
    return script
