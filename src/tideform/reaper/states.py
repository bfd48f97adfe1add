"""What a pool's capacity is doing, as its item in the lease table says it."""

from __future__ import annotations

from typing import Final

IDLE: Final = "idle"
STARTING: Final = "starting"
UP: Final = "up"
STOPPING: Final = "stopping"
STATES: Final = (IDLE, STARTING, UP, STOPPING)
