"""What a machine of an ``ec2`` pool brings along, installed in a folder of a test's own."""

from __future__ import annotations

import re
from pathlib import Path

from tideform.backends.training.ec2.user_data import user_data

_NAMES = ("tideform-run", "tideform-end", "tideform-watch")


def install(folder: Path) -> Path:
    """Write its programs, which find their tools and their locks in the folder; the one that runs commands."""
    for name in _NAMES:
        found = re.search(rf"{name} <<'TIDEFORM'\n(.*?)TIDEFORM\n", user_data(), re.DOTALL)
        assert found is not None
        script = found[1].replace("PATH=/usr/local/sbin", f"PATH={folder}:/usr/local/sbin")
        script = script.replace("/usr/local/bin/tideform-", f"{folder}/tideform-")
        (folder / name).write_text(script.replace("/run/tideform", f"{folder}/locks"))
        (folder / name).chmod(0o755)
    return folder / "tideform-run"
