"""What a burst that begins by itself takes along, as components know it; `burst.carrying` makes it."""

from __future__ import annotations

from typing import Any, Protocol


class Cargo(Protocol):
    """The job's command and what goes into its starter's package."""

    @property
    def command(self) -> tuple[str, ...]:
        """The job's command, wrapped for what comes along."""
        ...

    @property
    def plan(self) -> dict[str, Any]:
        """What the starter has to be told of it."""
        ...

    @property
    def files(self) -> dict[str, str]:
        """Texts for the starter's package."""
        ...
