"""Put the provider where the engine looks for it: a script called ``pulumi-resource-kubernetes``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def write_launcher(folder: Path) -> Path:
    """Write the script into a folder of its own, mode 0700, and return its path; ``-P`` as for the AWS provider."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    script = folder / "pulumi-resource-kubernetes"
    script.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m tideform_sandbox.providers.kubernetes "$@"\n'
    )
    script.chmod(0o700)
    return script
