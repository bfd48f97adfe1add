"""Property paths as the engine writes them: ``rules[0].days``, ``tags["a.b"]``."""

from __future__ import annotations

import json
import re
from typing import Final

Path = tuple[str | int, ...]

_STEP: Final = re.compile(r"""\.?(?:\[(?P<index>\d{1,9})\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|(?P<name>[^.\[\]]+))""")


def parse(text: str) -> Path:
    """The steps of a path. One that cannot be read is a single step, so that nothing gets lost."""
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            return (text,)
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> str | int:
    if match["index"] is not None:
        return int(match["index"])
    if match["quoted"] is not None:
        try:
            return str(json.loads(match["quoted"]))
        except ValueError:
            return match["quoted"][1:-1]
    return match["name"]
