"""One spec in one environment: what every program, plan and burst is made for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tideform.paths import Workspace
from tideform.spec.project import Environment, Project

SANDBOX_ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Deployment:
    """The spec with one environment's overrides applied, and where it goes.

    ``digest`` is the SHA-256 of the spec file's bytes, ``environments`` are all that the spec has. ``name`` and
    `physical_name` make every cloud name, so a later run finds what a crashed one made. ``left`` marks an environment
    that the spec no longer has and that stands: what it overrode is forgotten, so that the spec judges nothing of it.
    """

    spec: Project
    environment: str
    settings: Environment
    spec_file: Path
    digest: str
    environments: tuple[str, ...] = ()
    left: bool = False

    @property
    def target(self) -> Literal["local", "aws"]:
        return self.settings.target

    @property
    def region(self) -> str:
        return self.settings.region or self.spec.region

    @property
    def account(self) -> str:
        """The AWS account; the sandbox has one of its own, always the same."""
        return SANDBOX_ACCOUNT if self.target == "local" else self.settings.account or ""

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.spec_file.parent)

    @property
    def name(self) -> str:
        """``<project>-<environment>``: the prefix of every name, and the stack name of layers without units."""
        return f"{self.spec.project}-{self.environment}"

    def physical_name(self, part: str, *, limit: int = 63) -> str:
        """``<project>-<environment>-<part>``; cut and hashed where ``limit`` is shorter."""
        full = f"{self.name}-{part}"
        if len(full) <= limit:
            return full
        return f"{full[: limit - 9].rstrip('-')}-{_short_hash(full)}"

    def unique_name(self, part: str, *, limit: int = 63) -> str:
        """As `physical_name`, with a hash of account, region and project: for names unique across all of AWS."""
        suffix = _short_hash(f"{self.account}/{self.region}/{self.spec.project}")
        return f"{self.physical_name(part, limit=limit - 9)}-{suffix}"

    def identity(self, section: str, name: str) -> str:
        """The name that a unit was made under: ``moved:`` lets its name in the spec change without making it anew."""
        made = f"{section}.{name}"
        before = {moved.to: moved.from_ for moved in self.spec.moved}
        for _ in before:  # no chain is longer, and a circle ends, too
            made = before.get(made, made)
        return made.partition(".")[2] or name

    def tags(self, layer: str, unit: str | None = None) -> dict[str, str]:
        """The tags of everything we make. ``tideform:lease`` and ``:expires`` go on capacity only, at launch."""
        own = {
            "tideform:project": self.spec.project,
            "tideform:environment": self.environment,
            "tideform:layer": layer,
            "tideform:owner": self.spec.owner,
        }
        if unit is not None:
            own["tideform:unit"] = unit
        return {**self.spec.tags, **own}


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
