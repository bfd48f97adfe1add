"""``python -m tideform.checkpoint -- COMMAND…``: run a command with its checkpoints mirrored to S3 and brought back."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tideform.checkpoint.isolated import CANNOT_WRAP
from tideform.checkpoint.wrapper import Wrapper

_USAGE = "usage: python -m tideform.checkpoint -- COMMAND [ARGUMENT...]"
_WRONG_USE = 2


def main(words: Sequence[str]) -> int:
    """Run the command; returns its exit code, or `CANNOT_WRAP` where the wrapper itself fails."""
    command = list(words[1:] if words[:1] == ["--"] else words)
    if not command:
        _say(_USAGE)
        return _WRONG_USE
    try:
        return Wrapper.of_environment(_say).run(command)
    except Exception as error:  # noqa: BLE001  # the job's own codes must be told apart from whatever this is
        _say(f"the wrapper failed: {type(error).__name__}: {error}")
        return CANNOT_WRAP


def _say(text: str) -> None:
    """A remark in the job's log."""
    sys.stderr.write(f"tideform: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
