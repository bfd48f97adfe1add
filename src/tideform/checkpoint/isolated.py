"""What runs in the helper that is sent along: ``python3 -I checkpoint.zip -- COMMAND…``.

Started so, Python looks for modules in this file, its own folders and nowhere else. Where boto3 is elsewhere (for the
user alone, or on ``PYTHONPATH``), it is found behind those: a job's ``queue.py`` takes nobody's place.
"""

from __future__ import annotations

import os
import site
import sys

CANNOT_WRAP = 96  # as where the code cannot be fetched: the job has not begun


def main() -> int:
    """Run the command under the wrapper; its exit code, or `CANNOT_WRAP` where the wrapper itself fails before."""
    site.addsitedir(site.getusersitepackages())
    sys.path += filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    try:
        from tideform.checkpoint.__main__ import main as wrapped
    except Exception as error:  # noqa: BLE001  # whatever it is, the job has not begun, and the code says so
        sys.stderr.write(f"tideform: the wrapper cannot start: {type(error).__name__}: {error}\n")
        return CANNOT_WRAP
    return wrapped(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
